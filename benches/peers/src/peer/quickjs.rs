//! QuickJS-NG inside this process, through `rquickjs`.

use super::Peer;
use crate::workloads::{Workload, classic::mix};
use rquickjs::{Context, Function, Result, Runtime, Value};

/// A context with the workloads loaded.
pub struct QuickJs(Context);

impl QuickJs {
    pub fn new() -> Self {
        Self(load().expect("the workloads load"))
    }
}

fn load() -> Result<Context> {
    let context = Context::full(&Runtime::new()?)?;
    context.with(|ctx| -> Result<()> {
        ctx.globals().set("embedded", true)?;
        (ctx.globals()).set("mix", Function::new(ctx.clone(), mix)?)?;
        ctx.eval::<Value<'_>, _>(include_str!("../../programs/workloads.js"))?;
        Ok(())
    })?;
    Ok(context)
}

impl Peer for QuickJs {
    fn name(&self) -> &str {
        "rquickjs"
    }

    fn has(&self, _: &Workload) -> bool {
        true
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let answer: Result<f64> = self.0.with(|ctx| {
            let measure: Function<'_> = ctx.globals().get("measure")?;
            measure.call((workload.name, workload.n, runs))
        });
        answer.unwrap_or_else(|e| panic!("QuickJS-NG, {}: {e}", workload.name))
    }
}
