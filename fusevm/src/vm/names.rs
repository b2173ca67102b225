//! Names of globals and functions, as symbols.

use crate::value::Str;
use hashbrown::HashTable;

/// Names by symbol and symbols by name. Symbol 0 is what a name stands for that no verified chunk has.
///
/// Nothing is allocated before the first name.
#[derive(Default)]
pub(super) struct Names {
    /// That of symbol `n` at `n - 1`.
    texts: Vec<Str>,
    symbols: HashTable<u32>,
}

impl Names {
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        match self.texts.is_empty() {
            true => None,
            false => self.find_hashed(crate::value::hash_text(name), name),
        }
    }

    /// The same of a text that remembers its hash.
    pub(super) fn find_str(&self, name: &Str) -> Option<u32> {
        match self.texts.is_empty() {
            true => None,
            false => self.find_hashed(name.keyed_hash(), name.as_str()),
        }
    }

    fn find_hashed(&self, hash: u64, name: &str) -> Option<u32> {
        let is = |symbol: &u32| self.texts[*symbol as usize - 1] == name;
        self.symbols.find(hash, is).copied()
    }

    /// Makes a symbol for a name that has none.
    pub(super) fn insert(&mut self, name: Str) -> u32 {
        let hash = name.keyed_hash();
        self.texts.push(name);
        let (symbol, texts) = (self.texts.len() as u32, &self.texts);
        let hash_of = |symbol: &u32| texts[*symbol as usize - 1].keyed_hash();
        self.symbols.insert_unique(hash, symbol, hash_of);
        symbol
    }

    /// The names, in the order of their symbols, from 1 on.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Str> {
        self.texts.iter()
    }
}
