//! A VM's heap: what has identity and mutable state.
//!
//! Every type of object has an arena of its own, a list of slots. A [`Handle`] names a slot, the
//! slot's generation and the heap; looking it up checks all three, and the type. So a handle of
//! another VM, or of an object that is gone, is a [`HeapError`], never another object. (The
//! generation of a slot counts up with every object that leaves it, and a slot whose count is used
//! up is retired; a heap is told apart from the 2³² − 2 heaps around it.)
//!
//! **Collection** is by mark and sweep. The VM collects between two ops, when the heap has grown to
//! twice what was alive the last time ([`Heap::set_pace`]), or at its limit; a program traps when
//! that does not help. What is alive is what stands on the stack, in slots, globals, frames and
//! [roots](crate::VM::root), what the host shows by [`Trace`], and what these lead to. Inside an op
//! with `Ctx` a nested run may collect: the op's inputs, the results of its calls and the objects it
//! allocates live until it returns. Caches of places are weak. What a Rust variable holds between two
//! runs is kept by `VM::root` alone; without it, a handle may be out of date, which is an error.
//!
//! Marking has a list and no recursion; a container of values is entered if a handle may be in it, and
//! a shared one once. Every write to an object passes [`ObjMut`] or [`Heap::ref_set`], and these are
//! the places for a write barrier, should marking be done in steps.
//!
//! **What it costs.** `cargo bench --bench heap` prints nanoseconds per object, alive and dead, and
//! beside it what allocating one takes. A live object costs one visit per collection, so with the
//! default pace an allocated object costs at most one visit on average.
//!
//! **Why not a crate.** Collectors for Rust differ in what keeps a pointer honest. `gc-arena` brands
//! pointers with a lifetime: sound without counting, but all code that touches objects runs inside a
//! closure over the arena, which an op written as a plain function, or a value that a host keeps, is
//! not. `gc` and `boa_gc` root by counting and trace through a thread's own list of objects: values
//! could not leave their thread, and a mistake in a `Trace` by hand is memory unsafety. `bacon_rajan_cc`
//! and `dumpster` count references and look for cycles among them: every copy of a value then costs
//! a count, which is what handles are there to avoid. Here a mistake in `Trace` is an early
//! [`HeapError::Reclaimed`], there is no `unsafe`, a handle fits a [`Value`] and costs nothing to
//! copy; the price is a check at each look-up.
//!
//! Objects may have a [`Shape`], and fields beside what they are in Rust: see there.
//!
//! The room knows values and nothing of ops or of the machine. Code behind [`Object`] and [`Trace`]
//! is the host's and may do what it likes, but it cannot make a handle name the wrong object.

mod arena;
mod collect;
mod error;
mod known;
mod object;
mod shape;
mod trace;

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

pub use error::HeapError;
pub use known::Maker;
pub(crate) use known::{Act, First, Hits, Knowledge, Known, What};
pub use object::{ObjMut, Object};
pub use shape::Shape;
#[cfg(all(feature = "jit", unix))]
pub(crate) use shape::Shaped;
pub use trace::{Trace, Tracer};

use crate::value::{Handle, Obj, ObjectText, Ref, Value};
use arena::{Arena, ErasedArena};
use collect::{Marks, Pace};
use object::Cell;

/// The salt of the next heap that allocates; the one counter that heaps share.
static NEXT_SALT: AtomicU32 = AtomicU32::new(1);

/// The arena of the cells behind [`Ref`]; object types follow.
const CELLS: u32 = 0;

/// Objects and cells of one VM.
///
/// ```
/// use fusevm::heap::{Heap, Object, Trace, Tracer};
/// use fusevm::value::Value;
///
/// struct Counter(i64);
/// impl Trace for Counter {
///     fn trace(&self, _: &mut Tracer<'_>) {}
/// }
/// impl Object for Counter {
///     const NAME: &'static str = "Counter";
/// }
///
/// let mut heap = Heap::new();
/// let counter = heap.alloc(Counter(1))?;
/// heap.get_mut(counter)?.0 += 1;
/// assert_eq!(heap.get(counter)?.0, 2);
/// assert_eq!(Value::from(counter).text_with(&heap, 100).unwrap(), "(Counter)");
/// # Ok::<(), fusevm::heap::HeapError>(())
/// ```
pub struct Heap {
    /// 0 until the first allocation: a heap that holds nothing needs no name.
    salt: u32,
    limit: usize,
    objects: usize,
    cells: Arena<Cell>,
    /// The arena with number `n` stands at `n - 1`.
    arenas: Vec<Box<dyn ErasedArena>>,
    by_type: HashMap<TypeId, u32, BuildHasherDefault<TypeHasher>>,
    shapes: shape::Shapes,
    /// Bytes in objects: as the last collection found them, and what came since.
    bytes: usize,
    pace: Pace,
    marks: Marks,
    /// Objects that a handler with the whole VM has allocated and may have in hand.
    fresh: Vec<Handle>,
    keeps_fresh: bool,
}

/// How many objects a heap holds, and what collections have done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeapStats {
    /// Objects and cells together.
    pub objects: usize,
    /// By the name of the type, cells as `Ref` first, then in the order of first allocation.
    pub by_type: Vec<(&'static str, usize)>,
    /// Bytes in them, about: exact for what the last collection found, and each new object counted
    /// once.
    pub bytes: usize,
    /// Collections so far.
    pub collections: u64,
    /// Objects they have dropped.
    pub reclaimed: u64,
}

/// The hash of a type's id is its bits, which are spread well enough; every allocation takes one.
#[derive(Default)]
struct TypeHasher(u64);

impl Hasher for TypeHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let bits = part
                .iter()
                .fold(0, |bits, byte| bits << 8 | u64::from(*byte));
            self.write_u64(bits);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 ^= bits;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const _: () = {
    const fn movable<T: Send>() {}
    movable::<Heap>();
};

impl Heap {
    /// An empty heap without a limit.
    pub fn new() -> Heap {
        Heap {
            salt: 0,
            limit: usize::MAX,
            objects: 0,
            cells: Arena::new(),
            arenas: Vec::new(),
            by_type: HashMap::default(),
            shapes: shape::Shapes::default(),
            bytes: 0,
            pace: Pace::default(),
            marks: Marks::default(),
            fresh: Vec::new(),
            keeps_fresh: false,
        }
    }

    /// Sets how many objects and cells there may be; what is there already stays.
    pub fn set_limit(&mut self, objects: usize) {
        self.limit = objects;
        self.set_next(self.objects, self.bytes);
    }

    /// Number of objects and cells.
    pub fn len(&self) -> usize {
        self.objects
    }

    /// Whether there are no objects and no cells.
    pub fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// How many objects there are, by type, and what collections have done.
    pub fn stats(&self) -> HeapStats {
        let arenas = self.arenas.iter().map(|arena| (arena.name(), arena.live()));
        let by_type = std::iter::once((Cell::NAME, self.cells.live()))
            .chain(arenas)
            .collect();
        HeapStats {
            objects: self.objects,
            by_type,
            bytes: self.bytes,
            collections: self.pace.collections,
            reclaimed: self.pace.reclaimed,
        }
    }

    /// Takes an object into the heap.
    ///
    /// # Errors
    /// [`HeapError::Full`] at the limit.
    pub fn alloc<T: Object>(&mut self, object: T) -> Result<Obj<T>, HeapError> {
        self.admit()?;
        self.bytes = self.bytes.saturating_add(arena::size(&object));
        let number = self.arena_of::<T>()?;
        let place = self
            .typed_mut::<T>(number)
            .and_then(|arena| arena.insert(object));
        self.name(place, number).map(Obj::new)
    }

    /// The object.
    ///
    /// # Errors
    /// [`HeapError::WrongVm`] or [`HeapError::Reclaimed`].
    pub fn get<T: Object>(&self, obj: Obj<T>) -> Result<&T, HeapError> {
        self.get_handle(obj.handle())
    }

    /// The object, for writing.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn get_mut<T: Object>(&mut self, obj: Obj<T>) -> Result<ObjMut<'_, T>, HeapError> {
        let handle = obj.handle();
        let found = self.arena(handle)?.name();
        let arena = self.typed_mut::<T>(handle.arena());
        let arena = arena.ok_or(HeapError::WrongType {
            expected: T::NAME,
            found,
        })?;
        arena
            .get_mut(handle)
            .map(ObjMut::new)
            .ok_or(HeapError::Reclaimed)
    }

    /// The object that a value names, if it is a `T` that is there.
    #[inline]
    pub(crate) fn look<T: Object>(&self, value: &Value) -> Option<&T> {
        let Value::Obj(handle) = *value else {
            return None;
        };
        let arena: &dyn Any = self.arena(handle).ok()?;
        arena.downcast_ref::<Arena<T>>()?.get(handle)
    }

    /// The object behind a handle, if it is a `T`.
    ///
    /// # Errors
    /// As for [`get`](Self::get), and [`HeapError::WrongType`].
    pub fn get_handle<T: Object>(&self, handle: Handle) -> Result<&T, HeapError> {
        let arena = self.arena(handle)?;
        let typed = (arena as &dyn Any).downcast_ref::<Arena<T>>();
        let typed = typed.ok_or(HeapError::WrongType {
            expected: T::NAME,
            found: arena.name(),
        })?;
        typed.get(handle).ok_or(HeapError::Reclaimed)
    }

    /// The value as a handle with its type, if it names a `T` that lives in this heap.
    pub fn downcast<T: Object>(&self, value: &Value) -> Option<Obj<T>> {
        let Value::Obj(handle) = *value else {
            return None;
        };
        self.look::<T>(value).map(|_| Obj::new(handle))
    }

    /// The name of the type of an object that lives in this heap.
    pub fn type_name(&self, handle: Handle) -> Option<&'static str> {
        self.living(handle).ok().map(|arena| arena.name())
    }

    /// The handles that an object holds, as its [`Trace`] gives them.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn references(&self, handle: Handle) -> Result<Vec<Handle>, HeapError> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let tracer = &mut Tracer::new(&mut found, &mut seen);
        self.living(handle)?.trace(handle, tracer);
        let fields = self.shapes.fields(handle).iter().flatten();
        fields.for_each(|value| tracer.value(value));
        Ok(found)
    }

    /// A new cell that holds `value`.
    ///
    /// # Errors
    /// [`HeapError::Full`] at the limit.
    pub fn new_ref(&mut self, value: Value) -> Result<Ref, HeapError> {
        self.admit()?;
        let cell = Cell(value);
        self.bytes = self.bytes.saturating_add(arena::size(&cell));
        let place = self.cells.insert(cell);
        self.name(place, CELLS).map(Ref)
    }

    /// The value in a cell.
    ///
    /// # Errors
    /// [`HeapError::WrongVm`] or [`HeapError::Reclaimed`].
    pub fn ref_get(&self, cell: Ref) -> Result<Value, HeapError> {
        self.get_handle::<Cell>(cell.handle())
            .map(|cell| cell.0.clone())
    }

    /// Puts a value into a cell and gives the one that was there.
    ///
    /// # Errors
    /// As for [`ref_get`](Self::ref_get).
    pub fn ref_set(&mut self, cell: Ref, value: Value) -> Result<Value, HeapError> {
        let storage = value.storage();
        let mut cell = self.get_mut::<Cell>(Obj::new(cell.handle()))?;
        let before = std::mem::replace(&mut cell.0, value);
        self.grew(storage);
        Ok(before)
    }

    #[inline]
    fn admit(&mut self) -> Result<(), HeapError> {
        if self.objects >= self.limit {
            return Err(HeapError::Full);
        }
        while self.salt == 0 {
            self.salt = NEXT_SALT.fetch_add(1, Relaxed);
        }
        Ok(())
    }

    /// Counts an object that was put into `place` and makes its handle.
    #[inline]
    fn name(&mut self, place: Option<(u32, u32)>, arena: u32) -> Result<Handle, HeapError> {
        let (index, generation) = place.ok_or(HeapError::Full)?;
        self.objects += 1;
        let handle = Handle::new(index, generation, arena, self.salt);
        if self.keeps_fresh {
            self.fresh.push(handle);
        }
        Ok(handle)
    }

    /// The number of the arena for `T`, which is made if need be.
    fn arena_of<T: Object>(&mut self) -> Result<u32, HeapError> {
        if let Some(&number) = self.by_type.get(&TypeId::of::<T>()) {
            return Ok(number);
        }
        let number = self.arenas.len() as u32 + 1;
        if number >= Handle::ARENAS {
            return Err(HeapError::Full);
        }
        self.arenas.push(Box::new(Arena::<T>::new()));
        self.by_type.insert(TypeId::of::<T>(), number);
        Ok(number)
    }

    fn typed_mut<T: Object>(&mut self, number: u32) -> Option<&mut Arena<T>> {
        let arena: &mut dyn Any = match number {
            CELLS => &mut self.cells,
            number => &mut **self.arenas.get_mut(number as usize - 1)?,
        };
        arena.downcast_mut()
    }

    #[inline]
    fn arena(&self, handle: Handle) -> Result<&dyn ErasedArena, HeapError> {
        if handle.salt() != self.salt || self.salt == 0 {
            return Err(HeapError::WrongVm);
        }
        match handle.arena() {
            CELLS => Ok(&self.cells),
            number => self
                .arenas
                .get(number as usize - 1)
                .map(|arena| &**arena)
                .ok_or(HeapError::WrongVm),
        }
    }

    /// The arena of a handle that names something.
    fn living(&self, handle: Handle) -> Result<&dyn ErasedArena, HeapError> {
        let arena = self.arena(handle)?;
        if arena.holds(handle) {
            Ok(arena)
        } else {
            Err(HeapError::Reclaimed)
        }
    }
}

impl Default for Heap {
    fn default() -> Self {
        Heap::new()
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.stats(), f)
    }
}

/// What the type says, or `(NAME)`; `(object)` for what does not live in this heap.
impl ObjectText for Heap {
    fn object_text(&self, handle: Handle, out: &mut String) {
        match self.living(handle) {
            Ok(arena) => arena.text(handle, out),
            Err(_) => out.push_str("(object)"),
        }
    }
}

#[cfg(test)]
mod tests;
