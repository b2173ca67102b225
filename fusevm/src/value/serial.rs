//! Values through serde: plain data only.
//!
//! Undef is a unit (or none), a status its number, a hash a map. What names something in a VM
//! (handles, functions, host values) is an error. So is nesting past [`DEPTH`] levels, since serde
//! works by recursion, and a value of more than [`VALUES`] parts when it is written, since one that
//! shares parts could go on without end.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Array, Hash, Key, Str, Value};

/// Levels of nesting.
const DEPTH: usize = 128;

/// Values in one value, counted as often as they are reached.
const VALUES: usize = 1 << 24;

/// A value to be written, with the levels and the values that are left.
struct Part<'a> {
    value: &'a Value,
    depth: usize,
    left: &'a Cell<usize>,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Part {
            value: self,
            depth: DEPTH,
            left: &Cell::new(VALUES),
        }
        .serialize(serializer)
    }
}

impl Part<'_> {
    /// A value one level further down.
    fn inner<'b, E: ser::Error>(&'b self, value: &'b Value) -> Result<Part<'b>, E> {
        let depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| E::custom(TooDeep))?;
        Ok(Part {
            value,
            depth,
            left: self.left,
        })
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| ser::Error::custom("value has too many parts"))?);
        match self.value {
            Value::Undef => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::Float(f) => serializer.serialize_f64(*f),
            Value::Str(s) => serializer.serialize_str(s.as_str()),
            Value::Status(code) => serializer.serialize_i32(*code),
            Value::Array(array) => {
                let mut seq = serializer.serialize_seq(Some(array.len()))?;
                for value in array.parts() {
                    seq.serialize_element(&self.inner(&value)?)?;
                }
                seq.end()
            }
            Value::Hash(hash) => {
                let mut map = serializer.serialize_map(Some(hash.len()))?;
                for (key, value) in hash.live() {
                    map.serialize_entry(key.to_str().as_str(), &self.inner(value)?)?;
                }
                map.end()
            }
            Value::Ref(_)
            | Value::NativeFn(_)
            | Value::Func(_)
            | Value::Obj(_)
            | Value::Host(_) => {
                let what = self.value.kind().article();
                Err(ser::Error::custom(format_args!(
                    "{what} means nothing outside its VM"
                )))
            }
        }
    }
}

struct TooDeep;

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value is nested more than {DEPTH} levels deep")
    }
}

/// Reads a value that may have this many levels inside.
#[derive(Clone, Copy)]
struct Levels(usize);

impl Levels {
    fn inner<E: de::Error>(self) -> Result<Levels, E> {
        self.0
            .checked_sub(1)
            .map(Levels)
            .ok_or_else(|| E::custom(TooDeep))
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        Levels(DEPTH).deserialize(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Levels {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Undef)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Undef)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.inner()?.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        self.inner()?.deserialize(deserializer)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }

    /// As in text, a number past the whole ones is a float.
    fn visit_u64<E>(self, i: u64) -> Result<Value, E> {
        Ok(i64::try_from(i).map_or(Value::Float(i as f64), Value::Int))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::str(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::str(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Array::with_capacity(cautious(seq.size_hint()));
        while let Some(value) = seq.next_element_seed(inner)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut hash = Hash::with_capacity(cautious(map.size_hint()));
        while let Some(KeyText(key)) = map.next_key()? {
            hash.insert(key, map.next_value_seed(inner)?);
        }
        Ok(Value::Hash(hash))
    }
}

/// A size that the input claims, as far as it is to be believed.
fn cautious(hint: Option<usize>) -> usize {
    hint.unwrap_or(0).min(1024)
}

struct KeyText(Key);

impl<'de> serde::Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = KeyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, text: &str) -> Result<KeyText, E> {
                Ok(KeyText(Key::from(text)))
            }

            fn visit_i64<E>(self, i: i64) -> Result<KeyText, E> {
                Ok(KeyText(Key::from(i)))
            }

            fn visit_u64<E>(self, i: u64) -> Result<KeyText, E> {
                Ok(KeyText(Key::from(Str::from(i.to_string()))))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
    use serde::{Deserialize, forward_to_deserialize_any};

    use super::*;

    /// A list with this many lists inside each other.
    struct Nested(usize);

    impl<'de> Deserializer<'de> for Nested {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_seq(self)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    impl<'de> SeqAccess<'de> for Nested {
        type Error = Error;

        fn next_element_seed<T: DeserializeSeed<'de>>(
            &mut self,
            seed: T,
        ) -> Result<Option<T::Value>, Error> {
            match std::mem::take(&mut self.0) {
                0 => Ok(None),
                levels => seed.deserialize(Nested(levels - 1)).map(Some),
            }
        }
    }

    #[test]
    fn numbers_and_keys_keep_their_kind() {
        let list = SeqDeserializer::<_, Error>::new([1, u64::MAX].into_iter());
        let list = Value::deserialize(list).unwrap();
        assert_eq!(
            list,
            Value::array([Value::Int(1), Value::Float(u64::MAX as f64)])
        );
        let map = MapDeserializer::<_, Error>::new([("7", "x"), ("k", "y")].into_iter());
        assert_eq!(
            Value::deserialize(map).unwrap(),
            Value::hash([("7", "x"), ("k", "y")])
        );
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(Value::deserialize(Nested(DEPTH - 1)).is_ok());
        let error = Value::deserialize(Nested(DEPTH)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "value is nested more than 128 levels deep"
        );
    }
}
