//! The text form: a listing that can be read back, for people, tests and golden files.
//!
//! The form is described at [`Chunk::parse`].
//!
//! Every chunk of plain data, however little sense it makes, prints as a text that parses as the
//! same chunk. Constants that belong to a running VM print as `<Func>` or the like, which does not
//! parse. A text is linear in its chunk: what is long and mentioned is written once.

mod import;
mod literal;
mod mention;
mod operand;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod token;

use super::Chunk;
use std::fmt;
use std::str::FromStr;

impl Chunk {
    /// The chunk that a text describes.
    ///
    /// One thing a line; `;` starts a comment. Declarations come before the ops, each only where it is
    /// needed, then the ops in order:
    ///
    /// ```text
    /// source "fib.calc"                      ; name of the source
    /// language calc
    /// policy overflow=trap zero_div=trap     ; what differs from the default
    /// import hypot v1 (Float, Float) -> Float
    /// const [1, 2.5, "x", {"k": undef}]      ; the pools, in order: what the ops
    /// name x, y                              ; mention in that order may be left out
    /// fn fib/1                               ; a function; its entry is the label `fib`
    /// fn "odd name" @3                       ; with any number of arguments; entry at op 3
    /// block @b0 @b0_end                      ; block 0, from a label up to a label
    ///
    ///   LoadConst "hello"    .at 4:7 10..17  ; line, column, bytes (if known), from this op on
    ///   JumpIfFalse done
    /// b0:
    ///   ext hypot                            ; an imported op, then its immediates
    /// b0_end:
    ///   GetVar x             .line 5         ; a line without a place
    /// done:
    /// fib:
    ///   SetSlot 0
    /// ```
    ///
    /// Operands stand as in the op table, separated by commas. A name or constant stands for its index in
    /// the pool, to which it is added when it is not there yet; `#3` is entry 3 itself, whether it exists
    /// or not. A target is a label or `@12`, the op of that index. Names that are no words are quoted.
    /// `Extended` and `ExtendedWide` are always understood with numbers, too. Floats have a point, an
    /// exponent, or are `inf`, `-inf`, `nan`, `nan(0x7ff8000000000001)`; `status(1)` and `builtin(7)`
    /// are constants of these kinds.
    ///
    /// ```
    /// use fusevm::{Chunk, Op};
    ///
    /// let chunk = Chunk::parse("LoadInt 40\nLoadInt 2\nAdd ; them").unwrap();
    /// assert_eq!(chunk.ops(), [Op::LoadInt(40), Op::LoadInt(2), Op::Add]);
    /// assert_eq!(Chunk::parse(&chunk.to_string()).unwrap(), chunk);
    ///
    /// let error = Chunk::parse("Adx").unwrap_err();
    /// assert_eq!(error.to_string(), "1:1: no op `Adx`; did you mean `Add`?");
    /// ```
    ///
    /// # Errors
    /// The first place that cannot be understood.
    pub fn parse(text: &str) -> Result<Chunk, ParseError> {
        parse::parse(text)
    }

    /// The text form with the index of each op in a comment behind it.
    pub fn listing(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = print::print(self, &mut out, true);
        out
    }
}

impl fmt::Display for Chunk {
    /// The text that [`Chunk::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::print(self, f, false)
    }
}

impl FromStr for Chunk {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Chunk, ParseError> {
        Chunk::parse(text)
    }
}

/// Why a text is not a chunk. Displays as `LINE:COLUMN: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was expected, and what stands there.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}
