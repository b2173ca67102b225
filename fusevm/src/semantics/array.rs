//! Arrays: those in cells, and making them.
//!
//! A *cell* is the global or slot an op names. Reads of a cell that holds no array give Undef or
//! length 0. Writes make an array in a cell that is Undef, and trap in a cell that holds something
//! else; they look at everything that can trap first, so that a trap changes nothing.

use super::{Rules, Trap};
use crate::value::{Array, Kind, Value};

/// Element `index` of the array in `cell`, from the end when negative; Undef when there is none.
#[inline]
pub(crate) fn array_get(_: &Rules<'_>, cell: &Value, index: Value) -> Value {
    let Value::Array(array) = cell else {
        return Value::Undef;
    };
    position(index.to_int(), array.len())
        .and_then(|at| array.get(at))
        .unwrap_or_default()
}

/// Element at a negative index, from the end; Undef when there is none.
#[cold]
pub(crate) fn from_the_end(array: &Array, index: i64) -> Value {
    position(index, array.len())
        .and_then(|at| array.get(at))
        .unwrap_or_default()
}

/// Sets element `index`; past the end the array is padded with Undef.
///
/// # Errors
/// `NegativeIndex` before the start, `TooLong`, `NotContainer`.
#[inline]
pub(crate) fn array_set(
    rules: &Rules<'_>,
    cell: &mut Value,
    index: Value,
    value: Value,
) -> Result<(), Trap> {
    let len = cell_len(cell)?;
    let index = index.to_int();
    let Some(at) = position(index, len) else {
        // A position past all memory is as long as can be said.
        return if index < 0 {
            Err(Trap::NegativeIndex { index, len })
        } else {
            check_len(rules, u64::MAX)
        };
    };
    if at < len {
        if let Value::Array(array) = cell {
            array.set(at, value);
        }
        return Ok(());
    }
    check_len(rules, (at as u64).saturating_add(1))?;
    let array = array_in(cell)?;
    if at > len {
        array.resize(at, Value::Undef);
    }
    array.push(value);
    Ok(())
}

/// Appends a value.
///
/// # Errors
/// `TooLong`, `NotContainer`.
#[inline]
pub(crate) fn array_push(rules: &Rules<'_>, cell: &mut Value, value: Value) -> Result<(), Trap> {
    check_len(rules, cell_len(cell)? as u64 + 1)?;
    array_in(cell)?.push(value);
    Ok(())
}

/// Removes the last element and gives it; Undef when there is none.
///
/// # Errors
/// `NotContainer`.
#[inline]
pub(crate) fn array_pop(cell: &mut Value) -> Result<Value, Trap> {
    Ok(array_in(cell)?.pop().unwrap_or_default())
}

/// Removes the first element and gives it; Undef when there is none.
///
/// # Errors
/// `NotContainer`.
#[inline]
pub(crate) fn array_shift(cell: &mut Value) -> Result<Value, Trap> {
    Ok(array_in(cell)?.shift().unwrap_or_default())
}

/// The number of elements; 0 without an array.
#[inline]
pub(crate) fn array_len(cell: &Value) -> i64 {
    match cell {
        Value::Array(array) => array.len() as i64,
        _ => 0,
    }
}

/// The integers from `from` to `to`, both included; none when `to` is less.
pub(crate) fn range(rules: &Rules<'_>, [from, to]: [Value; 2]) -> Result<Value, Trap> {
    steps(rules, from.to_int(), to.to_int(), 1)
}

/// The integers from `from` to `to` by `step`, which may be negative; none when it is 0.
pub(crate) fn range_step(rules: &Rules<'_>, [from, to, step]: [Value; 3]) -> Result<Value, Trap> {
    steps(rules, from.to_int(), to.to_int(), step.to_int())
}

fn steps(rules: &Rules<'_>, from: i64, to: i64, step: i64) -> Result<Value, Trap> {
    let goes_there = (step > 0 && from <= to) || (step < 0 && from >= to);
    if !goes_there {
        return Ok(Value::Array(Array::new()));
    }
    let count = (from.abs_diff(to) / step.unsigned_abs()).saturating_add(1);
    check_len(rules, count)?;
    // Every element lies between the bounds, so the wrapping never shows.
    let item = |i: u64| from.wrapping_add(step.wrapping_mul(i as i64));
    Ok(Value::Array((0..count).map(item).collect()))
}

/// The elements in the byte order of their texts, stably; nothing of a value that is no array.
///
/// Nobody can see the comparisons, so each text is made once and any stable sort will do.
///
/// # Errors
/// `TextTooLong` when a text, or all that are made together, outgrow the limit on strings, with
/// 32 bytes free for each element.
pub(crate) fn sort_default(rules: &Rules<'_>, [array]: [Value; 1]) -> Result<Value, Trap> {
    let Value::Array(array) = array else {
        return Ok(Value::Array(Array::new()));
    };
    let items = array.to_vec();
    let made = made_texts(rules, &items)?;
    let key = |at: usize| match &items[at] {
        Value::Str(s) => s.as_str(),
        _ => &made.bytes[made.ends[at]..made.ends[at + 1]],
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&a, &b| key(a).cmp(key(b)));
    let sorted = order.into_iter().map(|at| items[at].clone()).collect();
    Ok(Value::Array(sorted))
}

/// The texts of elements that are not strings, in one buffer; that of element `i` lies between
/// `ends[i]` and `ends[i + 1]`.
struct MadeTexts {
    bytes: String,
    ends: Vec<usize>,
}

fn made_texts(rules: &Rules<'_>, items: &[Value]) -> Result<MadeTexts, Trap> {
    let limit = rules.limits.max_string_len;
    let all = limit.saturating_add(items.len().saturating_mul(32));
    let mut made = MadeTexts {
        bytes: String::new(),
        ends: Vec::with_capacity(items.len() + 1),
    };
    made.ends.push(0);
    for item in items {
        if !matches!(item, Value::Str(_)) {
            let room = limit.min(all - made.bytes.len());
            let text = item
                .text_with(rules.objects, room)
                .map_err(|_| Trap::TextTooLong { limit })?;
            made.bytes.push_str(&text);
        }
        made.ends.push(made.bytes.len());
    }
    Ok(made)
}

/// Where an index points in an array of this length; `None` before its start.
#[inline]
fn position(index: i64, len: usize) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}

/// The length of the array that a write will find in the cell.
#[inline]
fn cell_len(cell: &Value) -> Result<usize, Trap> {
    match cell {
        Value::Array(array) => Ok(array.len()),
        Value::Undef => Ok(0),
        other => Err(not_an_array(other)),
    }
}

/// The array in the cell, made when the cell is Undef.
#[inline]
fn array_in(cell: &mut Value) -> Result<&mut Array, Trap> {
    if cell.is_undef() {
        *cell = Value::Array(Array::new());
    }
    match cell {
        Value::Array(array) => Ok(array),
        other => Err(not_an_array(other)),
    }
}

#[cold]
fn not_an_array(found: &Value) -> Trap {
    Trap::NotContainer {
        name: None,
        wanted: Kind::Array,
        found: found.kind(),
    }
}

/// That an array of this length may be made.
///
/// # Errors
/// `TooLong`.
#[inline]
pub(crate) fn check_len(rules: &Rules<'_>, len: u64) -> Result<(), Trap> {
    let limit = rules.limits.max_array_len;
    if len <= limit as u64 {
        return Ok(());
    }
    Err(Trap::TooLong {
        what: "array",
        len,
        limit,
    })
}

#[cfg(test)]
mod tests {
    use super::super::TrapKind;
    use super::super::testing::with_rules;
    use super::*;

    fn set(cell: &mut Value, index: impl Into<Value>, value: i64) -> Result<(), Trap> {
        with_rules(|rules| array_set(rules, cell, index.into(), value.into()))
    }

    fn get(cell: &Value, index: impl Into<Value>) -> Value {
        with_rules(|rules| array_get(rules, cell, index.into()))
    }

    #[test]
    fn reads_never_trap() {
        let cell = Value::array(vec![1, 2, 3]);
        assert_eq!(get(&cell, 0), Value::Int(1));
        assert_eq!(get(&cell, -1), Value::Int(3));
        assert_eq!(get(&cell, -3), Value::Int(1));
        assert_eq!(get(&cell, "1.9"), Value::Int(2));
        for index in [3, -4, i64::MAX, i64::MIN] {
            assert_eq!(get(&cell, index), Value::Undef);
        }
        assert_eq!(get(&Value::str("abc"), 0), Value::Undef);
        assert_eq!(get(&Value::Undef, 0), Value::Undef);
        assert_eq!(array_len(&cell), 3);
        assert_eq!(array_len(&Value::str("abc")), 0);
    }

    #[test]
    fn writes_make_and_pad() {
        let mut cell = Value::Undef;
        set(&mut cell, 2, 9).unwrap();
        set(&mut cell, -3, 7).unwrap();
        let expected = vec![Value::Int(7), Value::Undef, Value::Int(9)];
        assert_eq!(cell, Value::array(expected));
        let mut copy = cell.clone();
        set(&mut copy, 0, 0).unwrap();
        assert_eq!(get(&cell, 0), Value::Int(7));
        set(&mut cell, 999, 1).unwrap();
        assert_eq!(array_len(&cell), 1000);
    }

    #[test]
    fn traps_change_nothing() {
        for (index, kind) in [
            (1000, TrapKind::TooLong),
            (i64::MAX, TrapKind::TooLong),
            (-1, TrapKind::NegativeIndex),
            (i64::MIN, TrapKind::NegativeIndex),
        ] {
            let mut cell = Value::Undef;
            assert_eq!(set(&mut cell, index, 1).unwrap_err().kind(), kind);
            assert_eq!(cell, Value::Undef);
        }
        let mut cell = Value::str("x");
        let trap = set(&mut cell, 0, 1).unwrap_err();
        assert_eq!(trap.to_string(), "a string is not an array");
        assert!(array_pop(&mut cell).is_err() && array_shift(&mut cell).is_err());
        assert_eq!(cell, Value::str("x"));
    }

    #[test]
    fn push_pop_shift() {
        with_rules(|rules| {
            let mut cell = Value::Undef;
            assert_eq!(array_shift(&mut cell).unwrap(), Value::Undef);
            assert_eq!(cell, Value::Array(Array::new()));
            for i in 0..1000 {
                array_push(rules, &mut cell, i.into()).unwrap();
            }
            let trap = array_push(rules, &mut cell, 0.into()).unwrap_err();
            assert_eq!(
                trap.to_string(),
                "array of 1001 elements is past the limit of 1000"
            );
            assert_eq!(array_pop(&mut cell).unwrap(), Value::Int(999));
            assert_eq!(array_shift(&mut cell).unwrap(), Value::Int(0));
            assert_eq!(array_len(&cell), 998);
            assert!(check_len(rules, 1001).is_err() && check_len(rules, 1000).is_ok());
        });
    }

    #[test]
    fn ranges_reach_the_edges() {
        let (min, max) = (i64::MIN, i64::MAX);
        with_rules(|rules| {
            let step = |a: i64, b: i64, s: i64| range_step(rules, [a.into(), b.into(), s.into()]);
            for (a, b, s, expected) in [
                (1, 3, 1, vec![1, 2, 3]),
                (3, 1, 1, vec![]),
                (3, 1, -2, vec![3, 1]),
                (1, 3, -1, vec![]),
                (1, 3, 0, vec![]),
                (0, 9, 4, vec![0, 4, 8]),
                (max - 1, max, 1, vec![max - 1, max]),
                (min + 1, min, -1, vec![min + 1, min]),
                (min, max, max, vec![min, -1, max - 1]),
                (max, min, min, vec![max, -1]),
                (5, 5, min, vec![5]),
            ] {
                assert_eq!(step(a, b, s).unwrap(), Value::array(expected));
            }
            for (a, b, s) in [(min, max, 1), (max, min, -1), (0, 1000, 1)] {
                assert_eq!(step(a, b, s).unwrap_err().kind(), TrapKind::TooLong);
            }
            let short = range(rules, ["2".into(), 3.9.into()]).unwrap();
            assert_eq!(short, Value::array(vec![2, 3]));
        });
    }

    #[test]
    fn sorts_by_text_and_stably() {
        with_rules(|rules| {
            let sort = |v: Value| sort_default(rules, [v]).unwrap();
            let mixed: Vec<Value> = vec!["b".into(), 10.into(), 9.into(), "10".into(), ().into()];
            let sorted: Vec<Value> = vec![().into(), 10.into(), "10".into(), 9.into(), "b".into()];
            assert_eq!(sort(Value::array(mixed)), Value::array(sorted));
            let words = Value::array(vec!["b", "é", "", "a"]);
            assert_eq!(sort(words), Value::array(vec!["", "a", "b", "é"]));
            assert_eq!(sort(Value::str("b a")), Value::Array(Array::new()));
            let long = Value::array(vec!["x".repeat(4000)]);
            let trap = sort_default(rules, [Value::array(vec![long; 3])]).unwrap_err();
            assert_eq!(trap.kind(), TrapKind::TextTooLong);
        });
    }
}
