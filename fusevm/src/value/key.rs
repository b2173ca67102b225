//! Keys of hashes, and the one key under which they are hashed.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::{Str, Value};

/// The key of the hash function: one per process, so that hashes kept in shared strings are good
/// everywhere.
///
/// SipHash-1-3 under a key that nobody knows: keys that fall together cannot be chosen, not even by
/// who sees hashes. It is not the cheapest there is, but a text is hashed once.
static HASH_KEY: LazyLock<[u64; 2]> = LazyLock::new(|| {
    let random = RandomState::new();
    [random.hash_one(0), random.hash_one(1)]
});

/// The hash of a text; never 0, which stands for "not known".
pub(crate) fn hash_text(text: &str) -> u64 {
    sip13(*HASH_KEY, text.as_bytes()).max(1)
}

fn hash_int(i: i64) -> u64 {
    sip13(*HASH_KEY, &i.to_le_bytes())
}

/// SipHash-1-3 of bytes that are all there: most keys are short, and a hasher that takes them in pieces is
/// slower than its rounds (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
#[inline]
fn sip13([k0, k1]: [u64; 2], bytes: &[u8]) -> u64 {
    fn round(v: &mut [u64; 4]) {
        v[0] = v[0].wrapping_add(v[1]);
        v[2] = v[2].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[1]);
        v[0] = v[0].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].rotate_left(32);
    }
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let (words, rest) = bytes.as_chunks::<8>();
    let last = (rest.iter().rev()).fold(0, |word, byte| word << 8 | u64::from(*byte));
    let last = last | (bytes.len() as u64) << 56;
    for word in words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .chain([last])
    {
        v[3] ^= word;
        round(&mut v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    (0..3).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// The number that `text` is the decimal of, in the one way `i64` prints.
#[inline]
fn canonical(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [b'0'..=b'9' | b'-', ..] => decimal(text),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let plain = match digits {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

/// A key of a hash, owned. A key that is the decimal text of an `i64` is that number, whichever way
/// it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Repr);

#[derive(Clone, PartialEq, Eq)]
enum Repr {
    Int(i64),
    /// Text that is not canonical decimal.
    Str(Str),
}

impl Key {
    /// The key as text.
    pub fn to_str(&self) -> Str {
        match &self.0 {
            Repr::Int(i) => Str::from(itoa::Buffer::new().format(*i)),
            Repr::Str(s) => s.clone(),
        }
    }
}

/// A key to look up, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum KeyRef<'a> {
    /// The number, or its decimal text.
    Int(i64),
    /// Text, to be hashed.
    Text(&'a str),
    /// Text that remembers its hash.
    Str(&'a Str),
}

impl<'a> KeyRef<'a> {
    /// The same key, as a number if it is one.
    #[inline]
    pub(super) fn canonical(self) -> KeyRef<'a> {
        let text = match &self {
            KeyRef::Int(_) => return self,
            KeyRef::Text(text) => text,
            KeyRef::Str(s) => s.as_str(),
        };
        canonical(text).map_or(self, KeyRef::Int)
    }

    /// The hash of a canonical key.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        match self {
            KeyRef::Int(i) => hash_int(i),
            KeyRef::Text(text) => hash_text(text),
            KeyRef::Str(s) => s.keyed_hash(),
        }
    }

    /// The canonical key, owned.
    pub(super) fn to_key(self) -> Key {
        Key(match self {
            KeyRef::Int(i) => Repr::Int(i),
            KeyRef::Text(text) => Repr::Str(Str::from(text)),
            KeyRef::Str(s) => Repr::Str(s.clone()),
        })
    }

    /// Whether a canonical key is `key`.
    #[inline]
    pub(super) fn is(self, key: &Key) -> bool {
        match (self, &key.0) {
            (KeyRef::Int(a), Repr::Int(b)) => a == *b,
            (KeyRef::Text(a), Repr::Str(b)) => b == a,
            (KeyRef::Str(a), Repr::Str(b)) => a == b,
            _ => false,
        }
    }
}

/// What a hash can be asked for.
pub trait AsKey {
    /// The key, without a copy.
    fn as_key(&self) -> KeyRef<'_>;
}

impl AsKey for i64 {
    fn as_key(&self) -> KeyRef<'_> {
        KeyRef::Int(*self)
    }
}

impl AsKey for str {
    fn as_key(&self) -> KeyRef<'_> {
        KeyRef::Text(self)
    }
}

impl AsKey for String {
    fn as_key(&self) -> KeyRef<'_> {
        KeyRef::Text(self)
    }
}

impl AsKey for Str {
    fn as_key(&self) -> KeyRef<'_> {
        KeyRef::Str(self)
    }
}

impl AsKey for Key {
    fn as_key(&self) -> KeyRef<'_> {
        match &self.0 {
            Repr::Int(i) => KeyRef::Int(*i),
            Repr::Str(s) => KeyRef::Str(s),
        }
    }
}

impl AsKey for KeyRef<'_> {
    fn as_key(&self) -> KeyRef<'_> {
        *self
    }
}

impl Value {
    /// The key that a whole number or a text is.
    #[inline]
    pub(crate) fn as_key(&self) -> Option<KeyRef<'_>> {
        match self {
            Value::Int(i) => Some(KeyRef::Int(*i)),
            Value::Str(s) => Some(KeyRef::Str(s)),
            _other => None,
        }
    }
}

impl<T: AsKey + ?Sized> AsKey for &T {
    fn as_key(&self) -> KeyRef<'_> {
        (**self).as_key()
    }
}

impl From<i64> for Key {
    fn from(i: i64) -> Key {
        Key(Repr::Int(i))
    }
}

impl From<Str> for Key {
    fn from(text: Str) -> Key {
        canonical(text.as_str()).map_or_else(|| Key(Repr::Str(text)), Key::from)
    }
}

impl From<&Str> for Key {
    fn from(text: &Str) -> Key {
        Key::from(text.clone())
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        canonical(text).map_or_else(|| Key(Repr::Str(Str::from(text))), Key::from)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Key {
        Key::from(Str::from(text))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(i) => write!(f, "{i}"),
            Repr::Str(s) => write!(f, "{s}"),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_decimals_are_numbers() {
        for i in [0, 1, -1, 10, -10, i64::MAX, i64::MIN] {
            assert_eq!(Key::from(i.to_string()), Key::from(i));
            assert_eq!(Key::from(i).to_str(), i.to_string().as_str());
        }
        let texts = [
            "",
            "-",
            "-0",
            "+1",
            "00",
            "01",
            "1 ",
            "1a",
            "9223372036854775808",
            "-9223372036854775809",
            "10000000000000000000000",
        ];
        for text in texts {
            assert_eq!(canonical(text), None, "{text:?}");
            assert_eq!(Key::from(text).to_string(), text);
        }
    }

    #[test]
    fn the_hash_is_siphash() {
        let bytes: Vec<u8> = (0..64u32).map(|n| (n * 37 + 11) as u8).collect();
        for len in 0..bytes.len() {
            let keys = [
                0x0123_4567_89ab_cdef_u64.wrapping_mul(len as u64 + 1),
                !0 >> len,
            ];
            let wanted = siphasher::sip::SipHasher13::new_with_keys(keys[0], keys[1]);
            assert_eq!(sip13(keys, &bytes[..len]), wanted.hash(&bytes[..len]));
        }
    }

    #[test]
    fn all_forms_of_a_key_hash_alike() {
        let s = Str::from("key");
        assert_eq!(KeyRef::Text("key").hash(), KeyRef::Str(&s).hash());
        assert_eq!(
            KeyRef::Text("12").canonical().hash(),
            KeyRef::Int(12).hash()
        );
        assert!("12".as_key().canonical().is(&Key::from(12)));
        assert!(!"012".as_key().canonical().is(&Key::from(12)));
    }
}
