//! Errors of a VM: where a program stopped and why, or why it does not load.

use crate::chunk::{Place, Span};
use crate::ext::ImportError;
use crate::semantics::{Trap, TrapKind};
use crate::value::Str;
use crate::verify::VerifyError;
use std::fmt;

/// Why a program stopped, or does not load.
///
/// Displays as `SOURCE:LINE: message`, or for a chunk that does not load as a line for each thing
/// that is wrong.
pub struct Error(Box<ErrorData>);

struct ErrorData {
    cause: Cause,
    trace: Vec<Site>,
}

enum Cause {
    Trap(Trap),
    Load(Vec<LoadError>),
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The program ran and trapped.
    Trap(TrapKind),
    /// The chunk does not load.
    Load,
}

/// One place of a call chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Name of the source.
    pub source: Str,
    /// Source line; 0 when it is not known.
    pub line: u32,
    /// Index of the op.
    pub pc: usize,
    /// Name of the op.
    pub op: String,
    /// The function the op is in; `None` in the main program.
    pub function: Option<Str>,
    /// Column and byte range, if the front end said.
    pub place: Option<Place>,
}

/// Why a chunk does not load into a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// It breaks a rule.
    Verify(VerifyError),
    /// An op it imports is not in the VM's language as the chunk means it.
    Import {
        /// Name of the source.
        source: Str,
        /// What does not fit.
        error: ImportError,
    },
    /// It has an op that touches the outside world, and the VM was granted no `ShellHost`.
    Grant {
        /// Where the op is.
        site: Box<Site>,
    },
    /// It has a raw ext op, and the VM has no handler for such ops.
    Handler {
        /// Where the op is.
        site: Box<Site>,
    },
    /// The text of an immediate cannot be parsed.
    Immediate {
        /// Where the op is.
        site: Box<Site>,
        /// What is wrong with it.
        message: String,
    },
}

impl LoadError {
    /// Where it points at, if it is at an op.
    pub fn line(&self) -> Option<u32> {
        match self {
            LoadError::Verify(error) => error.pc.map(|_| error.line),
            LoadError::Import { .. } => None,
            LoadError::Grant { site }
            | LoadError::Handler { site }
            | LoadError::Immediate { site, .. } => Some(site.line),
        }
    }
}

fn source_name(source: &Str) -> &str {
    match source.as_str() {
        "" => "chunk",
        name => name,
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Verify(error) => write!(f, "{error}"),
            LoadError::Import { source, error } => {
                write!(f, "{}: {error}", source_name(source))
            }
            LoadError::Grant { site } => write!(
                f,
                "{}: @{} {}: this op touches the outside world, and the VM was not granted a ShellHost (VM::set_shell)",
                site.position(),
                site.pc,
                site.op
            ),
            LoadError::Handler { site } => {
                let setter = match site.op.as_str() {
                    "ExtendedWide" => "set_extension_wide_handler",
                    _ => "set_extension_handler",
                };
                write!(
                    f,
                    "{}: @{} {}: the op has no handler (VM::{setter})",
                    site.position(),
                    site.pc,
                    site.op
                )
            }
            LoadError::Immediate { site, message } => write!(
                f,
                "{}: @{} {}: {message}",
                site.position(),
                site.pc,
                site.op
            ),
        }
    }
}

impl std::error::Error for LoadError {}

impl Site {
    /// `SOURCE:LINE`.
    pub fn position(&self) -> String {
        format!("{}:{}", source_name(&self.source), self.line)
    }

    /// Byte range in the source, if the front end said.
    pub fn span(&self) -> Option<Span> {
        let place = self.place?;
        (place.end > place.start).then_some(place.start as usize..place.end as usize)
    }
}

impl Error {
    /// A trap with its call chain, innermost first. An error of a nested run, which a handler
    /// passed on, keeps its own place and gets this chain behind it.
    pub(crate) fn trap(trap: Trap, trace: Vec<Site>) -> Self {
        if let Trap::Host(error) = trap {
            return match error.downcast::<Error>() {
                Ok(mut inner) => {
                    if let Cause::Load(_) = inner.0.cause {
                        // It is the running program that stops, because another did not load.
                        inner.0.cause = Cause::Trap(Trap::Load(inner.message()));
                    }
                    inner.0.trace.extend(trace);
                    *inner
                }
                Err(error) => Self(Box::new(ErrorData {
                    cause: Cause::Trap(Trap::Host(error)),
                    trace,
                })),
            };
        }
        let cause = Cause::Trap(trap);
        Self(Box::new(ErrorData { cause, trace }))
    }

    pub(crate) fn load(errors: Vec<LoadError>) -> Self {
        Self(Box::new(ErrorData {
            cause: Cause::Load(errors),
            trace: Vec::new(),
        }))
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Trap(trap) => ErrorKind::Trap(trap.kind()),
            Cause::Load(_) => ErrorKind::Load,
        }
    }

    /// The message without the position.
    pub fn message(&self) -> String {
        match &self.0.cause {
            Cause::Trap(trap) => trap.to_string(),
            Cause::Load(errors) => {
                let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
                lines.join("\n")
            }
        }
    }

    /// The trap, when the program ran.
    pub fn as_trap(&self) -> Option<&Trap> {
        match &self.0.cause {
            Cause::Trap(trap) => Some(trap),
            Cause::Load(_) => None,
        }
    }

    /// What is wrong with the chunk, when it does not load.
    pub fn load_errors(&self) -> &[LoadError] {
        match &self.0.cause {
            Cause::Trap(_) => &[],
            Cause::Load(errors) => errors,
        }
    }

    /// The call chain, innermost first: the op that trapped, then the calls that led to it. Of a
    /// very deep chain the middle is left out.
    pub fn trace(&self) -> &[Site] {
        &self.0.trace
    }

    /// The op that trapped.
    pub fn site(&self) -> Option<&Site> {
        self.0.trace.first()
    }

    /// Source line of the op that trapped.
    pub fn line(&self) -> Option<u32> {
        self.site().map(|s| s.line)
    }

    /// Index of the op that trapped.
    pub fn pc(&self) -> Option<usize> {
        self.site().map(|s| s.pc)
    }

    /// Byte range of the op that trapped in its source, if the front end said.
    pub fn span(&self) -> Option<Span> {
        self.site().and_then(Site::span)
    }

    /// The host's own error, if a handler of the host failed with one of type `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self.as_trap()? {
            Trap::Host(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// Message and call chain, a line each.
    pub fn render(&self) -> String {
        let mut text = self.to_string();
        for site in self.trace() {
            let function = match &site.function {
                Some(name) => format!("in {name}()"),
                None => "in the main program".to_owned(),
            };
            text.push_str(&format!("\n  at {} {function}", site.position()));
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.site() {
            Some(site) => write!(f, "{}: {}", site.position(), self.message()),
            None => f.write_str(&self.message()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?})", self.render())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.as_trap().and_then(std::error::Error::source)
    }
}

/// What a run gives.
#[derive(Debug)]
pub enum VMResult {
    /// The program ended with this value on top of its stack, or returned it.
    Ok(crate::Value),
    /// The program ended with an empty stack.
    Halted,
    /// It trapped, or did not load.
    Error(Error),
}
