//! WebAssembly, interpreted: typed code, which no dynamic language has; a mark of what is possible.

use super::Peer;
use crate::workloads::Workload;
use wasmi::{Engine, Instance, Linker, Module, Store};

/// Those that need neither strings nor nested arrays.
const HAS: [&str; 8] = [
    "fib",
    "ackermann",
    "tak",
    "sum",
    "nested",
    "collatz",
    "sieve",
    "mandelbrot",
];

/// A store with the workloads.
pub struct Wasmi(Store<()>, Instance);

impl Wasmi {
    pub fn new() -> Self {
        let engine = Engine::default();
        let text = include_str!("../../programs/workloads.wat");
        let module = Module::new(&engine, text).expect("the workloads are right");
        let mut store = Store::new(&engine, ());
        let linked = Linker::new(&engine).instantiate_and_start(&mut store, &module);
        Self(store, linked.expect("there is nothing to import"))
    }
}

impl Peer for Wasmi {
    fn name(&self) -> &str {
        "wasmi"
    }

    fn has(&self, workload: &Workload) -> bool {
        HAS.contains(&workload.name)
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let function = (self.1).get_typed_func::<i64, f64>(&self.0, workload.name);
        let function = function.expect("it has the workload");
        let mut run = || function.call(&mut self.0, workload.n).expect("it runs");
        (0..runs).fold(0.0, |_, _| run())
    }
}
