//! Time per op of the passes a chunk goes through, from a thousand ops to a million: load from bytes,
//! verify, load into a VM, run for the first time (loading and fusion included). What is linear has the same figure in each row of a column.
//!
//! `cargo bench --bench passes`. Prints a table of nanoseconds per op, the median of several runs.

use fusevm::{Chunk, ChunkBuilder, Op, Program, VM};
use std::hint::black_box;
use std::time::Instant;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const RUNS: usize = 7;

fn main() {
    // `cargo test` runs this binary as well, to see that it still builds and works: once, and small.
    let test = !std::env::args().any(|a| a == "--bench");
    let sizes = if test { &SIZES[..1] } else { &SIZES[..] };
    let shapes: [(&str, fn(usize) -> Chunk); 6] = [
        ("straight line", straight),
        ("branches", branches),
        ("small functions", functions),
        ("blocks", blocks),
        ("globals and strings", globals),
        ("overlapping functions (refused)", overlapping),
    ];
    for (name, shape) in shapes {
        println!("\n{name}: ns per op");
        println!(
            "{:>10} {:>10} {:>10} {:>10} {:>10}",
            "ops", "from bytes", "verify", "load", "first run"
        );
        for &size in sizes {
            let chunk = shape(size);
            let ops = chunk.ops().len() as f64;
            let bytes = chunk.to_bytes();
            let load =
                median(|| drop(black_box(Chunk::from_bytes(&bytes).expect("our own bytes"))));
            let verify = median_of(
                || chunk.clone(),
                |chunk| drop(black_box(Program::new(chunk))),
            );
            let cells = match Program::new(chunk.clone()) {
                Err(_) => ["refused".to_owned(), "–".to_owned()],
                Ok(program) => {
                    let link = median(|| {
                        let mut vm = VM::empty();
                        vm.load(black_box(&program)).expect("it verified");
                    });
                    let run = median_of(
                        || {
                            (
                                VM::empty(),
                                Program::new(chunk.clone()).expect("it verified"),
                            )
                        },
                        |(mut vm, program)| drop(black_box(vm.eval(program).expect("it runs"))),
                    );
                    [link, run].map(|ns| format!("{:.1}", ns / ops))
                }
            };
            println!(
                "{:>10} {:>10.1} {:>10.1} {:>10} {:>10}",
                ops,
                load / ops,
                verify / ops,
                cells[0],
                cells[1]
            );
        }
    }
}

/// Median time of a run, in nanoseconds.
fn median(mut run: impl FnMut()) -> f64 {
    median_of(|| (), |()| run())
}

fn median_of<T>(mut prepare: impl FnMut() -> T, mut run: impl FnMut(T)) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let input = prepare();
            let start = Instant::now();
            run(input);
            start.elapsed().as_nanos() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn straight(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    b.emit(Op::LoadInt(1), 1);
    for i in 0..n / 2 {
        b.emit(Op::LoadInt(i as i64), i as u32);
        b.emit(Op::Add, i as u32);
    }
    b.build()
}

fn branches(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    for i in 0..n / 4 {
        b.emit(
            if i % 2 == 0 {
                Op::LoadTrue
            } else {
                Op::LoadFalse
            },
            1,
        );
        let at = b.current_pos();
        b.emit(Op::JumpIfFalse(at + 3), 1);
        b.emit(Op::LoadInt(i as i64), 1);
        b.emit(Op::SetSlot(0), 1);
        b.patch_jump(at, at + 3);
    }
    b.build()
}

fn functions(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    let count = (n / 8).min(60_000);
    let body = n / count - 2;
    let names: Vec<u16> = (0..count).map(|i| b.add_name(format!("f{i}"))).collect();
    for name in &names {
        b.emit(Op::Call(*name, 0), 1);
        b.emit(Op::Pop, 1);
    }
    let jump = b.emit(Op::Jump(0), 1);
    for name in &names {
        let pc = b.current_pos();
        b.add_sub_entry(*name, pc);
        for _ in 0..body / 2 {
            b.emit(Op::LoadTrue, 2);
            b.emit(Op::Pop, 2);
        }
        b.emit(Op::LoadInt(1), 2);
        b.emit(Op::ReturnValue, 2);
    }
    b.patch_jump(jump, b.current_pos());
    b.build()
}

fn blocks(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    let count = (n / 16).min(60_000);
    let body = n / count - 6;
    for _ in 0..count {
        let jump = b.emit(Op::Jump(0), 1);
        let start = b.current_pos();
        for _ in 0..body {
            b.emit(Op::Inc, 1);
        }
        let end = b.current_pos();
        b.patch_jump(jump, end);
        let block = b.add_block_range(start, end);
        b.emit(Op::LoadInt(1), 1);
        b.emit(Op::MakeArray(1), 1);
        b.emit(Op::MapBlock(block), 1);
        b.emit(Op::Pop, 1);
    }
    b.build()
}

fn globals(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    for i in 0..n / 4 {
        let name = b.add_name(format!("name{}", i % 50_000));
        let text = match i < 50_000 {
            true => b.add_constant(format!("text {i}")),
            false => (i % 50_000) as u16,
        };
        b.emit(Op::LoadConst(text), 1);
        b.emit(Op::SetVar(name), 1);
        b.emit(Op::GetVar(name), 1);
        b.emit(Op::Pop, 1);
    }
    b.build()
}

/// Functions that start at every op of one long body: the verifier gives up in linear time.
fn overlapping(n: usize) -> Chunk {
    let mut b = ChunkBuilder::new();
    let count = n.min(65_000);
    for i in 0..n {
        if i < count {
            let name = b.add_name(format!("f{i}"));
            b.add_function(name, i, 0);
        }
        b.emit(Op::Nop, 1);
    }
    b.emit(Op::Return, 1);
    b.build()
}
