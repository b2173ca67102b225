//! Finding the handles inside a value.

use std::collections::HashSet;

use super::{Array, Handle, Hash, Value};

enum Container<'a> {
    Array(&'a Array),
    Hash(&'a Hash),
}

impl Value {
    /// Appends the handles in this value, at any depth, to `found`.
    ///
    /// `seen` keeps the addresses of shared containers, which are entered once; it is good for as
    /// long as nothing is written.
    pub(crate) fn handles(&self, seen: &mut HashSet<usize>, found: &mut Vec<Handle>) {
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
    found: &mut Vec<Handle>,
    work: &mut Vec<Container<'a>>,
) {
    match value {
        Value::Obj(handle) => found.push(*handle),
        Value::Ref(cell) => found.push(cell.handle()),
        Value::Array(array) if array.is_unique() || seen.insert(array.address()) => {
            work.push(Container::Array(array));
        }
        Value::Hash(hash) if hash.is_unique() || seen.insert(hash.address()) => {
            work.push(Container::Hash(hash))
        }
        _ => {}
    }
}
