//! Maps that keep the order of insertion.
//!
//! Entries stand in one list in order; a table finds their places by hash. Removing an entry leaves
//! a gap, and the list is closed up when more than half of it are gaps, so that removal takes
//! constant time on average and the order of the rest stays.

use hashbrown::HashTable;
use triomphe::Arc;

use super::hash_iter::Live;
use super::{AsKey, HashIter, HashKeys, HashValues, Key, KeyRef, Value, release};

/// Gaps that are not worth closing up.
const SMALL_GAPS: usize = 16;

/// Values by key, in order of insertion: copied in constant time, changed in place while nobody
/// else holds it.
///
/// Keys are texts; one that is the decimal text of an `i64` is stored, and can be given, as that
/// number. Writing to an existing key keeps its place; a key that was removed and comes back goes
/// last.
///
/// ```
/// use fusevm::value::{Hash, Value};
///
/// let mut h = Hash::new();
/// h.insert("b", Value::Int(1));
/// h.insert(7, Value::Int(2));
/// assert_eq!(h.get("7"), Some(Value::Int(2)));
/// let keys: Vec<_> = h.keys().map(|k| k.to_string()).collect();
/// assert_eq!(keys, ["b", "7"]);
/// ```
#[derive(Clone, Default)]
pub struct Hash(pub(super) Arc<HashData>);

/// The storage. The table holds the index of every entry that is not a gap, and of no other.
#[derive(Clone, Default)]
pub(super) struct HashData {
    table: HashTable<u32>,
    entries: Vec<Option<Entry>>,
    /// All before this index are gaps.
    head: usize,
    live: usize,
    /// Whether a handle may be inside, at any depth; once it may, it stays so.
    handles: bool,
}

#[derive(Clone)]
pub(super) struct Entry {
    hash: u64,
    pub(super) key: Key,
    pub(super) value: Value,
}

fn hash_at(entries: &[Option<Entry>], index: u32) -> u64 {
    entries
        .get(index as usize)
        .and_then(Option::as_ref)
        .map_or(0, |entry| entry.hash)
}

fn is_at(entries: &[Option<Entry>], index: u32, hash: u64, key: KeyRef<'_>) -> bool {
    let entry = entries.get(index as usize).and_then(Option::as_ref);
    entry.is_some_and(|entry| entry.hash == hash && key.is(&entry.key))
}

impl HashData {
    fn find(&self, hash: u64, key: KeyRef<'_>) -> Option<usize> {
        let found = self
            .table
            .find(hash, |&index| is_at(&self.entries, index, hash, key));
        found.map(|&index| index as usize)
    }

    /// The value of a key, for writing.
    fn place(&mut self, hash: u64, key: KeyRef<'_>) -> Option<&mut Value> {
        let index = self.find(hash, key)?;
        let entry = self.entries.get_mut(index)?.as_mut()?;
        Some(&mut entry.value)
    }

    fn append(&mut self, entry: Entry) {
        if self.entries.len() >= u32::MAX as usize {
            self.close_up();
        }
        let index = u32::try_from(self.entries.len()).expect("a hash has fewer than 2^32 entries");
        let hash = entry.hash;
        self.entries.push(Some(entry));
        self.table
            .insert_unique(hash, index, |&index| hash_at(&self.entries, index));
        self.live += 1;
    }

    fn remove(&mut self, hash: u64, key: KeyRef<'_>) -> Option<Value> {
        let found = self
            .table
            .find_entry(hash, |&index| is_at(&self.entries, index, hash, key));
        let index = found.ok()?.remove().0 as usize;
        let entry = self.entries.get_mut(index)?.take()?;
        self.live -= 1;
        while let Some(None) = self.entries.last() {
            self.entries.pop();
        }
        if self.live == 0 {
            self.head = 0;
        } else if index == self.head {
            while let Some(None) = self.entries.get(self.head) {
                self.head += 1;
            }
        }
        if self.entries.len() - self.live > self.live + SMALL_GAPS {
            self.close_up();
        }
        Some(entry.value)
    }

    fn close_up(&mut self) {
        self.entries.retain(Option::is_some);
        self.head = 0;
        self.table.clear();
        for (index, entry) in (0..).zip(self.entries.iter().flatten()) {
            self.table
                .insert_unique(entry.hash, index, |&index| hash_at(&self.entries, index));
        }
    }

    fn clear(&mut self) {
        self.table.clear();
        self.entries.clear();
        (self.head, self.live, self.handles) = (0, 0, false);
    }

    /// Moves out what could hold more values, and drops the rest.
    pub(super) fn release(&mut self, work: &mut Vec<Value>) {
        self.entries
            .drain(..)
            .flatten()
            .for_each(|entry| release::keep(entry.value, work));
        self.clear();
    }
}

impl Drop for HashData {
    fn drop(&mut self) {
        let mut work = Vec::new();
        self.release(&mut work);
        release::drain(work);
    }
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// An empty hash with room for `len` entries (a hint).
    pub fn with_capacity(len: usize) -> Hash {
        let len = len.min(super::array::HINT);
        let (table, entries) = (HashTable::with_capacity(len), Vec::with_capacity(len));
        Hash(Arc::new(HashData {
            table,
            entries,
            head: 0,
            live: 0,
            handles: false,
        }))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.live
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of `key`.
    pub fn get(&self, key: impl AsKey) -> Option<Value> {
        self.find(key.as_key()).cloned()
    }

    /// The value of `key`, where it is.
    pub(crate) fn find(&self, key: KeyRef<'_>) -> Option<&Value> {
        let key = key.canonical();
        let index = self.0.find(key.hash(), key)?;
        (self.0.entries.get(index)?.as_ref()).map(|entry| &entry.value)
    }

    /// Whether `key` has a value.
    pub fn contains_key(&self, key: impl AsKey) -> bool {
        let key = key.as_key().canonical();
        self.0.find(key.hash(), key).is_some()
    }

    /// Sets the value of `key` and gives the one it had.
    ///
    /// # Panics
    /// When the hash would have 2³² entries.
    pub fn insert(&mut self, key: impl Into<Key>, value: Value) -> Option<Value> {
        let key = key.into();
        let hash = key.as_key().hash();
        let data = Arc::make_mut(&mut self.0);
        data.handles |= value.may_hold_handles();
        match data.place(hash, key.as_key()) {
            Some(place) => Some(std::mem::replace(place, value)),
            None => {
                data.append(Entry { hash, key, value });
                None
            }
        }
    }

    /// Sets the value of `key`, which is copied only if it is new.
    ///
    /// # Errors
    /// The value, when there would be more than `limit` keys.
    pub(crate) fn set(&mut self, key: KeyRef<'_>, value: Value, limit: usize) -> Result<(), Value> {
        self.put(key, value, limit).map(drop)
    }

    /// The same; gives the value it had, or Undef.
    ///
    /// # Errors
    /// The value, when there would be more than `limit` keys.
    #[inline]
    pub(crate) fn put(
        &mut self,
        key: KeyRef<'_>,
        value: Value,
        limit: usize,
    ) -> Result<Value, Value> {
        let key = key.canonical();
        let hash = key.hash();
        if self.len() >= limit && self.0.find(hash, key).is_none() {
            return Err(value);
        }
        let data = Arc::make_mut(&mut self.0);
        data.handles |= value.may_hold_handles();
        match data.place(hash, key) {
            Some(place) => Ok(std::mem::replace(place, value)),
            None => {
                let key = key.to_key();
                data.append(Entry { hash, key, value });
                Ok(Value::Undef)
            }
        }
    }

    /// Removes `key` and gives the value it had.
    pub fn remove(&mut self, key: impl AsKey) -> Option<Value> {
        let key = key.as_key().canonical();
        let hash = key.hash();
        if !self.is_unique() {
            // A key that is not there is no reason to copy.
            self.0.find(hash, key)?;
        }
        Arc::make_mut(&mut self.0).remove(hash, key)
    }

    /// Drops all entries.
    pub fn clear(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(data) => data.clear(),
            None => *self = Hash::new(),
        }
    }

    /// The keys in order, as strings.
    pub fn keys(&self) -> HashKeys<'_> {
        HashKeys(self.live())
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> HashValues<'_> {
        HashValues(self.live())
    }

    /// The entries in order, by value.
    pub fn iter(&self) -> HashIter<'_> {
        HashIter(self.live())
    }

    /// Whether a write would happen in place.
    pub fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Whether both share one storage.
    pub fn ptr_eq(&self, other: &Hash) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The entries in place, for walks inside this room only.
    pub(super) fn live(&self) -> Live<'_> {
        Live::new(
            self.0.entries.get(self.0.head..).unwrap_or_default(),
            self.0.live,
        )
    }

    /// The entries with their hashes.
    pub(super) fn live_entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.entries.iter().flatten()
    }

    /// The value that stands here under the key of another hash's entry.
    pub(super) fn same_key(&self, entry: &Entry) -> Option<&Value> {
        let index = self.0.find(entry.hash, entry.key.as_key())?;
        self.0
            .entries
            .get(index)?
            .as_ref()
            .map(|entry| &entry.value)
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

    /// Gives all entries away, copied if somebody else holds them.
    pub(super) fn into_entries(mut self) -> Vec<Option<Entry>> {
        match Arc::get_mut(&mut self.0) {
            Some(data) => std::mem::take(&mut data.entries),
            None => self.0.entries.clone(),
        }
    }
}

impl<K: Into<Key>, V: Into<Value>> FromIterator<(K, V)> for Hash {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut hash = Hash::new();
        hash.extend(iter);
        hash
    }
}

impl<K: Into<Key>, V: Into<Value>> Extend<(K, V)> for Hash {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iter: I) {
        for (key, value) in iter {
            self.insert(key, value.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Str;

    #[test]
    fn every_form_of_a_key_finds_it() {
        let mut h = Hash::with_capacity(4);
        assert_eq!(h.insert("12", Value::Int(1)), None);
        assert_eq!(h.insert(12, Value::Int(2)), Some(Value::Int(1)));
        assert_eq!(h.insert(Str::from("012"), Value::Int(3)), None);
        assert_eq!(h.get(Str::from("12")), Some(Value::Int(2)));
        assert_eq!(h.get(12), Some(Value::Int(2)));
        assert_eq!(h.get(String::from("012")), Some(Value::Int(3)));
        assert!(h.contains_key("12") && !h.contains_key(13) && !h.contains_key(""));
        assert_eq!(h.len(), 2);
    }

    #[test]
    fn order_survives_removal() {
        let mut h: Hash = (0..100).map(|i| (i, i)).collect();
        for i in (0..100).filter(|i| i % 7 != 0) {
            assert_eq!(h.remove(i), Some(Value::Int(i)));
            assert_eq!(h.remove(i), None);
        }
        h.insert(1, Value::Int(1));
        let keys: Vec<i64> = h.keys().map(|key| key.to_int()).collect();
        assert_eq!(
            keys,
            [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91, 98, 1]
        );
        assert_eq!((0..100).filter(|&i| h.contains_key(i)).count(), 16);
        assert!(h.0.entries.len() < 50, "gaps are closed up");
    }

    #[test]
    fn a_hash_can_be_a_queue() {
        let mut h = Hash::new();
        for i in 0..1000 {
            h.insert(i, Value::Int(i));
            h.insert(i + 1_000_000, Value::Undef);
            let first = h.keys().next().map(|key| key.to_int());
            assert_eq!(h.remove(first.unwrap_or(-1)).is_some(), first.is_some());
        }
        assert_eq!(h.len(), 1000);
        assert!(h.0.entries.len() <= 2 * 1000 + SMALL_GAPS);
        while let Some(key) = h.keys().next_back() {
            h.remove(key.as_str().unwrap());
        }
        assert!(h.is_empty() && h.0.entries.is_empty());
    }

    #[test]
    fn writes_to_a_shared_hash_leave_the_other_alone() {
        let mut h: Hash = [("a", 1), ("b", 2)].into_iter().collect();
        let copy = h.clone();
        assert_eq!(h.remove("x"), None);
        assert!(h.ptr_eq(&copy), "nothing was written");
        h.remove("a");
        assert_eq!((h.len(), copy.len()), (1, 2));
        h.clear();
        assert_eq!(format!("{h:?} {copy:?}"), r#"{} {"a": 1, "b": 2}"#);
    }
}
