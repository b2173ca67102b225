//! Going through hashes by value.

use std::iter::FusedIterator;
use std::{slice, vec};

use super::hash::Entry;
use super::{Hash, Key, Str, Value};

/// The entries of a hash in place, without the gaps.
#[derive(Clone)]
pub(super) struct Live<'a> {
    entries: slice::Iter<'a, Option<Entry>>,
    left: usize,
}

impl<'a> Live<'a> {
    /// `left` is the number of entries that are not gaps.
    pub(super) fn new(entries: &'a [Option<Entry>], left: usize) -> Self {
        Live {
            entries: entries.iter(),
            left,
        }
    }
}

impl<'a> Iterator for Live<'a> {
    type Item = (&'a Key, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.find_map(Option::as_ref)?;
        self.left -= 1;
        Some((&entry.key, &entry.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Live<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let entry = self.entries.by_ref().rev().find_map(Option::as_ref)?;
        self.left -= 1;
        Some((&entry.key, &entry.value))
    }
}

impl ExactSizeIterator for Live<'_> {}
impl FusedIterator for Live<'_> {}

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident gives $item:ty: |$key:ident, $value:ident| $make:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<'a>(pub(super) Live<'a>);

        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }

        impl Iterator for $name<'_> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.0.next().map(|($key, $value)| $make)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl DoubleEndedIterator for $name<'_> {
            fn next_back(&mut self) -> Option<$item> {
                self.0.next_back().map(|($key, $value)| $make)
            }
        }

        impl ExactSizeIterator for $name<'_> {}
        impl FusedIterator for $name<'_> {}
    )*};
}

views! {
    /// The entries of a borrowed hash in order, by value; see [`Hash::iter`].
    HashIter gives (Str, Value): |key, value| (key.to_str(), value.clone());
    /// The keys of a borrowed hash in order, as strings; see [`Hash::keys`].
    HashKeys gives Value: |key, _value| Value::Str(key.to_str());
    /// The values of a borrowed hash in the order of their keys; see [`Hash::values`].
    HashValues gives Value: |_key, value| value.clone();
}

/// The entries of a hash that was given away: moved out if nobody else holds it, copied otherwise.
pub struct HashIntoIter {
    entries: vec::IntoIter<Option<Entry>>,
    left: usize,
}

impl Iterator for HashIntoIter {
    type Item = (Str, Value);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.find_map(|entry| entry)?;
        self.left -= 1;
        Some((entry.key.to_str(), entry.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for HashIntoIter {}
impl FusedIterator for HashIntoIter {}

impl IntoIterator for Hash {
    type Item = (Str, Value);
    type IntoIter = HashIntoIter;

    fn into_iter(self) -> HashIntoIter {
        let left = self.len();
        HashIntoIter {
            entries: self.into_entries().into_iter(),
            left,
        }
    }
}

impl<'a> IntoIterator for &'a Hash {
    type Item = (Str, Value);
    type IntoIter = HashIter<'a>;

    fn into_iter(self) -> HashIter<'a> {
        self.iter()
    }
}

impl std::fmt::Debug for HashIntoIter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashIntoIter")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_not_seen() {
        let mut h: Hash = (0..6).map(|i| (i, i)).collect();
        h.remove(0);
        h.remove(3);
        assert_eq!(h.iter().len(), 4);
        let mut iter = h.iter();
        assert_eq!(iter.next_back(), Some((Str::from("5"), Value::Int(5))));
        assert_eq!(iter.next(), Some((Str::from("1"), Value::Int(1))));
        assert_eq!((iter.len(), iter.count()), (2, 2));
        let copy = h.clone();
        let shared: Vec<_> = h.into_iter().collect();
        assert_eq!(shared.len(), 4);
        assert_eq!(copy.into_iter().collect::<Vec<_>>(), shared);
    }
}
