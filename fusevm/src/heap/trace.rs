//! What an object holds.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::collect::Marks;
use crate::value::{Array, Func, Handle, Hash, HostValue, Obj, Ref, Str, Value};

/// Shows a tracer every handle that is held, at any depth.
///
/// What is left out is kept alive by nothing; what is shown twice costs time only. Values may be
/// nested as deeply as they like; nested boxes of the host's own types are followed by recursion.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be traced",
    label = "a collector could not find the objects this refers to",
    note = "derive `Trace` for a type of your own, or put `#[trace(skip)]` before a field that refers to no objects"
)]
pub trait Trace {
    /// Shows all handles in `self` to `tracer`.
    fn trace(&self, tracer: &mut Tracer<'_>);
}

/// Collects the handles that an object holds.
pub struct Tracer<'a> {
    found: &'a mut Vec<Handle>,
    /// Addresses of shared containers that need no second look.
    seen: &'a mut HashSet<usize>,
    /// While objects are marked: what has been found before.
    marks: Option<&'a mut Marks>,
}

impl<'a> Tracer<'a> {
    pub(crate) fn new(found: &'a mut Vec<Handle>, seen: &'a mut HashSet<usize>) -> Self {
        let marks = None;
        Tracer { found, seen, marks }
    }

    /// A tracer that finds each object once, and marks it.
    pub(super) fn marking(
        found: &'a mut Vec<Handle>,
        seen: &'a mut HashSet<usize>,
        marks: &'a mut Marks,
    ) -> Self {
        let marks = Some(marks);
        Tracer { found, seen, marks }
    }

    /// Takes note of a handle.
    #[inline]
    pub fn mark(&mut self, handle: Handle) {
        take_note(self.found, self.marks.as_deref_mut(), handle);
    }

    /// Takes note of all handles in a value; a container that values share is gone through once.
    pub fn value(&mut self, value: &Value) {
        let (found, marks) = (&mut *self.found, &mut self.marks);
        value.handles(self.seen, &mut |handle| {
            take_note(found, marks.as_deref_mut(), handle);
        });
    }
}

#[inline]
fn take_note(found: &mut Vec<Handle>, marks: Option<&mut Marks>, handle: Handle) {
    if marks.is_none_or(|marks| marks.set(handle)) {
        found.push(handle);
    }
}

impl fmt::Debug for Tracer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracer").field(&self.found).finish()
    }
}

macro_rules! holds_nothing {
    ($($t:ty),* $(,)?) => {$(
        impl Trace for $t {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}
        }
    )*};
}

holds_nothing! {
    (), bool, char, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64,
    str, String, Str, Func, HostValue,
}

impl Trace for Value {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.value(self);
    }
}

impl Trace for Array {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.value(&Value::Array(self.clone()));
    }
}

impl Trace for Hash {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.value(&Value::Hash(self.clone()));
    }
}

impl Trace for Handle {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.mark(*self);
    }
}

impl Trace for Ref {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.mark(self.handle());
    }
}

impl<T> Trace for Obj<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.mark(self.handle());
    }
}

impl<T: ?Sized> Trace for PhantomData<T> {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl<T: Trace> Trace for Option<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.iter().for_each(|inner| inner.trace(tracer));
    }
}

impl<T: Trace + ?Sized> Trace for Box<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        (**self).trace(tracer);
    }
}

impl<T: Trace + ?Sized> Trace for Arc<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        (**self).trace(tracer);
    }
}

impl<T: Trace> Trace for [T] {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.iter().for_each(|item| item.trace(tracer));
    }
}

impl<T: Trace, const N: usize> Trace for [T; N] {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.as_slice().trace(tracer);
    }
}

impl<T: Trace> Trace for Vec<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.as_slice().trace(tracer);
    }
}

impl<T: Trace> Trace for VecDeque<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.iter().for_each(|item| item.trace(tracer));
    }
}

impl<K: Trace, V: Trace, S> Trace for HashMap<K, V, S> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for (key, value) in self {
            key.trace(tracer);
            value.trace(tracer);
        }
    }
}

impl<K: Trace, V: Trace> Trace for BTreeMap<K, V> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for (key, value) in self {
            key.trace(tracer);
            value.trace(tracer);
        }
    }
}

macro_rules! tuple {
    ($($t:ident),*) => {
        impl<$($t: Trace),*> Trace for ($($t,)*) {
            #[allow(non_snake_case, reason = "the variables are named like their types")]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                let ($($t,)*) = self;
                $($t.trace(tracer);)*
            }
        }
    };
}

tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(object: &dyn Trace) -> Vec<u32> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        object.trace(&mut Tracer::new(&mut found, &mut seen));
        let mut indices: Vec<u32> = found.into_iter().map(Handle::index).collect();
        indices.sort_unstable();
        indices
    }

    fn handle(index: u32) -> Handle {
        Handle::new(index, 0, 1, 1)
    }

    #[test]
    fn everything_held_is_found() {
        let object = |index| Value::Obj(handle(index));
        let nested = Value::hash([(
            "a",
            Value::array(vec![object(1), Value::Ref(Ref(handle(2)))]),
        )]);
        let map = HashMap::from([(String::from("k"), Some(object(3)))]);
        let rest = (
            [Obj::<u8>::new(handle(4))],
            VecDeque::from([Box::new(handle(5))]),
            PhantomData::<Value>,
        );
        assert_eq!(
            traced(&(nested, map, rest, vec![(1, "x".to_string())])),
            [1, 2, 3, 4, 5]
        );
        assert_eq!(
            traced(&(Array::from([object(6)]), BTreeMap::from([(7, object(7))]))),
            [6, 7]
        );
    }

    #[test]
    fn shared_and_deep_values_are_walked_once() {
        let depth = if cfg!(miri) { 100 } else { 100_000 };
        let test = move || {
            let mut value = Value::Obj(handle(1));
            for _ in 0..depth {
                value = Value::array(vec![value.clone(), value]);
            }
            // The handle stands twice in the innermost array.
            assert_eq!(traced(&value), [1, 1]);
        };
        let thread = std::thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn(test);
        thread
            .expect("a thread starts")
            .join()
            .expect("the test passes");
    }
}
