//! What it takes to begin: a VM, a program of three ops, and dropping both; what an idle VM keeps; and
//! how many VMs threads run at once over one program.
//!
//! `cargo bench --bench start`. With `program` or `chunk` and a number it only does that so often, for a
//! profiler to look at.

#[path = "../tests/it/allocations.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod allocations;
#[path = "workloads/race.rs"]
#[allow(dead_code, reason = "the other benches use the rest")]
mod race;

use fusevm::prelude::*;
use race::{Effort, Entrant, median, race, ratio, time};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Threads that run one program at once.
const THREADS: [usize; 4] = [1, 2, 4, 8];

fn main() {
    // `cargo test` runs this binary as well, to see that it still builds and works: once, and small.
    let test = !std::env::args().any(|a| a == "--bench");
    let words: Vec<String> = (std::env::args().skip(1))
        .filter(|a| !a.starts_with('-'))
        .collect();
    if let [what, times] = &words[..] {
        return alone(what, times.parse().expect("a number"));
    }
    begin(if test { Effort::TEST } else { Effort::FULL });
    idle();
    threads(if test {
        Duration::from_millis(1)
    } else {
        Duration::from_millis(100)
    });
}

fn tiny() -> Chunk {
    chunk! { (); {40}; LoadInt(2); Add; }
}

/// Calls itself 10,000 times before it returns.
fn deep() -> StaticChunk {
    chunk! { ();
        fn down(n) {
            GetSlot(n); JumpIfFalse('end);
            GetSlot(n); LoadInt(1); Sub; Call(down, 1); ReturnValue;
            'end: LoadInt(0); ReturnValue;
        }
        LoadInt(10_000); Call(down, 1);
    }
}

/// Loads a text 1,000 times.
fn texts() -> StaticChunk {
    chunk! { ();
        fn run() {
            let i; let text;
            LoadInt(1_000); SetSlot(i);
          'again:
            LoadConst("text"); SetSlot(text);
            GetSlot(i); LoadInt(1); Sub; SetSlot(i);
            GetSlot(i); JumpIfTrue('again);
            GetSlot(text); StringLen; ReturnValue;
        }
        Call(run, 0);
    }
}

fn of_program(program: &Program) -> f64 {
    let value = VM::empty().eval(program).expect("the program runs");
    value.to_float()
}

fn of_chunk(chunk: &Chunk) -> f64 {
    match VM::new(chunk.clone()).run() {
        VMResult::Ok(value) => value.to_float(),
        other => panic!("{other:?}"),
    }
}

fn program(chunk: &Chunk) -> Program {
    Program::new(chunk.clone()).expect("the chunk is right")
}

fn alone(what: &str, times: u32) {
    let chunk = tiny();
    let program = program(&chunk);
    for _ in 0..times {
        black_box(match what {
            "program" => of_program(&program),
            "chunk" => of_chunk(&chunk),
            _other => panic!("`program` or `chunk`"),
        });
    }
}

fn begin(effort: Effort) {
    let chunk = tiny();
    let program = program(&chunk);
    let mut kept = VM::new(chunk.clone());
    let mut entrants: Vec<(String, Entrant<'_>)> = vec![
        repeated("a new VM, of a program", || of_program(&program)),
        repeated("a new VM, of a chunk", || of_chunk(&chunk)),
        repeated("again in the same VM", move || match kept.run() {
            VMResult::Ok(value) => value.to_float(),
            other => panic!("{other:?}"),
        }),
    ];
    let times = race("LoadInt, LoadInt, Add", &mut entrants, effort);
    println!("\nLoadInt, LoadInt, Add, with the drop of what is new; allocations");
    let count = |run: &dyn Fn() -> f64| allocations::count(run).0.to_string();
    let counts = [
        count(&|| of_program(&program)),
        count(&|| of_chunk(&chunk)),
        String::new(),
    ];
    for (((name, _), seconds), count) in entrants.iter().zip(times).zip(counts) {
        println!("{name:<26} {:>10} {count:>6}", time(seconds));
    }
}

fn repeated<'a>(name: &str, mut run: impl FnMut() -> f64 + 'a) -> (String, Entrant<'a>) {
    let entrant = move |runs| (0..runs).fold(0.0, |_, _| black_box(run()));
    (name.to_owned(), Box::new(entrant))
}

fn idle() {
    println!("\nbytes of an idle VM that has run");
    for (name, chunk) in [
        ("three ops", tiny()),
        ("10,000 calls deep", deep().to_chunk()),
    ] {
        let program = program(&chunk);
        // What the program keeps for all its VMs.
        let first = VM::empty().eval(&program).expect("the program runs");
        let (bytes, vm) = allocations::kept(|| {
            let mut vm = Box::new(VM::empty());
            let value = vm.eval(&program).expect("the program runs");
            assert_eq!(value, first);
            vm
        });
        drop(vm);
        println!("{name:<26} {bytes:>10}");
    }
}

/// New VMs per second, on several threads: over one program, and over one for each thread, which is
/// what the machine has to give at that time.
fn threads(turn: Duration) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("\nnew VMs that threads run at once, and times those of one thread; {cores} cores");
    for (name, chunk) in [
        ("three ops", tiny()),
        ("1,000 times a text", texts().to_chunk()),
        ("10,000 calls deep", deep().to_chunk()),
    ] {
        println!("{name:<26} {:>20} {:>20}", "one program", "a program each");
        let shared = program(&chunk);
        let own: Vec<Program> = (0..8).map(|_| program(&copy(&chunk))).collect();
        let mut one = None;
        for n in THREADS {
            let mut rates = [Vec::new(), Vec::new()];
            for _ in 0..5 {
                rates[0].push(per_second(turn, (0..n).map(|_| &shared)));
                rates[1].push(per_second(turn, own.iter().cycle().take(n)));
            }
            let rates = rates.map(median);
            let one = one.get_or_insert(rates);
            let per = |i: usize| time(1.0 / rates[i]);
            let cell = |i: usize| format!("{} each {:>6}", per(i), ratio(rates[i] / one[i]));
            println!("{n:<26} {:>20} {:>20}", cell(0), cell(1));
        }
    }
}

/// A chunk that shares nothing with the other.
fn copy(chunk: &Chunk) -> Chunk {
    Chunk::from_bytes(&chunk.to_bytes()).expect("the bytes are right")
}

fn per_second<'p>(turn: Duration, programs: impl Iterator<Item = &'p Program>) -> f64 {
    let programs: Vec<_> = programs.collect();
    let ready = Barrier::new(programs.len());
    let run = |program| {
        ready.wait();
        let (start, mut runs) = (Instant::now(), 0);
        while start.elapsed() < turn {
            (0..64).for_each(|_| {
                black_box(of_program(program));
            });
            runs += 64;
        }
        f64::from(runs) / start.elapsed().as_secs_f64()
    };
    let run = &run;
    std::thread::scope(|scope| {
        let all = programs.into_iter().map(|p| scope.spawn(move || run(p)));
        let all: Vec<_> = all.collect();
        (all.into_iter()).map(|t| t.join().expect("it runs")).sum()
    })
}
