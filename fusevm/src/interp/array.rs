//! Arrays in globals, and making arrays.

use super::{Step, local};
use crate::semantics::{Rules, Trap, array};
use crate::value::{Array, Value};
use crate::vm::{Linked, VM};

pub(super) fn get_array(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    local::get_var(vm, linked, name)
}

pub(super) fn set_array(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    local::set_var(vm, linked, name)
}

pub(super) fn declare_array(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    vm.globals[linked.symbol(name)] = Some(Value::Array(Array::new()));
    Ok(())
}

/// Runs `then` on the cell of a global; a trap gets the name.
pub(super) fn with_cell<R>(
    vm: &mut VM,
    linked: &Linked,
    name: u16,
    then: impl FnOnce(&Rules<'_>, &mut Value) -> Result<R, Trap>,
) -> Result<R, Trap> {
    let (rules, globals, _) = vm.cells(linked.chunk().policy);
    let global = &mut globals[linked.symbol(name)];
    let unset = global.is_none();
    let cell = global.get_or_insert_default();
    let result = then(&rules, cell);
    if unset && cell.is_undef() {
        *global = None;
    }
    result.map_err(|trap| trap.named(&linked.name_text(name)))
}

/// Runs `then` on what a global holds, Undef when it was never set.
pub(super) fn with_value<R>(
    vm: &VM,
    linked: &Linked,
    name: u16,
    then: impl FnOnce(&Rules<'_>, &Value) -> R,
) -> R {
    let rules = vm.rules(linked.chunk().policy);
    then(
        &rules,
        vm.globals[linked.symbol(name)]
            .as_ref()
            .unwrap_or(&Value::Undef),
    )
}

pub(super) fn array_get(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let index = vm.take_one("ArrayGet")?;
    let value = with_value(vm, linked, name, |rules, cell| {
        array::array_get(rules, cell, index)
    });
    vm.stack.push(value);
    Ok(())
}

pub(super) fn array_set(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let [value, index] = vm.take("ArraySet")?;
    with_cell(vm, linked, name, |rules, cell| {
        array::array_set(rules, cell, index, value)
    })
}

pub(super) fn array_push(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let value = vm.take_one("ArrayPush")?;
    with_cell(vm, linked, name, |rules, cell| {
        array::array_push(rules, cell, value)
    })
}

pub(super) fn array_pop(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let value = with_cell(vm, linked, name, |_, cell| array::array_pop(cell))?;
    vm.stack.push(value);
    Ok(())
}

pub(super) fn array_shift(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let value = with_cell(vm, linked, name, |_, cell| array::array_shift(cell))?;
    vm.stack.push(value);
    Ok(())
}

pub(super) fn array_len(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let len = with_value(vm, linked, name, |_, cell| array::array_len(cell));
    vm.stack.push(Value::Int(len));
    Ok(())
}

pub(super) fn make_array(vm: &mut VM, linked: &Linked, n: u16) -> Step {
    let at = vm.input_start("MakeArray", n.into())?;
    let fits = array::check_len(&vm.rules(linked.chunk().policy), n.into());
    let items = vm.stack.drain(at..);
    fits?;
    let made = items.collect();
    vm.stack.push(Value::Array(made));
    Ok(())
}
