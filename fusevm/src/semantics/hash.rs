//! Hashes: those in cells, and making them.
//!
//! The rules for cells are those of arrays. The key of an entry is the text of a value; no text is
//! made for integers, whose keys are stored as such.

use super::array::check_len as check_array_len;
use super::string::text;
use super::{Rules, Trap};
use crate::value::{Hash, KeyRef, Kind, Value};

/// The value of `key` in `cell`; Undef when there is none.
///
/// # Errors
/// `TextTooLong`.
#[inline]
pub(crate) fn hash_get(rules: &Rules<'_>, cell: &Value, key: Value) -> Result<Value, Trap> {
    let Value::Hash(hash) = cell else {
        return Ok(Value::Undef);
    };
    let found = with_key(rules, &key, |key| hash.find(key).cloned())?;
    Ok(found.unwrap_or_default())
}

/// Sets `key`; a new one goes last.
///
/// # Errors
/// `TooLong`, `TextTooLong`, `NotContainer`.
#[inline]
pub(crate) fn hash_set(
    rules: &Rules<'_>,
    cell: &mut Value,
    key: Value,
    value: Value,
) -> Result<(), Trap> {
    check_cell(cell)?;
    if let Value::Hash(hash) = cell {
        return insert(rules, hash, key, value);
    }
    let mut hash = Hash::new();
    insert(rules, &mut hash, key, value)?;
    *cell = Value::Hash(hash);
    Ok(())
}

/// Removes `key` and gives what it held, or Undef.
///
/// # Errors
/// `TextTooLong`, `NotContainer`.
#[inline]
pub(crate) fn hash_delete(rules: &Rules<'_>, cell: &mut Value, key: Value) -> Result<Value, Trap> {
    check_cell(cell)?;
    let Value::Hash(hash) = cell else {
        *cell = Value::Hash(Hash::new());
        return Ok(Value::Undef);
    };
    let old = with_key(rules, &key, |key| hash.remove(key))?;
    Ok(old.unwrap_or_default())
}

/// Whether there is a `key`.
///
/// # Errors
/// `TextTooLong`.
#[inline]
pub(crate) fn hash_exists(rules: &Rules<'_>, cell: &Value, key: Value) -> Result<bool, Trap> {
    let Value::Hash(hash) = cell else {
        return Ok(false);
    };
    with_key(rules, &key, |key| hash.contains_key(key))
}

/// The keys in insertion order; none without a hash.
///
/// # Errors
/// `TooLong`.
pub(crate) fn hash_keys(rules: &Rules<'_>, cell: &Value) -> Result<Value, Trap> {
    let Value::Hash(hash) = cell else {
        return Ok(Value::array(Vec::<Value>::new()));
    };
    check_array_len(rules, hash.len() as u64)?;
    Ok(Value::Array(hash.keys().collect()))
}

/// The values in insertion order; none without a hash.
///
/// # Errors
/// `TooLong`.
pub(crate) fn hash_values(rules: &Rules<'_>, cell: &Value) -> Result<Value, Trap> {
    let Value::Hash(hash) = cell else {
        return Ok(Value::array(Vec::<Value>::new()));
    };
    check_array_len(rules, hash.len() as u64)?;
    Ok(Value::Array(hash.values().collect()))
}

/// A hash of keys and values in turn; the last of equal keys wins, in the place of the first.
///
/// Shape: an even number of items; a key left over is dropped.
///
/// # Errors
/// `TooLong`, `TextTooLong`.
pub(crate) fn make_hash(rules: &Rules<'_>, items: Vec<Value>) -> Result<Value, Trap> {
    let mut hash = Hash::with_capacity((items.len() / 2).min(rules.limits.max_hash_len));
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        insert(rules, &mut hash, key, value)?;
    }
    Ok(Value::Hash(hash))
}

fn insert(rules: &Rules<'_>, hash: &mut Hash, key: Value, value: Value) -> Result<(), Trap> {
    let limit = rules.limits.max_hash_len;
    let fits = with_key(rules, &key, |key| hash.set(key, value, limit))?;
    fits.map_err(|_| Trap::TooLong {
        what: "hash",
        len: hash.len() as u64 + 1,
        limit,
    })
}

/// Runs `then` on the key a value stands for.
#[inline]
fn with_key<R>(
    rules: &Rules<'_>,
    value: &Value,
    then: impl FnOnce(KeyRef<'_>) -> R,
) -> Result<R, Trap> {
    Ok(match value.as_key() {
        Some(key) => then(key),
        None => then(KeyRef::Text(&text(rules, value)?)),
    })
}

/// That the cell holds a hash or will take one.
#[inline]
fn check_cell(cell: &Value) -> Result<(), Trap> {
    match cell {
        Value::Hash(_) | Value::Undef => Ok(()),
        other => Err(Trap::NotContainer {
            name: None,
            wanted: Kind::Hash,
            found: other.kind(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TrapKind;
    use super::super::testing::with_rules;
    use super::*;

    fn set(cell: &mut Value, key: impl Into<Value>, value: i64) -> Result<(), Trap> {
        with_rules(|rules| hash_set(rules, cell, key.into(), value.into()))
    }

    fn get(cell: &Value, key: impl Into<Value>) -> Value {
        with_rules(|rules| hash_get(rules, cell, key.into())).unwrap()
    }

    #[test]
    fn keys_are_texts() {
        let mut cell = Value::Undef;
        set(&mut cell, 3, 1).unwrap();
        for same in [Value::str("3"), Value::Float(3.0), Value::Status(3)] {
            assert_eq!(get(&cell, same.clone()), Value::Int(1));
            set(&mut cell, same, 1).unwrap();
        }
        set(&mut cell, true, 2).unwrap();
        set(&mut cell, (), 3).unwrap();
        set(&mut cell, "03", 4).unwrap();
        set(&mut cell, -0.0, 5).unwrap();
        set(&mut cell, vec![1, 2], 6).unwrap();
        with_rules(|rules| {
            let keys = hash_keys(rules, &cell).unwrap();
            let expected = Value::array(vec!["3", "1", "", "03", "-0", "1 2"]);
            assert_eq!(keys, expected);
            let values = hash_values(rules, &cell).unwrap();
            assert_eq!(values, Value::array(vec![1, 2, 3, 4, 5, 6]));
        });
    }

    #[test]
    fn reads_of_another_kind_are_empty() {
        with_rules(|rules| {
            for cell in [Value::Undef, Value::array(vec![1]), Value::str("x")] {
                assert_eq!(get(&cell, 0), Value::Undef);
                assert!(!hash_exists(rules, &cell, 0.into()).unwrap());
                let none = Value::array(Vec::<Value>::new());
                assert_eq!(hash_keys(rules, &cell).unwrap(), none);
                assert_eq!(hash_values(rules, &cell).unwrap(), none);
            }
        });
    }

    #[test]
    fn delete_keeps_the_order_and_makes_hashes() {
        with_rules(|rules| {
            let mut cell = Value::Undef;
            let old = hash_delete(rules, &mut cell, "x".into()).unwrap();
            assert_eq!((old, &cell), (Value::Undef, &Value::Hash(Hash::new())));
            for (i, key) in ["a", "b", "c"].into_iter().enumerate() {
                set(&mut cell, key, i as i64).unwrap();
            }
            let old = hash_delete(rules, &mut cell, "a".into()).unwrap();
            assert_eq!(old, Value::Int(0));
            assert!(!hash_exists(rules, &cell, "a".into()).unwrap());
            set(&mut cell, "a", 9).unwrap();
            let keys = hash_keys(rules, &cell).unwrap();
            assert_eq!(keys, Value::array(vec!["b", "c", "a"]));
        });
    }

    #[test]
    fn traps_change_nothing() {
        let mut cell = Value::array(vec![1]);
        let trap = set(&mut cell, 0, 1).unwrap_err();
        assert_eq!(trap.to_string(), "an array is not a hash");
        with_rules(|rules| assert!(hash_delete(rules, &mut cell, 0.into()).is_err()));
        assert_eq!(cell, Value::array(vec![1]));
        let mut cell = Value::Undef;
        let long = Value::array(vec!["x".repeat(10_000), String::new()]);
        let trap = set(&mut cell, long.clone(), 1).unwrap_err();
        assert_eq!(trap.kind(), TrapKind::TextTooLong);
        assert_eq!(cell, Value::Undef);
        with_rules(|rules| {
            let cell = Value::hash([("a", 1)]);
            assert!(hash_get(rules, &cell, long.clone()).is_err());
            assert!(hash_exists(rules, &cell, long).is_err());
        });
    }

    #[test]
    fn growth_is_limited_and_overwriting_is_not() {
        let mut cell = Value::Undef;
        for i in 0..100 {
            set(&mut cell, i, i).unwrap();
        }
        set(&mut cell, "99", 1).unwrap();
        let trap = set(&mut cell, 100, 1).unwrap_err();
        assert_eq!(
            trap.to_string(),
            "hash of 101 keys is past the limit of 100"
        );
        assert_eq!(get(&cell, 100), Value::Undef);
    }

    #[test]
    fn made_hashes() {
        with_rules(|rules| {
            let items: Vec<Value> = vec!["a".into(), 1.into(), "b".into(), 2.into()];
            let again = [items.clone(), vec!["a".into(), 3.into()]].concat();
            let made = make_hash(rules, again).unwrap();
            assert_eq!(
                hash_keys(rules, &made).unwrap(),
                Value::array(vec!["a", "b"])
            );
            assert_eq!(get(&made, "a"), Value::Int(3));
            assert_eq!(make_hash(rules, vec![]).unwrap(), Value::Hash(Hash::new()));
            let many: Vec<Value> = (0..202).map(Value::Int).collect();
            assert_eq!(
                make_hash(rules, many).unwrap_err().kind(),
                TrapKind::TooLong
            );
            let same = vec![Value::Int(0); 500];
            assert_eq!(make_hash(rules, same).unwrap(), Value::hash([("0", 0)]));
        });
    }
}
