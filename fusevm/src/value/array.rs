//! Lists.

use std::mem::replace;
use std::ops::{Bound, RangeBounds};

use triomphe::Arc;

use super::array_items::{Fit, Items, Parts, each, with_fit};
use super::{ArrayIter, Value, View, ViewMut, release};

/// Elements that a request for capacity is cut down to: it may come from a guest, and is a hint.
pub(super) const HINT: usize = 1 << 20;

/// Dead elements in front that are not worth moving the rest for.
const SMALL_HEAD: usize = 32;

/// A list of values: copied in constant time, changed in place while nobody else holds it.
///
/// Elements go in and come out by value. An index that is out of range is never an error here:
/// reads give `None`, writes give `false`. [`shift`](Array::shift) takes constant time on average.
///
/// Numbers are stored compactly: an array of nothing but `Int`s or nothing but `Float`s takes 8 bytes
/// for each, any other 16. The first element of another kind makes an array one of those, which it
/// then stays until it is made anew.
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

/// The storage; the first `head` items were shifted out and hold nothing.
pub(super) struct ArrayData {
    items: Items,
    head: usize,
    /// Whether a handle may be inside, at any depth, which only values can hold; once it may, it stays
    /// so.
    handles: bool,
}

impl ArrayData {
    /// Storage of these items; the caller knows whether there may be handles inside.
    fn of(items: Items, handles: bool) -> Self {
        let head = 0;
        ArrayData {
            items,
            head,
            handles,
        }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.items.len() - self.head
    }

    /// Makes ready for a value that is about to be put in, and takes note of it.
    #[inline]
    fn admit(&mut self, value: &Value) {
        if !self.items.takes(value) {
            self.adapt(value);
        }
        self.handles |= value.may_hold_handles();
    }

    /// Takes a form that can hold `value`.
    #[cold]
    fn adapt(&mut self, value: &Value) {
        if self.len() == 0 {
            self.items = Items::like(value, self.items.capacity());
            self.head = 0;
        } else {
            self.items.values();
        }
    }

    fn push(&mut self, value: Value) {
        self.admit(&value);
        with_fit!(self.items, value, (items, item) => items.push(item));
    }

    fn extend(&mut self, mut values: impl Iterator<Item = Value>) {
        let Some(first) = values.next() else {
            return;
        };
        self.admit(&first);
        let more = values.size_hint().0.saturating_add(1);
        each!(&mut self.items, items => items.reserve(more));
        self.push(first);
        if let Some(other) = self.items.extend_numbers(&mut values) {
            self.push(other);
            let handles = &mut self.handles;
            let noted = |value: &Value| *handles |= value.may_hold_handles();
            self.items.values().extend(values.inspect(noted));
        }
    }

    fn clear(&mut self) {
        each!(&mut self.items, items => items.clear());
        self.head = 0;
        self.handles = false;
    }

    /// Moves out what could hold more values, and drops the rest.
    pub(super) fn release(&mut self, work: &mut Vec<Value>) {
        self.head = 0;
        match &mut self.items {
            Items::Int(items) => items.clear(),
            Items::Float(items) => items.clear(),
            Items::Value(items) => items.drain(..).for_each(|item| release::keep(item, work)),
        }
    }
}

/// Where machine code finds the parts of an array, in bytes from what a value points to: the count of
/// holders, which comes first, then the storage.
#[cfg(feature = "jit")]
pub(crate) mod layout {
    use super::{ArrayData, Items};
    use std::mem::{align_of, offset_of};

    /// The count of holders, a word.
    pub(crate) const COUNT: usize = 0;
    const DATA: usize = size_of::<usize>();
    const ITEMS: usize = DATA + offset_of!(ArrayData, items);
    /// Which form the items have, a byte: 0 for integers, 1 for floats, 2 for values.
    pub(crate) const KIND: usize = ITEMS;
    /// Their `Vec`, behind the byte.
    pub(crate) const VEC: usize = ITEMS + align_of::<Vec<i64>>();
    /// How many of them were shifted out, a word.
    pub(crate) const HEAD: usize = DATA + offset_of!(ArrayData, head);

    const _: () = assert!(align_of::<ArrayData>() == size_of::<usize>());
    const _: () = assert!(size_of::<Items>() == align_of::<Vec<i64>>() + size_of::<Vec<i64>>());
}

impl Default for ArrayData {
    fn default() -> Self {
        ArrayData::of(Items::NONE, false)
    }
}

impl Clone for ArrayData {
    fn clone(&self) -> Self {
        ArrayData::of(self.items.copy(self.head, 0), self.handles)
    }
}

impl Drop for ArrayData {
    fn drop(&mut self) {
        if let Items::Value(_) = self.items {
            let mut work = Vec::new();
            self.release(&mut work);
            release::drain(work);
        }
    }
}

impl Array {
    /// An empty array.
    pub fn new() -> Array {
        Array::default()
    }

    /// An empty array with room for `len` elements (a hint).
    pub fn with_capacity(len: usize) -> Array {
        let items = Items::Int(Vec::with_capacity(len.min(HINT)));
        Array(Arc::new(ArrayData::of(items, false)))
    }

    pub(super) fn from_values(items: Vec<Value>) -> Array {
        let handles = items.iter().any(Value::may_hold_handles);
        Array(Arc::new(ArrayData::of(Items::of(items), handles)))
    }

    /// An array of values that are taken from where they stand.
    #[inline]
    pub(crate) fn taken(values: &mut [Value]) -> Array {
        // What does not begin with a number is not packed.
        match values.first() {
            None => return Array::empty(),
            Some(Value::Int(_) | Value::Float(_)) => {
                return values.iter_mut().map(std::mem::take).collect();
            }
            Some(_) => {}
        }
        let items: Vec<Value> = values.iter_mut().map(std::mem::take).collect();
        let handles = items.iter().any(Value::may_hold_handles);
        Array(Arc::new(ArrayData::of(Items::Value(items), handles)))
    }

    /// No elements, in storage that a thread has once for all: who puts something in gets storage then. Half of the
    /// nodes of a tree are leaves.
    #[inline]
    fn empty() -> Array {
        thread_local! {
            static EMPTY: Array = Array::default();
        }
        EMPTY.try_with(Array::clone).unwrap_or_default()
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.view().get(index)
    }

    /// Writes the element at `index`; `false` if there is none.
    #[inline]
    pub fn set(&mut self, index: usize, value: Value) -> bool {
        match (self.view_mut(), value) {
            (Some(ViewMut::Int(items)), Value::Int(n)) => put(items, index, n),
            (Some(ViewMut::Float(items)), Value::Float(f)) => put(items, index, f),
            (Some(ViewMut::Value(items)), number @ (Value::Int(_) | Value::Float(_))) => {
                put(items, index, number)
            }
            (_, value) => self.replace(index, value).is_some(),
        }
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
        data.admit(&value);
        let at = data.head + index;
        Some(match data.items.fit(value) {
            Fit::Int(items, n) => Value::Int(replace(items.get_mut(at)?, n)),
            Fit::Float(items, f) => Value::Float(replace(items.get_mut(at)?, f)),
            Fit::Value(items, value) => replace(items.get_mut(at)?, value),
        })
    }

    /// Appends an element.
    #[inline]
    pub fn push(&mut self, value: Value) {
        let done = match value {
            Value::Int(n) => self.push_int(n),
            Value::Float(f) => self.push_float(f),
            _ => false,
        };
        if !done {
            self.unique(1).push(value);
        }
    }

    /// Takes the last element.
    pub fn pop(&mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        match &mut self.unique(0).items {
            Items::Int(items) => items.pop().map(Value::Int),
            Items::Float(items) => items.pop().map(Value::Float),
            Items::Value(items) => items.pop(),
        }
    }

    /// Takes the first element; the others move down by one, in amortised constant time.
    pub fn shift(&mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let data = self.unique(0);
        let head = &mut data.head;
        match &mut data.items {
            Items::Int(items) => shift(items, head).map(Value::Int),
            Items::Float(items) => shift(items, head).map(Value::Float),
            Items::Value(items) => shift(items, head),
        }
    }

    /// Inserts before the element at `index`, or at the end; `false` beyond that.
    pub fn insert(&mut self, index: usize, value: Value) -> bool {
        if index > self.len() {
            return false;
        }
        let data = self.unique(1);
        data.admit(&value);
        let in_front = index == 0 && data.head > 0;
        if in_front {
            data.head -= 1;
        }
        let at = data.head + index;
        with_fit!(data.items, value, (items, item) => match in_front {
            true => items[at] = item,
            false => items.insert(at, item),
        });
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
        let at = data.head + index;
        Some(match &mut data.items {
            Items::Int(items) => Value::Int(items.remove(at)),
            Items::Float(items) => Value::Float(items.remove(at)),
            Items::Value(items) => items.remove(at),
        })
    }

    /// Drops all elements but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len == 0 {
            self.clear();
        } else if len < self.len() {
            let data = self.unique(0);
            let len = data.head + len;
            each!(&mut data.items, items => items.truncate(len));
        }
    }

    /// Drops all elements; the room for them stays.
    pub fn clear(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(data) => data.clear(),
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
            data.admit(&fill);
            let len = data.head + len;
            with_fit!(data.items, fill, (items, fill) => items.resize(len, fill));
        }
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        if self.len() > 1 {
            let data = self.unique(0);
            each!(&mut data.items, items => items[data.head..].reverse());
        }
    }

    /// Appends all elements of `other`.
    pub fn append(&mut self, other: &Array) {
        if self.is_empty() {
            *self = other.clone();
        } else if !other.is_empty() {
            let data = self.unique(other.len());
            data.handles |= other.0.handles;
            match (&mut data.items, other.view()) {
                (Items::Int(items), View::Int(more)) => items.extend_from_slice(more),
                (Items::Float(items), View::Float(more)) => items.extend_from_slice(more),
                (items, View::Value(more)) => items.values().extend_from_slice(more),
                (items, _) => items.values().extend(other),
            }
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
        let range = from..to.min(self.len());
        let items = match self.view() {
            View::Int(items) => Items::Int(items.get(range).unwrap_or_default().to_vec()),
            View::Float(items) => Items::Float(items.get(range).unwrap_or_default().to_vec()),
            View::Value(items) => {
                return Array::from_values(items.get(range).unwrap_or_default().to_vec());
            }
        };
        Array(Arc::new(ArrayData::of(items, false)))
    }

    /// The elements, by value.
    pub fn iter(&self) -> ArrayIter<'_> {
        ArrayIter(self.parts())
    }

    /// The elements as a `Vec`.
    pub fn to_vec(&self) -> Vec<Value> {
        self.iter().collect()
    }

    /// Elements that fit before the storage grows, about.
    pub fn capacity_hint(&self) -> usize {
        self.0.items.capacity() - self.0.head
    }

    /// Makes room for `more` elements (a hint).
    pub fn reserve(&mut self, more: usize) {
        let more = more.min(HINT);
        each!(&mut self.unique(more).items, items => items.reserve(more));
    }

    /// Whether a write would happen in place.
    pub fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Whether both share one storage.
    pub fn ptr_eq(&self, other: &Array) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The elements in place, in the form that they are kept in.
    #[inline(always)]
    pub(crate) fn view(&self) -> View<'_> {
        self.0.items.view(self.0.head)
    }

    /// The same for writing; `None` if somebody else holds the array too. Nothing is copied.
    #[inline(always)]
    pub(crate) fn view_mut(&mut self) -> Option<ViewMut<'_>> {
        let data = Arc::get_mut(&mut self.0)?;
        Some(data.items.view_mut(data.head))
    }

    /// The storage as it lies there: an element is at [`place`](Self::place) of its index. So an access
    /// looks at one length.
    #[inline(always)]
    pub(crate) fn all(&self) -> View<'_> {
        match &self.0.items {
            Items::Int(items) => View::Int(items),
            Items::Float(items) => View::Float(items),
            Items::Value(items) => View::Value(items),
        }
    }

    /// The same for writing; `None` if somebody else holds the array too. Nothing is copied.
    #[inline(always)]
    pub(crate) fn all_mut(&mut self) -> Option<ViewMut<'_>> {
        match &mut Arc::get_mut(&mut self.0)?.items {
            Items::Int(items) => Some(ViewMut::Int(items)),
            Items::Float(items) => Some(ViewMut::Float(items)),
            Items::Value(items) => Some(ViewMut::Value(items)),
        }
    }

    /// Where in the storage the element of an index is.
    #[inline(always)]
    pub(crate) fn place(&self, index: usize) -> usize {
        index.wrapping_add(self.0.head)
    }

    /// Appends to an array of `Int`s that nobody else holds and that has room; `false` if it is not
    /// one, and then nothing has happened.
    #[inline(always)]
    pub(crate) fn push_int(&mut self, n: i64) -> bool {
        match Arc::get_mut(&mut self.0).map(|data| &mut data.items) {
            Some(Items::Int(items)) if items.len() < items.capacity() => {
                items.push(n);
                true
            }
            _ => false,
        }
    }

    /// [`push_int`](Self::push_int) for `Float`s.
    #[inline(always)]
    pub(crate) fn push_float(&mut self, f: f64) -> bool {
        match Arc::get_mut(&mut self.0).map(|data| &mut data.items) {
            Some(Items::Float(items)) if items.len() < items.capacity() => {
                items.push(f);
                true
            }
            _ => false,
        }
    }

    /// The elements one by one, for walks inside this room only.
    pub(super) fn parts(&self) -> Parts<'_> {
        self.view().parts()
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
        let items = self.0.items.copy(self.0.head, more);
        *self = Array(Arc::new(ArrayData::of(items, self.0.handles)));
    }

    /// Sees to it that nobody else holds the storage.
    #[cfg(feature = "jit")]
    pub(crate) fn unshare(&mut self) {
        self.unique(0);
    }

    /// The number of its form, in machine code.
    #[cfg(feature = "jit")]
    pub(crate) fn form(&self) -> u64 {
        self.0.items.form()
    }

    /// Sees to it that it has items of a form, by its number in machine code: takes it if there are no elements and
    /// nobody else holds the storage. Whether it has.
    #[cfg(feature = "jit")]
    pub(crate) fn fit(&mut self, form: u64) -> bool {
        let Some(data) = Arc::get_mut(&mut self.0) else {
            return false;
        };
        if data.items.form() != form && data.len() == 0 {
            let first = match form {
                0 => Value::Int(0),
                1 => Value::Float(0.0),
                _ => Value::Undef,
            };
            data.items = Items::like(&first, data.items.capacity());
            data.head = 0;
        }
        data.items.form() == form
    }

    /// Takes an element out if this is the only holder, copies it otherwise.
    pub(super) fn take(&mut self, index: usize) -> Option<Value> {
        match Arc::get_mut(&mut self.0) {
            Some(ArrayData {
                items: Items::Value(items),
                head,
                ..
            }) => items.get_mut(*head + index).map(std::mem::take),
            _ => self.get(index),
        }
    }
}

#[inline(always)]
fn put<T>(items: &mut [T], index: usize, item: T) -> bool {
    match items.get_mut(index) {
        Some(place) => {
            *place = item;
            true
        }
        None => false,
    }
}

fn shift<T: Default>(items: &mut Vec<T>, head: &mut usize) -> Option<T> {
    let first = std::mem::take(items.get_mut(*head)?);
    *head += 1;
    if *head == items.len() {
        items.clear();
        *head = 0;
    } else if *head > SMALL_HEAD && *head > items.len() / 2 {
        items.drain(..*head);
        *head = 0;
    }
    Some(first)
}

impl<T: Into<Value>> Extend<T> for Array {
    fn extend<I: IntoIterator<Item = T>>(&mut self, iter: I) {
        self.unique(0).extend(iter.into_iter().map(Into::into));
    }
}

#[cfg(test)]
mod tests;
