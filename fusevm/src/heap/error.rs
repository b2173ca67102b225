//! Why a handle did not lead to an object.

use std::{error, fmt};

/// What can go wrong with an object of a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeapError {
    /// The handle was made by another VM.
    WrongVm,
    /// The object is gone.
    Reclaimed,
    /// The object is of another type.
    WrongType {
        /// The name of the type that was asked for.
        expected: &'static str,
        /// The name of the object's type.
        found: &'static str,
    },
    /// No more objects fit.
    Full,
}

impl fmt::Display for HeapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapError::WrongVm => f.write_str("object belongs to another VM"),
            HeapError::Reclaimed => f.write_str("object no longer exists"),
            HeapError::WrongType { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            HeapError::Full => f.write_str("too many objects"),
        }
    }
}

impl error::Error for HeapError {}
