//! What a front end says is wrong with a source text.

use std::fmt;
use std::ops::Range;

/// A byte range of the source.
pub type Span = Range<usize>;

/// What a parser's functions return.
pub type Parsed<T = ()> = Result<T, Diagnostic>;

/// An error of a front end, with the place it points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    span: Option<Span>,
    notes: Vec<String>,
    incomplete: bool,
}

impl Diagnostic {
    /// An error at a place.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::new(message)
        }
    }

    /// An error without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: None,
            notes: Vec::new(),
            incomplete: false,
        }
    }

    /// With a further line that explains or says what to do.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Marks it as one that more input could mend: a REPL then asks for another line.
    #[must_use]
    pub fn incomplete(mut self) -> Self {
        self.incomplete = true;
        self
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where.
    pub fn span(&self) -> Option<Span> {
        self.span.clone()
    }

    /// Further lines.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether more input could mend it.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}
