//! What ext ops have said that holds for all objects of a shape, by the place where they stand.
//!
//! Each VM has its own, for shapes are a heap's. A place remembers what held for the last two shapes that came
//! by; machine code is made of what it remembers.

use super::{Heap, HeapError, Object, Shape};
use crate::value::{Handle, Obj};
use std::fmt;
use std::sync::Arc;

/// Makes objects of one kind, each time a new one: see [`Invoke::Make`](crate::ext::Invoke::Make).
#[derive(Clone)]
pub struct Maker(Arc<dyn Fn(&mut Heap, &mut Option<HeapError>) -> (u32, u64) + Send + Sync>);

impl Maker {
    /// What makes an object in a heap. It has no other effect.
    pub fn new<T: Object>(
        make: impl Fn(&mut Heap) -> Result<Obj<T>, HeapError> + Send + Sync + 'static,
    ) -> Maker {
        // Two numbers are given in machine registers, and an option of a handle is not.
        Maker(Arc::new(move |heap, why| match make(heap) {
            Ok(made) => made.handle().parts(),
            Err(error) => {
                *why = Some(error);
                (0, 0)
            }
        }))
    }

    #[inline]
    pub(crate) fn make(&self, heap: &mut Heap) -> Result<Handle, HeapError> {
        let mut why = None;
        match self.0(heap, &mut why) {
            (_, 0) => Err(why.unwrap_or(HeapError::Full)),
            parts => Ok(Handle::of_parts(parts)),
        }
    }

    /// The parts of the handle that is made, zeros if there is none.
    #[cfg(all(feature = "jit", unix))]
    #[inline]
    pub(crate) fn parts(&self, heap: &mut Heap) -> (u32, u64) {
        self.0(heap, &mut None)
    }
}

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Maker")
    }
}

impl PartialEq for Maker {
    fn eq(&self, other: &Maker) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What an op said of all first inputs of a shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) shape: Shape,
    /// An object that it was said of, for its heap and its arena.
    pub(crate) of: Handle,
    pub(crate) what: What,
}

/// What the first argument of a call is, if it is none of the inputs behind the first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum First {
    Given,
    /// The first input.
    Input,
    /// A new object.
    Made(Maker),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// It leaves a new object.
    Make(Maker),
    /// It reads that field.
    Load { field: u32 },
    /// It sets that field to its last input, and may leave the value.
    Store { field: u32, leaves: bool },
    /// It calls that function of the program.
    Call {
        function: u32,
        /// Through the first input itself, or through this.
        callee: Option<Handle>,
        /// What comes before the arguments.
        first: First,
        /// Inputs before the arguments.
        fixed: u8,
    },
}

/// What the loop does by itself for objects of a shape: the same as [`Known`], as far as it can, in the order in
/// which it is looked at.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub(crate) struct Hit {
    /// The number of the shape; 0 for none.
    shape: u32,
    /// The word of the heap whose shape it is.
    salt: u32,
    pub(crate) act: Act,
    /// The number of a field or a function.
    pub(crate) number: u32,
    /// Through what a function is called, unless that is the object.
    pub(crate) callee: Option<Handle>,
}

/// An op on one object, and at most one value behind it where that is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Act {
    /// What the loop knows nothing of.
    #[default]
    No,
    /// What [`Known`] says.
    Known,
    Load,
    /// Sets a field to the last input, and leaves the value in the place of the object.
    Assign,
    /// Sets a field to the last input.
    Store,
    /// Calls a function with the inputs behind the first.
    Call,
    /// Calls a function with all inputs.
    CallMethod,
}

/// What the loop knows of a place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hits([Hit; 2]);

impl Hits {
    /// What is done with an object of this heap whose [`Shaped::key`](super::shape::Shaped) that is.
    #[inline(always)]
    pub(crate) fn of(&self, handle: Handle, key: u64) -> Option<&Hit> {
        let is = |hit: &Hit| {
            hit.salt == handle.salt()
                && u64::from(hit.shape) << 32 | u64::from(handle.slot_word()) == key
        };
        match &self.0 {
            [first, _] if is(first) => Some(first),
            [_, second] if is(second) => Some(second),
            _none => None,
        }
    }
}

impl Known {
    fn hit(&self) -> Hit {
        let none = (Act::Known, 0, None);
        let (act, number, callee) = match self.what {
            What::Load { field } => (Act::Load, field, None),
            What::Store { field, leaves } => match leaves {
                true => (Act::Assign, field, None),
                false => (Act::Store, field, None),
            },
            What::Call {
                function,
                callee,
                ref first,
                fixed: 1,
            } => match first {
                First::Given => (Act::Call, function, callee),
                First::Input => (Act::CallMethod, function, callee),
                First::Made(_) => none,
            },
            What::Make(_) | What::Call { .. } => none,
        };
        Hit {
            shape: self.shape.number(),
            salt: self.of.salt(),
            act,
            number,
            callee,
        }
    }
}

/// What a place remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knowledge {
    ways: [Option<Known>; 2],
    /// Whether something was forgotten for it.
    is_full: bool,
}

impl Knowledge {
    /// What is known of an object, if it is of a shape that is known.
    #[inline]
    pub(crate) fn of(&self, heap: &Heap, handle: Handle) -> Option<&Known> {
        let mut ways = self.ways.iter().flatten();
        ways.find(|known| known.of.salt() == heap.salt() && heap.is_shaped(handle, known.shape))
    }

    /// The same for the loop.
    pub(crate) fn hits(&self) -> Hits {
        let hit = |way: &Option<Known>| way.as_ref().map_or(Hit::default(), Known::hit);
        Hits([hit(&self.ways[0]), hit(&self.ways[1])])
    }

    /// All that is known, if nothing was ever forgotten for something new, and it is of one heap.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn all(&self) -> Option<(&Known, Option<&Known>)> {
        let [first, second] = &self.ways;
        let first = first.as_ref().filter(|_| !self.is_full)?;
        Some((first, second.as_ref()))
    }

    /// The same knowledge, if it is of the heap that handles name so.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn of_heap(&self, salt: u32) -> Knowledge {
        match self
            .ways
            .iter()
            .flatten()
            .all(|known| known.of.salt() == salt)
        {
            true => self.clone(),
            false => Knowledge::default(),
        }
    }

    /// Takes note of something new.
    pub(crate) fn learn(&mut self, known: Known) {
        let same = |old: &Known| (old.shape, &old.what) == (known.shape, &known.what);
        let own = |old: &Known| old.of.salt() == known.of.salt();
        if !self.ways.iter().flatten().all(own) {
            // Shapes of another heap are others.
            *self = Knowledge::default();
        }
        if self.ways.iter().flatten().any(same) {
            return;
        }
        let last = self.ways[0].take_if(|old| old.shape != known.shape);
        if last.is_some() {
            let lost = self.ways[1].as_ref();
            self.is_full |= lost.is_some_and(|old| old.shape != known.shape);
            self.ways[1] = last;
        }
        self.ways[0] = Some(known);
    }
}
