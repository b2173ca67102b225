//! What every value is as a number.
//!
//! One rule, [`Value::to_number`], from which the whole-number and the floating-point view follow.

use super::Value;

/// A number: whole or floating.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
}

impl Number {
    /// As a whole number: floats are truncated and saturate, NaN is 0.
    pub fn to_int(self) -> i64 {
        match self {
            Number::Int(i) => i,
            Number::Float(f) => f as i64,
        }
    }

    /// As a float: the nearest one.
    pub fn to_float(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            Number::Float(f) => f,
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Int(i) => Value::Int(i),
            Number::Float(f) => Value::Float(f),
        }
    }
}

impl Value {
    /// The value as a number.
    ///
    /// A string counts as a whole number if all of it, blanks around it aside, is a decimal within
    /// `i64`; as a float if all of it is one; as 0 otherwise. Containers count their elements, a
    /// status is its code, undef is 0.
    ///
    /// ```
    /// # use fusevm::value::{Number, Value};
    /// assert_eq!(Value::str(" 12\n").to_number(), Number::Int(12));
    /// assert_eq!(Value::str("1e3").to_number(), Number::Float(1000.0));
    /// assert_eq!(Value::str("12 apples").to_number(), Number::Int(0));
    /// ```
    #[inline]
    pub fn to_number(&self) -> Number {
        match self {
            Value::Int(i) => Number::Int(*i),
            Value::Float(f) => Number::Float(*f),
            Value::Bool(b) => Number::Int(i64::from(*b)),
            Value::Str(s) => parse(trim(s.as_str())).unwrap_or(Number::Int(0)),
            Value::Array(a) => Number::Int(count(a.len())),
            Value::Hash(h) => Number::Int(count(h.len())),
            Value::Status(code) => Number::Int(i64::from(*code)),
            Value::Undef
            | Value::Ref(_)
            | Value::NativeFn(_)
            | Value::Func(_)
            | Value::Obj(_)
            | Value::Host(_) => Number::Int(0),
        }
    }

    /// The [number](Self::to_number) as an `i64`: truncated, saturated, NaN as 0.
    #[inline]
    pub fn to_int(&self) -> i64 {
        match self {
            Value::Int(i) => *i,
            other => other.other_to_int(),
        }
    }

    #[inline(never)]
    fn other_to_int(&self) -> i64 {
        self.to_number().to_int()
    }

    /// The [number](Self::to_number) as an `f64`.
    #[inline]
    pub fn to_float(&self) -> f64 {
        self.to_number().to_float()
    }

    /// The value of a number as programs write them: an optional sign, then a digit or a point.
    ///
    /// Words such as `inf` are no numbers here, so that a lexer can ask about an identifier.
    ///
    /// ```
    /// # use fusevm::value::Value;
    /// assert_eq!(Value::parse_number("42"), Some(Value::Int(42)));
    /// assert_eq!(Value::parse_number("-.5"), Some(Value::Float(-0.5)));
    /// assert_eq!(Value::parse_number("inf"), None);
    /// ```
    pub fn parse_number(text: &str) -> Option<Value> {
        let text = trim(text);
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        parse(text).map(Value::from)
    }
}

fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, ' ' | '\t'..='\r'))
}

fn parse(text: &str) -> Option<Number> {
    if let Ok(i) = text.parse() {
        return Some(Number::Int(i));
    }
    text.parse().ok().map(Number::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Str;

    fn number(text: &str) -> Number {
        Value::Str(Str::from(text)).to_number()
    }

    #[test]
    fn strings() {
        let ints = [
            ("0", 0),
            ("-7", -7),
            ("+7", 7),
            ("\t 12\x0b\x0c\r\n", 12),
            ("", 0),
            ("x", 0),
            ("1_0", 0),
        ];
        for (text, int) in ints {
            assert_eq!(number(text), Number::Int(int), "{text:?}");
        }
        assert_eq!(number("9223372036854775807"), Number::Int(i64::MAX));
        assert_eq!(number("-9223372036854775808"), Number::Int(i64::MIN));
        let floats = [
            ("9223372036854775808", 9223372036854775808.0),
            ("3.0", 3.0),
            (".5", 0.5),
            ("1e400", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
        ];
        for (text, float) in floats {
            assert_eq!(number(text), Number::Float(float), "{text:?}");
        }
        assert!(number("NaN").to_float().is_nan());
        assert_eq!(
            number("\u{a0}1"),
            Number::Int(0),
            "only the six ASCII blanks are trimmed"
        );
    }

    #[test]
    fn the_three_views_agree() {
        let values = [
            (Value::Undef, 0, 0.0),
            (Value::Bool(true), 1, 1.0),
            (Value::Float(-2.9), -2, -2.9),
            (Value::Float(1e300), i64::MAX, 1e300),
            (Value::str("2.9"), 2, 2.9),
            (Value::array(vec![1, 2]), 2, 2.0),
            (Value::hash([("a", 1)]), 1, 1.0),
            (Value::Status(-3), -3, -3.0),
            (Value::NativeFn(9), 0, 0.0),
        ];
        for (value, int, float) in values {
            assert_eq!(value.to_int(), int, "{value:?}");
            assert_eq!(value.to_float(), float, "{value:?}");
        }
        assert_eq!(Value::Float(f64::NAN).to_int(), 0);
    }

    #[test]
    fn literals() {
        for word in [
            "", "inf", "-inf", "NaN", "nan", "infinity", "+", "-", "x1", ".", "1x", "--1", "e5",
        ] {
            assert_eq!(Value::parse_number(word), None, "{word:?}");
        }
        assert_eq!(Value::parse_number(" +1e2 "), Some(Value::Float(100.0)));
        assert_eq!(Value::parse_number("-0"), Some(Value::Int(0)));
    }
}
