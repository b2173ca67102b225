//! Errors: why an op of Lox fails, and how errors are shown.

use fusevm::{BuildError, BuildErrors, Error, HeapError, Trap};
use std::fmt;

/// Why an op fails.
#[derive(Debug)]
pub enum Fault {
    NotTwoNumbersOrStrings,
    NotNumbers,
    NotANumber,
    NotCallable,
    Arity {
        takes: usize,
        got: usize,
    },
    UndefinedProperty(Box<str>),
    NoProperties,
    NoFields,
    NoMethods,
    NoClass,
    /// No program that was compiled from source does this.
    NotCaptured,
    Heap(HeapError),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::NotTwoNumbersOrStrings => "Operands must be two numbers or two strings.",
            Fault::NotNumbers => "Operands must be numbers.",
            Fault::NotANumber => "Operand must be a number.",
            Fault::NotCallable => "Can only call functions and classes.",
            Fault::Arity { takes, got } => {
                return write!(f, "Expected {takes} arguments but got {got}.");
            }
            Fault::UndefinedProperty(name) => return write!(f, "Undefined property '{name}'."),
            Fault::NoProperties => "Only instances have properties.",
            Fault::NoFields => "Only instances have fields.",
            Fault::NoMethods => "Only instances have methods.",
            Fault::NoClass => "Superclass must be a class.",
            Fault::NotCaptured => "No such variable was captured.",
            Fault::Heap(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for Fault {}

impl From<HeapError> for Fault {
    fn from(error: HeapError) -> Self {
        Fault::Heap(error)
    }
}

/// Lox's words for traps of the VM.
pub fn message(trap: &Trap) -> Option<String> {
    match trap {
        Trap::UnsetVariable(name) => Some(format!("Undefined variable '{name}'.")),
        Trap::CallDepth(_) | Trap::StackLimit(_) => Some("Stack overflow.".into()),
        _ => None,
    }
}

/// Errors of compiling, a line each.
pub fn compile_errors(source: &str, errors: &BuildErrors) -> String {
    let ends: Vec<usize> = source.match_indices('\n').map(|(at, _)| at).collect();
    let line = |error: &BuildError| match error.span() {
        Some(span) => 1 + ends.partition_point(|end| *end < span.end),
        None => error.line().unwrap_or(0) as usize,
    };
    // What the builder finds once the parser has given up is no news.
    let own = |error: &&BuildError| matches!(error, BuildError::Source(_));
    let only_own = errors.iter().any(|error| own(&error));
    let shown = errors.iter().filter(|error| !only_own || own(error));
    shown
        .map(|error| format!("[line {}] {error}\n", line(error)))
        .collect()
}

/// A message and the calls that led to it, a line each, innermost first.
pub fn trace(message: &str, error: &Error) -> String {
    let mut text = format!("{message}\n");
    for site in error.trace() {
        text += &match &site.function {
            Some(name) => format!("[line {}] in {name}()\n", site.line),
            None => format!("[line {}] in script\n", site.line),
        };
    }
    text
}
