//! Finding the handles inside a value.

use std::collections::HashSet;

use super::{Array, Handle, Hash, Value};

enum Container<'a> {
    Array(&'a Array),
    Hash(&'a Hash),
}

impl Value {
    /// Whether there may be a handle in this value, at any depth; never `false` where there is one.
    #[inline]
    pub(crate) fn may_hold_handles(&self) -> bool {
        match self {
            Value::Obj(_) | Value::Ref(_) => true,
            Value::Array(array) => array.may_hold_handles(),
            Value::Hash(hash) => hash.may_hold_handles(),
            _ => false,
        }
    }

    /// Gives the handles in this value, at any depth, to `found`. Containers that can hold none are
    /// not entered.
    ///
    /// `seen` keeps the addresses of shared containers, which are entered once; it is good for as
    /// long as nothing is written.
    pub(crate) fn handles(&self, seen: &mut HashSet<usize>, found: &mut impl FnMut(Handle)) {
        match self {
            Value::Obj(handle) => return found(*handle),
            Value::Ref(cell) => return found(cell.handle()),
            other if !other.may_hold_handles() => return,
            _container => {}
        }
        let mut work = Vec::new();
        let mut visit = |value, work: &mut Vec<_>| visit(value, seen, found, work);
        visit(self, &mut work);
        while let Some(container) = work.pop() {
            match container {
                Container::Array(array) => array
                    .as_slice()
                    .iter()
                    .for_each(|value| visit(value, &mut work)),
                Container::Hash(hash) => hash.live().for_each(|(_, value)| visit(value, &mut work)),
            }
        }
    }
}

fn visit<'a>(
    value: &'a Value,
    seen: &mut HashSet<usize>,
    found: &mut impl FnMut(Handle),
    work: &mut Vec<Container<'a>>,
) {
    match value {
        plain if !plain.may_hold_handles() => {}
        Value::Obj(handle) => found(*handle),
        Value::Ref(cell) => found(cell.handle()),
        Value::Array(array) if array.is_unique() || seen.insert(array.address()) => {
            work.push(Container::Array(array));
        }
        Value::Hash(hash) if hash.is_unique() || seen.insert(hash.address()) => {
            work.push(Container::Hash(hash))
        }
        _ => {}
    }
}
