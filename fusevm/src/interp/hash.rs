//! Hashes in globals, and making hashes.

use super::array::{with_cell, with_value};
use super::{Step, local};
use crate::semantics::hash;
use crate::value::{Hash, Value};
use crate::vm::{Linked, VM};

pub(super) fn get_hash(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    local::get_var(vm, linked, name)
}

pub(super) fn set_hash(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    local::set_var(vm, linked, name)
}

pub(super) fn declare_hash(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    vm.globals[linked.symbol(name)] = Some(Value::Hash(Hash::new()));
    Ok(())
}

pub(super) fn hash_get(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let key = vm.take_one("HashGet")?;
    let value = with_value(vm, linked, name, |rules, cell| {
        hash::hash_get(rules, cell, key)
    })?;
    vm.stack.push(value);
    Ok(())
}

pub(super) fn hash_set(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let [value, key] = vm.take("HashSet")?;
    with_cell(vm, linked, name, |rules, cell| {
        hash::hash_set(rules, cell, key, value)
    })
}

pub(super) fn hash_delete(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let key = vm.take_one("HashDelete")?;
    let value = with_cell(vm, linked, name, |rules, cell| {
        hash::hash_delete(rules, cell, key)
    })?;
    vm.stack.push(value);
    Ok(())
}

pub(super) fn hash_exists(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let key = vm.take_one("HashExists")?;
    let found = with_value(vm, linked, name, |rules, cell| {
        hash::hash_exists(rules, cell, key)
    })?;
    vm.stack.push(Value::Bool(found));
    Ok(())
}

pub(super) fn hash_keys(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let keys = with_value(vm, linked, name, hash::hash_keys)?;
    vm.stack.push(keys);
    Ok(())
}

pub(super) fn hash_values(vm: &mut VM, linked: &Linked, name: u16) -> Step {
    let values = with_value(vm, linked, name, hash::hash_values)?;
    vm.stack.push(values);
    Ok(())
}

pub(super) fn make_hash(vm: &mut VM, linked: &Linked, n: u16) -> Step {
    let at = vm.input_start("MakeHash", n.into())?;
    let items = vm.stack.drain(at..).collect();
    let made = hash::make_hash(&vm.rules(linked.chunk().policy), items)?;
    vm.stack.push(made);
    Ok(())
}
