//! Names of what stands in a VM's heap: handles, references, typed handles.
//!
//! A handle is three 32-bit words: the index of a slot, the slot's generation with the arena's
//! number, and the heap's salt. Copying one costs nothing and keeps nothing alive by itself. What
//! it names is looked up, and checked, by the [heap](crate::heap).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use super::Value;

/// Bits of a handle that name the arena.
const ARENA_BITS: u32 = 12;

/// The name of an object in the heap of one VM; compared by identity.
// The two words behind the index are one field, so that they are copied as one: what is written in parts and
// read as a whole makes the processor wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C, packed(4))]
pub struct Handle {
    index: u32,
    /// The word with generation and arena first in memory, and then the salt.
    rest: u64,
}

/// Where the words of `Handle::rest` are in it.
const WORD: u32 = if cfg!(target_endian = "little") {
    0
} else {
    32
};
const SALT: u32 = 32 - WORD;

impl Handle {
    /// Arenas that can be told apart.
    pub(crate) const ARENAS: u32 = 1 << ARENA_BITS;
    /// Generations that a slot can go through.
    pub(crate) const GENERATIONS: u32 = 1 << (u32::BITS - ARENA_BITS);

    /// Packs a handle; `generation` and `arena` are below [`Self::GENERATIONS`] and
    /// [`Self::ARENAS`].
    pub(crate) const fn new(index: u32, generation: u32, arena: u32, salt: u32) -> Handle {
        debug_assert!(generation < Self::GENERATIONS && arena < Self::ARENAS);
        let word = generation << ARENA_BITS | arena;
        Handle {
            index,
            rest: (word as u64) << WORD | (salt as u64) << SALT,
        }
    }

    /// The slot in its arena.
    pub(crate) const fn index(self) -> u32 {
        self.index
    }

    /// Which of the slot's successive objects is meant.
    pub(crate) const fn generation(self) -> u32 {
        self.slot_word() >> ARENA_BITS
    }

    /// The arena, which stands for the object's type.
    pub(crate) const fn arena(self) -> u32 {
        self.slot_word() & (Self::ARENAS - 1)
    }

    /// Generation and arena in one word, which tells the slot's objects apart. It may be 0 for the first object
    /// of the arena of cells alone.
    pub(crate) const fn slot_word(self) -> u32 {
        (self.rest >> WORD) as u32
    }

    /// The heap; never 0 in a handle that a heap gave out.
    pub(crate) const fn salt(self) -> u32 {
        (self.rest >> SALT) as u32
    }

    /// Its parts as they stand in memory; the second is never 0 in a handle that a heap gave out.
    pub(crate) const fn parts(self) -> (u32, u64) {
        (self.index, self.rest)
    }

    /// The handle of such parts.
    pub(crate) const fn of_parts((index, rest): (u32, u64)) -> Handle {
        Handle { index, rest }
    }

    /// The same handle, written field by field: what a register gets in the loop, where values are not copied as a whole.
    #[inline(always)]
    pub(crate) const fn by_fields(self) -> Handle {
        // Else the compiler sees that it is a copy, and makes it one of twelve bytes.
        let (index, rest) = (self.index.rotate_left(0), self.rest.rotate_left(0));
        Handle { index, rest }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Handle({}.{}.{}.{})",
            self.salt(),
            self.arena(),
            self.index(),
            self.generation()
        )
    }
}

/// A handle to a shared mutable cell that holds one value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ref(pub(crate) Handle);

impl Ref {
    /// The handle of the cell.
    pub fn handle(self) -> Handle {
        self.0
    }
}

/// A handle that is known to name an object of type `T`.
pub struct Obj<T> {
    handle: Handle,
    of: PhantomData<fn() -> T>,
}

impl<T> Obj<T> {
    /// Gives a handle the type that its arena has.
    pub(crate) const fn new(handle: Handle) -> Obj<T> {
        Obj {
            handle,
            of: PhantomData,
        }
    }

    /// The handle without its type.
    pub fn handle(self) -> Handle {
        self.handle
    }
}

impl<T> Clone for Obj<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Obj<T> {}

impl<T> PartialEq for Obj<T> {
    fn eq(&self, other: &Self) -> bool {
        self.handle == other.handle
    }
}

impl<T> Eq for Obj<T> {}

impl<T> Hash for Obj<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.handle.hash(state);
    }
}

impl<T> fmt::Debug for Obj<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Obj({:?})", self.handle)
    }
}

impl<T> From<Obj<T>> for Value {
    fn from(obj: Obj<T>) -> Value {
        Value::Obj(obj.handle)
    }
}

impl From<Ref> for Value {
    fn from(cell: Ref) -> Value {
        Value::Ref(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_all_parts() {
        let (generation, arena) = (Handle::GENERATIONS - 1, Handle::ARENAS - 1);
        let handle = Handle::new(u32::MAX, generation, arena, 7);
        assert_eq!(
            (handle.index(), handle.generation()),
            (u32::MAX, generation)
        );
        assert_eq!((handle.arena(), handle.salt()), (arena, 7));
        assert_ne!(handle, Handle::new(u32::MAX, generation - 1, arena, 7));
    }
}
