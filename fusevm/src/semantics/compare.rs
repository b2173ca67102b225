//! Comparison as numbers and as texts.

use std::cmp::Ordering;

use super::arith::Pair;
use super::string::text;
use super::{Rules, Trap};
use crate::value::Value;

/// The order of two numbers; `None` with NaN.
#[inline]
pub(crate) fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match Pair::of(a, b) {
        Pair::Int(a, b) => Some(a.cmp(&b)),
        Pair::Float(a, b) => a.partial_cmp(&b),
    }
}

/// The byte order of two texts.
#[inline]
fn texts(rules: &Rules<'_>, a: &Value, b: &Value) -> Result<Ordering, Trap> {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Ok(a.as_str().cmp(b.as_str())),
        _ => Ok(text(rules, a)?.cmp(&text(rules, b)?)),
    }
}

#[inline]
fn number(ordering: Ordering) -> Value {
    Value::Int(ordering as i64)
}

/// `a == b` as numbers.
#[inline]
pub(crate) fn num_eq(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(numbers(&a, &b) == Some(Ordering::Equal)))
}

/// `a != b` as numbers; NaN differs from everything.
#[inline]
pub(crate) fn num_ne(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(numbers(&a, &b) != Some(Ordering::Equal)))
}

/// `a < b` as numbers.
#[inline]
pub(crate) fn num_lt(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(numbers(&a, &b).is_some_and(Ordering::is_lt)))
}

/// `a > b` as numbers.
#[inline]
pub(crate) fn num_gt(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(numbers(&a, &b).is_some_and(Ordering::is_gt)))
}

/// `a <= b` as numbers.
#[inline]
pub(crate) fn num_le(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(numbers(&a, &b).is_some_and(Ordering::is_le)))
}

/// `a >= b` as numbers.
#[inline]
pub(crate) fn num_ge(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(numbers(&a, &b).is_some_and(Ordering::is_ge)))
}

/// −1, 0 or 1 by the order of the numbers; 0 with NaN.
#[inline]
pub(crate) fn spaceship(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(number(numbers(&a, &b).unwrap_or(Ordering::Equal)))
}

/// Whether the texts are equal.
#[inline]
pub(crate) fn str_eq(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    same_text(rules, &a, &b).map(Value::Bool)
}

/// Whether the texts differ.
#[inline]
pub(crate) fn str_ne(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    same_text(rules, &a, &b).map(|same| Value::Bool(!same))
}

/// Equality alone need not find the first byte that differs.
#[inline]
fn same_text(rules: &Rules<'_>, a: &Value, b: &Value) -> Result<bool, Trap> {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Ok(a == b),
        _ => Ok(text(rules, a)? == text(rules, b)?),
    }
}

/// Whether the text of `a` comes before that of `b`.
#[inline]
pub(crate) fn str_lt(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    texts(rules, &a, &b).map(|order| Value::Bool(order.is_lt()))
}

/// Whether the text of `a` comes after that of `b`.
#[inline]
pub(crate) fn str_gt(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    texts(rules, &a, &b).map(|order| Value::Bool(order.is_gt()))
}

/// Not [`str_gt`].
#[inline]
pub(crate) fn str_le(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    texts(rules, &a, &b).map(|order| Value::Bool(order.is_le()))
}

/// Not [`str_lt`].
#[inline]
pub(crate) fn str_ge(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    texts(rules, &a, &b).map(|order| Value::Bool(order.is_ge()))
}

/// −1, 0 or 1 by the byte order of the texts.
#[inline]
pub(crate) fn str_cmp(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    texts(rules, &a, &b).map(number)
}

/// Whether two values are equal that are not two numbers, if that is told at a glance.
#[inline(always)]
pub(crate) fn equal_at_a_glance(a: &Value, b: &Value) -> Option<bool> {
    use Value::{Bool, Float, Int, Obj, Str, Undef};
    Some(match (a, b) {
        (Str(a), Str(b)) => a == b,
        (Bool(a), Bool(b)) => a == b,
        (Obj(a), Obj(b)) => a == b,
        (Undef, Undef) => true,
        (Int(_) | Float(_), Int(_) | Float(_)) => return None,
        (Undef | Bool(_) | Int(_) | Float(_) | Obj(_) | Str(_), b) => match b {
            Undef | Bool(_) | Int(_) | Float(_) | Obj(_) | Str(_) => false,
            _other => return None,
        },
        _other => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_rules;
    use super::*;

    type Binary = fn(&Rules<'_>, [Value; 2]) -> Result<Value, Trap>;

    const NUMERIC: [Binary; 6] = [num_eq, num_ne, num_lt, num_gt, num_le, num_ge];
    const TEXTUAL: [Binary; 6] = [str_eq, str_ne, str_lt, str_gt, str_le, str_ge];

    /// Checks the six relations and the three-way comparison against an order, both ways round.
    fn check(ops: [Binary; 6], three_way: Binary, a: &Value, b: &Value, order: Option<Ordering>) {
        for (a, b, order) in [(a, b, order), (b, a, order.map(Ordering::reverse))] {
            let is = |test: fn(Ordering) -> bool| Value::Bool(order.is_some_and(test));
            let expected = [
                is(Ordering::is_eq),
                Value::Bool(order != Some(Ordering::Equal)),
                is(Ordering::is_lt),
                is(Ordering::is_gt),
                is(Ordering::is_le),
                is(Ordering::is_ge),
            ];
            with_rules(|rules| {
                for (op, expected) in ops.iter().zip(expected) {
                    assert_eq!(op(rules, [a.clone(), b.clone()]).unwrap(), expected);
                }
                let sign = three_way(rules, [a.clone(), b.clone()]).unwrap();
                assert_eq!(sign, Value::Int(order.map_or(0, |o| o as i64)));
            });
        }
    }

    #[test]
    fn numbers_in_order() {
        let check = |a: Value, b: Value, order| check(NUMERIC, spaceship, &a, &b, order);
        let (less, equal) = (Some(Ordering::Less), Some(Ordering::Equal));
        check(1.into(), 2.into(), less);
        check(i64::MIN.into(), i64::MAX.into(), less);
        // Exact between integers, as floats with a float in it.
        check((i64::MAX - 1).into(), i64::MAX.into(), less);
        check((i64::MAX - 1).into(), (i64::MAX as f64).into(), equal);
        check(0.0.into(), (-0.0).into(), equal);
        check(f64::NEG_INFINITY.into(), i64::MIN.into(), less);
        check("10".into(), "9".into(), Some(Ordering::Greater));
        check(" 3 ".into(), 3.0.into(), equal);
        check(().into(), false.into(), equal);
        check(vec![7, 8].into(), 2.into(), equal);
        check(f64::NAN.into(), f64::NAN.into(), None);
        check(f64::NAN.into(), 1.into(), None);
    }

    #[test]
    fn texts_in_order() {
        let check = |a: Value, b: Value, order| check(TEXTUAL, str_cmp, &a, &b, Some(order));
        check("a".into(), "b".into(), Ordering::Less);
        check("".into(), "a".into(), Ordering::Less);
        check("é".into(), "z".into(), Ordering::Greater);
        check(10.into(), 9.into(), Ordering::Less);
        check(3.0.into(), "3".into(), Ordering::Equal);
        check(().into(), "".into(), Ordering::Equal);
        check(vec![1, 2].into(), "1 2".into(), Ordering::Equal);
        check(f64::NAN.into(), "NaN".into(), Ordering::Equal);
    }
}
