//! Strings and the texts of values.

use std::borrow::Cow;

use itoa::Buffer;

use super::{Rules, Trap};
use crate::value::{Str, Value};

/// The text of a value, borrowed where it is a string.
///
/// # Errors
/// `TextTooLong` as soon as the text made outgrows the limit on strings, so that a small value
/// whose parts are shared many times cannot fill the memory.
#[inline]
pub(crate) fn text<'v>(rules: &Rules<'_>, value: &'v Value) -> Result<Cow<'v, str>, Trap> {
    if let Value::Str(s) = value {
        return Ok(Cow::Borrowed(s.as_str()));
    }
    let limit = rules.limits.max_string_len;
    value
        .text_with(rules.objects, limit)
        .map_err(|_| Trap::TextTooLong { limit })
}

/// That a string of this length may be made.
#[inline]
pub(crate) fn check_len(rules: &Rules<'_>, len: u64) -> Result<(), Trap> {
    let limit = rules.limits.max_string_len;
    if len <= limit as u64 {
        return Ok(());
    }
    Err(Trap::TooLong {
        what: "string",
        len,
        limit,
    })
}

/// The same, without an allocation for a whole number: its digits go to `digits`.
#[inline]
fn text_in<'v>(
    rules: &Rules<'_>,
    value: &'v Value,
    digits: &'v mut Buffer,
) -> Result<Cow<'v, str>, Trap> {
    let Value::Int(i) = value else {
        return text(rules, value);
    };
    let text = digits.format(*i);
    let limit = rules.limits.max_string_len;
    match text.len() <= limit {
        true => Ok(Cow::Borrowed(text)),
        false => Err(Trap::TextTooLong { limit }),
    }
}

/// The text of `a` followed by that of `b`; in place when `a` is a string held only here.
pub(crate) fn concat(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    let (mut of_a, mut of_b) = (Buffer::new(), Buffer::new());
    let Value::Str(mut left) = a else {
        let left = text_in(rules, &a, &mut of_a)?;
        let right = text_in(rules, &b, &mut of_b)?;
        check_len(rules, left.len() as u64 + right.len() as u64)?;
        return Ok(Value::Str(Str::joined(&left, &right)));
    };
    let right = text_in(rules, &b, &mut of_b)?;
    if right.is_empty() {
        return Ok(Value::Str(left));
    }
    check_len(rules, left.len() as u64 + right.len() as u64)?;
    left.push_str(&right);
    Ok(Value::Str(left))
}

/// Makes `to` the text of `a` followed by that of `b`; where the old one was if that can be. Whether
/// that is so: each is a string or a whole number, and they fit.
#[inline]
pub(crate) fn join(limit: usize, to: &mut Value, a: &Value, b: &Value) -> bool {
    let (mut of_a, mut of_b) = (Buffer::new(), Buffer::new());
    let (Some(left), Some(right)) = (plain_text(a, &mut of_a), plain_text(b, &mut of_b)) else {
        return false;
    };
    if left.len() + right.len() > limit {
        return false;
    }
    match to {
        Value::Str(to) => to.join(left, right),
        other => *other = Value::Str(Str::joined(left, right)),
    }
    true
}

/// Appends the text of `b` to that of `to`, which is a string. Whether that is so: `b` is one or a whole
/// number, and they fit.
#[inline]
pub(crate) fn extend(limit: usize, to: &mut Value, b: &Value) -> bool {
    let mut digits = Buffer::new();
    let (Value::Str(to), Some(right)) = (to, plain_text(b, &mut digits)) else {
        return false;
    };
    if to.len() + right.len() > limit {
        return false;
    }
    to.push_str(right);
    true
}

#[inline]
fn plain_text<'v>(value: &'v Value, digits: &'v mut Buffer) -> Option<&'v str> {
    match value {
        Value::Str(s) => Some(s.as_str()),
        Value::Int(i) => Some(digits.format(*i)),
        _other => None,
    }
}

/// Appends the text of `v` to that of a cell, in place when nothing else holds it. When it traps, the
/// cell is as it was.
#[cfg(feature = "macros")]
pub(crate) fn append(rules: &Rules<'_>, cell: &mut Value, v: Value) -> Result<(), Trap> {
    let Value::Str(left) = cell else {
        *cell = concat(rules, [cell.clone(), v])?;
        return Ok(());
    };
    let mut digits = Buffer::new();
    let right = text_in(rules, &v, &mut digits)?;
    check_len(rules, left.len() as u64 + right.len() as u64)?;
    left.push_str(&right);
    Ok(())
}

/// The text of `s`, `n` times; no text is made when `n` ≤ 0.
pub(crate) fn string_repeat(rules: &Rules<'_>, [s, n]: [Value; 2]) -> Result<Value, Trap> {
    let times = match u64::try_from(n.to_int()) {
        Err(_) | Ok(0) => return Ok(Value::str("")),
        Ok(times) => times,
    };
    let text = text(rules, &s)?;
    let len = times.saturating_mul(text.len() as u64);
    check_len(rules, len)?;
    if len == 0 {
        return Ok(Value::str(""));
    }
    // Both fit: the length is within a limit that is a `usize`.
    Ok(Value::str(text.repeat(times as usize)))
}

/// The length in bytes of the text; of an array or a hash the number of elements.
pub(crate) fn string_len(rules: &Rules<'_>, [v]: [Value; 1]) -> Result<Value, Trap> {
    let len = match &v {
        Value::Array(array) => array.len(),
        Value::Hash(hash) => hash.len(),
        other => text(rules, other)?.len(),
    };
    Ok(Value::Int(len as i64))
}

#[cfg(test)]
mod tests {
    use super::super::TrapKind;
    use super::super::testing::with_rules;
    use super::*;

    fn joined(a: impl Into<Value>, b: impl Into<Value>) -> Value {
        with_rules(|rules| concat(rules, [a.into(), b.into()])).unwrap()
    }

    fn repeated(s: impl Into<Value>, n: impl Into<Value>) -> Result<Value, Trap> {
        with_rules(|rules| string_repeat(rules, [s.into(), n.into()]))
    }

    #[test]
    fn concat_joins_texts() {
        assert_eq!(joined("a", "b"), Value::str("ab"));
        assert_eq!(joined(1, 2.5), Value::str("12.5"));
        assert_eq!(joined((), ()), Value::str(""));
        assert_eq!(joined(vec![1, 2], true), Value::str("1 21"));
        assert_eq!(joined(-0.0, f64::NAN), Value::str("-0NaN"));
    }

    #[test]
    fn concat_leaves_other_holders_alone() {
        let shared = Str::from("a");
        assert_eq!(joined(shared.clone(), shared.clone()), Value::str("aa"));
        assert_eq!(shared.as_str(), "a");
    }

    #[test]
    fn concat_is_limited() {
        with_rules(|rules| {
            let half = Value::str("x".repeat(5000));
            let whole = concat(rules, [half.clone(), half]).unwrap();
            assert_eq!(whole.as_str().unwrap().len(), 10_000);
            let trap = concat(rules, [whole.clone(), "y".into()]).unwrap_err();
            assert_eq!(
                trap.to_string(),
                "string of 10001 bytes is past the limit of 10000"
            );
            assert_eq!(concat(rules, [whole.clone(), "".into()]).unwrap(), whole);
        });
    }

    #[test]
    fn shared_parts_do_not_explode() {
        let mut value = Value::str("x");
        for _ in 0..60 {
            value = Value::array(vec![value.clone(), value]);
        }
        with_rules(|rules| {
            for trap in [
                concat(rules, ["".into(), value.clone()]).unwrap_err(),
                string_repeat(rules, [value.clone(), 1.into()]).unwrap_err(),
            ] {
                assert_eq!(trap.kind(), TrapKind::TextTooLong);
            }
            let none = string_repeat(rules, [value.clone(), 0.into()]).unwrap();
            assert_eq!(none, Value::str(""));
            assert_eq!(string_len(rules, [value]).unwrap(), Value::Int(2));
        });
    }

    #[test]
    fn nesting_costs_no_native_stack() {
        let work = || {
            let mut value = Value::str("x");
            for _ in 0..if cfg!(miri) { 100 } else { 100_000 } {
                value = Value::array(vec![value]);
            }
            with_rules(|rules| {
                let text = concat(rules, [value.clone(), "".into()]).unwrap();
                assert_eq!(text, Value::str("x"));
            });
        };
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        thread.spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn repeat_checks_before_allocating() {
        assert_eq!(repeated("ab", 3).unwrap(), Value::str("ababab"));
        assert_eq!(repeated(7, "2").unwrap(), Value::str("77"));
        assert_eq!(repeated("ab", 0).unwrap(), Value::str(""));
        assert_eq!(repeated("ab", i64::MIN).unwrap(), Value::str(""));
        assert_eq!(repeated("", i64::MAX).unwrap(), Value::str(""));
        assert_eq!(repeated("ab", f64::NAN).unwrap(), Value::str(""));
        for n in [5001, i64::MAX] {
            assert_eq!(repeated("ab", n).unwrap_err().kind(), TrapKind::TooLong);
        }
    }

    #[test]
    fn lengths() {
        with_rules(|rules| {
            let len = |v: Value| string_len(rules, [v]).unwrap();
            assert_eq!(len("é".into()), Value::Int(2));
            assert_eq!(len(().into()), Value::Int(0));
            assert_eq!(len((-120).into()), Value::Int(4));
            assert_eq!(len(vec!["abc", "d"].into()), Value::Int(2));
            assert_eq!(len(Value::hash([("k", 1)])), Value::Int(1));
        });
    }
}
