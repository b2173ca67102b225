//! What machine code promises beside speed: how long compiling takes, how soon a program that runs in it
//! stops when it is interrupted, what an element of an array of floats costs, and that VMs with machine code come and go
//! without a trace.
//!
//! `cargo bench --bench machine --features jit`, with `compile`, `interrupt`, `elements` or `cycles` to look at one of
//! them alone. `compile integers 100` looks at that shape and size alone. `cycles` fails if memory grows. Where other programs run, `chrt -f 10` before the command keeps them out of the
//! times.

#[path = "workloads/mod.rs"]
#[allow(dead_code, reason = "the other benches use the rest")]
mod workloads;

use fusevm::{Chunk, JitConfig, JitReport, Program, VM, Value};
use std::time::{Duration, Instant};
use workloads::{CLASSIC, SHARED};

fn main() {
    // `cargo test` runs this binary as well, to see that it still builds and works: once, and small.
    let test = !std::env::args().any(|a| a == "--bench");
    let wanted: Vec<String> = (std::env::args().skip(1))
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    if is_wanted("compile") {
        compile(&wanted, if test { 1 } else { 100 });
    }
    if is_wanted("interrupt") {
        interrupt(if test { 1 } else { 40 });
    }
    if is_wanted("elements") {
        elements(if test { 1 } else { 30 });
    }
    if is_wanted("cycles") {
        cycles(if test { 100 } else { 100_000 });
    }
}

/// Machine code for what runs twice, seen for `observed` instructions before.
fn at_once(observed: u32) -> JitConfig {
    let mut config = JitConfig::DEFAULT;
    // What is looked at is what it takes, and not when.
    config.background = false;
    (config.threshold, config.observed, config.everywhere) = (1, observed, true);
    config.check = false;
    config
}

fn parsed(text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Shapes of functions, each with one piece of code of about ten ops that is repeated.
const SHAPES: [(&str, &str); 6] = [
    (
        "integers",
        "  GetSlot 0\n  LoadInt 3\n  Mul\n  GetSlot 1\n  Add\n  LoadInt 1048575\n  BitAnd\n  SetSlot 1\n  GetSlot 1\n  SetSlot 2\n",
    ),
    (
        "floats",
        "  GetSlot 1\n  LoadFloat 0.5\n  Mul\n  GetSlot 0\n  Add\n  SetSlot 1\n  GetSlot 1\n  LoadFloat 1.5\n  Sub\n  SetSlot 2\n",
    ),
    (
        "branches",
        "  GetSlot 0\n  GetSlot 1\n  NumLt\n  JumpIfFalse else#\n  GetSlot 1\n  LoadInt 5\n  Sub\n  SetSlot 1\nelse#:\n  PreIncSlotVoid 1\n  PreIncSlotVoid 2\n",
    ),
    (
        "loops",
        "  LoadInt 0\n  SetSlot 2\ntop#:\n  GetSlot 1\n  GetSlot 2\n  BitXor\n  SetSlot 1\n  PreIncSlotVoid 2\n  GetSlot 2\n  LoadInt 2\n  NumLt\n  JumpIfTrue top#\n",
    ),
    (
        "calls",
        "  GetSlot 1\n  GetSlot 0\n  Call small, 2\n  SetSlot 1\n  GetSlot 1\n  GetSlot 2\n  BitOr\n  SetSlot 2\n  GetSlot 2\n  Pop\n",
    ),
    (
        "arrays",
        "  GetSlot 1\n  LoadInt 3\n  BitAnd\n  SlotArrayGet 3\n  GetSlot 1\n  Add\n  SetSlot 1\n  GetSlot 1\n  LoadInt 1\n  SlotArraySet 3\n",
    ),
];

/// What a turn of a loop does with elements of two arrays of floats, as ops and as native Rust does it for all of them.
type Elements = (&'static str, &'static str, fn(&[f64], &mut [f64]));

const ELEMENTS: [Elements; 6] = [
    (
        "b = a * k",
        "  GetSlot 4\n  SlotArrayGet 0\n  LoadFloat 0.5\n  Mul\n  GetSlot 4\n  SlotArraySet 1\n",
        |a, b| (a.iter().zip(b)).for_each(|(a, b)| *b = a * 0.5),
    ),
    (
        "b = a * k + b",
        "  GetSlot 4\n  SlotArrayGet 0\n  LoadFloat 0.0001\n  Mul\n  GetSlot 4\n  SlotArrayGet 1\n  Add\n  GetSlot 4\n  SlotArraySet 1\n",
        |a, b| (a.iter().zip(b)).for_each(|(a, b)| *b += a * 0.0001),
    ),
    (
        "polynomial",
        "  GetSlot 4\n  SlotArrayGet 0\n  LoadFloat 0.5\n  Mul\n  LoadFloat 1.0\n  Add\n  GetSlot 4\n  SlotArrayGet 0\n  Mul\n\
         \x20 LoadFloat 0.25\n  Add\n  GetSlot 4\n  SlotArrayGet 0\n  Mul\n  LoadFloat 0.125\n  Add\n  GetSlot 4\n  SlotArraySet 1\n",
        |a, b| {
            (a.iter().zip(b)).for_each(|(a, b)| *b = ((a * 0.5 + 1.0) * a + 0.25) * a + 0.125);
        },
    ),
    (
        "quotient",
        "  LoadFloat 2.0\n  GetSlot 4\n  SlotArrayGet 0\n  LoadFloat 1.0\n  Add\n  Div\n  GetSlot 4\n  SlotArraySet 1\n",
        |a, b| (a.iter().zip(b)).for_each(|(a, b)| *b = 2.0 / (a + 1.0)),
    ),
    (
        "neighbours",
        "  GetSlot 4\n  SlotArrayGet 0\n  GetSlot 4\n  Inc\n  SlotArrayGet 0\n  Add\n  LoadFloat 0.5\n  Mul\n  GetSlot 4\n  SlotArraySet 1\n",
        |a, b| (a.windows(2).zip(b)).for_each(|(a, b)| *b = (a[0] + a[1]) * 0.5),
    ),
    (
        "sum of products",
        "  GetSlot 4\n  SlotArrayGet 0\n  GetSlot 4\n  SlotArrayGet 1\n  Mul\n  GetSlot 5\n  Add\n  SetSlot 5\n",
        |a, b| {
            let products = a.iter().zip(b.iter()).map(|(a, b)| a * b);
            std::hint::black_box(products.fold(0.0, |sum, product| sum + product));
        },
    ),
];

/// Nanoseconds that an element takes, by how many turns a loop has, and as times of native Rust.
fn elements(runs: usize) {
    println!("\nns for an element of an array of floats, and times of native Rust");
    let lens: [usize; 6] = [2, 4, 5, 16, 100, 1000];
    let heads: String = lens.iter().map(|len| format!(" {len:>6} turns")).collect();
    println!("{:<16}{heads}", "");
    for (name, turn, native) in ELEMENTS {
        let chunk = parsed(&format!(
            "fn f/4\n  Jump over\nf:\n  SetSlot 3\n  SetSlot 2\n  SetSlot 1\n  SetSlot 0\n  LoadFloat 0.0\n  SetSlot 5\nouter:\n\
             \x20 LoadInt 0\n  SetSlot 4\ntop:\n{turn}  GetSlot 4\n  Inc\n  SetSlot 4\n  GetSlot 4\n  GetSlot 2\n  NumLt\n\
             \x20 JumpIfTrue top\n  GetSlot 3\n  Dec\n  SetSlot 3\n  GetSlot 3\n  LoadInt 0\n  NumGt\n  JumpIfTrue outer\n\
             \x20 GetSlot 5\n  ReturnValue\nover:\n"
        ));
        print!("{name:<16}");
        for len in lens {
            let floats = |by: f64| (0..=len).map(|i| i as f64 * by).collect::<Vec<f64>>();
            let mut vm = VM::empty();
            vm.set_jit(at_once(1000));
            vm.eval(&chunk).expect("it runs");
            let times = 100_000 / len;
            let args = [
                Value::array(floats(0.25)),
                Value::array(floats(0.5)),
                Value::Int(len as i64),
                Value::Int(times as i64),
            ];
            let (a, mut b) = (floats(0.25), floats(0.5));
            let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
            for _ in 0..runs {
                let begin = Instant::now();
                vm.call("f", &args).expect("it runs");
                ours = ours.min(begin.elapsed());
                let begin = Instant::now();
                for _ in 0..times {
                    native(
                        std::hint::black_box(&a),
                        std::hint::black_box(&mut b[..len]),
                    );
                }
                theirs = theirs.min(begin.elapsed());
            }
            let ns = ours.as_secs_f64() * 1e9 / (times * len) as f64;
            let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
            print!(" {ns:>5.2} ({ratio:.2})");
        }
        println!();
    }
}

/// Two functions of so many ops, `f` and `g`, that are the same.
fn functions(piece: &str, ops: usize) -> Chunk {
    let times = (ops / 10).max(1);
    let function = |name: &str| {
        let body: String = (0..times)
            .map(|n| piece.replace('#', &format!("{name}{n}")))
            .collect();
        format!(
            "{name}:\n  SetSlot 0\n  GetSlot 0\n  SetSlot 1\n  GetSlot 0\n  SetSlot 2\n  LoadConst [1, 2, 3, 4]\n  SetSlot 3\n\
             {body}  GetSlot 1\n  ReturnValue\n"
        )
    };
    parsed(&format!(
        "fn f/1\nfn g/1\nfn small/2\n  Jump over\nsmall:\n  SetSlot 1\n  SetSlot 0\n  GetSlot 0\n  GetSlot 1\n  Add\n\
         \x20 LoadInt 65535\n  BitAnd\n  ReturnValue\n{}{}over:\n",
        function("f"),
        function("g")
    ))
}

/// Times of compiling functions of ten ops to ten thousand, by shape: the second one, for which the compiler has all that
/// it makes once.
fn compile(wanted: &[String], runs: usize) {
    let sizes = [10, 100, 1_000, 10_000];
    let is_shape = |word: &String| SHAPES.iter().any(|(name, _)| name == word);
    let asked: Vec<usize> = (wanted.iter())
        .filter_map(|word| word.parse().ok())
        .collect();
    println!("\ncompiling a function");
    println!(
        "{:<10} {:>8} {:>10} {:>10} {:>10} {:>8} {:>10}",
        "shape", "ops", "least", "median", "us per op", "units", "bytes"
    );
    for (name, piece) in SHAPES {
        if wanted.iter().any(is_shape) && !wanted.iter().any(|word| word == name) {
            continue;
        }
        for ops in sizes {
            if !asked.is_empty() && !asked.contains(&ops) {
                continue;
            }
            let program = Program::new(functions(piece, ops)).expect("it verifies");
            let mut times = Vec::new();
            let mut last = None;
            for _ in 0..runs {
                let mut vm = VM::empty();
                vm.set_jit(at_once(2 * ops as u32 + 100));
                vm.eval(&program).expect("it runs");
                let call = |vm: &mut VM, name: &str| {
                    for n in 0..12 {
                        vm.call(name, &[Value::Int(n)]).expect("it runs");
                    }
                };
                call(&mut vm, "f");
                let before = vm.jit_report();
                call(&mut vm, "g");
                let report = vm.jit_report();
                times.push((report.time - before.time).as_secs_f64() * 1e6);
                last = Some((before, report));
            }
            let (before, report) = last.expect("it ran");
            let bytes = |report: &JitReport| -> usize {
                report.compiled.iter().map(|unit| unit.bytes).sum()
            };
            times.sort_by(f64::total_cmp);
            let (least, median) = (times[0], times[times.len() / 2]);
            println!(
                "{name:<10} {ops:>8} {least:>7.0} us {median:>7.0} us {:>10.2} {:>8} {:>10}",
                median / ops as f64,
                report.count - before.count,
                bytes(&report) - bytes(&before)
            );
            for place in report.refused.iter().take(2) {
                println!("{:>19} refused at {}: {}", "", place.instruction, place.why);
            }
        }
    }
}

/// Times from an interrupt to the end of the run, by workload.
fn interrupt(times: usize) {
    println!("\nfrom an interrupt to the end of the run");
    println!(
        "{:<22} {:>10} {:>10} {:>10}",
        "", "median", "p99", "longest"
    );
    let mut all = Vec::new();
    for workload in SHARED.iter().chain(&CLASSIC) {
        let mut late: Vec<f64> = Vec::new();
        let mut vm = workload.vm(true, true);
        // Until all is compiled that will be.
        for _ in 0..if times > 1 { 4 } else { 1 } {
            vm.call("run", &[Value::Int(workload.small().n)])
                .expect("it runs");
        }
        for turn in 0..times {
            let handle = vm.interrupt_handle();
            let wait = Duration::from_micros(300 + (turn as u64 * 377) % 4_000);
            let other = std::thread::spawn(move || {
                std::thread::sleep(wait);
                let at = Instant::now();
                handle.interrupt();
                at
            });
            // What ends by itself runs again.
            while vm.call("run", &[Value::Int(workload.n)]).is_ok() {}
            let ended = Instant::now();
            let at = other.join().expect("it ends");
            late.push(ended.saturating_duration_since(at).as_secs_f64() * 1e6);
        }
        println!("{:<22} {}", workload.name, spread(&mut late));
        all.append(&mut late);
    }
    println!("{:<22} {}", "all", spread(&mut all));
}

fn spread(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    format!(
        "{:>7.0} us {:>7.0} us {:>7.0} us",
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

/// A function with a loop and calls, an array, a string; named by a number that changes.
fn small_program(n: usize) -> String {
    format!(
        "fn twice/1\nfn main/1\n  Jump over\ntwice:\n  SetSlot 0\n  GetSlot 0\n  LoadInt {n}\n  Mul\n  ReturnValue\nmain:\n\
         \x20 SetSlot 0\n  LoadInt 0\n  SetSlot 1\n  LoadInt 0\n  SetSlot 2\n  LoadConst \"text {n}\"\n  SetSlot 3\ntop:\n\
         \x20 GetSlot 1\n  GetSlot 2\n  Call twice, 1\n  Add\n  SetSlot 1\n  PreIncSlotVoid 2\n  GetSlot 2\n  GetSlot 0\n\
         \x20 NumLt\n  JumpIfTrue top\n  GetSlot 1\n  ReturnValue\nover:\n"
    )
}

/// Runs `main` until its code is made: whether it was.
fn run_hot(vm: &mut VM, n: i64) -> bool {
    for _ in 0..3 {
        let sum = vm.call("main", &[Value::Int(20)]).expect("it runs");
        assert_eq!(sum, Value::Int(190 * n));
    }
    vm.jit_report().entries > 0
}

/// VMs, programs and versions come and go so often; memory has to stay what it is after a tenth of that.
fn cycles(times: usize) {
    println!("\ncompiled, run and dropped {times} times");
    println!(
        "{:<34} {:>12} {:>12} {:>10} {:>10}",
        "", "KiB at 10%", "at 100%", "maps", "at 100%"
    );
    let program = Program::new(parsed(&small_program(3))).expect("it verifies");
    let mut hot = 0;
    flat("a VM each", times, |_| {
        let mut vm = VM::empty();
        vm.set_jit(at_once(30));
        vm.eval(&program).expect("it runs");
        hot += usize::from(run_hot(&mut vm, 3));
    });
    assert!(hot == times, "{hot} of {times} had machine code");
    let mut vm = VM::empty();
    vm.set_jit(at_once(30));
    flat("a program each, in one VM", times, |n| {
        vm.eval(parsed(&small_program(n % 7 + 1))).expect("it runs");
        run_hot(&mut vm, (n % 7 + 1) as i64);
    });
    let made = vm.jit_report().count;
    assert!(made >= times as u64, "{made} compiled for {times} programs");
    let mut changing = at_once(10);
    (changing.exits, changing.recompiles) = (1, u32::MAX);
    let mut vm = VM::empty();
    vm.set_jit(changing);
    vm.eval(parsed(&small_program(3))).expect("it runs");
    flat("kinds that change, in one VM", times, |n| {
        let arg = match n % 3 {
            0 => Value::Int(20),
            1 => Value::Float(20.0),
            _ => Value::str("20"),
        };
        let sum = vm.call("main", &[arg]).expect("it runs");
        assert_eq!(sum, Value::Int(570));
    });
}

/// Runs it so often; fails if memory or the number of maps grows after a tenth of that.
fn flat(name: &str, times: usize, mut run: impl FnMut(usize)) {
    let mut early = (0, 0);
    let mut begin = Instant::now();
    for n in 0..times {
        if n == times / 10 {
            early = memory();
            begin = Instant::now();
        }
        run(n);
    }
    let each = begin.elapsed().as_secs_f64() / (times - times / 10) as f64;
    let late = memory();
    println!(
        "{name:<34} {:>12} {:>12} {:>10} {:>10}   {:.0} us each",
        early.0,
        late.0,
        early.1,
        late.1,
        each * 1e6
    );
    assert!(
        late.0 <= early.0 + 1_024,
        "{name}: from {} KiB to {}",
        early.0,
        late.0
    );
    // The allocator may have got a piece or two.
    assert!(
        late.1 <= early.1 + 2,
        "{name}: from {} maps to {}",
        early.1,
        late.1
    );
}

/// Resident memory in KiB, and how many maps there are; nothing where the system does not tell.
fn memory() -> (u64, usize) {
    let read = |name: &str| std::fs::read_to_string(name).unwrap_or_default();
    let status = read("/proc/self/status");
    let resident = (status.lines())
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    let maps = read("/proc/self/maps").lines().count();
    (resident.unwrap_or(0), maps)
}
