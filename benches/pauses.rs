//! How long programs stand still because something is hot, and what it costs until it is machine code:
//! workloads in new VMs, without machine code, with what is hot compiled at once, and on another thread.
//!
//! `cargo bench --bench pauses --features jit`, with the beginnings of names to look at some rows alone, and
//! a number for so many VMs.
//! Prints for each way the median time of the first runs in a VM, loading included, of the quickest run in
//! the end, and of the longest pauses the median; then how long the thread worked for that at a time, median and longest: on a machine
//! with more to do a pause is longer by what the system gave others. The last rows are about large
//! programs: a chain of functions that are compiled together, and a long function.

#[path = "workloads/mod.rs"]
#[allow(dead_code, reason = "the other benches use the rest")]
mod workloads;

#[cfg(feature = "jit")]
fn main() {
    with_jit::main();
}

#[cfg(not(feature = "jit"))]
fn main() {
    println!("there is nothing to see without the feature `jit`");
}

#[cfg(feature = "jit")]
mod with_jit {
    use super::workloads::classic::{Course, mix_builtin};
    use super::workloads::race::{median, time};
    use super::workloads::{CLASSIC, SHARED, Workload};
    use fusevm::prelude::*;
    use fusevm::{JitConfig, JitReport};
    use std::hint::black_box;
    use std::time::{Duration, Instant};

    /// Runs in each VM, which are enough for some to be in machine code.
    const RUNS: usize = 3;

    /// Time in which nothing is compiled any more.
    const QUIET: Duration = Duration::from_millis(20);

    /// What was seen in a VM.
    struct Seen {
        /// What its first runs took, the very first one with loading.
        runs: [f64; RUNS],
        /// The quickest run in the end.
        steady: f64,
        report: JitReport,
    }

    pub(super) fn main() {
        // `cargo test` runs this binary as well, to see that it still builds and works: once, and small.
        let test = !std::env::args().any(|a| a == "--bench");
        let words = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
        let (numbers, wanted): (Vec<String>, Vec<String>) =
            words.partition(|word| word.parse::<usize>().is_ok());
        let asked = numbers.first().and_then(|word| word.parse().ok());
        let vms = if test { 1 } else { asked.unwrap_or(15) };
        let is_wanted =
            |name: &str| wanted.is_empty() || wanted.iter().any(|p| name.starts_with(p));
        println!(
            "{:<22} {:<12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "", "", "1st run", "2nd", "3rd", "steady", "pause", "work", "longest", "compiling"
        );
        let mut longest = 0.0f64;
        for row in SHARED.iter().chain(&CLASSIC).filter(|w| is_wanted(w.name)) {
            let row = if test { row.small() } else { *row };
            longest = longest.max(ways(row.name, vms, &|config| workload(&row, config)));
        }
        let size = if test { 20 } else { 200 };
        for (name, text) in [
            ("chain of functions", chain(size)),
            ("long function", long(size * 20)),
        ] {
            if is_wanted(name) {
                let chunk = Chunk::parse(&text).expect("it is right");
                longest = longest.max(ways(name, vms, &|config| plain(&chunk, config)));
            }
        }
        println!(
            "the longest work at a time, with all else in the background: {}",
            time(longest)
        );
    }

    /// Prints the lines of a row; the longest work in the background.
    fn ways(name: &str, vms: usize, run: &dyn Fn(JitConfig) -> Seen) -> f64 {
        let mut all: [Vec<Seen>; 3] = [const { Vec::new() }; 3];
        for _ in 0..vms {
            for (way, seen) in all.iter_mut().enumerate() {
                let mut config = JitConfig::DEFAULT;
                (config.enabled, config.background) = (way > 0, way == 2);
                seen.push(run(config));
            }
        }
        let mut longest = 0.0;
        for (way, seen) in ["interpreted", "at once", "background"].iter().zip(&all) {
            let of = |get: &dyn Fn(&Seen) -> f64| time(median(seen.iter().map(get).collect()));
            let pause = |seen: &Seen| seen.report.longest_pause.as_secs_f64();
            let work = |seen: &Seen| seen.report.longest_work.as_secs_f64();
            longest = seen.iter().map(work).fold(0.0, f64::max);
            println!(
                "{name:<22} {way:<12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
                of(&|seen| seen.runs[0]),
                of(&|seen| seen.runs[1]),
                of(&|seen| seen.runs[2]),
                of(&|seen| seen.steady),
                of(&pause),
                of(&work),
                time(longest),
                of(&|seen| seen.report.time.as_secs_f64()),
            );
        }
        longest
    }

    fn workload(row: &Workload, config: JitConfig) -> Seen {
        let mut vm = Course::vm(());
        vm.register_builtin(0, mix_builtin);
        vm.set_fusion(row.fusion);
        vm.set_jit(config);
        seen(&mut vm, &row.chunk(), row.n)
    }

    fn plain(chunk: &Chunk, config: JitConfig) -> Seen {
        let mut vm = VM::empty();
        vm.set_jit(config);
        seen(&mut vm, chunk, 100_000)
    }

    fn seen(vm: &mut VM, chunk: &Chunk, n: i64) -> Seen {
        let mut begin = Instant::now();
        vm.eval(chunk).expect("the chunk is right");
        let runs = [(); RUNS].map(|()| {
            let args = [Value::Int(black_box(n))];
            black_box(vm.call("run", &args).expect("the program runs"));
            let took = begin.elapsed().as_secs_f64();
            begin = Instant::now();
            took
        });
        // What is still on its way is to be placed.
        let (mut count, mut since, begin) = (0, Instant::now(), Instant::now());
        while since.elapsed() < QUIET && begin.elapsed() < 100 * QUIET {
            let args = [Value::Int(black_box(n))];
            black_box(vm.call("run", &args).expect("the program runs"));
            let now = vm.jit_report();
            if now.is_compiling || now.count != count {
                (count, since) = (now.count, Instant::now());
            }
        }
        let mut steady = f64::MAX;
        let begin = Instant::now();
        while begin.elapsed() < QUIET {
            let begin = Instant::now();
            let args = [Value::Int(black_box(n))];
            black_box(vm.call("run", &args).expect("the program runs"));
            steady = steady.min(begin.elapsed().as_secs_f64());
        }
        let report = vm.jit_report();
        Seen {
            runs,
            steady,
            report,
        }
    }

    /// So many functions of which each calls the next, in a loop.
    fn chain(functions: usize) -> String {
        let mut text = String::from("fn run/1\n");
        let mut bodies = String::new();
        for n in 0..functions {
            text += &format!("fn f{n}/1\n");
            let work = "  LoadInt 3\n  Mul\n  LoadInt 1000003\n  Mod\n".repeat(12);
            let call = match n {
                0 => String::new(),
                n => format!("  Call f{}, 1\n", n - 1),
            };
            bodies += &format!("f{n}:\n  SetSlot 0\n  GetSlot 0\n{work}{call}  ReturnValue\n");
        }
        let work = format!("  Call f{}, 1\n", functions - 1);
        // Half a million instructions in a run.
        text + &looped(&bodies, &work, 500_000 / (functions * 30))
    }

    /// A loop of so many ops.
    fn long(ops: usize) -> String {
        let work = "  LoadInt 3\n  Mul\n  LoadInt 1000003\n  Mod\n".repeat(ops / 4);
        String::from("fn run/1\n") + &looped("", &work, 2_000_000 / ops)
    }

    /// A function that does its work so many times.
    fn looped(bodies: &str, work: &str, times: usize) -> String {
        format!(
            "  Jump over\n{bodies}run:\n  LoadInt 0\n  SetSlot 1\ntop:\n  GetSlot 1\n{work}  SetSlot 2\n  GetSlot 1\n  \
             Inc\n  SetSlot 1\n  GetSlot 1\n  LoadInt {times}\n  NumLt\n  JumpIfTrue top\n  GetSlot 2\n  \
             ReturnValue\nover:\n"
        )
    }
}
