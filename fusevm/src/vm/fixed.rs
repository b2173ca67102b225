//! Chunks that stand in the binary.

use super::program::Source;
use super::{Loadable, Program};
use crate::chunk::Chunk;
use crate::chunk::fixed::StaticCode;
use crate::verify::{Verified, VerifyErrors, verify};
use std::fmt;
use std::sync::OnceLock;

/// A chunk in the binary: what [`chunk!`](macro@crate::chunk) makes when nothing in it comes from an
/// expression. It was checked while rustc ran, and is verified once, when it is loaded for the first
/// time; whoever loads it shares the program.
///
/// ```
/// use fusevm::{StaticChunk, VM, Value, chunk};
///
/// static ANSWER: StaticChunk = chunk! { ();
///     LoadInt(6); LoadInt(7); Mul;
/// };
///
/// assert_eq!(VM::empty().eval(&ANSWER).unwrap(), Value::Int(42));
/// ```
pub struct StaticChunk {
    code: &'static StaticCode,
    program: OnceLock<Result<Program, VerifyErrors>>,
}

impl StaticChunk {
    /// A chunk of constant code; what `chunk!` writes.
    #[doc(hidden)]
    pub const fn new(code: &'static StaticCode) -> Self {
        Self {
            code,
            program: OnceLock::new(),
        }
    }

    /// A copy of the chunk, to list, to change or to write to a file.
    pub fn to_chunk(&self) -> Chunk {
        self.code.to_chunk()
    }

    /// The program.
    ///
    /// # Errors
    /// The rules it breaks that could not be checked while rustc ran: a text that is not the
    /// immediate it stands for is found when it is loaded, and calls of functions of other programs
    /// are looked at when they are known.
    pub fn program(&self) -> Result<&Program, &VerifyErrors> {
        let make = || verify(self.to_chunk()).map(|verified: Verified| verified.into());
        self.program.get_or_init(make).as_ref()
    }
}

impl Loadable for &StaticChunk {
    fn source(self) -> Source {
        match self.program() {
            Ok(program) => Source::Program(program.lend()),
            // Loading reports the errors.
            Err(_) => self.to_chunk().source(),
        }
    }
}

impl fmt::Debug for StaticChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StaticCode { source, ops, .. } = self.code;
        write!(f, "StaticChunk({source:?}, {} ops)", ops.len())
    }
}
