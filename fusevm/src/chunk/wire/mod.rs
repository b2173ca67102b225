//! The wire form: a chunk as bytes, for files and for other machines.
//!
//! Magic, version, source, language, policy, imports, constants, names, functions, blocks, ops, lines,
//! places, and the hash of all that. Numbers are variable-length, an op is its opcode and its operands
//! by kind, as the op table says; there is no second list of ops here. A chunk has exactly one byte
//! form, the same on every machine, and reading refuses every other.
//!
//! Reading trusts nothing: counts are compared with the bytes that are left before anything is
//! allocated, numbers with their types, and what follows the end is an error. It does not ask whether
//! the chunk makes sense, which is for [`verify`](crate::verify::verify). The hash finds damage; it
//! is no signature.

mod read;
#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

const MAGIC: &[u8] = b"FVM\0";

/// Raised by every change of the format or of the order of the op table.
const VERSION: u64 = 1;

/// Bytes of the hash at the end.
const HASH_LEN: usize = 8;

/// Why bytes are not a chunk. Offsets count from the start of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// They do not start like one.
    NotAChunk,
    /// They were written in another version of the format.
    Version {
        /// That version.
        found: u64,
    },
    /// They end too early.
    Truncated {
        /// Where they end.
        at: usize,
    },
    /// The hash at their end is not theirs.
    Corrupt,
    /// No op has that code.
    BadOpcode {
        /// Offset of the code.
        at: usize,
        /// The code.
        code: u8,
    },
    /// No kind of constant or immediate has that tag.
    BadTag {
        /// Offset of the tag.
        at: usize,
        /// The tag.
        tag: u8,
    },
    /// A number, text or order that cannot be.
    OutOfRange {
        /// Its offset.
        at: usize,
        /// What it is.
        what: &'static str,
    },
    /// A length or count greater than the bytes that are left, or than is allowed.
    TooLarge {
        /// Its offset.
        at: usize,
        /// What it is the size of.
        what: &'static str,
    },
    /// Something follows the end of the chunk.
    Trailing {
        /// Where the chunk ends.
        at: usize,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::NotAChunk => f.write_str("not a chunk"),
            WireError::Version { found } => {
                write!(f, "chunk of version {found}, expected version {VERSION}")
            }
            WireError::Truncated { at } => write!(f, "chunk ends too early, at byte {at}"),
            WireError::Corrupt => f.write_str("damaged chunk: its hash does not match"),
            WireError::BadOpcode { at, code } => write!(f, "no op has code {code}, at byte {at}"),
            WireError::BadTag { at, tag } => write!(f, "unknown tag {tag}, at byte {at}"),
            WireError::OutOfRange { at, what } => write!(f, "{what} out of range, at byte {at}"),
            WireError::TooLarge { at, what } => write!(f, "{what} too large, at byte {at}"),
            WireError::Trailing { at } => write!(f, "chunk goes on after its end, at byte {at}"),
        }
    }
}

impl std::error::Error for WireError {}
