//! What objects cost: to allocate, to be found alive, to be dropped; and what a collection does to a
//! program that makes garbage while much is alive.
//!
//! `cargo bench --bench heap`. Prints a table of nanoseconds per object, the median of several runs.

use fusevm::prelude::*;
use std::time::Instant;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const RUNS: usize = 7;

/// A node with two fields, as most objects of small languages are.
#[derive(Object)]
struct Node {
    next: Value,
    number: i64,
}

fn main() {
    // `cargo test` runs this binary as well, to see that it still builds and works: once, and small.
    let test = !std::env::args().any(|a| a == "--bench");
    let sizes = if test { &SIZES[..1] } else { &SIZES[..] };
    println!("nanoseconds per object");
    println!(
        "{:>10} {:>10} {:>10} {:>10} {:>12} {:>16}",
        "alive", "allocate", "mark list", "mark array", "drop garbage", "churn, 10 x alive"
    );
    for &n in sizes {
        let per = |time: f64, objects: usize| time / objects as f64;
        let allocate = per(median(vm, |vm| drop(list(vm, n))), n);
        let mark_list = per(median(|| holding(list, n), collect), n);
        let mark_array = per(median(|| holding(array, n), collect), n);
        let drop_all = per(median(|| garbage(n), collect), n);
        let churn = per(median(|| holding(list, n), |vm| churn(vm, 10 * n)), 10 * n);
        println!(
            "{n:>10} {allocate:>10.1} {mark_list:>10.1} {mark_array:>10.1} {drop_all:>12.1} {churn:>16.1}"
        );
    }
}

fn vm() -> VM {
    VM::empty()
}

fn alloc(vm: &mut VM, next: Value, number: usize) -> Value {
    let number = number as i64;
    let node = vm.heap_mut().alloc(Node { next, number });
    node.expect("there is room").into()
}

/// A list of `n` nodes.
fn list(vm: &mut VM, n: usize) -> Value {
    (0..n).fold(Value::Undef, |next, number| alloc(vm, next, number))
}

/// An array of `n` nodes.
fn array(vm: &mut VM, n: usize) -> Value {
    let nodes: Array = (0..n)
        .map(|number| alloc(vm, Value::Undef, number))
        .collect();
    Value::Array(nodes)
}

/// A VM that holds what `make` makes.
fn holding(make: fn(&mut VM, usize) -> Value, n: usize) -> VM {
    let mut vm = vm();
    let value = make(&mut vm, n);
    vm.set_global("kept", value);
    vm
}

fn garbage(n: usize) -> VM {
    let mut vm = vm();
    list(&mut vm, n);
    vm
}

fn collect(vm: &mut VM) {
    vm.collect();
}

/// Makes `n` objects of garbage, with a collection whenever there are twice as many as were alive.
fn churn(vm: &mut VM, n: usize) {
    let alive = vm.heap().len();
    for number in 0..n {
        alloc(vm, Value::Undef, number);
        if vm.heap().len() >= 2 * alive {
            vm.collect();
        }
    }
}

/// Median time of a run, in nanoseconds.
fn median(mut prepare: impl FnMut() -> VM, mut run: impl FnMut(&mut VM)) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut vm = prepare();
            let start = Instant::now();
            run(&mut vm);
            start.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
