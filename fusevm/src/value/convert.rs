//! Between Rust's types and values: any way in, only the exact kind out.

use std::convert::Infallible;
use std::{error, fmt};

use super::{Array, Func, Hash, Kind, Str, Value};

/// A value of another kind than the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongKind {
    /// What was asked for.
    pub expected: &'static str,
    /// The kind of the value.
    pub found: Kind,
}

impl fmt::Display for WrongKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl error::Error for WrongKind {}

impl From<Infallible> for WrongKind {
    fn from(never: Infallible) -> WrongKind {
        match never {}
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Value {
                Value::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool,
    i8 => Int, i16 => Int, i32 => Int, i64 => Int, u8 => Int, u16 => Int, u32 => Int,
    f32 => Float, f64 => Float,
    &str => Str, String => Str, Str => Str, &Str => Str,
    Array => Array, Hash => Hash, Func => Func,
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::array(items)
    }
}

/// `None` is [`Value::Undef`].
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Undef, Into::into)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Undef
    }
}

macro_rules! try_from {
    ($($variant:ident => $to:ty),* $(,)?) => {$(
        impl TryFrom<Value> for $to {
            type Error = WrongKind;

            fn try_from(value: Value) -> Result<$to, WrongKind> {
                match value {
                    Value::$variant(value) => Ok(value.into()),
                    other => Err(WrongKind { expected: stringify!($variant), found: other.kind() }),
                }
            }
        }
    )*};
}

try_from! {
    Bool => bool, Int => i64, Float => f64, Str => Str, Str => String, Array => Array, Hash => Hash, Func => Func,
}

macro_rules! try_from_int {
    ($($to:ty),*) => {$(
        impl TryFrom<Value> for $to {
            type Error = WrongKind;

            fn try_from(value: Value) -> Result<$to, WrongKind> {
                let found = value.kind();
                let Value::Int(i) = value else {
                    return Err(WrongKind { expected: "Int", found });
                };
                i.try_into().map_err(|_| WrongKind { expected: concat!("Int within ", stringify!($to)), found })
            }
        }
    )*};
}

try_from_int!(i32, u8, u32, usize);

impl TryFrom<Value> for () {
    type Error = WrongKind;

    fn try_from(value: Value) -> Result<(), WrongKind> {
        match value {
            Value::Undef => Ok(()),
            other => Err(WrongKind {
                expected: "Undef",
                found: other.kind(),
            }),
        }
    }
}

/// Every element must convert; the error names the first that does not.
impl<T> TryFrom<Value> for Vec<T>
where
    T: TryFrom<Value>,
    WrongKind: From<T::Error>,
{
    type Error = WrongKind;

    fn try_from(value: Value) -> Result<Vec<T>, WrongKind> {
        let items = Array::try_from(value)?.into_iter();
        items
            .map(|item| T::try_from(item).map_err(WrongKind::from))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(i64::try_from(Value::from(7u8)), Ok(7));
        assert_eq!(f64::try_from(Value::from(0.5f32)), Ok(0.5));
        assert_eq!(String::try_from(Value::from("x")).as_deref(), Ok("x"));
        assert_eq!(
            Vec::<i64>::try_from(Value::from(vec![1, 2])),
            Ok(vec![1, 2])
        );
        assert_eq!(
            Vec::<Value>::try_from(Value::from(vec![1])),
            Ok(vec![Value::Int(1)])
        );
        assert_eq!(
            Value::from(Some(vec![Some(1), None])),
            Value::array([Value::Int(1), Value::Undef])
        );
        assert_eq!(<()>::try_from(Value::from(())), Ok(()));
    }

    #[test]
    fn only_the_exact_kind() {
        let error = f64::try_from(Value::Int(1)).unwrap_err();
        assert_eq!(error.to_string(), "expected Float, found Int");
        assert_eq!(
            i64::try_from(Value::str("1")).unwrap_err().to_string(),
            "expected Int, found Str"
        );
        assert_eq!(
            u8::try_from(Value::Int(256)).unwrap_err().to_string(),
            "expected Int within u8, found Int"
        );
        assert!(usize::try_from(Value::Int(-1)).is_err());
        assert!(Vec::<bool>::try_from(Value::array(vec![1])).is_err());
    }
}
