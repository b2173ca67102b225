//! Front ends: a language's way from source text to a chunk.

use crate::chunk::{BuildErrors, Builder, Chunk, Parsed};
use crate::ext::Language;
use crate::semantics::Trap;
use crate::value::Value;
use crate::vm::{Error, VM};

/// A language with a front end: all that `fusevm::cli` needs to give it a command line and a REPL.
pub trait Frontend: Language {
    /// Compiles a source text into the builder.
    ///
    /// A parser that recurses should bound its depth: the sources it gets may nest as they like, and a
    /// native stack that overflows ends the process.
    ///
    /// Errors go back one by one as the result, or through
    /// [`Builder::report`](crate::Builder::report) where parsing can go on after them.
    ///
    /// # Errors
    /// The error that ended it.
    fn compile(source: &str, b: &mut Builder<Self>) -> Parsed;

    /// How a REPL shows the value of an input; `None` for values that are not shown.
    fn show(vm: &VM, value: &Value) -> Option<String> {
        match value {
            Value::Undef => None,
            value => Some(vm.text(value).unwrap_or_else(|trap| format!("({trap})"))),
        }
    }

    /// Words a REPL completes, beside the names of ops, functions and globals.
    fn keywords() -> &'static [&'static str] {
        &[]
    }

    /// Gives a new VM what programs of the language expect: builtins, globals.
    fn prepare(vm: &mut VM) {
        let _ = vm;
    }

    /// Why a program stopped in the language's own words, where those of the trap are not what its users
    /// know. The errors of its own ops have them anyway.
    fn message(trap: &Trap) -> Option<String> {
        let _ = trap;
        None
    }

    /// All that a command line prints when a source does not compile; `None` for messages with the line
    /// they point at. A REPL shows those in any case.
    fn show_errors(source: &str, errors: &BuildErrors) -> Option<String> {
        let _ = (source, errors);
        None
    }

    /// All that a command line prints when a program has stopped, `message` being why; `None` for the
    /// message with the line it points at and the call chain. A REPL shows those in any case.
    fn show_trap(message: &str, error: &Error) -> Option<String> {
        let _ = (message, error);
        None
    }

    /// Exit code of the command line when a source does not compile.
    const EXIT_COMPILE: u8 = 65;

    /// Exit code of the command line when a program traps.
    const EXIT_TRAP: u8 = 70;
}

/// Compiles a source text of language `L`.
///
/// # Errors
/// All errors of the front end and of the builder.
pub fn compile<L: Frontend>(name: &str, source: &str) -> Result<Chunk, BuildErrors> {
    let mut b = Builder::<L>::with_source(name, source);
    if let Err(diagnostic) = L::compile(source, &mut b) {
        b.report(diagnostic);
    }
    b.finish()
}
