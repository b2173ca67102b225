//! The crate's machine code, by the doors that its documentation names: the compilers of straight code and of
//! code with jumps, which run a chunk on slots, and a VM that compiles the loops it traces.
//!
//! A workload goes in by the first door that takes it and gives the right answer. The first two take chunks
//! without calls: what is in `run` is the chunk then, and its argument is in slot 0.

use super::{load, same, value};
use crate::peer::Peer;
use crate::workloads::Workload;
use fusevm::Op;
use fusevm_registry as registry;
use registry::jit::JitCompiler;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The crate with its JIT.
#[derive(Default)]
pub struct Compiled {
    /// The workload that is loaded, its argument, and how it runs.
    loaded: Option<(&'static str, i64, Door)>,
}

/// How a workload goes in.
enum Door {
    Linear(JitCompiler, registry::Chunk, Vec<i64>),
    Block(JitCompiler, registry::Chunk, Vec<i64>),
    Traced(Box<registry::VM>),
}

impl Door {
    fn name(&self) -> &'static str {
        match self {
            Door::Linear(..) => "straight code",
            Door::Block(..) => "code with jumps",
            Door::Traced(_) => "traces",
        }
    }

    /// One run; nothing where the door does not take it.
    fn run(&mut self, n: i64) -> Option<f64> {
        let number = |value| match value {
            registry::Value::Int(n) => Some(n as f64),
            registry::Value::Float(x) => Some(x),
            _other => None,
        };
        match self {
            Door::Linear(jit, chunk, slots) => {
                slots[0] = black_box(n);
                jit.try_run_linear(chunk, slots).and_then(number)
            }
            Door::Block(jit, chunk, slots) => {
                slots.fill(0);
                slots[0] = black_box(n);
                jit.try_run_block_eager(chunk, slots).map(|n| n as f64)
            }
            Door::Traced(vm) => {
                vm.rewind();
                match vm.run() {
                    registry::VMResult::Ok(value) => number(value),
                    _other => None,
                }
            }
        }
    }
}

impl Peer for Compiled {
    fn name(&self) -> &str {
        "fusevm 0.26.10, JIT"
    }

    fn has(&self, workload: &Workload) -> bool {
        super::takes(workload) && door(workload).is_ok()
    }

    fn says(&self, workload: &Workload) -> Option<String> {
        if !super::takes(workload) {
            return None;
        }
        Some(match door(workload) {
            Ok(door) => door.name().to_owned(),
            Err(why) => why,
        })
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let (name, n) = (workload.name, workload.n);
        if !matches!(&self.loaded, Some((loaded, with, _)) if (*loaded, *with) == (name, n)) {
            let door = door(workload).unwrap_or_else(|why| panic!("{name}: {why}"));
            self.loaded = Some((name, n, door));
        }
        let (_, _, door) = self.loaded.as_mut().expect("it was just loaded");
        let answer = (0..runs).fold(None, |_, _| door.run(n));
        answer.unwrap_or_else(|| panic!("{name}: no answer any more"))
    }

    fn runs_chunks(&self) -> bool {
        true
    }
}

/// The first door that a workload goes in by, or what those that take it give instead.
fn door(workload: &Workload) -> Result<Door, String> {
    let right = (workload.native())(1);
    let mut why = "refused".to_owned();
    for mut door in doors(workload) {
        // Some take a run or two before they compile.
        let run = AssertUnwindSafe(|| (0..4).fold(None, |_, _| door.run(workload.n)));
        match catch_unwind(run) {
            Ok(Some(found)) if found == right => return Ok(door),
            Ok(Some(found)) => why = format!("{}: {found} instead of {right}", door.name()),
            Ok(None) => {}
            Err(_) => why = format!("{}: a panic", door.name()),
        }
    }
    Err(why)
}

/// The doors that say they take a workload.
fn doors(workload: &Workload) -> Vec<Door> {
    let mut doors = Vec::new();
    if let Some((chunk, slots)) = flat(workload) {
        let (linear, block) = (JitCompiler::new(), JitCompiler::new());
        if linear.is_linear_eligible(&chunk) {
            doors.push(Door::Linear(linear, chunk.clone(), slots.clone()));
        }
        if block.is_block_eligible(&chunk) {
            doors.push(Door::Block(block, chunk, slots));
        }
    }
    let mut vm = load(workload);
    vm.enable_tracing_jit();
    doors.push(Door::Traced(Box::new(vm)));
    doors
}

/// What is in `run` as a chunk of its own, if that is all there is, and the slots it wants.
fn flat(workload: &Workload) -> Option<(registry::Chunk, Vec<i64>)> {
    let chunk = workload.chunk();
    let [run] = chunk.functions() else {
        return None;
    };
    let returns = |op: &Op| matches!(op, Op::ReturnValue);
    let len = chunk.ops()[run.pc..].iter().position(returns)?;
    let body = &chunk.ops()[run.pc..run.pc + len];
    let mut b = registry::ChunkBuilder::new();
    for constant in chunk.constants() {
        b.add_constant(value(constant));
    }
    let mut slots = 1;
    b.emit(registry::Op::GetSlot(0), 1);
    for op in body {
        if let Op::GetSlot(slot) | Op::SetSlot(slot) = op {
            slots = slots.max(usize::from(*slot) + 1);
        }
        let op = match op.target() {
            Some(to) => op.with_target(to.checked_sub(run.pc)? + 1),
            None => *op,
        };
        if let Op::Call(..) | Op::CallBuiltin(..) | Op::Extended(..) = op {
            return None;
        }
        b.emit(same(op), 1);
    }
    Some((b.build(), vec![0; slots]))
}
