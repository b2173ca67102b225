//! Rune.

use super::Peer;
use crate::workloads::{Workload, classic::mix};
use rune::{Context, Diagnostics, Module, Source, Sources, Vm};
use std::error::Error;
use std::sync::Arc;

/// A VM with the workloads.
pub struct Rune(Vm);

impl Rune {
    pub fn new() -> Self {
        Self(load().expect("the workloads load"))
    }
}

fn load() -> Result<Vm, Box<dyn Error>> {
    let mut host = Module::new();
    host.function("mix", mix).build()?;
    let mut context = Context::with_default_modules()?;
    context.install(host)?;
    let mut sources = Sources::new();
    sources.insert(Source::memory(include_str!("../../programs/workloads.rn"))?)?;
    let mut faults = Diagnostics::new();
    let unit = (rune::prepare(&mut sources).with_context(&context))
        .with_diagnostics(&mut faults)
        .build();
    let unit = unit.map_err(|_| format!("{faults:?}"))?;
    Ok(Vm::new(Arc::new(context.runtime()?), Arc::new(unit)))
}

impl Peer for Rune {
    fn name(&self) -> &str {
        "Rune"
    }

    fn has(&self, _: &Workload) -> bool {
        true
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
