//! Jumps.

use super::Step;
use crate::vm::{Linked, VM};

pub(super) fn jump(vm: &mut VM, _: &Linked, to: usize) -> Step {
    vm.pc = to;
    Ok(())
}

pub(super) fn jump_if_true(vm: &mut VM, _: &Linked, to: usize) -> Step {
    if vm.take_one("JumpIfTrue")?.to_bool() {
        vm.pc = to;
    }
    Ok(())
}

pub(super) fn jump_if_false(vm: &mut VM, _: &Linked, to: usize) -> Step {
    if !vm.take_one("JumpIfFalse")?.to_bool() {
        vm.pc = to;
    }
    Ok(())
}

pub(super) fn jump_if_true_keep(vm: &mut VM, _: &Linked, to: usize) -> Step {
    let top = vm.input_start("JumpIfTrueKeep", 1)?;
    if vm.stack[top].to_bool() {
        vm.pc = to;
    }
    Ok(())
}

pub(super) fn jump_if_false_keep(vm: &mut VM, _: &Linked, to: usize) -> Step {
    let top = vm.input_start("JumpIfFalseKeep", 1)?;
    if !vm.stack[top].to_bool() {
        vm.pc = to;
    }
    Ok(())
}
