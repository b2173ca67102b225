//! Going through arrays by value, and making them from what is gone through.

use std::borrow::Cow;
use std::fmt;
use std::iter::FusedIterator;

use super::array_items::Parts;
use super::{Array, Value};

/// The elements of a borrowed array, by value; see [`Array::iter`].
#[derive(Clone)]
pub struct ArrayIter<'a>(pub(super) Parts<'a>);

impl fmt::Debug for ArrayIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest: Array = self.clone().collect();
        f.debug_tuple("ArrayIter").field(&rest).finish()
    }
}

impl Iterator for ArrayIter<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        self.0.next().map(Cow::into_owned)
    }

    fn nth(&mut self, n: usize) -> Option<Value> {
        self.0.nth(n).map(Cow::into_owned)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for ArrayIter<'_> {
    fn next_back(&mut self) -> Option<Value> {
        self.0.next_back().map(Cow::into_owned)
    }
}

impl ExactSizeIterator for ArrayIter<'_> {}
impl FusedIterator for ArrayIter<'_> {}

/// The elements of an array that was given away: moved out if nobody else holds it, copied
/// otherwise.
#[derive(Debug)]
pub struct ArrayIntoIter {
    array: Array,
    from: usize,
    to: usize,
}

impl Iterator for ArrayIntoIter {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.from == self.to {
            return None;
        }
        self.from += 1;
        self.array.take(self.from - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.to - self.from, Some(self.to - self.from))
    }
}

impl DoubleEndedIterator for ArrayIntoIter {
    fn next_back(&mut self) -> Option<Value> {
        if self.from == self.to {
            return None;
        }
        self.to -= 1;
        self.array.take(self.to)
    }
}

impl ExactSizeIterator for ArrayIntoIter {}
impl FusedIterator for ArrayIntoIter {}

impl IntoIterator for Array {
    type Item = Value;
    type IntoIter = ArrayIntoIter;

    fn into_iter(self) -> ArrayIntoIter {
        let to = self.len();
        ArrayIntoIter {
            array: self,
            from: 0,
            to,
        }
    }
}

impl<'a> IntoIterator for &'a Array {
    type Item = Value;
    type IntoIter = ArrayIter<'a>;

    fn into_iter(self) -> ArrayIter<'a> {
        self.iter()
    }
}

impl<T: Into<Value>> From<Vec<T>> for Array {
    fn from(items: Vec<T>) -> Array {
        if size_of::<T>() == size_of::<Value>() {
            // Values themselves, most likely: collecting them leaves them where they are.
            Array::from_values(items.into_iter().map(Into::into).collect())
        } else {
            items.into_iter().collect()
        }
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Array {
    fn from(items: [T; N]) -> Array {
        items.into_iter().collect()
    }
}

impl<T: Into<Value>> FromIterator<T> for Array {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut array = Array::new();
        array.extend(iter);
        array
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_meet() {
        let mut a: Array = (0..5).collect();
        a.shift();
        for shared in [Some(a.clone()), None] {
            let mut iter = a.clone().into_iter();
            assert_eq!(
                (iter.next(), iter.next_back()),
                (Some(Value::Int(1)), Some(Value::Int(4)))
            );
            assert_eq!(iter.len(), 2);
            assert_eq!(iter.collect::<Array>(), [2, 3].into());
            drop(shared);
        }
        let mut iter = a.iter();
        assert_eq!(
            (iter.len(), iter.next_back(), iter.nth(1)),
            (4, Some(Value::Int(4)), Some(Value::Int(2)))
        );
        assert_eq!(a.into_iter().rev().collect::<Vec<_>>().len(), 4);
    }
}
