//! Text.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use triomphe::Arc;

use super::key;

/// UTF-8 text behind one thin pointer: copied in constant time, changed in place while nobody else
/// holds it.
///
/// Compared and ordered by its bytes.
///
/// ```
/// use fusevm::value::Str;
///
/// let mut s = Str::from("ab");
/// let copy = s.clone();
/// s.push_str("cd");
/// assert_eq!((s.as_str(), copy.as_str()), ("abcd", "ab"));
/// ```
#[derive(Clone)]
pub struct Str(Arc<Inner>);

struct Inner {
    text: String,
    /// The keyed hash, once somebody asked for it; 0 before.
    hash: AtomicU64,
}

impl Str {
    /// The text of `text`.
    pub fn new(text: impl Into<Str>) -> Str {
        text.into()
    }

    /// Empty text with room for `bytes` (a hint).
    pub fn with_capacity(bytes: usize) -> Str {
        Str::from(String::with_capacity(bytes.min(super::array::HINT)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.text.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.text.is_empty()
    }

    /// Whether a write would happen in place.
    pub fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Appends `text`; amortised constant time per byte while nobody else holds the string.
    pub fn push_str(&mut self, text: &str) {
        self.unique(text.len()).push_str(text);
    }

    /// Appends one character.
    pub fn push(&mut self, c: char) {
        self.unique(c.len_utf8()).push(c);
    }

    /// Makes room for `bytes` more (a hint).
    pub fn reserve(&mut self, bytes: usize) {
        let bytes = bytes.min(super::array::HINT);
        self.unique(bytes).reserve(bytes);
    }

    /// The text as a `String`, moved out if nobody else holds it.
    pub fn into_string(self) -> String {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.text,
            Err(shared) => shared.text.clone(),
        }
    }

    /// The text for writing, made unique with room for `more` bytes.
    fn unique(&mut self, more: usize) -> &mut String {
        if !self.0.is_unique() {
            let mut text = String::with_capacity(self.len().saturating_add(more));
            text.push_str(self.as_str());
            *self = Str::from(text);
        }
        let inner = Arc::make_mut(&mut self.0);
        *inner.hash.get_mut() = 0;
        &mut inner.text
    }

    /// The hash under the process's key.
    pub(crate) fn keyed_hash(&self) -> u64 {
        let known = self.0.hash.load(Relaxed);
        if known != 0 {
            return known;
        }
        let hash = key::hash_text(self.as_str());
        self.0.hash.store(hash, Relaxed);
        hash
    }
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Inner {
            text: self.text.clone(),
            hash: AtomicU64::new(self.hash.load(Relaxed)),
        }
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::from(String::new())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Str {
        Str(Arc::new(Inner {
            text,
            hash: AtomicU64::new(0),
        }))
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Str {
        Str::from(String::from(text))
    }
}

impl From<&Str> for Str {
    fn from(text: &Str) -> Str {
        text.clone()
    }
}

impl From<char> for Str {
    fn from(c: char) -> Str {
        Str::from(String::from(c))
    }
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Str {
        Str::from(text.into_owned())
    }
}

impl From<Str> for String {
    fn from(text: Str) -> String {
        text.into_string()
    }
}

impl FromIterator<char> for Str {
    fn from_iter<I: IntoIterator<Item = char>>(iter: I) -> Self {
        Str::from(iter.into_iter().collect::<String>())
    }
}

impl<'a> FromIterator<&'a str> for Str {
    fn from_iter<I: IntoIterator<Item = &'a str>>(iter: I) -> Self {
        Str::from(iter.into_iter().collect::<String>())
    }
}

impl Extend<char> for Str {
    fn extend<I: IntoIterator<Item = char>>(&mut self, iter: I) {
        self.unique(0).extend(iter);
    }
}

impl<'a> Extend<&'a str> for Str {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, iter: I) {
        self.unique(0).extend(iter);
    }
}

impl fmt::Write for Str {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl Eq for Str {}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<Str> for str {
    fn eq(&self, other: &Str) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Str> for &str {
    fn eq(&self, other: &Str) -> bool {
        *self == other.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_in_place_or_on_a_copy() {
        let mut s = Str::with_capacity(100);
        s.push_str("ab");
        let before = s.as_str().as_ptr();
        s.push('c');
        assert_eq!(s.as_str().as_ptr(), before);
        let copy = s.clone();
        s.push_str("d");
        assert_eq!((s.as_str(), copy.as_str()), ("abcd", "abc"));
        assert!(s.is_unique() && copy.is_unique());
    }

    #[test]
    fn the_hash_follows_the_text() {
        let mut s = Str::from("ab");
        let short = s.keyed_hash();
        assert_eq!(s.keyed_hash(), short);
        s.push_str("c");
        assert_eq!(s.keyed_hash(), Str::from("abc").keyed_hash());
        assert_ne!(s.keyed_hash(), short);
    }

    #[test]
    fn order_and_equality_are_by_bytes() {
        let [upper, lower, accented] = ["Z", "a", "é"].map(Str::from);
        assert!(upper < lower && lower < accented);
        assert!(lower == "a" && "a" != upper);
        assert_eq!(['a', 'b'].into_iter().collect::<Str>(), "ab");
        assert_eq!(
            format!("{:>3}|{:?}", Str::from("x"), Str::from("\n")),
            "  x|\"\\n\""
        );
        assert_eq!(Str::from("x").into_string(), "x");
    }
}
