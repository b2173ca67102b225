//! Text.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use arrayvec::ArrayString;
use triomphe::Arc;

use super::key;

/// Bytes of a text that stands where its count of holders is.
const SHORT: usize = 24;

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
    /// The keyed hash, once somebody asked for it; 0 before.
    hash: AtomicU64,
    text: Text,
}

/// A short text needs no allocation of its own.
enum Text {
    Short(ArrayString<SHORT>),
    Long(String),
}

impl Text {
    fn with_capacity(bytes: usize) -> Text {
        match bytes > SHORT {
            true => Text::Long(String::with_capacity(bytes)),
            false => Text::Short(ArrayString::new()),
        }
    }

    #[inline]
    fn as_str(&self) -> &str {
        match self {
            Text::Short(text) => text.as_str(),
            Text::Long(text) => text.as_str(),
        }
    }

    #[inline]
    fn push_str(&mut self, more: &str) {
        match self {
            Text::Long(text) => text.push_str(more),
            Text::Short(text) => {
                if text.try_push_str(more).is_err() {
                    self.grow(more.len());
                    self.push_str(more);
                }
            }
        }
    }

    /// Makes room for `more` bytes, and no short text.
    #[cold]
    fn grow(&mut self, more: usize) {
        match self {
            Text::Long(text) => text.reserve(more),
            Text::Short(short) => {
                let mut text = String::with_capacity((short.len() + more).max(2 * SHORT));
                text.push_str(short);
                *self = Text::Long(text);
            }
        }
    }
}

impl Str {
    /// The text of `text`.
    pub fn new(text: impl Into<Str>) -> Str {
        text.into()
    }

    fn of(text: Text) -> Str {
        Str(Arc::new(Inner {
            hash: AtomicU64::new(0),
            text,
        }))
    }

    /// Empty text with room for `bytes` (a hint).
    pub fn with_capacity(bytes: usize) -> Str {
        Str::of(Text::with_capacity(bytes.min(super::array::HINT)))
    }

    /// The text of `left` followed by that of `right`.
    pub(crate) fn joined(left: &str, right: &str) -> Str {
        let mut text = Text::with_capacity(left.len().saturating_add(right.len()));
        text.push_str(left);
        text.push_str(right);
        Str::of(text)
    }

    /// Becomes the text of `left` followed by that of `right`. That goes where the old text was, if
    /// both are short and nobody else holds it.
    #[inline]
    pub(crate) fn join(&mut self, left: &str, right: &str) {
        if left.len() + right.len() <= SHORT
            && let Some(inner) = Arc::get_mut(&mut self.0)
            && let Text::Short(text) = &mut inner.text
        {
            *inner.hash.get_mut() = 0;
            text.clear();
            text.push_str(left);
            text.push_str(right);
        } else {
            *self = Str::joined(left, right);
        }
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.text.as_str()
    }

    /// Length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.as_str().len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a write would happen in place.
    pub fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Appends `text`; amortised constant time per byte while nobody else holds the string.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        match Arc::get_mut(&mut self.0) {
            Some(inner) => {
                *inner.hash.get_mut() = 0;
                inner.text.push_str(text);
            }
            None => *self = Str::joined(self.as_str(), text),
        }
    }

    /// Appends one character.
    pub fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// Makes room for `bytes` more (a hint).
    pub fn reserve(&mut self, bytes: usize) {
        let bytes = bytes.min(super::array::HINT);
        match Arc::get_mut(&mut self.0) {
            Some(inner) if inner.text.as_str().len() + bytes > SHORT => inner.text.grow(bytes),
            Some(_short) => {}
            None => {
                let mut text = Text::with_capacity(self.len().saturating_add(bytes));
                text.push_str(self.as_str());
                *self = Str::of(text);
            }
        }
    }

    /// The text as a `String`, moved out if nobody else holds it.
    pub fn into_string(self) -> String {
        match Arc::try_unwrap(self.0) {
            Ok(Inner {
                text: Text::Long(text),
                ..
            }) => text,
            Ok(short) => short.text.as_str().to_owned(),
            Err(shared) => shared.text.as_str().to_owned(),
        }
    }

    /// The hash under the process's key.
    #[inline]
    pub(crate) fn keyed_hash(&self) -> u64 {
        match self.0.hash.load(Relaxed) {
            0 => self.first_hash(),
            known => known,
        }
    }

    fn first_hash(&self) -> u64 {
        let hash = key::hash_text(self.as_str());
        self.0.hash.store(hash, Relaxed);
        hash
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::of(Text::with_capacity(0))
    }
}

impl From<String> for Str {
    fn from(text: String) -> Str {
        match ArrayString::from(&text) {
            Ok(short) => Str::of(Text::Short(short)),
            Err(_) => Str::of(Text::Long(text)),
        }
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Str {
        Str::joined(text, "")
    }
}

impl From<&Str> for Str {
    fn from(text: &Str) -> Str {
        text.clone()
    }
}

impl From<char> for Str {
    fn from(c: char) -> Str {
        Str::from(&*c.encode_utf8(&mut [0; 4]))
    }
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Str {
        match text {
            Cow::Borrowed(text) => Str::from(text),
            Cow::Owned(text) => Str::from(text),
        }
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
        iter.into_iter().for_each(|c| self.push(c));
    }
}

impl<'a> Extend<&'a str> for Str {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, iter: I) {
        iter.into_iter().for_each(|text| self.push_str(text));
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
    fn short_and_long_texts_are_alike() {
        for len in 0..3 * SHORT {
            let (text, mut grown) = ("x".repeat(len), Str::default());
            (0..len).for_each(|_| grown.push('x'));
            let mut joined = Str::from("old");
            joined.keyed_hash();
            joined.join(&text[..len / 2], &text[len / 2..]);
            let shared = joined.clone();
            let mut more = shared.clone();
            more.reserve(len);
            more.push_str("y");
            let made = [
                grown,
                joined,
                shared,
                Str::from(&text[..]),
                Str::from(text.clone()),
            ];
            for s in made {
                assert_eq!(s.as_str(), text);
                assert_eq!(s.keyed_hash(), key::hash_text(&text));
                assert_eq!(s.into_string(), text);
            }
            assert_eq!(more.into_string(), text + "y");
        }
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
