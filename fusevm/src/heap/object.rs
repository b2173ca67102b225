//! What may stand in a heap, and how it is written.

use std::ops::{Deref, DerefMut};

use super::{Trace, Tracer};
use crate::value::Value;

/// A type whose objects live in a heap.
pub trait Object: Trace + Send + 'static {
    /// The name of the type, as programs and messages see it.
    const NAME: &'static str;

    /// The text of an object; `None` stands for `(NAME)`.
    fn text(&self) -> Option<String> {
        None
    }

    /// Bytes it owns beside itself, about: its lists and tables, and the [`Value::storage`] of what is in
    /// them. The more an object says it owns, the sooner a collection is due. Looked at when it is
    /// allocated, and when it is found alive; in between, [`Heap::grew`](super::Heap::grew) says more.
    fn bytes(&self) -> usize {
        0
    }
}

/// An object for writing.
///
/// All writes pass here, so that a collector can learn of them.
#[derive(Debug)]
pub struct ObjMut<'a, T> {
    object: &'a mut T,
}

impl<'a, T> ObjMut<'a, T> {
    pub(super) fn new(object: &'a mut T) -> Self {
        ObjMut { object }
    }
}

impl<T> Deref for ObjMut<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object
    }
}

impl<T> DerefMut for ObjMut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.object
    }
}

/// What a [`Ref`](crate::value::Ref) leads to.
pub(super) struct Cell(pub(super) Value);

impl Trace for Cell {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.value(&self.0);
    }
}

impl Object for Cell {
    const NAME: &'static str = "Ref";

    fn bytes(&self) -> usize {
        self.0.storage()
    }
}
