//! What every value is as text.

use std::borrow::Cow;
use std::error;
use std::fmt::{self, Write};

use super::array_items::Parts;
use super::{Handle, Value};

/// Arrays that may be entered beyond one for every byte of the limit.
///
/// An array of one array adds no byte, so without this a small shared value could keep a printer
/// busy for good.
const SPARE_VISITS: usize = 1 << 24;

/// Says what the objects in a heap look like as text.
pub trait ObjectText {
    /// Appends the text of an object to `out`.
    fn object_text(&self, handle: Handle, out: &mut String);
}

/// Without a heap every object is `(object)`.
impl ObjectText for () {
    fn object_text(&self, _: Handle, out: &mut String) {
        out.push_str("(object)");
    }
}

/// A text that would not fit its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

impl fmt::Display for TextTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text is longer than {} bytes", self.limit)
    }
}

impl error::Error for TextTooLong {}

impl Value {
    /// The value as text, borrowed where it is text already; heap objects print as `(object)`.
    ///
    /// The text of a value that shares parts can be longer than any memory: where a guest made the
    /// value, use [`text_with`](Self::text_with).
    ///
    /// ```
    /// # use fusevm::value::Value;
    /// assert_eq!(Value::Float(3.0).to_str(), "3");
    /// assert_eq!(Value::array(vec![Value::Int(1), Value::Undef, Value::str("x")]).to_str(), "1  x");
    /// ```
    pub fn to_str(&self) -> Cow<'_, str> {
        self.text_with(&(), usize::MAX)
            .unwrap_or(Cow::Borrowed("…"))
    }

    /// The value as text of at most `limit` bytes.
    ///
    /// # Errors
    /// [`TextTooLong`] as soon as the limit is passed, or more than `limit` + 2²⁴ arrays have been
    /// entered.
    pub fn text_with(
        &self,
        objects: &dyn ObjectText,
        limit: usize,
    ) -> Result<Cow<'_, str>, TextTooLong> {
        let borrowed = match self {
            Value::Undef | Value::Bool(false) => "",
            Value::Bool(true) => "1",
            Value::Str(s) => s.as_str(),
            _ => {
                let mut text = String::new();
                self.write_text(objects, limit, &mut text)?;
                return Ok(Cow::Owned(text));
            }
        };
        if borrowed.len() > limit {
            Err(TextTooLong { limit })
        } else {
            Ok(Cow::Borrowed(borrowed))
        }
    }

    /// Appends the value's text, at most `limit` bytes of it, to `out`.
    ///
    /// # Errors
    /// As for [`text_with`](Self::text_with); `out` then ends in some part of the text.
    pub fn write_text(
        &self,
        objects: &dyn ObjectText,
        limit: usize,
        out: &mut String,
    ) -> Result<(), TextTooLong> {
        let start = out.len();
        let mut visits = limit.saturating_add(SPARE_VISITS);
        // What is left of the arrays around `current`; none of them is empty, so a chain takes no
        // room.
        let mut open: Vec<Parts<'_>> = Vec::new();
        let mut current = Cow::Borrowed(self);
        loop {
            if let Cow::Borrowed(Value::Array(array)) = current {
                visits = visits.checked_sub(1).ok_or(TextTooLong { limit })?;
                let mut items = array.parts();
                if let Some(first) = items.next() {
                    if items.len() > 0 {
                        open.push(items);
                    }
                    current = first;
                    continue;
                }
            } else {
                write_leaf(
                    &current,
                    objects,
                    limit.saturating_sub(out.len() - start),
                    out,
                );
            }
            let next = next_of(&mut open);
            if next.is_some() {
                out.push(' ');
            }
            if out.len() - start > limit {
                return Err(TextTooLong { limit });
            }
            match next {
                Some(value) => current = value,
                None => return Ok(()),
            }
        }
    }
}

fn next_of<'a>(open: &mut Vec<Parts<'a>>) -> Option<Cow<'a, Value>> {
    let mut items = open.pop()?;
    let next = items.next();
    if items.len() > 0 {
        open.push(items);
    }
    next
}

/// Appends the text of anything but an array; of a string too long for `room` only what shows that
/// it is.
fn write_leaf(value: &Value, objects: &dyn ObjectText, room: usize, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Undef | Value::Array(_) | Value::Bool(false) => Ok(()),
        Value::Bool(true) => out.write_char('1'),
        Value::Int(i) => write!(out, "{i}"),
        Value::Float(f) => {
            write_float(*f, out);
            Ok(())
        }
        Value::Str(s) => {
            let text = s.as_str();
            // Four bytes more than fit are past the limit wherever the last character begins.
            let end = text.floor_char_boundary(room.saturating_add(4));
            out.write_str(&text[..end])
        }
        Value::Hash(_) => out.write_str("(hash)"),
        Value::Status(code) => write!(out, "{code}"),
        Value::Ref(_) => out.write_str("(ref)"),
        Value::NativeFn(id) => write!(out, "(builtin:{id})"),
        Value::Func(f) => write!(out, "(fn {})", f.name()),
        Value::Obj(handle) => {
            objects.object_text(*handle, out);
            Ok(())
        }
        Value::Host(host) => out.write_str(&host.text()),
    };
}

/// Appends the shortest text that reads back as the same float.
///
/// `3` for 3.0, `-0` for −0.0, with an exponent from 1e16 up and below 1e-5, and `inf`, `-inf`,
/// `NaN`.
pub(crate) fn write_float(f: f64, out: &mut String) {
    let size = f.abs();
    let _ = if size.is_finite() && size != 0.0 && !(1e-5..1e16).contains(&size) {
        write!(out, "{f:e}")
    } else {
        write!(out, "{f}")
    };
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Array, Hash, Ref, release};

    fn float(f: f64) -> String {
        let mut out = String::new();
        write_float(f, &mut out);
        out
    }

    #[test]
    fn floats() {
        let table = [
            (3.0, "3"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (1e16, "1e16"),
            (-1.5e300, "-1.5e300"),
            (1e-5, "0.00001"),
            (1.5e-7, "1.5e-7"),
            (9.999e-6, "9.999e-6"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "NaN"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        ];
        for (f, text) in table {
            assert_eq!(float(f), text);
            assert!(f.is_nan() || text.parse::<f64>().unwrap().to_bits() == f.to_bits());
        }
    }

    #[test]
    fn every_kind() {
        let handle = Handle::new(0, 0, 0, 1);
        let nested = vec![
            Value::array(vec![1, 2]),
            Value::array(Array::new()),
            Value::str("x"),
        ];
        let table = [
            (Value::Undef, ""),
            (Value::Bool(true), "1"),
            (Value::Bool(false), ""),
            (Value::Int(i64::MIN), "-9223372036854775808"),
            (Value::str("é"), "é"),
            (Value::array(nested), "1 2  x"),
            (Value::Hash(Hash::new()), "(hash)"),
            (Value::Status(-1), "-1"),
            (Value::Ref(Ref(handle)), "(ref)"),
            (Value::NativeFn(7), "(builtin:7)"),
            (Value::Obj(handle), "(object)"),
        ];
        for (value, text) in table {
            assert_eq!(value.to_str(), text);
            assert_eq!(value.to_string(), text);
        }
        assert!(matches!(Value::str("x").to_str(), Cow::Borrowed("x")));
    }

    #[test]
    fn the_limit_is_exact() {
        for value in [
            Value::str("ab cd"),
            Value::array(vec!["ab", "cd"]),
            Value::Int(12345),
        ] {
            assert_eq!(value.text_with(&(), 5).unwrap().len(), 5);
            assert_eq!(value.text_with(&(), 4), Err(TextTooLong { limit: 4 }));
        }
        assert_eq!(
            Value::array(vec!["ééé"]).text_with(&(), 5),
            Err(TextTooLong { limit: 5 })
        );
        assert_eq!(
            Value::array(vec!["", ""]).text_with(&(), 0),
            Err(TextTooLong { limit: 0 })
        );
        assert_eq!(Value::array(vec![""]).text_with(&(), 0).unwrap(), "");
    }

    #[test]
    fn deep_and_shared_values_end() {
        let depth = if cfg!(miri) { 100 } else { 100_000 };
        release::on_small_stack(move || {
            let mut chain = Value::str("end");
            for _ in 0..depth {
                chain = Value::array(vec![chain]);
            }
            assert_eq!(chain.to_str(), "end");
            let mut doubled = Value::Int(1);
            for _ in 0..200 {
                doubled = Value::array(vec![doubled.clone(), doubled]);
            }
            assert_eq!(
                doubled.text_with(&(), 1000),
                Err(TextTooLong { limit: 1000 })
            );
        });
    }
}
