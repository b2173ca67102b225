//! Mark and sweep.
//!
//! Marking starts with what the roots hold and goes on through a list of handles, an object at a time,
//! so that no chain of objects is too long. A bit for each slot says what was found. Sweeping drops
//! the objects without a bit, whose slots then belong to the next generation.
//!
//! Who owns the heap says when: [`Heap::is_due`] is looked at between ops, where every value that is
//! in use is in a root. An allocation never collects.

use super::{CELLS, Heap, HeapError, Tracer};
use crate::value::{Handle, Value};
use std::collections::HashSet;

/// Objects that may be allocated between two collections, however few are alive.
const FLOOR: usize = 16_384;

/// Bytes that count like an object when it comes to how much was allocated.
const BYTES_PER_OBJECT: usize = 64;

/// A bit for each slot of each arena.
#[derive(Default)]
pub(super) struct Marks {
    salt: u32,
    arenas: Vec<Vec<u64>>,
}

impl Marks {
    fn clear(&mut self, salt: u32, slots: impl Iterator<Item = usize>) {
        self.salt = salt;
        let mut count = 0;
        for (number, slots) in slots.enumerate() {
            if self.arenas.len() <= number {
                self.arenas.push(Vec::new());
            }
            let words = &mut self.arenas[number];
            words.clear();
            words.resize(slots.div_ceil(64), 0);
            count += 1;
        }
        self.arenas.truncate(count);
    }

    /// Marks an object; whether that is news. A handle of another heap names nothing here. One that is
    /// out of date may keep what is now in its slot until the next time.
    #[inline]
    pub(super) fn set(&mut self, handle: Handle) -> bool {
        let words = self.arenas.get_mut(handle.arena() as usize);
        let word = words.and_then(|words| words.get_mut(handle.index() as usize / 64));
        match word {
            Some(word) if handle.salt() == self.salt => {
                let bit = 1 << (handle.index() % 64);
                let new = *word & bit == 0;
                *word |= bit;
                new
            }
            _ => false,
        }
    }
}

/// When collections are due, and what they have done.
pub(super) struct Pace {
    floor: usize,
    factor: usize,
    /// Objects and bytes at which the next one is due.
    objects: usize,
    bytes: usize,
    pub(super) collections: u64,
    pub(super) reclaimed: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            floor: FLOOR,
            factor: 2,
            objects: FLOOR,
            bytes: FLOOR * BYTES_PER_OBJECT,
            collections: 0,
            reclaimed: 0,
        }
    }
}

impl Heap {
    /// Says when collections are due: when there are `factor` times as many objects (or bytes in them)
    /// as were alive after the last one, but not before `floor` more (or 64 bytes for each). At first
    /// that is twice as many, and 16384. `(0, 1)` collects wherever it can be done, which finds
    /// handles that nothing holds.
    pub fn set_pace(&mut self, floor: usize, factor: usize) {
        (self.pace.floor, self.pace.factor) = (floor, factor.max(1));
        self.set_next(self.objects, self.bytes);
    }

    /// Takes note that an object owns so many bytes more than when it was allocated. Ops that put large
    /// values into objects should say so, or what dead objects hold adds up until there are many.
    pub fn grew(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether it is time to collect.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        self.objects >= self.pace.objects || self.bytes >= self.pace.bytes
    }

    /// Sets when the next collection is due, `objects` and `bytes` being alive.
    ///
    /// Near the limit one comes a little before it, so that ops still find room, and one at the limit.
    pub(super) fn set_next(&mut self, objects: usize, bytes: usize) {
        let Pace { floor, factor, .. } = self.pace;
        let next = objects
            .saturating_mul(factor)
            .max(objects.saturating_add(floor));
        let margin = self.limit / 16;
        let soft = self.limit - margin;
        self.pace.objects = match objects.saturating_add(margin / 2) < soft {
            true => next.min(soft),
            false => next.min(self.limit),
        };
        let floor = floor.saturating_mul(BYTES_PER_OBJECT);
        let next = bytes
            .saturating_mul(factor)
            .max(bytes.saturating_add(floor));
        self.pace.bytes = next;
    }

    /// Drops every object that the roots, which `roots` shows, do not lead to.
    ///
    /// # Errors
    /// [`HeapError::Full`] when there are as many objects as the limit allows, and nearly all of them
    /// are alive.
    pub(crate) fn collect(
        &mut self,
        roots: impl FnOnce(&mut Tracer<'_>),
    ) -> Result<usize, HeapError> {
        let before = self.objects;
        let mut marks = std::mem::take(&mut self.marks);
        let arenas = self.arenas.iter().map(|arena| arena.slots());
        marks.clear(self.salt, std::iter::once(slots(&self.cells)).chain(arenas));
        let bytes = self.mark(&mut marks, roots);
        self.sweep(&marks);
        self.marks = marks;
        self.bytes = bytes;
        self.set_next(self.objects, bytes);
        let freed = before - self.objects;
        self.pace.collections += 1;
        self.pace.reclaimed += freed as u64;
        match before >= self.limit && self.objects > self.limit - self.limit / 16 {
            true => Err(HeapError::Full),
            false => Ok(freed),
        }
    }

    /// Marks what the roots lead to; the bytes it takes.
    fn mark(&self, marks: &mut Marks, roots: impl FnOnce(&mut Tracer<'_>)) -> usize {
        let (mut work, mut seen) = (Vec::new(), HashSet::new());
        let mut bytes = 0usize;
        let mut tracer = Tracer::marking(&mut work, &mut seen, marks);
        roots(&mut tracer);
        self.fresh.iter().for_each(|handle| tracer.mark(*handle));
        while let Some(handle) = work.pop() {
            let mut tracer = Tracer::marking(&mut work, &mut seen, marks);
            if let Ok(arena) = self.arena(handle) {
                bytes = bytes.saturating_add(arena.trace(handle, &mut tracer));
                let fields = self.shapes.fields(handle);
                bytes = bytes.saturating_add(fields.len() * size_of::<Value>());
                for value in fields.iter().flatten() {
                    bytes = bytes.saturating_add(value.storage());
                    tracer.value(value);
                }
            }
        }
        bytes
    }

    fn sweep(&mut self, marks: &Marks) {
        let mut all = marks.arenas.iter();
        if let Some(marks) = all.next() {
            super::ErasedArena::sweep(&mut self.cells, marks, &mut self.objects);
        }
        for (number, (arena, marks)) in self.arenas.iter_mut().zip(all).enumerate() {
            arena.sweep(marks, &mut self.objects);
            self.shapes.sweep(number + 1, marks);
        }
    }

    /// Keeps what is allocated from now on, if `on`, until [`release_fresh`](Self::release_fresh): a
    /// handler has it in hand. What was said before, and how much is kept so far.
    pub(crate) fn keep_fresh(&mut self, on: bool) -> (bool, usize) {
        (
            std::mem::replace(&mut self.keeps_fresh, on),
            self.fresh.len(),
        )
    }

    /// Goes back to what [`keep_fresh`](Self::keep_fresh) has found.
    pub(crate) fn release_fresh(&mut self, (on, len): (bool, usize)) {
        self.keeps_fresh = on;
        self.fresh.truncate(len);
    }

    /// What a handler with the whole VM has allocated and may have in hand.
    pub(crate) fn fresh(&self) -> (bool, usize) {
        (self.keeps_fresh, self.fresh.len())
    }
}

fn slots(arena: &impl super::ErasedArena) -> usize {
    arena.slots()
}

const _: () = assert!(CELLS == 0, "marks of cells stand first");
