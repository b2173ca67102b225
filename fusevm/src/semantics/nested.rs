//! Containers as values and inside one another: get, set, push, pop, delete, by index or by key.
//!
//! A container is read and written by its kind: an array by index, a hash by key. Where a write meets
//! Undef it makes an array for an integer index and a hash for any other key.

use super::{Rules, Trap, array, hash};
use crate::value::{Array, Kind, Value, View};

/// Element of a container; Undef for what is not there and for other kinds.
pub(crate) fn get(rules: &Rules<'_>, container: &Value, key: Value) -> Result<Value, Trap> {
    match container {
        Value::Hash(_) => hash::hash_get(rules, container, key),
        _ => Ok(array::array_get(rules, container, key)),
    }
}

/// Sets an element of the container in a cell.
pub(crate) fn set(
    rules: &Rules<'_>,
    cell: &mut Value,
    key: Value,
    value: Value,
) -> Result<(), Trap> {
    match (&*cell, &key) {
        (Value::Hash(_), _) => hash::hash_set(rules, cell, key, value),
        (Value::Undef, key) if key.kind() != Kind::Int => {
            hash::hash_set(rules, cell, key.clone(), value)
        }
        _ => array::array_set(rules, cell, key, value),
    }
}

/// Removes a key of a hash, or an element of an array with those behind it moving up; what it held.
pub(crate) fn delete(rules: &Rules<'_>, cell: &mut Value, key: Value) -> Result<Value, Trap> {
    let Value::Array(items) = cell else {
        return hash::hash_delete(rules, cell, key);
    };
    let (index, len) = (key.to_int(), items.len() as i64);
    let index = if index < 0 { index + len } else { index };
    match usize::try_from(index) {
        Ok(index) => Ok(items.remove(index).unwrap_or_default()),
        Err(_) => Ok(Value::Undef),
    }
}

/// Length of a container or of a text.
pub(crate) fn len(rules: &Rules<'_>, value: Value) -> Result<Value, Trap> {
    super::string::string_len(rules, [value])
}

/// Runs `then` on the element that `path` leads to from a cell, in place when nothing else holds the
/// containers on the way. When it traps, every container is as it was.
pub(crate) fn with_path<R>(
    rules: &Rules<'_>,
    cell: &mut Value,
    path: &[Value],
    then: impl FnOnce(&mut Value) -> Result<R, Trap>,
) -> Result<R, Trap> {
    // Going down, each element is taken out of its container, so that it is held once; coming back,
    // each is put where it was.
    let mut open: Vec<(Value, &Value)> = Vec::with_capacity(path.len());
    let mut inner = std::mem::take(cell);
    let mut trap = None;
    for key in path {
        match take_out(rules, &mut inner, key) {
            Ok(element) => open.push((std::mem::replace(&mut inner, element), key)),
            Err(error) => {
                trap = Some(error);
                break;
            }
        }
    }
    let mut result = match trap {
        Some(trap) => Err(trap),
        None => then(&mut inner),
    };
    while let Some((mut container, key)) = open.pop() {
        let untouched = result.is_err() && inner.is_undef();
        if !untouched && let Err(trap) = set(rules, &mut container, key.clone(), inner) {
            // There is no place for it: nothing of it was there before, so nothing is lost.
            result = Err(trap);
        }
        inner = container;
    }
    *cell = inner;
    result
}

/// Takes the element out of a container that is about to be written, leaving Undef in its place; a
/// packed number may stay there too.
fn take_out(rules: &Rules<'_>, container: &mut Value, key: &Value) -> Result<Value, Trap> {
    match container {
        Value::Array(items) => {
            let (index, len) = (key.to_int(), items.len());
            let at = if index < 0 { index + len as i64 } else { index };
            match usize::try_from(at) {
                Ok(at) if let View::Int(_) | View::Float(_) = items.view() => {
                    Ok(items.get(at).unwrap_or_default())
                }
                Ok(at) => Ok(items.replace(at, Value::Undef).unwrap_or_default()),
                Err(_) => Err(Trap::NegativeIndex { index, len }),
            }
        }
        Value::Hash(_) => {
            let found = hash::hash_get(rules, container, key.clone())?;
            if !found.is_undef() {
                hash::hash_set(rules, container, key.clone(), Value::Undef)?;
            }
            Ok(found)
        }
        Value::Undef => Ok(Value::Undef),
        other => Err(Trap::NotContainer {
            name: None,
            wanted: if key.kind() == Kind::Int {
                Kind::Array
            } else {
                Kind::Hash
            },
            found: other.kind(),
        }),
    }
}

/// An array with one more element.
pub(crate) fn push(rules: &Rules<'_>, mut items: Array, value: Value) -> Result<Array, Trap> {
    array::check_len(rules, items.len() as u64 + 1)?;
    items.push(value);
    Ok(items)
}

/// An array of `n` times a value.
pub(crate) fn fill(rules: &Rules<'_>, value: Value, n: i64) -> Result<Array, Trap> {
    let n = n.max(0).cast_unsigned();
    array::check_len(rules, n)?;
    let mut items = Array::new();
    items.resize(n as usize, value);
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_rules;
    use super::*;

    #[test]
    fn a_path_is_written_in_place_and_made_where_it_is_missing() {
        with_rules(|rules| {
            let mut cell = Value::array(vec![Value::array(vec![Value::Int(1)])]);
            let path = [Value::Int(0)];
            with_path(rules, &mut cell, &path, |v| {
                array::array_push(rules, v, Value::Int(2))
            })
            .unwrap();
            assert_eq!(format!("{cell:?}"), "[[1, 2]]");
            let path = [Value::Int(1), Value::str("k")];
            with_path(rules, &mut cell, &path, |v| {
                *v = Value::Bool(true);
                Ok(())
            })
            .unwrap();
            assert_eq!(format!("{cell:?}"), "[[1, 2], {\"k\": true}]");
        });
    }

    #[test]
    fn a_trap_on_the_way_leaves_everything_as_it_was() {
        with_rules(|rules| {
            let mut cell = Value::array(vec![Value::str("text"), Value::Int(3)]);
            let before = cell.clone();
            let path = [Value::Int(0), Value::Int(0)];
            let result = with_path(rules, &mut cell, &path, |_| Ok(()));
            assert!(matches!(result, Err(Trap::NotContainer { .. })));
            assert_eq!(cell, before);
            let mut unset = Value::Undef;
            let result: Result<(), _> =
                with_path(rules, &mut unset, &path, |_| Err(Trap::HandlerBusy));
            assert!(result.is_err());
            assert_eq!(unset, Value::Undef);
        });
    }

    #[test]
    fn elements_by_index_and_key() {
        with_rules(|rules| {
            let mut cell = Value::Undef;
            set(rules, &mut cell, Value::str("k"), Value::Int(1)).unwrap();
            assert_eq!(get(rules, &cell, Value::str("k")).unwrap(), Value::Int(1));
            assert_eq!(
                delete(rules, &mut cell, Value::str("k")).unwrap(),
                Value::Int(1)
            );
            let mut cell = Value::array(vec![Value::Int(7), Value::Int(8)]);
            assert_eq!(
                delete(rules, &mut cell, Value::Int(-2)).unwrap(),
                Value::Int(7)
            );
            assert_eq!(get(rules, &cell, Value::Int(0)).unwrap(), Value::Int(8));
        });
    }
}
