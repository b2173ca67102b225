//! The VM of the same op set that the registry holds: it gets the same ops, one for one.

#[cfg(feature = "registry-jit")]
pub mod jit;

use super::Peer;
use crate::workloads::{Workload, classic};
use fusevm::Op;
use fusevm_registry as registry;

/// Workloads that it does not run: it lacks an op (`nbody`), or gives another answer.
const LACKS: [&str; 1] = ["nbody"];

/// The interpreter of the crate.
#[derive(Default)]
pub struct Registry {
    /// The workload that is loaded, and its argument.
    loaded: Option<(&'static str, i64, registry::VM)>,
}

impl Peer for Registry {
    fn name(&self) -> &str {
        "fusevm 0.26.10"
    }

    fn has(&self, workload: &Workload) -> bool {
        takes(workload)
    }

    fn run(&mut self, workload: &Workload, runs: u32) -> f64 {
        let (name, n) = (workload.name, workload.n);
        if !matches!(&self.loaded, Some((loaded, with, _)) if (*loaded, *with) == (name, n)) {
            self.loaded = Some((name, n, load(workload)));
        }
        let (_, _, vm) = self.loaded.as_mut().expect("it was just loaded");
        let mut answer = registry::Value::Undef;
        for _ in 0..runs {
            vm.rewind();
            answer = match vm.run() {
                registry::VMResult::Ok(value) => value,
                other => panic!("{name}: {other:?}"),
            };
        }
        match answer {
            registry::Value::Int(n) => n as f64,
            registry::Value::Float(x) => x,
            other => panic!("{name}: {other:?} is no answer"),
        }
    }

    fn runs_chunks(&self) -> bool {
        true
    }
}

/// Whether it can run the workload at all.
fn takes(workload: &Workload) -> bool {
    !LACKS.contains(&workload.name)
}

/// A VM with the ops of the workload behind a call of its `run`.
fn load(workload: &Workload) -> registry::VM {
    let chunk = workload.chunk();
    let mut b = registry::ChunkBuilder::new();
    for constant in chunk.constants() {
        b.add_constant(value(constant));
    }
    for name in chunk.names() {
        b.add_name(name.as_str());
    }
    let run = b.add_name("run");
    b.emit(registry::Op::LoadInt(workload.n), 1);
    b.emit(registry::Op::Call(run, 1), 1);
    let over = b.emit(registry::Op::Jump(0), 1);
    let start = b.current_pos();
    for (pc, op) in chunk.ops().iter().enumerate() {
        let op = match op.target() {
            Some(to) => op.with_target(start + to),
            None => *op,
        };
        b.emit(same(op), chunk.line(pc));
    }
    for function in chunk.functions() {
        b.add_sub_entry(function.name, start + function.pc);
    }
    b.patch_jump(over, b.current_pos());
    let mut vm = registry::VM::new(b.build());
    vm.register_builtin(0, |vm, _| mix(vm));
    vm.set_extension_handler(Box::new(|vm, _, _| {
        let result = mix(vm);
        vm.push(result);
    }));
    vm
}

/// What the op and the builtin of the workloads do.
fn mix(vm: &mut registry::VM) -> registry::Value {
    match (vm.pop(), vm.pop()) {
        (registry::Value::Int(b), registry::Value::Int(a)) => {
            registry::Value::Int(classic::mix(a, b))
        }
        _ => registry::Value::Undef,
    }
}

fn value(value: &fusevm::Value) -> registry::Value {
    match value {
        fusevm::Value::Int(n) => registry::Value::Int(*n),
        fusevm::Value::Float(x) => registry::Value::Float(*x),
        fusevm::Value::Str(text) => registry::Value::str(text.as_str()),
        other => panic!("no workload has the constant {other:?}"),
    }
}

/// The op of the same name.
fn same(op: Op) -> registry::Op {
    macro_rules! named {
        ($($name:ident $(($($operand:ident),+))?),* $(,)?) => {
            match op {
                $(Op::$name $(($($operand),+))? => registry::Op::$name $(($($operand),+))?,)*
                other => panic!("no workload has `{other:?}`"),
            }
        };
    }
    named! {
        Nop, LoadInt(n), LoadFloat(x), LoadConst(k), LoadUndef, Pop, Dup,
        GetSlot(s), SetSlot(s), SlotArrayGet(s), SlotArraySet(s),
        DeclareArray(n), ArrayGet(n), ArraySet(n), ArrayPush(n), MakeArray(k),
        DeclareHash(n), HashGet(n), HashSet(n),
        Add, Sub, Mul, Div, Mod, Inc, Dec, Concat, StringLen,
        NumEq, NumNe, NumLt, NumGt, NumLe, NumGe,
        BitAnd, BitOr, BitXor, Shl, Shr,
        Jump(to), JumpIfTrue(to), JumpIfFalse(to),
        Call(f, argc), Return, ReturnValue, CallBuiltin(id, argc), Extended(id, arg),
    }
}
