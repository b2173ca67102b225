//! Lists.

use std::ops::{Bound, RangeBounds};

use triomphe::Arc;

use super::{ArrayIter, Value, release};

/// Elements that a request for capacity is cut down to: it may come from a guest, and is a hint.
pub(super) const HINT: usize = 1 << 20;

/// Dead elements in front that are not worth moving the rest for.
const SMALL_HEAD: usize = 32;

/// A list of values: copied in constant time, changed in place while nobody else holds it.
///
/// Elements go in and come out by value. An index that is out of range is never an error here:
/// reads give `None`, writes give `false`. [`shift`](Array::shift) takes constant time on average.
///
/// ```
/// use fusevm::value::{Array, Value};
///
/// let mut a: Array = [1, 2, 3].into_iter().collect();
/// let copy = a.clone();
/// a.push(Value::str("x"));
/// assert_eq!(a.shift(), Some(Value::Int(1)));
/// assert_eq!((a.len(), copy.len()), (3, 3));
/// ```
#[derive(Clone, Default)]
pub struct Array(pub(super) Arc<ArrayData>);

/// The storage; the first `head` items were shifted out and are `Undef`.
#[derive(Default)]
pub(super) struct ArrayData {
    items: Vec<Value>,
    head: usize,
    /// Whether a handle may be inside, at any depth; once it may, it stays so.
    handles: bool,
}

impl ArrayData {
    fn of(items: Vec<Value>) -> Self {
        ArrayData {
            handles: items.iter().any(Value::may_hold_handles),
            items,
            head: 0,
        }
    }

    /// Takes note of a value that is about to be put in.
    #[inline]
    fn note(&mut self, value: &Value) {
        self.handles |= value.may_hold_handles();
    }

    fn live(&self) -> &[Value] {
        self.items.get(self.head..).unwrap_or_default()
    }

    /// Moves out what could hold more values, and drops the rest.
    pub(super) fn release(&mut self, work: &mut Vec<Value>) {
        self.head = 0;
        self.items
            .drain(..)
            .for_each(|value| release::keep(value, work));
    }
}

impl Clone for ArrayData {
    fn clone(&self) -> Self {
        ArrayData {
            items: self.live().to_vec(),
            head: 0,
            handles: self.handles,
        }
    }
}

impl Drop for ArrayData {
    fn drop(&mut self) {
        let mut work = Vec::new();
        self.release(&mut work);
        release::drain(work);
    }
}

impl Array {
    /// An empty array.
    pub fn new() -> Array {
        Array::default()
    }

    /// An empty array with room for `len` elements (a hint).
    pub fn with_capacity(len: usize) -> Array {
        Array::from_values(Vec::with_capacity(len.min(HINT)))
    }

    pub(super) fn from_values(items: Vec<Value>) -> Array {
        Array(Arc::new(ArrayData::of(items)))
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.items.len() - self.0.head
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.as_slice().get(index).cloned()
    }

    /// Writes the element at `index`; `false` if there is none.
    #[inline]
    pub fn set(&mut self, index: usize, value: Value) -> bool {
        self.replace(index, value).is_some()
    }

    /// Writes the element at `index` and gives the one that was there.
    ///
    /// Taking a nested container out, writing to it and putting it back keeps the write in place.
    #[inline]
    pub fn replace(&mut self, index: usize, value: Value) -> Option<Value> {
        if index >= self.len() {
            return None;
        }
        let data = self.unique(0);
        data.note(&value);
        let slot = data.items.get_mut(data.head + index)?;
        Some(std::mem::replace(slot, value))
    }

    /// Appends an element.
    #[inline]
    pub fn push(&mut self, value: Value) {
        let data = self.unique(1);
        data.note(&value);
        data.items.push(value);
    }

    /// Takes the last element.
    pub fn pop(&mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        self.unique(0).items.pop()
    }

    /// Takes the first element; the others move down by one, in amortised constant time.
    pub fn shift(&mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let data = self.unique(0);
        let first = std::mem::take(data.items.get_mut(data.head)?);
        data.head += 1;
        if data.head == data.items.len() {
            data.items.clear();
            data.head = 0;
        } else if data.head > SMALL_HEAD && data.head > data.items.len() / 2 {
            data.items.drain(..data.head);
            data.head = 0;
        }
        Some(first)
    }

    /// Inserts before the element at `index`, or at the end; `false` beyond that.
    pub fn insert(&mut self, index: usize, value: Value) -> bool {
        if index > self.len() {
            return false;
        }
        let data = self.unique(1);
        data.note(&value);
        if index == 0 && data.head > 0 {
            data.head -= 1;
            data.items[data.head] = value;
        } else {
            data.items.insert(data.head + index, value);
        }
        true
    }

    /// Takes the element at `index` out; those behind it move down.
    pub fn remove(&mut self, index: usize) -> Option<Value> {
        if index == 0 {
            return self.shift();
        }
        if index >= self.len() {
            return None;
        }
        let data = self.unique(0);
        Some(data.items.remove(data.head + index))
    }

    /// Drops all elements but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len == 0 {
            self.clear();
        } else if len < self.len() {
            let data = self.unique(0);
            data.items.truncate(data.head + len);
        }
    }

    /// Drops all elements.
    pub fn clear(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(data) => {
                data.items.clear();
                data.head = 0;
                data.handles = false;
            }
            None => *self = Array::new(),
        }
    }

    /// Cuts or pads with copies of `fill` to exactly `len` elements; the caller has checked `len`
    /// against its limit.
    pub fn resize(&mut self, len: usize, fill: Value) {
        if len <= self.len() {
            self.truncate(len);
        } else {
            let data = self.unique(len - self.len());
            data.note(&fill);
            data.items.resize(data.head + len, fill);
        }
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        if self.len() > 1 {
            let data = self.unique(0);
            data.items[data.head..].reverse();
        }
    }

    /// Appends all elements of `other`.
    pub fn append(&mut self, other: &Array) {
        if self.is_empty() {
            *self = other.clone();
        } else if !other.is_empty() {
            let data = self.unique(other.len());
            data.handles |= other.0.handles;
            data.items.extend_from_slice(other.as_slice());
        }
    }

    /// This array followed by `other`, as a new one.
    pub fn concat(&self, other: &Array) -> Array {
        let mut both = self.clone();
        both.append(other);
        both
    }

    /// The elements in `range`, as far as there are any.
    ///
    /// ```
    /// # use fusevm::value::Array;
    /// let a: Array = [1, 2, 3].into_iter().collect();
    /// assert_eq!(a.slice(1..), [2, 3].into_iter().collect());
    /// assert!(a.slice(7..9).is_empty());
    /// ```
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Array {
        let from = match range.start_bound() {
            Bound::Included(&i) => i,
            Bound::Excluded(&i) => i.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(&i) => i.saturating_add(1),
            Bound::Excluded(&i) => i,
            Bound::Unbounded => self.len(),
        };
        if from == 0 && to >= self.len() {
            return self.clone();
        }
        let part = self
            .as_slice()
            .get(from..to.min(self.len()))
            .unwrap_or_default();
        Array::from_values(part.to_vec())
    }

    /// The elements, by value.
    pub fn iter(&self) -> ArrayIter<'_> {
        ArrayIter(self.as_slice().iter())
    }

    /// The elements as a `Vec`.
    pub fn to_vec(&self) -> Vec<Value> {
        self.as_slice().to_vec()
    }

    /// Elements that fit before the storage grows, about.
    pub fn capacity_hint(&self) -> usize {
        self.0.items.capacity() - self.0.head
    }

    /// Makes room for `more` elements (a hint).
    pub fn reserve(&mut self, more: usize) {
        let more = more.min(HINT);
        self.unique(more).items.reserve(more);
    }

    /// Whether a write would happen in place.
    pub fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Whether both share one storage.
    pub fn ptr_eq(&self, other: &Array) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The elements in place, for walks inside this room only.
    #[inline(always)]
    pub(crate) fn live(&self) -> &[Value] {
        self.0.live()
    }

    #[inline(always)]
    pub(crate) fn push_in_place(&mut self, number: Value) -> bool {
        match Arc::get_mut(&mut self.0) {
            Some(data) if data.items.len() < data.items.capacity() => {
                data.items.push(number);
                true
            }
            _other => false,
        }
    }

    #[inline(always)]
    pub(crate) fn live_mut(&mut self) -> Option<&mut [Value]> {
        let data = Arc::get_mut(&mut self.0)?;
        data.items.get_mut(data.head..)
    }

    pub(super) fn as_slice(&self) -> &[Value] {
        self.0.live()
    }

    /// Whether a handle may be inside, at any depth.
    #[inline]
    pub(super) fn may_hold_handles(&self) -> bool {
        self.0.handles
    }

    /// Where the storage stands, as its identity.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(&*self.0).addr()
    }

    /// The storage for writing, made unique with room for `more` elements.
    #[inline]
    fn unique(&mut self, more: usize) -> &mut ArrayData {
        if !self.0.is_unique() {
            self.copy(more);
        }
        Arc::make_mut(&mut self.0)
    }

    #[cold]
    fn copy(&mut self, more: usize) {
        let mut items = Vec::with_capacity(self.len().saturating_add(more));
        items.extend_from_slice(self.as_slice());
        *self = Array::from_values(items);
    }

    /// Takes an element out if this is the only holder, copies it otherwise.
    pub(super) fn take(&mut self, index: usize) -> Option<Value> {
        match Arc::get_mut(&mut self.0) {
            Some(data) => data.items.get_mut(data.head + index).map(std::mem::take),
            None => self.get(index),
        }
    }
}

impl<T: Into<Value>> Extend<T> for Array {
    fn extend<I: IntoIterator<Item = T>>(&mut self, iter: I) {
        let data = self.unique(0);
        let handles = &mut data.handles;
        let noted = |value: &Value| *handles |= value.may_hold_handles();
        let values = iter.into_iter().map(Into::into);
        data.items.extend(values.inspect(noted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(range: std::ops::Range<i64>) -> Array {
        range.collect()
    }

    #[test]
    fn writes_to_a_shared_array_leave_the_other_alone() {
        let writes: [fn(&mut Array); 9] = [
            |a| assert!(a.set(1, Value::Undef)),
            |a| a.push(Value::Undef),
            |a| assert_eq!(a.pop(), Some(Value::Int(4))),
            |a| assert_eq!(a.shift(), Some(Value::Int(0))),
            |a| assert!(a.insert(2, Value::Undef)),
            |a| assert_eq!(a.remove(3), Some(Value::Int(3))),
            |a| a.truncate(2),
            |a| a.clear(),
            |a| a.reverse(),
        ];
        for write in writes {
            let mut a = ints(0..5);
            let copy = a.clone();
            assert!(a.ptr_eq(&copy) && !a.is_unique());
            write(&mut a);
            assert_eq!(copy, ints(0..5));
            assert_ne!(a, copy);
        }
    }

    #[test]
    fn out_of_range_is_quiet() {
        let mut a = ints(0..2);
        assert_eq!(a.get(2), None);
        assert!(!a.set(2, Value::Undef) && !a.insert(3, Value::Undef));
        assert_eq!(a.remove(usize::MAX), None);
        assert_eq!(a.slice(usize::MAX..), Array::new());
        assert_eq!(a.slice(..=usize::MAX), a);
        assert_eq!((Array::new().pop(), Array::new().shift()), (None, None));
        a.reserve(usize::MAX);
        assert!(a.capacity_hint() >= HINT);
    }

    #[test]
    fn shift_and_insert_in_front_move_the_head() {
        let mut a = ints(0..1000);
        for i in 0..1000 {
            assert_eq!(a.get(0), Some(Value::Int(i)));
            assert_eq!(a.shift(), Some(Value::Int(i)));
            assert_eq!(a.len(), 999 - i as usize);
            if i == 500 {
                assert!(a.insert(0, Value::Undef));
                assert_eq!((a.len(), a.shift()), (500, Some(Value::Undef)));
            }
        }
        assert!(a.is_empty());
        let mut queue = Array::new();
        for i in 0..10_000 {
            queue.push(Value::Int(i));
            assert_eq!(queue.shift(), Some(Value::Int(i)));
        }
        assert!(queue.capacity_hint() < 100);
    }

    #[test]
    fn whole_array_operations() {
        let mut a = ints(0..2);
        a.resize(4, Value::Undef);
        a.extend([7]);
        assert_eq!(format!("{a:?}"), "[0, 1, undef, undef, 7]");
        a.resize(1, Value::Undef);
        assert_eq!(a.concat(&a), Array::from(vec![0, 0]));
        a.append(&a.clone());
        a.reverse();
        assert_eq!(a.to_vec(), [Value::Int(0), Value::Int(0)]);
        assert_eq!(ints(0..5).slice(1..=2), ints(1..3));
    }
}
