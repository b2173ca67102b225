//! Shapes, and the fields of objects that have one.
//!
//! A [`Shape`] stands for all that objects have in common where a program asks the same of them: of
//! instances, which class they are of; of closures, which function. An op that finds something out which
//! holds for every object of a shape says so ([`Load`](crate::ext::Load),
//! [`Store`](crate::ext::Store), [`Invoke::ByShape`](crate::ext::Invoke)), and where it stands in a program
//! the VM does without it the next time: it compares shapes, and reads the field or makes the call itself. (Inline
//! caches over hidden classes are due to Self; see Chambers, Ungar and Lee, OOPSLA 1989.)
//!
//! Fields are the heap's, not the object's, so that the VM finds them without knowing the object's type. They are traced, and
//! counted, by the heap.

use super::{Handle, Heap, HeapError, Obj, Object, Value, arena};
use std::num::NonZeroU32;

/// What objects have in common; compared by identity, and unique in its heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape(NonZeroU32);

impl Shape {
    /// Its number in the heap.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }
}

/// What the heap keeps beside an object of an arena in which there are shapes.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub(crate) struct Shaped {
    /// The shape, and below it the word of the handle that names the slot's generation: 0 for no object.
    pub(crate) key: u64,
    pub(crate) fields: Vec<Option<Value>>,
}

/// The tables of all arenas, and how many shapes there are.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    last: u32,
    /// By shape: the arena that its first object came to, or 0.
    homes: Vec<u32>,
    /// By arena and slot; as long as they have to be.
    tables: Vec<Vec<Shaped>>,
    /// By shape: the most fields that an object of it has had.
    most: Vec<u32>,
}

/// What is compared: shape and generation.
pub(crate) fn key(shape: Option<Shape>, handle: Handle) -> u64 {
    let shape = shape.map_or(0, |shape| shape.0.get());
    u64::from(shape) << 32 | u64::from(handle.slot_word())
}

impl Shapes {
    fn at(&self, handle: Handle) -> Option<&Shaped> {
        let table = self.tables.get(handle.arena() as usize)?;
        let found = table.get(handle.index() as usize)?;
        (found.key as u32 == handle.slot_word()).then_some(found)
    }

    fn at_mut(&mut self, handle: Handle) -> Option<&mut Shaped> {
        let table = self.tables.get_mut(handle.arena() as usize)?;
        let found = table.get_mut(handle.index() as usize)?;
        (found.key as u32 == handle.slot_word()).then_some(found)
    }

    /// Forgets what stood beside slots of an arena that have no mark.
    pub(super) fn sweep(&mut self, arena: usize, marks: &[u64]) {
        let Some(table) = self.tables.get_mut(arena) else {
            return;
        };
        for (marks, table) in marks.iter().zip(table.chunks_mut(64)) {
            for (at, shaped) in table.iter_mut().enumerate() {
                if marks >> at & 1 == 0 && shaped.key != 0 {
                    shaped.key = 0;
                    drop(std::mem::take(&mut shaped.fields));
                }
            }
        }
    }

    /// The fields of an object.
    pub(super) fn fields(&self, handle: Handle) -> &[Option<Value>] {
        self.at(handle).map_or(&[], |shaped| &shaped.fields)
    }
}

impl Heap {
    /// A shape that no object has yet.
    ///
    /// # Errors
    /// [`HeapError::Full`] when 2³² − 1 have been made.
    pub fn new_shape(&mut self) -> Result<Shape, HeapError> {
        let shapes = &mut self.shapes;
        let next = shapes.last.checked_add(1).and_then(NonZeroU32::new);
        let next = next.ok_or(HeapError::Full)?;
        shapes.last = next.get();
        Ok(Shape(next))
    }

    /// Takes an object of a shape into the heap. It has no fields yet.
    ///
    /// ```
    /// use fusevm::heap::{Heap, Object, Trace, Tracer};
    /// use fusevm::value::Value;
    ///
    /// struct Point;
    /// impl Trace for Point {
    ///     fn trace(&self, _: &mut Tracer<'_>) {}
    /// }
    /// impl Object for Point {
    ///     const NAME: &'static str = "Point";
    /// }
    ///
    /// let mut heap = Heap::new();
    /// let points = heap.new_shape()?;
    /// let point = heap.alloc_shaped(Point, points)?;
    /// assert_eq!(heap.shape(point.handle()), Some(points));
    /// heap.set_field(point, 1, Value::Int(7))?;
    /// assert_eq!(heap.field(point, 1)?, Some(&Value::Int(7)));
    /// assert_eq!(heap.field(point, 0)?, None);
    /// # Ok::<(), fusevm::heap::HeapError>(())
    /// ```
    ///
    /// # Errors
    /// [`HeapError::Full`] at the limit.
    pub fn alloc_shaped<T: Object>(
        &mut self,
        object: T,
        shape: Shape,
    ) -> Result<Obj<T>, HeapError> {
        self.admit()?;
        self.bytes = self.bytes.saturating_add(arena::size(&object));
        let number = shape.0.get() as usize;
        let mut home = self.shapes.homes.get(number).copied().unwrap_or(0);
        let place = match self.typed_mut::<T>(home) {
            Some(arena) if home != 0 => arena.insert(object),
            _other => {
                home = self.arena_of::<T>()?;
                let homes = &mut self.shapes.homes;
                if homes.len() <= number {
                    homes.resize(number + 1, 0);
                }
                homes[number] = home;
                (self.typed_mut::<T>(home)).and_then(|arena| arena.insert(object))
            }
        };
        let handle = self.name(place, home)?;
        let tables = &mut self.shapes.tables;
        let (arena, index) = (handle.arena() as usize, handle.index() as usize);
        if tables.len() <= arena {
            tables.resize_with(arena + 1, Vec::new);
        }
        let table = &mut tables[arena];
        if let Some(beside) = table.get_mut(index) {
            beside.key = key(Some(shape), handle);
        } else {
            table.resize_with(index, Shaped::default);
            table.push(Shaped {
                key: key(Some(shape), handle),
                fields: Vec::new(),
            });
        }
        self.bytes = self.bytes.saturating_add(size_of::<Shaped>());
        Ok(Obj::new(handle))
    }

    /// The shape of an object that lives in this heap, if it has one.
    pub fn shape(&self, handle: Handle) -> Option<Shape> {
        if handle.salt() != self.salt {
            return None;
        }
        let shaped = self.shapes.at(handle)?;
        NonZeroU32::new((shaped.key >> 32) as u32).map(Shape)
    }

    /// Gives an object that was allocated with a shape another one, or none at all: what was said of the shape
    /// it had does not hold for it any more. Its fields stay.
    ///
    /// # Errors
    /// As for [`get`](Self::get); [`HeapError::Reclaimed`] too for an object that was allocated without a shape.
    pub fn set_shape<T: Object>(
        &mut self,
        obj: Obj<T>,
        shape: Option<Shape>,
    ) -> Result<(), HeapError> {
        self.get(obj)?;
        let handle = obj.handle();
        let shaped = self.shapes.at_mut(handle).ok_or(HeapError::Reclaimed)?;
        shaped.key = key(shape, handle);
        Ok(())
    }

    /// A field of an object; `None` for one that was never set.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn field<T: Object>(&self, obj: Obj<T>, field: usize) -> Result<Option<&Value>, HeapError> {
        self.get(obj)?;
        Ok(self.field_of(obj.handle(), field))
    }

    /// The fields of an object, by number; `None` for those that were never set.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn fields<T: Object>(&self, obj: Obj<T>) -> Result<&[Option<Value>], HeapError> {
        self.get(obj)?;
        Ok(self.shapes.fields(obj.handle()))
    }

    /// Sets a field of an object that was allocated with a shape; it has as many fields as the highest
    /// number says, and memory for each.
    ///
    /// # Errors
    /// As for [`get`](Self::get); [`HeapError::Reclaimed`] too for an object that was allocated without a shape.
    pub fn set_field<T: Object>(
        &mut self,
        obj: Obj<T>,
        field: usize,
        value: Value,
    ) -> Result<(), HeapError> {
        self.get(obj)?;
        match self.set_field_of(obj.handle(), field, value) {
            true => Ok(()),
            false => Err(HeapError::Reclaimed),
        }
    }

    /// The field of whatever object that is.
    #[inline]
    pub(crate) fn field_of(&self, handle: Handle, field: usize) -> Option<&Value> {
        if handle.salt() != self.salt {
            return None;
        }
        self.shapes.at(handle)?.fields.get(field)?.as_ref()
    }

    /// Sets a field of whatever object that is; whether it is one that has fields.
    pub(crate) fn set_field_of(&mut self, handle: Handle, field: usize, value: Value) -> bool {
        if handle.salt() != self.salt {
            return false;
        }
        let storage = value.storage();
        let Shapes { tables, most, .. } = &mut self.shapes;
        let table = tables.get_mut(handle.arena() as usize);
        let shaped = table.and_then(|table| table.get_mut(handle.index() as usize));
        let Some(shaped) = shaped.filter(|shaped| shaped.key as u32 == handle.slot_word()) else {
            return false;
        };
        let fields = &mut shaped.fields;
        if fields.len() <= field {
            let shape = (shaped.key >> 32) as usize;
            let before = fields.capacity();
            if most.len() <= shape {
                most.resize(shape + 1, 0);
            }
            most[shape] = most[shape].max(field as u32 + 1);
            fields.reserve_exact(most[shape] as usize - fields.len());
            fields.resize(field + 1, None);
            let more = (fields.capacity() - before) * size_of::<Value>();
            self.bytes = self.bytes.saturating_add(more);
        }
        fields[field] = Some(value);
        self.grew(storage);
        true
    }

    /// The field of an object whose shape has that number, if it is set.
    #[inline]
    pub(crate) fn known_field(
        &mut self,
        handle: Handle,
        shape: Shape,
        field: usize,
    ) -> Option<&mut Value> {
        if handle.salt() != self.salt {
            return None;
        }
        let table = self.shapes.tables.get_mut(handle.arena() as usize)?;
        let shaped = table.get_mut(handle.index() as usize)?;
        if shaped.key != key(Some(shape), handle) {
            return None;
        }
        shaped.fields.get_mut(field)?.as_mut()
    }

    /// What the heap keeps beside whatever stands in an object's slot now: whoever wants that of the object
    /// compares the key.
    #[inline(always)]
    pub(crate) fn beside(&mut self, handle: Handle) -> Option<&mut Shaped> {
        if handle.salt() != self.salt {
            return None;
        }
        let table = self.shapes.tables.get_mut(handle.arena() as usize)?;
        table.get_mut(handle.index() as usize)
    }

    /// Whether the object has that shape.
    #[inline]
    pub(crate) fn is_shaped(&self, handle: Handle, shape: Shape) -> bool {
        let table = self.shapes.tables.get(handle.arena() as usize);
        let shaped = table.and_then(|table| table.get(handle.index() as usize));
        handle.salt() == self.salt
            && shaped.is_some_and(|shaped| shaped.key == key(Some(shape), handle))
    }

    /// The word that handles of this heap have; 0 before there are any.
    pub(crate) fn salt(&self) -> u32 {
        self.salt
    }

    /// The tables that machine code looks shapes up in, by arena and slot, and the word that handles of this
    /// heap have.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn shape_tables(&self) -> (&Vec<Vec<Shaped>>, u32) {
        (&self.shapes.tables, self.salt)
    }
}
