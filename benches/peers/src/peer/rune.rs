//! Rune.

use super::Peer;
use crate::workloads::Workload;
use rune::{Context, Source, Sources, Vm};
use std::sync::Arc;

/// A VM with the workloads.
pub struct Rune(Vm);

impl Rune {
    pub fn new() -> Self {
        let context = Context::with_default_modules().expect("there is memory");
        let runtime = context.runtime().expect("there is memory");
        let mut sources = Sources::new();
        let text = Source::memory(include_str!("../../programs/workloads.rn"));
        (sources.insert(text.expect("there is memory"))).expect("there is memory");
        let unit = rune::prepare(&mut sources).with_context(&context).build();
        let unit = unit.expect("the workloads compile");
        Self(Vm::new(Arc::new(runtime), Arc::new(unit)))
    }
}

impl Peer for Rune {
    fn name(&self) -> &str {
        "Rune"
    }

    fn has(&self, workload: &Workload) -> bool {
        !["nbody", "hash"].contains(&workload.name)
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let mut answer = None;
        for _ in 0..runs {
            let (name, n) = (workload.name, workload.n);
            let called = self.0.call([name], (n,));
            answer = Some(called.unwrap_or_else(|e| panic!("Rune, {name}: {e}")));
        }
        let answer = answer.expect("it has run");
        match answer.as_integer::<i64>() {
            Ok(n) => n as f64,
            Err(_) => answer.as_float().expect("answers are numbers"),
        }
    }
}
