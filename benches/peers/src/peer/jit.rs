//! This VM with machine code for what runs hot, beside its own interpreter.

use super::Peer;
use crate::workloads::Workload;
use crate::workloads::classic::Course;
use fusevm::{Value, Vm};

/// The VM with its JIT.
#[derive(Default)]
pub struct Jit {
    /// The workload that is loaded, and its argument.
    loaded: Option<(&'static str, i64, Vm<Course>)>,
}

impl Peer for Jit {
    fn name(&self) -> &str {
        "fusevm, JIT"
    }

    fn has(&self, _: &Workload) -> bool {
        true
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let (name, n) = (workload.name, workload.n);
        if !matches!(&self.loaded, Some((loaded, with, _)) if (*loaded, *with) == (name, n)) {
            self.loaded = Some((name, n, workload.vm(true, true)));
        }
        let (_, _, vm) = self.loaded.as_mut().expect("it was just loaded");
        let mut answer = Value::Undef;
        for _ in 0..runs {
            let args = [Value::Int(std::hint::black_box(n))];
            answer = vm.call("run", &args).expect("the program runs");
        }
        answer.to_float()
    }

    fn runs_chunks(&self) -> bool {
        true
    }
}
