//! Bytes → numbers, texts and constants, trusting nothing.

use super::{ARRAY, FALSE, FLOAT, HASH, INT, NATIVE_FN, STATUS, STR, TRUE, UNDEF};
use crate::chunk::{MAX_CONSTANT_PARTS, WireError};
use crate::value::{Array, Hash, Str, Value};

/// A container that is being read.
pub(in crate::chunk) enum Filling {
    Array(Array),
    /// With the key of the next value.
    Hash(Hash, Str),
}

impl Filling {
    /// Adds a value; `false` when its key is there already.
    pub(in crate::chunk) fn put(&mut self, value: Value) -> bool {
        match self {
            Filling::Array(array) => {
                array.push(value);
                true
            }
            Filling::Hash(hash, key) => hash.insert(&*key, value).is_none(),
        }
    }

    /// The container.
    pub(in crate::chunk) fn close(self) -> Value {
        match self {
            Filling::Array(array) => Value::Array(array),
            Filling::Hash(hash, _) => Value::Hash(hash),
        }
    }
}

/// Reads what the functions above write, trusting nothing.
pub(in crate::chunk) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes`, from offset `at`.
    pub(in crate::chunk) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Offset of the next byte.
    pub(in crate::chunk) fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub(in crate::chunk) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// The next `n` bytes.
    pub(in crate::chunk) fn take(&mut self, n: usize) -> Result<&'a [u8], WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..n).ok_or(WireError::Truncated {
            at: self.bytes.len(),
        })?;
        self.at += n;
        Ok(taken)
    }

    /// The next byte.
    pub(in crate::chunk) fn byte(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    /// A number.
    pub(in crate::chunk) fn u64(&mut self) -> Result<u64, WireError> {
        let at = self.at;
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            let fits = (bits << shift) >> shift == bits;
            let short = byte != 0 || shift == 0;
            n |= bits << shift;
            if byte < 0x80 && fits && short {
                return Ok(n);
            }
            if byte < 0x80 || !fits {
                break;
            }
        }
        let what = "number";
        Err(WireError::OutOfRange { at, what })
    }

    /// A signed number.
    pub(in crate::chunk) fn i64(&mut self) -> Result<i64, WireError> {
        let n = self.u64()?;
        Ok((n >> 1).cast_signed() ^ -(n & 1).cast_signed())
    }

    /// A number that fits `T`.
    pub(in crate::chunk) fn unsigned<T: TryFrom<u64>>(
        &mut self,
        what: &'static str,
    ) -> Result<T, WireError> {
        let at = self.at;
        T::try_from(self.u64()?).map_err(|_| WireError::OutOfRange { at, what })
    }

    /// A signed number that fits `T`.
    pub(in crate::chunk) fn signed<T: TryFrom<i64>>(
        &mut self,
        what: &'static str,
    ) -> Result<T, WireError> {
        let at = self.at;
        T::try_from(self.i64()?).map_err(|_| WireError::OutOfRange { at, what })
    }

    /// Whether something is there: a byte 0 or 1.
    pub(in crate::chunk) fn flag(&mut self, what: &'static str) -> Result<bool, WireError> {
        let at = self.at;
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::OutOfRange { at, what }),
        }
    }

    /// A number of things that take at least one byte each.
    pub(in crate::chunk) fn count(&mut self, what: &'static str) -> Result<usize, WireError> {
        let at = self.at;
        let n = self.u64()?;
        match usize::try_from(n) {
            Ok(n) if n <= self.left() => Ok(n),
            _ => Err(WireError::TooLarge { at, what }),
        }
    }

    /// The bits of a float.
    pub(in crate::chunk) fn float_bits(&mut self) -> Result<u64, WireError> {
        let mut bits = [0; 8];
        bits.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(bits))
    }

    /// A text.
    pub(in crate::chunk) fn text(&mut self) -> Result<Str, WireError> {
        let len = self.count("text")?;
        let at = self.at;
        let what = "text that is not UTF-8";
        match str::from_utf8(self.take(len)?) {
            Ok(text) => Ok(Str::from(text)),
            Err(_) => Err(WireError::OutOfRange { at, what }),
        }
    }

    /// A constant.
    pub(in crate::chunk) fn constant(&mut self) -> Result<Value, WireError> {
        let start = self.at;
        // Containers grow with what is read: their counts may add up to far more than there is.
        let mut open: Vec<(Filling, usize)> = Vec::new();
        for _ in 0..MAX_CONSTANT_PARTS {
            let at = self.at;
            let mut value = match self.byte()? {
                ARRAY => match self.count("array")? {
                    0 => Value::Array(Array::new()),
                    n => {
                        open.push((Filling::Array(Array::new()), n));
                        continue;
                    }
                },
                HASH => match self.count("hash")? {
                    0 => Value::Hash(Hash::new()),
                    n => {
                        let key = self.text()?;
                        open.push((Filling::Hash(Hash::new(), key), n));
                        continue;
                    }
                },
                tag => self.leaf(tag, at)?,
            };
            loop {
                let Some((filling, left)) = open.last_mut() else {
                    return Ok(value);
                };
                if !filling.put(value) {
                    let what = "key that is there twice";
                    return Err(WireError::OutOfRange { at, what });
                }
                *left -= 1;
                if *left > 0 {
                    if let Filling::Hash(_, key) = filling {
                        *key = self.text()?;
                    }
                    break;
                }
                value = match open.pop() {
                    Some((filling, _)) => filling.close(),
                    None => Value::Undef,
                };
            }
        }
        let what = "constant";
        Err(WireError::TooLarge { at: start, what })
    }

    fn leaf(&mut self, tag: u8, at: usize) -> Result<Value, WireError> {
        Ok(match tag {
            UNDEF => Value::Undef,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(self.i64()?),
            FLOAT => Value::Float(f64::from_bits(self.float_bits()?)),
            STR => Value::Str(self.text()?),
            STATUS => Value::Status(self.signed("status")?),
            NATIVE_FN => Value::NativeFn(self.unsigned("builtin")?),
            tag => return Err(WireError::BadTag { at, tag }),
        })
    }
}
