//! Piccolo: Lua in Rust.

use super::Peer;
use crate::workloads::{Workload, classic::mix};
use piccolo::{Callback, CallbackReturn, Closure, Executor, Function, Lua, StaticError, Value};

/// A Lua state with the workloads loaded.
pub struct Piccolo(Lua);

impl Piccolo {
    pub fn new() -> Self {
        let mut lua = Lua::full();
        let mut load = || -> Result<(), StaticError> {
            let executor = lua.try_enter(|ctx| {
                ctx.set_global("embedded", true)?;
                ctx.set_global(
                    "mix",
                    Callback::from_fn(&ctx, |ctx, _, mut stack| {
                        let (a, b) = stack.consume(ctx)?;
                        stack.replace(ctx, mix(a, b));
                        Ok(CallbackReturn::Return)
                    }),
                )?;
                let text = include_bytes!("../../programs/workloads.lua");
                let workloads = Closure::load(ctx, None, &text[..])?;
                Ok(ctx.stash(Executor::start(ctx, workloads.into(), ())))
            })?;
            lua.execute::<()>(&executor)
        };
        load().expect("the workloads load");
        Self(lua)
    }
}

impl Peer for Piccolo {
    fn name(&self) -> &str {
        "Piccolo"
    }

    fn has(&self, workload: &Workload) -> bool {
        // It has no `load` and no `table.concat`.
        !["collatz", "append"].contains(&workload.name)
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let mut measure = || -> Result<f64, StaticError> {
            let executor = self.0.try_enter(|ctx| {
                let Value::Function(measure) = ctx.get_global("measure") else {
                    panic!("the workloads define `measure`");
                };
                let measure: Function<'_> = measure;
                let args = (workload.name, workload.n, i64::from(runs));
                Ok(ctx.stash(Executor::start(ctx, measure, args)))
            })?;
            self.0.execute::<f64>(&executor)
        };
        measure().unwrap_or_else(|e| panic!("Piccolo, {}: {e}", workload.name))
    }
}
