//! What a value is: its kinds, and what every kind means as a number, as a truth, as text and under
//! `==`.
//!
//! A [`Value`] is 16 bytes and may be sent to any thread. [`Str`], [`Array`] and
//! [`Hash`](struct@Hash) are values in the full sense: copying one takes constant time and shares
//! the storage, writing to a shared one copies it first, writing to one that nobody else holds
//! happens in place. They are opaque, so that storage can change its form: an array packs numbers of
//! one kind. What has identity and changes under its holders' eyes stands in a [`heap`](crate::heap); a value only names it by a
//! [`Handle`].
//!
//! The room guarantees that nesting costs no native stack (drop, `==`, text and `Debug` are loops),
//! that values which share parts are compared and dropped in time linear in the parts that exist,
//! and that no operation panics because of what a guest put into a value. Two exceptions are the
//! host's own: code behind [`FuseValue`] may do what it likes, and [`Value::to_str`] makes as much
//! text as there is; [`Value::text_with`] takes a limit.
//!
//! It knows nothing of ops, limits or policies: those are the business of the semantics. The one
//! static is the key of the hash function, drawn once per process, so that nobody outside can
//! prepare keys that collide.

mod array;
mod array_items;
mod array_iter;

mod convert;
mod debug;
mod equal;
mod func;
mod handle;
mod hash;
mod hash_iter;
mod host;
mod key;
mod kind;
mod number;
mod release;
#[cfg(feature = "serde")]
mod serial;
mod str;
mod text;
mod walk;

pub use array::Array;
pub use array_iter::{ArrayIntoIter, ArrayIter};
pub use convert::WrongKind;
pub use func::Func;
pub use handle::{Handle, Obj, Ref};
pub use hash::Hash;
pub use hash_iter::{HashIntoIter, HashIter, HashKeys, HashValues};
pub use host::{FuseValue, HostValue};
pub(crate) use key::hash_text;
pub use key::{AsKey, Key, KeyRef};
pub use kind::Kind;
pub use number::Number;
pub use str::Str;
pub use text::{ObjectText, TextTooLong};

#[cfg(feature = "jit")]
pub(crate) use array::layout as array_layout;
pub(crate) use array_items::{View, ViewMut};
pub(crate) use text::write_float;

/// A value of the machine.
///
/// ```
/// use fusevm::value::Value;
///
/// let list = Value::array(vec![1, 2, 3]);
/// assert_eq!(list.to_str(), "1 2 3");
/// assert_eq!(list.to_int(), 3);
/// assert_ne!(Value::Int(3), Value::Float(3.0));
/// ```
// Kinds that own nothing come first, so that one comparison tells whether there is something to drop.
#[derive(Clone, Default)]
#[repr(u8)]
#[non_exhaustive]
pub enum Value {
    /// Nothing: what a variable holds that was never written.
    #[default]
    Undef = 0,
    /// A truth.
    Bool(bool) = 1,
    /// A whole number.
    Int(i64) = 2,
    /// An IEEE 754 double.
    Float(f64) = 3,
    /// The exit status of a command; 0 is success and therefore true.
    Status(i32) = 4,
    /// A handle to a shared mutable cell.
    Ref(Ref) = 5,
    /// A builtin function, by its number.
    NativeFn(u16) = 6,
    /// A handle to an object in a VM's heap.
    Obj(Handle) = 7,
    /// UTF-8 text.
    Str(Str) = 8,
    /// A list of values.
    Array(Array) = 9,
    /// Values by key, in order of insertion.
    Hash(Hash) = 10,
    /// A function of a chunk.
    Func(Func) = 11,
    /// A small immutable value of the host; to the guest an object like any other.
    Host(HostValue) = 12,
}

const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Value>();
    assert!(size_of::<Value>() == 16);
};

impl Value {
    /// A string.
    pub fn str(text: impl Into<Str>) -> Value {
        Value::Str(text.into())
    }

    /// An array, from a `Vec` of anything that becomes a value, or from an [`Array`].
    pub fn array(items: impl Into<Array>) -> Value {
        Value::Array(items.into())
    }

    /// A hash of these entries; the last of equal keys wins.
    ///
    /// ```
    /// # use fusevm::value::Value;
    /// let h = Value::hash([("one", 1), ("two", 2)]);
    /// assert_eq!(format!("{h:?}"), r#"{"one": 1, "two": 2}"#);
    /// ```
    pub fn hash(entries: impl IntoIterator<Item = (impl Into<Key>, impl Into<Value>)>) -> Value {
        Value::Hash(entries.into_iter().collect())
    }

    /// The kind; heap objects and host values are both [`Kind::Obj`].
    pub fn kind(&self) -> Kind {
        match self {
            Value::Undef => Kind::Undef,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::Float(_) => Kind::Float,
            Value::Str(_) => Kind::Str,
            Value::Array(_) => Kind::Array,
            Value::Hash(_) => Kind::Hash,
            Value::Status(_) => Kind::Status,
            Value::Ref(_) => Kind::Ref,
            Value::NativeFn(_) => Kind::NativeFn,
            Value::Func(_) => Kind::Func,
            Value::Obj(_) | Value::Host(_) => Kind::Obj,
        }
    }

    /// Whether this is [`Value::Undef`].
    pub fn is_undef(&self) -> bool {
        matches!(self, Value::Undef)
    }

    /// Truth: false are `Undef`, `false`, zeros, `""`, `"0"`, empty containers and a status of
    /// failure.
    ///
    /// ```
    /// # use fusevm::value::Value;
    /// assert!(!Value::str("0").to_bool());
    /// assert!(Value::str("0.0").to_bool());
    /// assert!(Value::Float(f64::NAN).to_bool());
    /// assert!(Value::Status(0).to_bool());
    /// ```
    pub fn to_bool(&self) -> bool {
        match self {
            Value::Undef => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::Float(f) => *f != 0.0,
            Value::Str(s) => !matches!(s.as_str(), "" | "0"),
            Value::Array(a) => !a.is_empty(),
            Value::Hash(h) => !h.is_empty(),
            Value::Status(code) => *code == 0,
            Value::Ref(_)
            | Value::NativeFn(_)
            | Value::Func(_)
            | Value::Obj(_)
            | Value::Host(_) => true,
        }
    }

    /// Bytes of what the value keeps beside itself, about: its text or its elements, without what those
    /// keep. Others may share it. Equal arrays count the same, whether or not their numbers are packed.
    pub fn storage(&self) -> usize {
        match self {
            Value::Str(text) => text.len(),
            Value::Array(array) => array.len() * size_of::<Value>(),
            Value::Hash(hash) => hash.len() * 4 * size_of::<Value>(),
            _ => 0,
        }
    }

    /// The number of an `Int`, and of nothing else.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The number of a `Float`, and of nothing else.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The truth of a `Bool`, and of nothing else.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The text of a `Str`, and of nothing else.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s.as_str()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_of_every_kind() {
        let (yes, no) = (true, false);
        let table = [
            (Value::Undef, no),
            (Value::Bool(true), yes),
            (Value::Bool(false), no),
            (Value::Int(0), no),
            (Value::Int(-1), yes),
            (Value::Float(-0.0), no),
            (Value::Float(f64::NAN), yes),
            (Value::str(""), no),
            (Value::str("0"), no),
            (Value::str("00"), yes),
            (Value::str(" "), yes),
            (Value::array(Array::new()), no),
            (Value::array(vec![0]), yes),
            (Value::Hash(Hash::new()), no),
            (Value::hash([("a", 0)]), yes),
            (Value::Status(0), yes),
            (Value::Status(1), no),
            (Value::NativeFn(0), yes),
            (Value::Ref(Ref(Handle::new(0, 0, 0, 1))), yes),
            (Value::Obj(Handle::new(0, 0, 0, 1)), yes),
        ];
        for (value, truth) in table {
            assert_eq!(value.to_bool(), truth, "{value:?}");
        }
    }

    #[test]
    fn strict_reads() {
        assert_eq!(Value::Int(3).as_int(), Some(3));
        assert_eq!(Value::Float(3.0).as_int(), None);
        assert_eq!(Value::str("3").as_int(), None);
        assert_eq!(Value::str("3").as_str(), Some("3"));
        assert_eq!(Value::Bool(true).as_bool(), Some(true));
        assert_eq!(Value::Float(0.5).as_float(), Some(0.5));
        assert!(Value::default().is_undef());
    }
}
