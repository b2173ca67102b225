//! Running the ops of a language, and raw handlers.

use super::Step;
pub(super) use crate::ext::shown;
use crate::ext::{
    AccessKind, Call, Cost, Flow, ImmKind, Invoke, OpDesc, Parts, Produced, Results, check_size,
};
use crate::semantics::Trap;
use crate::value::{Func, Value};
use crate::vm::{Linked, VM};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs op `id` of the chunk's imports.
pub(super) fn run(vm: &mut VM, linked: &Arc<Linked>, id: u16, packed: u64) -> Step {
    let Some(&desc) = linked.ops.get(usize::from(id)) else {
        return Err(Trap::Load("no such import".into()));
    };
    let rest = match (desc.rest, desc.immediates.last()) {
        (Some(_), Some(count)) => count.extract(packed) as usize,
        _ => 0,
    };
    let fixed = desc.inputs.len();
    let at = vm.input_start(desc.name, fixed + rest)?;
    run_at(vm, linked, (id, packed), desc, at)
}

/// Runs the op of the language that takes what a core op does not: it has no immediates and is no
/// import of the chunk.
#[cold]
pub(super) fn run_operator(
    vm: &mut VM,
    linked: &Arc<Linked>,
    desc: &'static OpDesc,
    at: usize,
) -> Step {
    run_at(vm, linked, (u16::MAX, 0), desc, at)
}

/// Where an op stands, as its call wants it: the program, its import, its immediates.
type Site<'a> = (&'a Arc<Linked>, u16, u64);

/// Runs an op whose inputs start at `at`.
#[inline]
fn run_at(
    vm: &mut VM,
    linked: &Arc<Linked>,
    (id, packed): (u16, u64),
    desc: &'static OpDesc,
    at: usize,
) -> Step {
    let (fixed, inputs) = (desc.inputs.len(), vm.stack.len() - at);
    vm.collect_if_due()?;
    charge(vm, desc, |vm| &vm.stack[at..])?;
    let (site, mut results) = ((linked, id, packed), Results::default());
    let flow = match desc.calls_back {
        true => run_full(vm, site, desc, at, &mut results)?,
        false => run_leaf(vm, site, desc, inputs, &mut results)?,
    };
    match flow {
        Flow::Invoke => invoke(vm, results.invoke, at, fixed),
        Flow::Access => access(vm, desc, results.field, at),
        Flow::Next | Flow::Jump => conclude(vm, desc, packed, (flow, results), at),
    }
}

/// Runs an op that sees its inputs on the stack and parts of the VM beside them.
#[inline]
fn run_leaf(
    vm: &mut VM,
    (linked, id, packed): Site<'_>,
    desc: &'static OpDesc,
    inputs: usize,
    results: &mut Results,
) -> Result<Flow, Trap> {
    let slots = prepare_slots(vm, desc, packed)?;
    call_leaf(vm, (linked, id, packed), (desc, vm.pc - 1), results, |vm| {
        vm.split(inputs, slots, desc.callee.is_some())
    })
}

/// Calls the op at `pc`, which sees what `split` gives; with the memory of its place, if it has one.
#[inline]
pub(super) fn call_leaf(
    vm: &mut VM,
    (linked, id, packed): Site<'_>,
    (desc, pc): (&'static OpDesc, usize),
    results: &mut Results,
    split: impl for<'v> FnOnce(&'v mut VM) -> Parts<'v>,
) -> Result<Flow, Trap> {
    if !desc.cache {
        let mut call = Call::leaf((linked, id, packed), split(vm), None, results);
        return unwound(|| (desc.entry)(&mut call));
    }
    // The memory of the place is out of the VM while the op runs. When the op panics it is gone: nobody
    // knows in what state it is.
    let (code, place) = (vm.frame()?.code, linked.place(pc));
    let mut memory = vm.code_mut().take_place(code, place);
    let mut call = Call::leaf((linked, id, packed), split(vm), Some(&mut memory), results);
    let ran = unwound(|| (desc.entry)(&mut call));
    if !matches!(ran, Err(Trap::Panic(_))) {
        vm.code_mut().put_place(code, place, memory);
    }
    ran
}

/// Puts the results in the place of the inputs, which start at `at`, and jumps.
#[inline]
fn conclude(
    vm: &mut VM,
    desc: &OpDesc,
    packed: u64,
    (flow, results): (Flow, Results),
    at: usize,
) -> Step {
    vm.stack.truncate(at);
    for produced in results.first.into_iter().chain(results.second) {
        let value = made(vm, produced)?;
        vm.stack.push(value);
    }
    if flow == Flow::Jump {
        let label = desc
            .immediates
            .iter()
            .find(|i| matches!(i.kind, ImmKind::Label));
        vm.pc = label.map_or(vm.pc, |label| label.extract(packed) as usize);
    }
    Ok(())
}

/// A result as a value: allocated, if it is an object, and held to the limits.
#[inline]
pub(super) fn made(vm: &mut VM, produced: Produced) -> Result<Value, Trap> {
    let value = match produced {
        Produced::Value(value) => value,
        Produced::Object(allocate) => allocate(vm.heap_mut())?,
    };
    check_size(vm.limits(), &value)?;
    Ok(value)
}

/// Runs an op that may call back: its inputs are taken off the stack first, so that nothing the VM
/// does under it can touch them.
fn run_full(
    vm: &mut VM,
    (linked, id, packed): Site<'_>,
    desc: &'static OpDesc,
    at: usize,
    results: &mut Results,
) -> Result<Flow, Trap> {
    let mut inputs: Vec<Value> = vm.stack.drain(at..).collect();
    let flow = guarded(vm, |vm| {
        inputs.iter().for_each(|input| vm.hold(input));
        let mut call = Call::full((linked, id, packed), &mut inputs, vm, results);
        (desc.entry)(&mut call)
    })??;
    if flow == Flow::Invoke {
        vm.stack.append(&mut inputs);
    }
    Ok(flow)
}

/// Sees to it that the slots an op names are there; where the frame's slots start.
fn prepare_slots(vm: &mut VM, desc: &OpDesc, packed: u64) -> Result<usize, Trap> {
    for slot in desc
        .immediates
        .iter()
        .filter(|i| matches!(i.kind, ImmKind::Slot))
    {
        vm.slot_mut(slot.extract(packed) as u16)?;
    }
    Ok(vm.frame()?.slots)
}

/// Pays for an op beyond what every op costs.
#[inline]
pub(super) fn charge(vm: &mut VM, desc: &OpDesc, inputs: impl Fn(&VM) -> &[Value]) -> Step {
    let cost = match desc.cost {
        Cost::Fixed(cost) => cost,
        Cost::Of(cost) => unwound(|| Ok(cost(inputs(vm))))?,
    };
    match cost {
        0 | 1 => Ok(()),
        more => vm.charge(more - 1),
    }
}

/// Reads or sets a field of the object at `at`, the first input of the op.
fn access(vm: &mut VM, desc: &OpDesc, field: Option<usize>, at: usize) -> Step {
    let (Some(kind), Some(field)) = (desc.outputs.access, field) else {
        return Err(Trap::Load("the op asked for no field".into()));
    };
    let Some(&Value::Obj(handle)) = vm.stack.get(at) else {
        return Err(no_object(desc));
    };
    let result = match kind {
        AccessKind::Load => vm.heap().field_of(handle, field).cloned(),
        AccessKind::Store | AccessKind::Assign => {
            let value = vm.stack.pop().unwrap_or_default();
            if !vm.heap_mut().set_field_of(handle, field, value.clone()) {
                return Err(no_object(desc));
            }
            Some(value)
        }
    };
    vm.stack.truncate(at);
    if kind != AccessKind::Store {
        vm.stack.push(result.unwrap_or_default());
    }
    Ok(())
}

/// What an op says that wants a field of something without fields.
#[cold]
pub(super) fn no_object(desc: &OpDesc) -> Trap {
    let name = desc.name;
    Trap::Load(format!(
        "the first input of `{name}` is no object that was allocated with a shape"
    ))
}

/// Opens the frame of the call an op asked for. On the stack from `at`: the op's fixed inputs, then
/// the arguments.
fn invoke(vm: &mut VM, invoke: Option<Invoke>, at: usize, fixed: usize) -> Step {
    let input = vm.stack.get(at).cloned().unwrap_or_default();
    let invoke = invoke.unwrap_or(Invoke::Value(Value::Undef));
    let (function, callee, first) = match invoke.once(&input, vm.heap_mut())? {
        Invoke::Call {
            function,
            callee,
            first,
        } => (function, callee, first),
        Invoke::Value(value) => {
            vm.stack.truncate(at);
            vm.stack.push(value);
            return Ok(());
        }
        Invoke::ByShape { .. } | Invoke::Make { .. } => {
            return Err(Trap::Load("the op asked for no call".into()));
        }
    };
    let arguments = at + fixed;
    vm.stack.splice(at..arguments, first);
    let argc = vm.stack.len() - at;
    invoke_with(vm, &function, argc, callee)
}

/// Calls a function by value; its arguments are the last values on the stack.
pub(super) fn invoke_with(vm: &mut VM, function: &Func, argc: usize, callee: Value) -> Step {
    let found = vm.resolve(function)?;
    let argc = u8::try_from(argc).map_err(|_| Trap::WrongArity {
        name: function.name().clone(),
        takes: usize::from(u8::MAX),
        got: argc,
    })?;
    vm.enter_function(found, argc, callee)
}

/// Runs code of the host; a panic in it becomes a trap.
pub(crate) fn unwound<R>(run: impl FnOnce() -> Result<R, Trap>) -> Result<R, Trap> {
    // Whatever the panic has left half done is the host's own: the VM's parts are put right by the
    // caller.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}

/// The trap for what a handler has panicked with.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Trap {
    let text = match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "no message".to_owned(),
    };
    Trap::Panic(text)
}

/// Runs a handler that has the whole VM. A panic in it becomes a trap, and what it has left above the
/// running frame goes; a value it popped and did not have traps too.
pub(super) fn guarded<R>(vm: &mut VM, run: impl FnOnce(&mut VM) -> R) -> Result<R, Trap> {
    let point = vm.savepoint();
    let bottom = vm.frames.last().map_or(0, |frame| frame.base);
    vm.hold_fresh(bottom);
    let result = unwound(|| Ok(run(vm)));
    vm.release(point.held);
    if result.is_err() || vm.frames.len() != point.frames {
        let stack = vm.stack.len().min(point.stack);
        vm.restore(point);
        vm.stack.truncate(stack);
    }
    match vm.handler_trap.take() {
        Some(trap) if result.is_ok() => Err(trap),
        _ => result,
    }
}

pub(super) fn raw(vm: &mut VM, id: u16, arg: u8) -> Step {
    vm.collect_if_due()?;
    let mut handler = vm.take_raw()?;
    let result = guarded(vm, |vm| handler(vm, id, arg));
    vm.put_back_raw(handler);
    result?;
    after_raw(vm)
}

pub(super) fn raw_wide(vm: &mut VM, id: u16, arg: usize) -> Step {
    vm.collect_if_due()?;
    let mut handler = vm.take_raw_wide()?;
    let result = guarded(vm, |vm| handler(vm, id, arg));
    vm.put_back_raw_wide(handler);
    result?;
    after_raw(vm)
}

/// Nobody has declared what a raw op pushes, so that the stack is measured after it.
fn after_raw(vm: &mut VM) -> Step {
    vm.check_stack(0)
}
