//! The slots for objects of one type.

use std::any::Any;

use super::{Object, Tracer};
use crate::value::Handle;

pub(super) struct Arena<T> {
    slots: Vec<Slot<T>>,
    /// Empty slots that can be used again.
    free: Vec<u32>,
    live: usize,
}

struct Slot<T> {
    /// Of the object inside, or of the next one.
    generation: u32,
    object: Option<T>,
}

impl<T> Arena<T> {
    pub(super) fn new() -> Self {
        Arena {
            slots: Vec::new(),
            free: Vec::new(),
            live: 0,
        }
    }

    /// Puts an object into a slot and gives index and generation; `None` when there are no more
    /// indices.
    pub(super) fn insert(&mut self, object: T) -> Option<(u32, u32)> {
        let place = match self.free.pop() {
            Some(index) => {
                let slot = self.slots.get_mut(index as usize)?;
                slot.object = Some(object);
                (index, slot.generation)
            }
            None => {
                let index = u32::try_from(self.slots.len()).ok()?;
                self.slots.push(Slot {
                    generation: 0,
                    object: Some(object),
                });
                (index, 0)
            }
        };
        self.live += 1;
        Some(place)
    }

    #[inline]
    pub(super) fn get(&self, handle: Handle) -> Option<&T> {
        let slot = self.slots.get(handle.index() as usize)?;
        if slot.generation == handle.generation() {
            slot.object.as_ref()
        } else {
            None
        }
    }

    pub(super) fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        let slot = self.slots.get_mut(handle.index() as usize)?;
        if slot.generation == handle.generation() {
            slot.object.as_mut()
        } else {
            None
        }
    }

    /// Takes the object out of slot `index`, which is another's from now on.
    fn take(&mut self, index: usize) -> Option<T> {
        let slot = self.slots.get_mut(index)?;
        let object = slot.object.take()?;
        // A slot whose generations are used up stays empty for good.
        if slot.generation + 1 < Handle::GENERATIONS {
            slot.generation += 1;
            self.free.push(index as u32);
        }
        self.live -= 1;
        Some(object)
    }
}

/// An arena when the type of its objects is not known.
pub(super) trait ErasedArena: Any + Send {
    fn name(&self) -> &'static str;
    fn live(&self) -> usize;
    fn holds(&self, handle: Handle) -> bool;
    fn text(&self, handle: Handle, out: &mut String);
    /// Shows what the object holds; its size in bytes.
    fn trace(&self, handle: Handle, tracer: &mut Tracer<'_>) -> usize;
    /// Slots so far.
    fn slots(&self) -> usize;
    /// Drops what has no mark, one by one, and counts it off `objects` before that: the drop of an
    /// object is the host's code.
    fn sweep(&mut self, marks: &[u64], objects: &mut usize);
}

impl<T: Object> ErasedArena for Arena<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn live(&self) -> usize {
        self.live
    }

    fn holds(&self, handle: Handle) -> bool {
        self.get(handle).is_some()
    }

    fn text(&self, handle: Handle, out: &mut String) {
        match self.get(handle).and_then(Object::text) {
            Some(text) => out.push_str(&text),
            None => out.extend(["(", T::NAME, ")"]),
        }
    }

    fn trace(&self, handle: Handle, tracer: &mut Tracer<'_>) -> usize {
        let Some(object) = self.get(handle) else {
            return 0;
        };
        object.trace(tracer);
        size(object)
    }

    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn sweep(&mut self, marks: &[u64], objects: &mut usize) {
        for (word, marks) in marks.iter().enumerate() {
            let start = word * 64;
            for index in start..self.slots.len().min(start + 64) {
                if marks >> (index - start) & 1 == 0
                    && let Some(object) = self.take(index)
                {
                    *objects -= 1;
                    drop(object);
                }
            }
        }
    }
}

/// Bytes that an object takes: its slot, and what it owns beside it.
pub(super) fn size<T: Object>(object: &T) -> usize {
    size_of::<Slot<T>>().saturating_add(object.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worn_out_slot_is_retired() {
        let mut arena = Arena::new();
        arena.insert("x").unwrap();
        arena.slots[0].generation = Handle::GENERATIONS - 1;
        let last = Handle::new(0, Handle::GENERATIONS - 1, 1, 1);
        assert_eq!(arena.get(last), Some(&"x"));
        assert_eq!(arena.take(0), Some("x"));
        assert_eq!(arena.take(0), None);
        assert_eq!(
            arena.insert("y"),
            Some((1, 0)),
            "the slot is not used again"
        );
        assert_eq!(arena.live, 1);
    }
}
