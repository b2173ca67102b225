//! Lua 5.4 inside this process, through `mlua`.

use super::Peer;
use crate::workloads::{Workload, classic::mix};

/// A Lua state with the workloads loaded.
pub struct Lua(mlua::Lua);

impl Lua {
    pub fn new() -> Self {
        let lua = mlua::Lua::new();
        let load = || {
            lua.globals().set("embedded", true)?;
            let mix = lua.create_function(|_, (a, b)| Ok(mix(a, b)))?;
            lua.globals().set("mix", mix)?;
            lua.load(include_str!("../../programs/workloads.lua"))
                .exec()
        };
        load().expect("the workloads load");
        Self(lua)
    }
}

impl Peer for Lua {
    fn name(&self) -> &str {
        "mlua"
    }

    fn has(&self, _: &Workload) -> bool {
        true
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let measure: mlua::Function =
            (self.0.globals().get("measure")).expect("the workloads define it");
        (measure.call((workload.name, workload.n, runs))).expect("the workload runs")
    }
}
