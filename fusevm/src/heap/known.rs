//! What ext ops have said that holds for all objects of a shape, by the place where they stand.
//!
//! Each VM has its own, for shapes are a heap's. A place remembers what held for the last two shapes that came
//! by; machine code is made of what it remembers.

use super::{Heap, Shape};
use crate::value::Handle;

/// What an op said of all first inputs of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) shape: Shape,
    /// The arena of the object that it was said of.
    pub(crate) arena: u32,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It reads that field.
    Load { field: u32 },
    /// It sets that field to its last input, and may leave the value.
    Store { field: u32, leaves: bool },
    /// It calls that function of the program.
    Call {
        function: u32,
        /// Through the first input itself, or through this.
        callee: Option<Handle>,
        /// Whether the first input is the first argument.
        receiver: bool,
        /// Inputs before the arguments.
        fixed: u8,
    },
}

/// What a place remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Knowledge {
    ways: [Option<Known>; 2],
    /// Whether something was forgotten for it.
    is_full: bool,
}

impl Knowledge {
    /// What is known of an object, if it is of a shape that is known.
    #[inline]
    pub(crate) fn of(&self, heap: &Heap, handle: Handle) -> Option<Known> {
        let mut ways = self.ways.iter().flatten();
        ways.find(|known| heap.is_shaped(handle, known.shape))
            .copied()
    }

    /// What is known, if it is of one shape alone.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn only(&self) -> Option<Known> {
        match self.ways {
            [Some(only), None] if !self.is_full => Some(only),
            _other => None,
        }
    }

    /// Takes note of something new.
    pub(crate) fn learn(&mut self, known: Known) {
        if self.ways.iter().flatten().any(|old| *old == known) {
            return;
        }
        let last = self.ways[0].filter(|old| old.shape != known.shape);
        if last.is_some() {
            self.is_full |= self.ways[1].is_some_and(|old| old.shape != known.shape);
            self.ways[1] = last;
        }
        self.ways[0] = Some(known);
    }
}
