//! Koto.

use super::Peer;
use crate::workloads::{Workload, classic::mix};
use koto::prelude::*;

/// A runtime that has run the workloads, and so has their functions.
pub struct KotoPeer(Koto);

impl KotoPeer {
    pub fn new() -> Self {
        let mut koto = Koto::default();
        koto.prelude().add_fn("mix", |ctx| match ctx.args() {
            [KValue::Number(a), KValue::Number(b)] => Ok(mix(a.into(), b.into()).into()),
            unexpected => unexpected_args("|Number, Number|", unexpected),
        });
        let text = include_str!("../../programs/workloads.koto");
        koto.compile_and_run(text).expect("the workloads load");
        Self(koto)
    }
}

impl Peer for KotoPeer {
    fn name(&self) -> &str {
        "Koto"
    }

    fn has(&self, _: &Workload) -> bool {
        true
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let mut answer = KValue::Null;
        for _ in 0..runs {
            let (name, n) = (workload.name, KValue::from(workload.n));
            let called = self.0.call_exported_function(name, &[n][..]);
            answer = called.unwrap_or_else(|e| panic!("Koto, {name}: {e}"));
        }
        match answer {
            KValue::Number(n) => n.into(),
            _ => panic!("answers are numbers"),
        }
    }
}
