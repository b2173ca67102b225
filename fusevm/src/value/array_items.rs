//! What an array keeps its elements in: numbers of one kind packed, anything else as values.
//!
//! Storage only ever becomes more general: from numbers of one kind to values, and not back. While
//! an array is empty and holds numbers only, it takes the kind of the first element that comes.
//! Nobody outside can tell the forms apart, but by the memory that they take.

use std::borrow::Cow;
use std::slice;

use super::Value;

/// Elements in one of three forms.
///
/// The representation is the one that Rust defines for such an enum, the number of the form first:
/// machine code reads it.
#[repr(C, u8)]
pub(super) enum Items {
    Int(Vec<i64>) = 0,
    Float(Vec<f64>) = 1,
    Value(Vec<Value>) = 2,
}

/// Runs the same on the `Vec` of whatever form.
macro_rules! each {
    ($items:expr, $vec:ident => $then:expr) => {
        match $items {
            Items::Int($vec) => $then,
            Items::Float($vec) => $then,
            Items::Value($vec) => $then,
        }
    };
}

/// Makes a value fit a form, then runs the same on the `Vec` of that form and the element.
macro_rules! with_fit {
    ($items:expr, $value:expr, ($vec:ident, $item:ident) => $then:expr) => {
        match $items.fit($value) {
            Fit::Int($vec, $item) => $then,
            Fit::Float($vec, $item) => $then,
            Fit::Value($vec, $item) => $then,
        }
    };
}

pub(super) use {each, with_fit};

/// A value as an element of the form that it meets.
pub(super) enum Fit<'a> {
    Int(&'a mut Vec<i64>, i64),
    Float(&'a mut Vec<f64>, f64),
    Value(&'a mut Vec<Value>, Value),
}

impl Items {
    /// No elements, and nothing allocated.
    pub(super) const NONE: Items = Items::Int(Vec::new());

    /// Its number in machine code.
    #[cfg(feature = "jit")]
    pub(super) fn form(&self) -> u64 {
        match self {
            Items::Int(_) => 0,
            Items::Float(_) => 1,
            Items::Value(_) => 2,
        }
    }

    /// No elements, with room for `room` like `first`.
    pub(super) fn like(first: &Value, room: usize) -> Items {
        match first {
            Value::Int(_) => Items::Int(Vec::with_capacity(room)),
            Value::Float(_) => Items::Float(Vec::with_capacity(room)),
            _ => Items::Value(Vec::with_capacity(room)),
        }
    }

    /// Values in the form that suits them: packed in the allocation they stand in, if they are numbers
    /// of one kind.
    pub(super) fn of(values: Vec<Value>) -> Items {
        match values.first() {
            None => Items::NONE,
            Some(Value::Int(_)) if values.iter().all(|v| i64::of(v).is_some()) => {
                Items::Int(packed(values))
            }
            Some(Value::Float(_)) if values.iter().all(|v| f64::of(v).is_some()) => {
                Items::Float(packed(values))
            }
            Some(_) => Items::Value(values),
        }
    }

    /// A copy of those from index `from` on, with room for `more`.
    pub(super) fn copy(&self, from: usize, more: usize) -> Items {
        fn copy<T: Clone>(items: &[T], more: usize) -> Vec<T> {
            let mut copy = Vec::with_capacity(items.len().saturating_add(more));
            copy.extend_from_slice(items);
            copy
        }
        match self.view(from) {
            View::Int(items) => Items::Int(copy(items, more)),
            View::Float(items) => Items::Float(copy(items, more)),
            View::Value(items) => Items::Value(copy(items, more)),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        each!(self, items => items.len())
    }

    pub(super) fn capacity(&self) -> usize {
        each!(self, items => items.capacity())
    }

    /// Whether this form can hold `value`.
    #[inline]
    pub(super) fn takes(&self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Items::Int(_), Value::Int(_))
                | (Items::Float(_), Value::Float(_))
                | (Items::Value(_), _)
        )
    }

    /// A value as an element of this form, or of the general one, which this becomes where it has to.
    #[inline]
    pub(super) fn fit(&mut self, value: Value) -> Fit<'_> {
        match (self, value) {
            (Items::Int(items), Value::Int(n)) => Fit::Int(items, n),
            (Items::Float(items), Value::Float(f)) => Fit::Float(items, f),
            (items, value) => Fit::Value(items.values(), value),
        }
    }

    /// The elements as values, which they are from now on.
    #[inline]
    pub(super) fn values(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Items::Value(_)) {
            self.widen();
        }
        match self {
            Items::Value(values) => values,
            Items::Int(_) | Items::Float(_) => unreachable!("widened above"),
        }
    }

    #[cold]
    fn widen(&mut self) {
        let mut values = Vec::with_capacity(self.capacity());
        match self {
            Items::Int(items) => values.extend(items.iter().map(|&n| Value::Int(n))),
            Items::Float(items) => values.extend(items.iter().map(|&f| Value::Float(f))),
            Items::Value(_) => return,
        }
        *self = Items::Value(values);
    }

    /// Appends values for as long as they fit a form of numbers; gives the first that does not.
    pub(super) fn extend_numbers(
        &mut self,
        values: &mut impl Iterator<Item = Value>,
    ) -> Option<Value> {
        match self {
            Items::Int(items) => extend_numbers(items, values),
            Items::Float(items) => extend_numbers(items, values),
            Items::Value(_) => values.next(),
        }
    }

    /// Those from index `from` on.
    #[inline(always)]
    pub(super) fn view(&self, from: usize) -> View<'_> {
        match self {
            Items::Int(items) => View::Int(items.get(from..).unwrap_or_default()),
            Items::Float(items) => View::Float(items.get(from..).unwrap_or_default()),
            Items::Value(items) => View::Value(items.get(from..).unwrap_or_default()),
        }
    }

    /// Those from index `from` on, for writing.
    #[inline(always)]
    pub(super) fn view_mut(&mut self, from: usize) -> ViewMut<'_> {
        match self {
            Items::Int(items) => ViewMut::Int(items.get_mut(from..).unwrap_or_default()),
            Items::Float(items) => ViewMut::Float(items.get_mut(from..).unwrap_or_default()),
            Items::Value(items) => ViewMut::Value(items.get_mut(from..).unwrap_or_default()),
        }
    }
}

/// A kind of numbers that is packed.
trait Number: Sized {
    fn of(value: &Value) -> Option<Self>;
}

impl Number for i64 {
    #[inline]
    fn of(value: &Value) -> Option<i64> {
        value.as_int()
    }
}

impl Number for f64 {
    #[inline]
    fn of(value: &Value) -> Option<f64> {
        value.as_float()
    }
}

fn packed<T: Number>(values: Vec<Value>) -> Vec<T> {
    let mut items: Vec<T> = values.into_iter().filter_map(|v| T::of(&v)).collect();
    items.shrink_to_fit();
    items
}

fn extend_numbers<T: Number>(
    items: &mut Vec<T>,
    values: &mut impl Iterator<Item = Value>,
) -> Option<Value> {
    for value in values {
        match T::of(&value) {
            Some(n) => items.push(n),
            None => return Some(value),
        }
    }
    None
}

/// The elements of an array in the form that they are kept in.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Int(&'a [i64]),
    Float(&'a [f64]),
    Value(&'a [Value]),
}

impl<'a> View<'a> {
    #[inline(always)]
    pub(super) fn get(self, index: usize) -> Option<Value> {
        match self {
            View::Int(items) => items.get(index).map(|&n| Value::Int(n)),
            View::Float(items) => items.get(index).map(|&f| Value::Float(f)),
            View::Value(items) => items.get(index).cloned(),
        }
    }

    /// The elements one by one; values are lent.
    pub(super) fn parts(self) -> Parts<'a> {
        match self {
            View::Int(items) => Parts::Int(items.iter()),
            View::Float(items) => Parts::Float(items.iter()),
            View::Value(items) => Parts::Value(items.iter()),
        }
    }
}

/// The elements of an array that nobody else holds, in the form that they are kept in.
///
/// Through `Value`, write nothing that may hold handles, numbers say: the array would not know of
/// them. The value written over is dropped, which may run code of the host.
pub(crate) enum ViewMut<'a> {
    Int(&'a mut [i64]),
    Float(&'a mut [f64]),
    Value(&'a mut [Value]),
}

/// Elements one by one; only numbers are `Owned`.
#[derive(Clone)]
pub(super) enum Parts<'a> {
    Int(slice::Iter<'a, i64>),
    Float(slice::Iter<'a, f64>),
    Value(slice::Iter<'a, Value>),
}

/// Calls the same method of whatever iterator, and makes what it gives a value.
macro_rules! part {
    ($parts:expr, $items:ident => $next:expr) => {
        match $parts {
            Parts::Int($items) => $next.map(|&n| Cow::Owned(Value::Int(n))),
            Parts::Float($items) => $next.map(|&f| Cow::Owned(Value::Float(f))),
            Parts::Value($items) => $next.map(Cow::Borrowed),
        }
    };
}

impl<'a> Iterator for Parts<'a> {
    type Item = Cow<'a, Value>;

    #[inline]
    fn next(&mut self) -> Option<Cow<'a, Value>> {
        part!(self, items => items.next())
    }

    fn nth(&mut self, n: usize) -> Option<Cow<'a, Value>> {
        part!(self, items => items.nth(n))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Parts::Int(items) => items.size_hint(),
            Parts::Float(items) => items.size_hint(),
            Parts::Value(items) => items.size_hint(),
        }
    }
}

impl<'a> DoubleEndedIterator for Parts<'a> {
    fn next_back(&mut self) -> Option<Cow<'a, Value>> {
        part!(self, items => items.next_back())
    }
}

impl ExactSizeIterator for Parts<'_> {}
