//! What a peer is, and those that are compiled in.

use crate::workloads::Workload;

#[cfg(feature = "jit")]
mod jit;
#[cfg(feature = "koto")]
mod koto;
#[cfg(feature = "mlua")]
mod lua;
#[cfg(feature = "piccolo")]
mod piccolo;
#[cfg(feature = "rquickjs")]
mod quickjs;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "rhai")]
mod rhai;
#[cfg(feature = "rune")]
mod rune;
#[cfg(any(feature = "wasmi", feature = "wasmtime"))]
mod wasm;

/// A workload beside the shared ones, which only hosts have: it calls their `mix` in a loop.
pub const HOST_CALL: &str = "host_call";

/// Something that runs workloads beside this VM.
pub trait Peer {
    /// As the tables call it.
    fn name(&self) -> &str;

    /// Whether it has that workload.
    fn has(&self, workload: &Workload) -> bool;

    /// What is to be known of how it runs a workload, or why it has not got it.
    fn says(&self, _: &Workload) -> Option<String> {
        None
    }

    /// Runs a workload that it has, so many times; the last answer.
    fn run(&mut self, workload: &Workload, runs: u32) -> f64;

    /// Whether it runs the chunks themselves.
    fn runs_chunks(&self) -> bool {
        false
    }
}

/// The peers that are crates.
pub fn compiled_in() -> Vec<Box<dyn Peer>> {
    vec![
        #[cfg(feature = "jit")]
        Box::new(jit::Jit::default()),
        #[cfg(feature = "registry")]
        Box::new(registry::Registry::default()),
        #[cfg(feature = "registry-jit")]
        Box::new(registry::jit::Compiled::default()),
        #[cfg(feature = "mlua")]
        Box::new(lua::Lua::new()),
        #[cfg(feature = "rquickjs")]
        Box::new(quickjs::QuickJs::new()),
        #[cfg(feature = "piccolo")]
        Box::new(piccolo::Piccolo::new()),
        #[cfg(feature = "rhai")]
        Box::new(rhai::Rhai::new()),
        #[cfg(feature = "rune")]
        Box::new(rune::Rune::new()),
        #[cfg(feature = "koto")]
        Box::new(koto::KotoPeer::new()),
        #[cfg(feature = "wasmi")]
        Box::new(wasm::Wasmi::new()),
        #[cfg(feature = "wasmtime")]
        Box::new(wasm::Wasmtime::new()),
    ]
}
