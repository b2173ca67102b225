//! Globals, slots and scopes.

use super::{FrameKind, Step};
use crate::semantics::{Trap, Unset, array};
use crate::value::{Str, Value};
use crate::vm::{Linked, VM};

pub(super) fn get_var(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let value = match &vm.globals[linked.symbol(name)] {
        Some(value) => value.clone(),
        None if linked.chunk().policy.unset != Unset::Undef => {
            return Err(Trap::UnsetVariable(linked.name_text(name)));
        }
        None => Value::Undef,
    };
    vm.stack.push(value);
    Ok(())
}

pub(super) fn set_var(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let strict = linked.chunk().policy.unset == Unset::Strict;
    if strict && vm.globals[linked.symbol(name)].is_none() {
        return Err(Trap::UnsetVariable(linked.name_text(name)));
    }
    declare_var(vm, linked, name)
}

pub(super) fn declare_var(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let value = vm.take_one("SetVar")?;
    vm.globals[linked.symbol(name)] = Some(value);
    Ok(())
}

impl VM {
    /// Slot `s` of the running frame, if it was ever written.
    pub(super) fn slot(&self, s: u16) -> Option<&Value> {
        let base = self.frames.last()?.slots;
        self.slots.get(base + usize::from(s))
    }

    /// Slot `s` of the running frame, made if it was never written.
    pub(super) fn slot_mut(&mut self, s: u16) -> Result<&mut Value, Trap> {
        let at = self.frame()?.slots + usize::from(s);
        if at >= self.slots.len() {
            self.check_stack(at + 1 - self.slots.len())?;
            self.slots.resize(at + 1, Value::Undef);
        }
        Ok(&mut self.slots[at])
    }
}

pub(super) fn get_slot(vm: &mut VM, _: &Linked, s: u16) -> Step {
    let value = vm.slot(s).cloned().unwrap_or_default();
    vm.stack.push(value);
    Ok(())
}

pub(super) fn set_slot(vm: &mut VM, _: &Linked, s: u16) -> Step {
    let value = vm.take_one("SetSlot")?;
    *vm.slot_mut(s)? = value;
    Ok(())
}

pub(super) fn slot_array_get(vm: &mut VM, linked: &Linked, s: u16) -> Step {
    let index = vm.take_one("SlotArrayGet")?;
    let rules = vm.rules(linked.chunk().policy);
    let value = array::array_get(&rules, vm.slot(s).unwrap_or(&Value::Undef), index);
    vm.stack.push(value);
    Ok(())
}

pub(super) fn slot_array_set(vm: &mut VM, linked: &Linked, s: u16) -> Step {
    let [value, index] = vm.take("SlotArraySet")?;
    vm.slot_mut(s)?;
    let at = vm.frame()?.slots + usize::from(s);
    let (rules, _, slots) = vm.cells(linked.chunk().policy);
    array::array_set(&rules, &mut slots[at], index, value)
        .map_err(|trap| trap.named(&Str::from(format!("slot {s}"))))
}

pub(super) fn push_frame(vm: &mut VM, _: &Linked) -> Step {
    let (base, slots) = (vm.stack.len(), vm.slots.len());
    // Scopes nest statically, so that calls bound them; the count guards against what was not verified.
    vm.check_stack(vm.frames.len())?;
    vm.push_frame(FrameKind::Scope, base, slots)
}

pub(super) fn pop_frame(vm: &mut VM, _: &Linked) -> Step {
    let pc = vm.pc;
    vm.close_scope()?;
    vm.pc = pc;
    Ok(())
}
