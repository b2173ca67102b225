//! Rhai.

use super::Peer;
use crate::workloads::{Workload, classic::mix};
use rhai::{AST, Dynamic, Engine, Scope};

/// An engine and the workloads.
pub struct Rhai {
    engine: Engine,
    workloads: AST,
}

impl Rhai {
    pub fn new() -> Self {
        let mut engine = Engine::new();
        // For the depth of `ackermann`.
        engine.set_max_call_levels(10_000);
        engine.register_fn("mix", mix);
        let text = include_str!("../../programs/workloads.rhai");
        let workloads = engine.compile(text).expect("the workloads compile");
        Self { engine, workloads }
    }
}

impl Peer for Rhai {
    fn name(&self) -> &str {
        "Rhai"
    }

    fn has(&self, _: &Workload) -> bool {
        true
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let mut answer = Dynamic::UNIT;
        for _ in 0..runs {
            let (ast, name, args) = (&self.workloads, workload.name, (workload.n,));
            let called = (self.engine).call_fn(&mut Scope::new(), ast, name, args);
            answer = called.unwrap_or_else(|e| panic!("Rhai, {name}: {e}"));
        }
        match answer.as_int() {
            Ok(n) => n as f64,
            Err(_) => answer.as_float().expect("answers are numbers"),
        }
    }
}
