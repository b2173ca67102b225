//! Values as a program would write them, for people who look for an error.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::array_items::Parts;
use super::hash_iter::Live;
use super::{Array, Hash, Value, write_float};

/// Bytes after which a listing is cut off.
const LIMIT: usize = 64 * 1024;

/// What is left of a container whose bracket is open.
enum Open<'a> {
    Array(Parts<'a>),
    Hash(Live<'a>),
}

struct Listing<'a> {
    out: String,
    open: Vec<Open<'a>>,
    /// Whether a bracket was the last thing written.
    fresh: bool,
}

impl<'a> Listing<'a> {
    fn new() -> Self {
        Listing {
            out: String::new(),
            open: Vec::new(),
            fresh: false,
        }
    }

    /// Writes what is open to the end, or as far as the limit goes.
    fn finish(mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        while self.out.len() <= LIMIT {
            let first = std::mem::take(&mut self.fresh);
            let Some(open) = self.open.last_mut() else {
                return f.write_str(&self.out);
            };
            let (next, close) = match open {
                Open::Array(items) => (items.next().map(|value| (None, value)), ']'),
                Open::Hash(entries) => {
                    let next = entries.next();
                    (
                        next.map(|(key, value)| (Some(key), Cow::Borrowed(value))),
                        '}',
                    )
                }
            };
            let Some((key, value)) = next else {
                self.out.push(close);
                self.open.pop();
                continue;
            };
            if !first {
                self.out.push_str(", ");
            }
            if let Some(key) = key {
                self.text(key.to_str().as_str());
                self.out.push_str(": ");
            }
            match value {
                Cow::Borrowed(value) => self.value(value),
                Cow::Owned(number) => self.leaf(&number),
            }
        }
        self.out.truncate(self.out.floor_char_boundary(LIMIT));
        self.out.push('…');
        f.write_str(&self.out)
    }

    fn array(&mut self, array: &'a Array) {
        self.out.push('[');
        self.fresh = true;
        self.open.push(Open::Array(array.parts()));
    }

    fn hash(&mut self, hash: &'a Hash) {
        self.out.push('{');
        self.fresh = true;
        self.open.push(Open::Hash(hash.live()));
    }

    /// Text in quotes; of a long one no more than the listing can take.
    fn text(&mut self, text: &str) {
        let room = LIMIT.saturating_sub(self.out.len());
        let end = text.floor_char_boundary(room.saturating_add(4));
        let _ = write!(self.out, "{:?}", &text[..end]);
    }

    fn value(&mut self, value: &'a Value) {
        match value {
            Value::Array(array) => self.array(array),
            Value::Hash(hash) => self.hash(hash),
            leaf => self.leaf(leaf),
        }
    }

    /// Anything but an array or a hash.
    fn leaf(&mut self, value: &Value) {
        let out = &mut self.out;
        let _ = match value {
            Value::Undef => out.write_str("undef"),
            Value::Bool(b) => write!(out, "{b}"),
            Value::Int(i) => write!(out, "{i}"),
            Value::Float(f) => {
                let start = out.len();
                write_float(*f, out);
                if f.is_finite() && !out[start..].contains(['.', 'e']) {
                    out.push_str(".0");
                }
                Ok(())
            }
            Value::Status(code) => write!(out, "status({code})"),
            Value::Str(s) => {
                self.text(s.as_str());
                Ok(())
            }
            Value::Array(_) | Value::Hash(_) => Ok(()),
            Value::Ref(_)
            | Value::NativeFn(_)
            | Value::Func(_)
            | Value::Obj(_)
            | Value::Host(_) => out.write_str(&value.to_str()),
        };
    }
}

/// The value as a literal: `"a\n"`, `[1, 2.0]`, `{"k": undef}`, `status(3)`, `(fn f)`; cut off with
/// `…` after 64 KiB.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut listing = Listing::new();
        listing.value(self);
        listing.finish(f)
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut listing = Listing::new();
        listing.array(self);
        listing.finish(f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut listing = Listing::new();
        listing.hash(self);
        listing.finish(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::release;

    fn debug(value: &Value) -> String {
        format!("{value:?}")
    }

    #[test]
    fn literals() {
        let mut h = Hash::new();
        h.insert(
            "k",
            Value::array(vec![Value::Int(1), Value::Float(2.0), Value::str("x[")]),
        );
        h.insert(5, Value::Hash(Hash::new()));
        let list = Value::array(vec![
            Value::str("a\n\"["),
            Value::Undef,
            Value::Bool(true),
            Value::Status(3),
            Value::NativeFn(7),
            Value::Float(1e300),
            Value::Float(-0.0),
            Value::Float(f64::NAN),
            Value::Hash(h),
            Value::array(Array::new()),
        ]);
        let text = r#"["a\n\"[", undef, true, status(3), (builtin:7), 1e300, -0.0, NaN, {"k": [1, 2.0, "x["], "5": {}}, []]"#;
        assert_eq!(debug(&list), text);
    }

    #[test]
    fn long_and_deep_values_are_cut_off() {
        let depth = if cfg!(miri) { 100 } else { 100_000 };
        release::on_small_stack(move || {
            let mut doubled = Value::Int(1);
            for _ in 0..depth {
                doubled = Value::array(vec![doubled.clone(), doubled]);
            }
            for value in [doubled, Value::str("é".repeat(depth))] {
                let text = debug(&value);
                assert!(text.len() <= LIMIT + '…'.len_utf8());
                assert!(text.ends_with('…') || text.len() < LIMIT);
            }
        });
    }
}
