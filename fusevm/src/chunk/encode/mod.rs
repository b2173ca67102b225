//! Bytes of numbers, texts and constants: what the wire form is made of, and how constants are
//! compared.
//!
//! Everything has exactly one encoding and the [`Reader`] refuses all others, so two plain values are
//! the same, floats by their bits, exactly when their bytes are. Walks over nested values are loops
//! and stop at [`MAX_CONSTANT_PARTS`]; the reader allocates in proportion to the bytes it has read.

mod read;

pub(super) use read::{Filling, Reader};

use super::MAX_CONSTANT_PARTS;
use crate::value::{ArrayIntoIter, HashIntoIter, Str, Value};
use siphasher::sip::SipHasher13;

/// Key of [`hash`]. It stands for ever: hashes are part of files.
const HASH_KEY: [u64; 2] = [
    u64::from_le_bytes(*b"fusevm, "),
    u64::from_le_bytes(*b"chunk  1"),
];

/// SipHash-1-3 under a fixed key: finds damage, proves nothing about who wrote the bytes.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    SipHasher13::new_with_keys(HASH_KEY[0], HASH_KEY[1]).hash(bytes)
}

const UNDEF: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const STR: u8 = 5;
const ARRAY: u8 = 6;
const HASH: u8 = 7;
const STATUS: u8 = 8;
const NATIVE_FN: u8 = 9;
/// Stands for what no constant can be; never read.
const NOT_PLAIN: u8 = 0xff;

/// Appends a number, seven bits a byte, low bits first.
pub(super) fn put_u64(out: &mut Vec<u8>, mut n: u64) {
    while n > 0x7f {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends a signed number, small for small magnitudes.
pub(super) fn put_i64(out: &mut Vec<u8>, n: i64) {
    put_u64(out, ((n << 1) ^ (n >> 63)).cast_unsigned());
}

/// Appends a length or an index.
pub(super) fn put_usize(out: &mut Vec<u8>, n: usize) {
    put_u64(out, n as u64);
}

/// Appends a text: its length, its bytes.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_usize(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Bytes of a constant. What is not plain data, or past the bound, gives bytes that no reader takes.
pub(super) fn constant(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put_constant(&mut out, value);
    out
}

/// Appends the bytes of a constant.
pub(super) fn put_constant(out: &mut Vec<u8>, value: &Value) {
    walk(value, |part| match part {
        Part::Leaf(leaf) => put_leaf(out, leaf),
        Part::Array(len) => {
            out.push(ARRAY);
            put_usize(out, len);
        }
        Part::Hash(len) => {
            out.push(HASH);
            put_usize(out, len);
        }
        Part::Key(key) => put_text(out, key.as_str()),
        Part::EndArray | Part::EndHash => {}
        Part::TooMany => out.push(NOT_PLAIN),
    });
}

fn put_leaf(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Undef => out.push(UNDEF),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Int(i) => {
            out.push(INT);
            put_i64(out, *i);
        }
        Value::Float(f) => {
            out.push(FLOAT);
            out.extend_from_slice(&f.to_bits().to_le_bytes());
        }
        Value::Str(text) => {
            out.push(STR);
            put_text(out, text.as_str());
        }
        Value::Status(code) => {
            out.push(STATUS);
            put_i64(out, i64::from(*code));
        }
        Value::NativeFn(id) => {
            out.push(NATIVE_FN);
            put_u64(out, u64::from(*id));
        }
        Value::Array(_)
        | Value::Hash(_)
        | Value::Ref(_)
        | Value::Func(_)
        | Value::Obj(_)
        | Value::Host(_) => out.push(NOT_PLAIN),
    }
}

/// What a [`walk`] comes across.
pub(super) enum Part<'a> {
    /// A value that is no container.
    Leaf(&'a Value),
    /// An array of that many elements, which follow.
    Array(usize),
    /// A hash of that many entries, which follow: each its key, then its value.
    Hash(usize),
    /// The key of the value that follows.
    Key(&'a Str),
    /// The innermost container, an array, has ended.
    EndArray,
    /// The innermost container, a hash, has ended.
    EndHash,
    /// There is more than a constant may have, and the walk ends here.
    TooMany,
}

enum Open {
    Array(ArrayIntoIter),
    Hash(HashIntoIter),
}

/// Visits a value and what it holds, in order; shared parts as often as they are reached.
pub(super) fn walk(value: &Value, mut visit: impl FnMut(Part<'_>)) {
    let mut open = Vec::new();
    let mut next = value.clone();
    for _ in 0..MAX_CONSTANT_PARTS {
        match next {
            Value::Array(array) => {
                visit(Part::Array(array.len()));
                open.push(Open::Array(array.into_iter()));
            }
            Value::Hash(hash) => {
                visit(Part::Hash(hash.len()));
                open.push(Open::Hash(hash.into_iter()));
            }
            leaf => visit(Part::Leaf(&leaf)),
        }
        next = loop {
            match open.last_mut() {
                None => return,
                Some(Open::Array(items)) => match items.next() {
                    Some(item) => break item,
                    None => visit(Part::EndArray),
                },
                Some(Open::Hash(entries)) => match entries.next() {
                    Some((key, value)) => {
                        visit(Part::Key(&key));
                        break value;
                    }
                    None => visit(Part::EndHash),
                },
            }
            open.pop();
        };
    }
    visit(Part::TooMany);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::WireError;

    #[test]
    fn numbers_have_one_encoding() {
        let mut out = Vec::new();
        for shift in 0..64 {
            for near in [-1i64, 0, 1] {
                let n = (1u64 << shift).wrapping_add(near.cast_unsigned());
                out.clear();
                put_u64(&mut out, n);
                put_i64(&mut out, n.cast_signed());
                let mut r = Reader::new(&out, 0);
                assert_eq!((r.u64(), r.i64()), (Ok(n), Ok(n.cast_signed())));
                assert_eq!(r.left(), 0);
            }
        }
        let long = [0xff; 9];
        let cases: [&[u8]; 5] = [
            &[0x80, 0],
            &[0xff, 0x80, 0],
            &[&long[..], &[2]].concat(),
            &[&long[..], &[0x81, 0]].concat(),
            &[0xff; 11],
        ];
        for bytes in cases {
            let error = Reader::new(bytes, 0).u64();
            assert!(
                matches!(error, Err(WireError::OutOfRange { at: 0, .. })),
                "{bytes:?}"
            );
        }
        assert_eq!(
            Reader::new(&[&long[..], &[1]].concat(), 0).u64(),
            Ok(u64::MAX)
        );
        assert_eq!(
            Reader::new(&[0x80], 0).u64(),
            Err(WireError::Truncated { at: 1 })
        );
    }

    #[test]
    fn the_hash_is_for_ever() {
        assert_eq!(hash(b""), 0x3962_3f32_220e_c44d);
        assert_eq!(hash(b"fusevm, chunk"), 0x2aa2_519f_2108_5ad7);
    }

    #[test]
    fn deep_and_shared_constants_cost_what_the_bound_says() {
        let thread = std::thread::Builder::new().stack_size(256 * 1024);
        let test = || {
            let (mut deep, mut shared) = (Value::Undef, Value::Undef);
            for i in 0..if cfg!(miri) { 50 } else { 100_000 } {
                deep = match i % 2 {
                    0 => Value::array(vec![deep]),
                    _ => Value::hash([("k", deep)]),
                };
            }
            let bytes = constant(&deep);
            let read = Reader::new(&bytes, 0).constant().expect("it is plain");
            assert!(read == deep && constant(&read) == bytes);
            if cfg!(miri) {
                return;
            }
            for _ in 0..30 {
                shared = Value::array(vec![shared.clone(), shared]);
            }
            let bytes = constant(&shared);
            let error = Reader::new(&bytes, 0).constant();
            assert!(bytes.len() < 4 * MAX_CONSTANT_PARTS && error.is_err());
        };
        thread
            .spawn(test)
            .expect("a thread starts")
            .join()
            .expect("no overflow");
    }

    #[test]
    fn counts_do_not_allocate() {
        // Every array claims all that is left.
        let mut bytes = Vec::new();
        let claims: u64 = if cfg!(miri) { 400 } else { 40_000 };
        for left in (0..claims).rev().step_by(4) {
            bytes.push(ARRAY);
            put_u64(&mut bytes, left / 2);
        }
        assert!(Reader::new(&bytes, 0).constant().is_err());
        let twice = [HASH, 2, 1, b'7', UNDEF, 1, b'7', UNDEF];
        assert!(matches!(
            Reader::new(&twice, 0).constant(),
            Err(WireError::OutOfRange { .. })
        ));
    }
}
