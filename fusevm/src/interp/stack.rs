//! Constants and stack shape.

use super::Step;
use crate::value::Value;
use crate::vm::{Linked, VM};

pub(super) fn nop(_: &mut VM, _: &Linked) -> Step {
    Ok(())
}

fn push(vm: &mut VM, value: Value) -> Step {
    vm.stack.push(value);
    Ok(())
}

pub(super) fn load_int(vm: &mut VM, _: &Linked, value: i64) -> Step {
    push(vm, Value::Int(value))
}

pub(super) fn load_float(vm: &mut VM, _: &Linked, value: f64) -> Step {
    push(vm, Value::Float(value))
}

pub(super) fn load_const(vm: &mut VM, linked: &Linked, k: u16) -> Step {
    push(vm, linked.constant(k))
}

pub(super) fn load_true(vm: &mut VM, _: &Linked) -> Step {
    push(vm, Value::Bool(true))
}

pub(super) fn load_false(vm: &mut VM, _: &Linked) -> Step {
    push(vm, Value::Bool(false))
}

pub(super) fn load_undef(vm: &mut VM, _: &Linked) -> Step {
    push(vm, Value::Undef)
}

pub(super) fn pop(vm: &mut VM, _: &Linked) -> Step {
    vm.take_one("Pop").map(drop)
}

pub(super) fn dup(vm: &mut VM, _: &Linked) -> Step {
    let at = vm.input_start("Dup", 1)?;
    vm.stack.extend_from_within(at..);
    Ok(())
}

pub(super) fn dup2(vm: &mut VM, _: &Linked) -> Step {
    let at = vm.input_start("Dup2", 2)?;
    vm.stack.extend_from_within(at..);
    Ok(())
}

pub(super) fn swap(vm: &mut VM, _: &Linked) -> Step {
    let at = vm.input_start("Swap", 2)?;
    vm.stack[at..].rotate_left(1);
    Ok(())
}

pub(super) fn rot(vm: &mut VM, _: &Linked) -> Step {
    let at = vm.input_start("Rot", 3)?;
    vm.stack[at..].rotate_left(1);
    Ok(())
}
