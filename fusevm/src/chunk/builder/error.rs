//! What can be wrong with a chunk under construction.

use crate::chunk::{Diagnostic, Span};
use std::fmt;

/// What is wrong with what a front end has built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The front end's own error.
    Source(Diagnostic),
    /// A pool has more entries than its index type can name.
    PoolFull {
        /// "constants", "names", "blocks" or "imports".
        pool: &'static str,
        /// Source line.
        line: u32,
    },
    /// A number does not fit the operand of an op.
    OutOfRange {
        /// What it was.
        what: &'static str,
        /// The number.
        value: usize,
        /// The largest that fits.
        max: usize,
        /// Source line.
        line: u32,
    },
    /// A label was jumped to and never bound.
    UnboundLabel {
        /// Source line of the jump.
        line: u32,
    },
    /// A label was bound twice.
    LabelBoundTwice {
        /// Source line of the second place.
        line: u32,
    },
    /// A jump goes to a label in another function or block.
    LabelElsewhere {
        /// Source line of the jump.
        line: u32,
    },
    /// An op with a target of its own was emitted; targets are known only when the chunk is laid out.
    RawTarget {
        /// Name of the op.
        op: &'static str,
        /// Source line.
        line: u32,
    },
    /// A raw ext op was emitted; a language's ops go through [`Builder::op`](super::Builder::op).
    RawExtOp {
        /// Source line.
        line: u32,
    },
    /// A function or block was ended that is not the innermost open one, or one is still open.
    Unbalanced {
        /// Source line.
        line: u32,
    },
    /// Two functions have the same name.
    DuplicateFunction {
        /// The name.
        name: String,
        /// Source line of the second.
        line: u32,
    },
}

impl BuildError {
    /// Source line, if the builder knows it; an error of the front end has a span instead.
    pub fn line(&self) -> Option<u32> {
        match self {
            BuildError::Source(_) => None,
            BuildError::PoolFull { line, .. }
            | BuildError::OutOfRange { line, .. }
            | BuildError::UnboundLabel { line }
            | BuildError::LabelBoundTwice { line }
            | BuildError::LabelElsewhere { line }
            | BuildError::RawTarget { line, .. }
            | BuildError::RawExtOp { line }
            | BuildError::Unbalanced { line }
            | BuildError::DuplicateFunction { line, .. } => Some(*line),
        }
    }

    /// Place in the source, if one is known.
    pub fn span(&self) -> Option<Span> {
        match self {
            BuildError::Source(diagnostic) => diagnostic.span(),
            _ => None,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Source(diagnostic) => write!(f, "{diagnostic}"),
            BuildError::PoolFull { pool, line } => {
                write!(f, "line {line}: more than 65536 {pool} in one chunk")
            }
            BuildError::OutOfRange {
                what,
                value,
                max,
                line,
            } => write!(f, "line {line}: {what} {value} is past {max}"),
            BuildError::UnboundLabel { line } => {
                write!(f, "line {line}: jump to a label that is bound nowhere")
            }
            BuildError::LabelBoundTwice { line } => write!(f, "line {line}: label bound twice"),
            BuildError::LabelElsewhere { line } => write!(
                f,
                "line {line}: jump to a label in another function or block"
            ),
            BuildError::RawTarget { op, line } => write!(
                f,
                "line {line}: `{op}` was emitted with an absolute target: use a label, with `jump`, `jump_if_false` or `branch`"
            ),
            BuildError::RawExtOp { line } => write!(
                f,
                "line {line}: an ext op was emitted by number: use `op` with the op's struct"
            ),
            BuildError::Unbalanced { line } => write!(
                f,
                "line {line}: functions and blocks must end innermost first, and all of them"
            ),
            BuildError::DuplicateFunction { name, line } => {
                write!(f, "line {line}: function `{name}` is defined twice")
            }
        }
    }
}

impl std::error::Error for BuildError {}

/// All errors of a chunk under construction, in the order they were found. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildErrors(pub(super) Vec<BuildError>);

impl BuildErrors {
    /// The errors.
    pub fn iter(&self) -> impl Iterator<Item = &BuildError> {
        self.0.iter()
    }

    /// Whether more input could mend the source: all that is wrong with it says so.
    pub fn is_incomplete(&self) -> bool {
        let in_source = self.0.iter().filter_map(|error| match error {
            BuildError::Source(diagnostic) => Some(diagnostic),
            _ => None,
        });
        let mut in_source = in_source.peekable();
        in_source.peek().is_some() && in_source.all(Diagnostic::is_incomplete)
    }
}

impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let sep = if i > 0 { "\n" } else { "" };
            write!(f, "{sep}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildErrors {}
