//! Ops on arrays and hashes: on the stack, and in slots.

/// Containers on the stack. They are values: a write gives the container as it is after it, in place
/// when nothing else held it.
#[fusevm::ops(prefix = "core")]
pub mod container {
    use crate::semantics::{Rules, Trap, hash, nested};
    use crate::value::{Array, Value};

    /// Element `key` of an array or a hash; Undef when there is none.
    #[ext_op]
    pub fn get(container: &Value, key: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::get(&rules, container, key)
    }

    /// The container with `value` as element `key`.
    #[ext_op]
    pub fn set(
        mut container: Value,
        key: Value,
        value: Value,
        rules: Rules<'_>,
    ) -> Result<Value, Trap> {
        nested::set(&rules, &mut container, key, value)?;
        Ok(container)
    }

    /// The container without element `key`, and above it what the element was.
    #[ext_op]
    pub fn delete(
        mut container: Value,
        key: Value,
        rules: Rules<'_>,
    ) -> Result<(Value, Value), Trap> {
        let held = nested::delete(&rules, &mut container, key)?;
        Ok((container, held))
    }

    /// The array with `value` behind its last element.
    #[ext_op]
    pub fn push(array: Array, value: Value, rules: Rules<'_>) -> Result<Array, Trap> {
        nested::push(&rules, array, value)
    }

    /// The array without its last element, and above it that element; Undef when it is empty.
    #[ext_op]
    pub fn pop(mut array: Array) -> (Array, Value) {
        let last = array.pop().unwrap_or_default();
        (array, last)
    }

    /// Number of elements of an array, and of nothing else.
    #[ext_op]
    pub fn array_len(array: &Array) -> i64 {
        array.len() as i64
    }

    /// An array of `n` times `value`; `n` ≤ 0 gives an empty one.
    #[ext_op]
    pub fn fill(value: Value, n: i64, rules: Rules<'_>) -> Result<Array, Trap> {
        nested::fill(&rules, value, n)
    }

    /// Whether a hash has key `key`; anything but a hash has none.
    #[ext_op]
    pub fn contains_key(hash: &Value, key: Value, rules: Rules<'_>) -> Result<bool, Trap> {
        hash::hash_exists(&rules, hash, key)
    }

    /// The keys of a hash in insertion order; of anything else none.
    #[ext_op]
    pub fn keys(hash: &Value, rules: Rules<'_>) -> Result<Value, Trap> {
        hash::hash_keys(&rules, hash)
    }

    /// The values of a hash in insertion order; of anything else none.
    #[ext_op]
    pub fn values(hash: &Value, rules: Rules<'_>) -> Result<Value, Trap> {
        hash::hash_values(&rules, hash)
    }

    /// Number of elements of an array or a hash; of anything else the length of its text in bytes.
    #[ext_op]
    pub fn len(v: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::len(&rules, v)
    }
}

/// Containers in slots, written in place, and what lies inside them by a path of keys.
#[fusevm::ops(prefix = "core")]
pub mod slot {
    use crate::ext::Rest;
    use crate::semantics::{Rules, Trap, array, nested, string};
    use crate::value::Value;

    /// Element `key` of the container in slot `s`; Undef when there is none.
    #[ext_op]
    pub fn slot_get(#[slot] s: &mut Value, key: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::get(&rules, s, key)
    }

    /// Sets element `key` of the container in slot `s`.
    #[ext_op]
    pub fn slot_set(
        #[slot] s: &mut Value,
        key: Value,
        value: Value,
        rules: Rules<'_>,
    ) -> Result<(), Trap> {
        nested::set(&rules, s, key, value)
    }

    /// Removes element `key` of the container in slot `s`; what it was.
    #[ext_op]
    pub fn slot_delete(#[slot] s: &mut Value, key: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::delete(&rules, s, key)
    }

    /// Appends to the array in slot `s`.
    #[ext_op]
    pub fn slot_push(#[slot] s: &mut Value, value: Value, rules: Rules<'_>) -> Result<(), Trap> {
        array::array_push(&rules, s, value)
    }

    /// Appends the text of `value` to that of what slot `s` holds.
    #[ext_op]
    pub fn slot_append(#[slot] s: &mut Value, value: Value, rules: Rules<'_>) -> Result<(), Trap> {
        string::append(&rules, s, value)
    }

    /// Removes the last element of the array in slot `s`; Undef when it is empty.
    #[ext_op]
    pub fn slot_pop(#[slot] s: &mut Value) -> Result<Value, Trap> {
        array::array_pop(s)
    }

    /// Length of what slot `s` holds, as `len`.
    #[ext_op]
    pub fn slot_len(#[slot] s: &mut Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::len(&rules, s.clone())
    }

    /// The element that the path leads to; Undef when there is none.
    #[ext_op]
    pub fn slot_get_path(
        #[slot] s: &mut Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<Value, Trap> {
        let mut found = s.clone();
        for key in path {
            found = nested::get(&rules, &found, key.clone())?;
        }
        Ok(found)
    }

    /// Sets the element that the path leads to, making containers on the way.
    #[ext_op]
    pub fn slot_set_path(
        #[slot] s: &mut Value,
        value: Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<(), Trap> {
        match path.as_slice().split_last() {
            None => {
                *s = value;
                Ok(())
            }
            Some((key, path)) => nested::with_path(&rules, s, path, |cell| {
                nested::set(&rules, cell, key.clone(), value)
            }),
        }
    }

    /// Appends to the array that the path leads to, making containers on the way.
    #[ext_op]
    pub fn slot_push_path(
        #[slot] s: &mut Value,
        value: Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<(), Trap> {
        nested::with_path(&rules, s, path.as_slice(), |cell| {
            array::array_push(&rules, cell, value)
        })
    }

    /// Removes the last element of the array that the path leads to; Undef when it is empty.
    #[ext_op]
    pub fn slot_pop_path(
        #[slot] s: &mut Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<Value, Trap> {
        nested::with_path(&rules, s, path.as_slice(), array::array_pop)
    }

    /// Removes the element that the path leads to; what it was.
    #[ext_op]
    pub fn slot_delete_path(
        #[slot] s: &mut Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<Value, Trap> {
        match path.as_slice().split_last() {
            None => Ok(std::mem::take(s)),
            Some((key, path)) => nested::with_path(&rules, s, path, |cell| {
                nested::delete(&rules, cell, key.clone())
            }),
        }
    }
}
