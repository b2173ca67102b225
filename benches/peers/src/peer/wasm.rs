//! WebAssembly: typed code, which no dynamic language has; a mark of what is possible.

use super::{HOST_CALL, Peer};
use crate::workloads::{Workload, classic::mix};

const WORKLOADS: &str = include_str!("../../programs/workloads.wat");

/// Those that need neither strings nor nested arrays.
const HAS: [&str; 12] = [
    "fib",
    "ackermann",
    "tak",
    "sum",
    "nested",
    "collatz",
    "sieve",
    "nbody",
    "mandelbrot",
    "matmul",
    "quicksort",
    HOST_CALL,
];

#[cfg(feature = "wasmtime")]
pub use compiled::Wasmtime;
#[cfg(feature = "wasmi")]
pub use interpreted::Wasmi;

#[cfg(feature = "wasmi")]
mod interpreted {
    use super::{HAS, Peer, WORKLOADS, Workload, mix};
    use wasmi::{Engine, Instance, Linker, Module, Store};

    /// Interpreted by `wasmi`.
    pub struct Wasmi(Store<()>, Instance);

    impl Wasmi {
        pub fn new() -> Self {
            let engine = Engine::default();
            let module = Module::new(&engine, WORKLOADS).expect("the workloads are right");
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            (linker.func_wrap("host", "mix", mix)).expect("there is one `mix`");
            let linked = linker.instantiate_and_start(&mut store, &module);
            Self(store, linked.expect("it imports nothing else"))
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
            let function = self.1.get_typed_func::<i64, f64>(&self.0, workload.name);
            let function = function.expect("it has the workload");
            let mut run = || function.call(&mut self.0, workload.n).expect("it runs");
            (0..runs).fold(0.0, |_, _| run())
        }
    }
}

#[cfg(feature = "wasmtime")]
mod compiled {
    use super::{HAS, Peer, WORKLOADS, Workload, mix};
    use wasmtime::{Engine, Instance, Linker, Module, Store};

    /// Compiled by `wasmtime`.
    pub struct Wasmtime(Store<()>, Instance);

    impl Wasmtime {
        pub fn new() -> Self {
            let engine = Engine::default();
            let module = Module::new(&engine, WORKLOADS).expect("the workloads are right");
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            (linker.func_wrap("host", "mix", mix)).expect("there is one `mix`");
            let linked = linker.instantiate(&mut store, &module);
            Self(store, linked.expect("it imports nothing else"))
        }
    }

    impl Peer for Wasmtime {
        fn name(&self) -> &str {
            "wasmtime"
        }

        fn has(&self, workload: &Workload) -> bool {
            HAS.contains(&workload.name)
        }

        fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
            let function = (self.1).get_typed_func::<i64, f64>(&mut self.0, workload.name);
            let function = function.expect("it has the workload");
            let mut run = || function.call(&mut self.0, workload.n).expect("it runs");
            (0..runs).fold(0.0, |_, _| run())
        }
    }
}
