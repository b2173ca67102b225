//! What the core ops compute that are no functions of numbers alone: conversions, numbers of either kind.

use super::{Rules, Trap, string};
use crate::value::{Number, Value};

/// Equality of two numbers by their number, of all other values by kind and content.
pub(crate) fn eq(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        (a, b) => a == b,
    }
}

/// The text of a value as a value.
pub(crate) fn to_str(rules: &Rules<'_>, value: Value) -> Result<Value, Trap> {
    match value {
        text @ Value::Str(_) => Ok(text),
        other => Ok(Value::from(string::text(rules, &other)?.into_owned())),
    }
}

/// Absolute value of the number; that of the least integer is itself.
pub(crate) fn abs(value: &Value) -> Value {
    match value.to_number() {
        Number::Int(i) => Value::Int(i.wrapping_abs()),
        Number::Float(f) => Value::Float(f.abs()),
    }
}

/// The smaller of two numbers, the first when they are equal; a NaN loses.
pub(crate) fn min(a: &Value, b: &Value) -> Value {
    match (a.to_number(), b.to_number()) {
        (Number::Int(a), Number::Int(b)) => Value::Int(a.min(b)),
        (a, b) if a.to_float().is_nan() || b.to_float() < a.to_float() => b.into(),
        (a, _) => a.into(),
    }
}

/// The greater of two numbers, the first when they are equal; a NaN loses.
pub(crate) fn max(a: &Value, b: &Value) -> Value {
    match (a.to_number(), b.to_number()) {
        (Number::Int(a), Number::Int(b)) => Value::Int(a.max(b)),
        (a, b) if a.to_float().is_nan() || b.to_float() > a.to_float() => b.into(),
        (a, _) => a.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_of_numbers() {
        let nan = Value::Float(f64::NAN);
        assert_eq!(min(&nan, &Value::Int(3)), Value::Int(3));
        assert_eq!(max(&Value::Int(3), &nan), Value::Int(3));
        assert_eq!(max(&Value::Int(1), &Value::Float(2.5)), Value::Float(2.5));
        assert_eq!(abs(&Value::Int(i64::MIN)), Value::Int(i64::MIN));
        assert_eq!(abs(&Value::Float(-0.0)), Value::Float(0.0));
    }
}
