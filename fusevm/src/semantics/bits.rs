//! Logic on truth and bits. Nothing here traps; the results are `Result` like those of every op.

use super::{Rules, Trap};
use crate::value::Value;

/// Whether `a` is false.
#[inline]
pub(crate) fn log_not(_: &Rules<'_>, [a]: [Value; 1]) -> Result<Value, Trap> {
    Ok(Value::Bool(!a.to_bool()))
}

/// Whether both are true.
#[inline]
pub(crate) fn log_and(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(a.to_bool() && b.to_bool()))
}

/// Whether one is true.
#[inline]
pub(crate) fn log_or(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Bool(a.to_bool() || b.to_bool()))
}

/// Bitwise and.
#[inline]
pub(crate) fn bit_and(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Int(a.to_int() & b.to_int()))
}

/// Bitwise or.
#[inline]
pub(crate) fn bit_or(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Int(a.to_int() | b.to_int()))
}

/// Bitwise exclusive or.
#[inline]
pub(crate) fn bit_xor(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Int(a.to_int() ^ b.to_int()))
}

/// Bitwise complement.
#[inline]
pub(crate) fn bit_not(_: &Rules<'_>, [a]: [Value; 1]) -> Result<Value, Trap> {
    Ok(Value::Int(!a.to_int()))
}

/// Shift left by the low six bits of `b`.
#[inline]
pub(crate) fn shl(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Int(a.to_int() << (b.to_int() & 63)))
}

/// Arithmetic shift right by the low six bits of `b`.
#[inline]
pub(crate) fn shr(_: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    Ok(Value::Int(a.to_int() >> (b.to_int() & 63)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::with_rules;
    use super::*;

    type Binary = fn(&Rules<'_>, [Value; 2]) -> Result<Value, Trap>;

    fn get(op: Binary, a: impl Into<Value>, b: impl Into<Value>) -> Value {
        with_rules(|rules| op(rules, [a.into(), b.into()])).unwrap()
    }

    #[test]
    fn logic_is_on_truth_and_gives_bools() {
        assert_eq!(get(log_and, 2, "x"), Value::Bool(true));
        assert_eq!(get(log_and, 2, "0"), Value::Bool(false));
        assert_eq!(get(log_or, -0.0, ""), Value::Bool(false));
        assert_eq!(get(log_or, f64::NAN, ""), Value::Bool(true));
        with_rules(|rules| {
            assert_eq!(log_not(rules, [Value::Undef]).unwrap(), Value::Bool(true));
            assert_eq!(
                log_not(rules, [Value::Status(0)]).unwrap(),
                Value::Bool(false)
            );
        });
    }

    #[test]
    fn bits_are_those_of_ints() {
        assert_eq!(get(bit_and, 12, 10), Value::Int(8));
        assert_eq!(get(bit_or, "12", 10.9), Value::Int(14));
        assert_eq!(get(bit_xor, -1, i64::MAX), Value::Int(i64::MIN));
        assert_eq!(get(bit_or, 1e300, 0), Value::Int(i64::MAX));
        with_rules(|rules| {
            assert_eq!(bit_not(rules, [0.into()]).unwrap(), Value::Int(-1));
        });
    }

    #[test]
    fn shift_counts_are_six_bits() {
        assert_eq!(get(shl, 1, 63), Value::Int(i64::MIN));
        assert_eq!(get(shl, 1, 64), Value::Int(1));
        assert_eq!(get(shl, 1, -1), Value::Int(i64::MIN));
        assert_eq!(get(shl, 3, i64::MAX), Value::Int(i64::MIN));
        assert_eq!(get(shl, 3, i64::MIN), Value::Int(3));
        assert_eq!(get(shr, i64::MIN, 63), Value::Int(-1));
        assert_eq!(get(shr, -8, 1), Value::Int(-4));
        assert_eq!(get(shr, 5, 1e300), Value::Int(0));
    }
}
