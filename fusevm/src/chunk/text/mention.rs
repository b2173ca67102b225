//! What a text has to say of the pools, and the labels it needs.
//!
//! Parsing adds names and constants to their pools as it comes across them. So only the entries up to
//! the last that would not fall into its place that way have to be declared.

use super::super::Chunk;
use super::super::encode;
use super::literal;
use super::token::{is_word, name};
use crate::ext::{ImmTag, Import};
use crate::op::{Op, OperandKind};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Bytes of a name or constant past which ops mention it by index, so that texts stay linear.
const LONG: usize = 64;

/// The entries of a pool, as ops mention them.
#[derive(Default)]
pub(super) struct Pool {
    /// How an op mentions the entry; by index when that is `None`.
    texts: Vec<Option<String>>,
    /// How many others were mentioned before the entry was.
    first: Vec<Option<usize>>,
    mentioned: usize,
}

impl Pool {
    /// A pool of these entries: what tells them apart, and how they are written if that is short.
    fn new<K: Hash + Eq>(entries: impl Iterator<Item = (K, Option<String>)>) -> Self {
        let mut pool = Pool::default();
        let mut seen: HashMap<K, usize> = HashMap::new();
        for (i, (key, text)) in entries.enumerate() {
            let before = *seen.entry(key).or_insert(i);
            pool.texts
                .push(text.filter(|text| before == i && text.len() <= LONG));
            if before != i {
                pool.texts[before] = None;
            }
            pool.first.push(None);
        }
        pool
    }

    fn mention(&mut self, index: u16) {
        let index = usize::from(index);
        if let Some(first @ None) = self.first.get_mut(index)
            && self.texts[index].is_some()
        {
            *first = Some(self.mentioned);
            self.mentioned += 1;
        }
    }

    /// How many entries have to be declared.
    pub(super) fn declared(&self) -> usize {
        let mut later = usize::MAX;
        let falls_in_place = |first: &&Option<usize>| match first {
            Some(first) => {
                let earlier = *first < later;
                later = *first;
                earlier
            }
            None => false,
        };
        self.first.len() - self.first.iter().rev().take_while(falls_in_place).count()
    }

    /// An entry as an op mentions it.
    pub(super) fn text(&self, index: u16) -> String {
        match self.texts.get(usize::from(index)) {
            Some(Some(text)) => text.clone(),
            _ => format!("#{index}"),
        }
    }

    /// Whether that is by what it is, not by index.
    fn inline(&self, index: u16) -> bool {
        matches!(self.texts.get(usize::from(index)), Some(Some(_)))
    }
}

/// How the parts of a chunk are mentioned in its text.
pub(super) struct Mentions<'a> {
    chunk: &'a Chunk,
    pub(super) names: Pool,
    pub(super) constants: Pool,
    /// Imports whose names tell them from all others.
    imports: Vec<bool>,
    /// Functions whose names are the labels of their entries.
    entries: Vec<bool>,
    labels: HashMap<usize, Vec<Label>>,
}

/// A name of a place.
pub(super) struct Label {
    pub(super) name: String,
    /// Whether it is the entry of the function of that name.
    pub(super) entry: bool,
}

impl<'a> Mentions<'a> {
    pub(super) fn of(chunk: &'a Chunk) -> Self {
        let names =
            (chunk.names.iter()).map(|n| (n, short(n.as_str()).map(|n| name(n).into_owned())));
        let constants = (chunk.constants.iter()).map(|value| {
            let bytes = encode::constant(value);
            let text = (bytes.len() <= LONG).then(|| literal::constant(value));
            (bytes, text)
        });
        let mut times: HashMap<&str, usize> = HashMap::new();
        for import in &chunk.imports {
            *times.entry(import.name.as_str()).or_default() += 1;
        }
        let once = |import: &Import| import.name.len() <= LONG && times[import.name.as_str()] == 1;
        let mut all = Self {
            chunk,
            names: Pool::new(names),
            constants: Pool::new(constants),
            imports: chunk.imports.iter().map(once).collect(),
            entries: Vec::new(),
            labels: HashMap::new(),
        };
        all.name_entries();
        all.name_blocks();
        for op in &chunk.ops {
            all.visit(*op);
        }
        all
    }

    /// Functions come first; their names are the labels of their entries where that is possible.
    fn name_entries(&mut self) {
        let mut taken = HashSet::new();
        for f in &self.chunk.functions {
            self.names.mention(f.name);
            let name = self.chunk.name(f.name).map_or("", |name| name.as_str());
            let free = is_word(name) && short(name).is_some() && !is_numbered(name);
            let entry = free && f.pc <= self.chunk.ops.len() && taken.insert(name);
            self.entries.push(entry);
            if entry {
                let name = name.to_owned();
                self.labels
                    .entry(f.pc)
                    .or_default()
                    .push(Label { name, entry });
            }
            self.need_label(f.pc);
        }
    }

    fn name_blocks(&mut self) {
        let taken: HashSet<String> = (self.labels.values().flatten())
            .map(|label| label.name.clone())
            .collect();
        for (i, block) in self.chunk.blocks.iter().enumerate() {
            for (pc, name) in [
                (block.start, format!("b{i}")),
                (block.end, format!("b{i}_end")),
            ] {
                let entry = false;
                if !self.labels.contains_key(&pc)
                    && pc <= self.chunk.ops.len()
                    && !taken.contains(&name)
                {
                    self.labels.insert(pc, vec![Label { name, entry }]);
                }
                self.need_label(pc);
            }
        }
    }

    fn need_label(&mut self, pc: usize) {
        if pc <= self.chunk.ops.len() {
            let (name, entry) = (format!("L{pc}"), false);
            let label = || vec![Label { name, entry }];
            self.labels.entry(pc).or_insert_with(label);
        }
    }

    fn visit(&mut self, op: Op) {
        if let Some((import, packed)) = self.import(op) {
            for (tag, _, bits) in import.signature.unpack(packed) {
                match tag {
                    ImmTag::Name | ImmTag::Function => self.names.mention(bits as u16),
                    ImmTag::Parsed => self.constants.mention(bits as u16),
                    ImmTag::Label => self.need_label(bits as usize),
                    _ => {}
                }
            }
            return;
        }
        op.each_operand(|operand| match operand.kind {
            OperandKind::Name | OperandKind::Function => self.names.mention(operand.bits as u16),
            OperandKind::Const => self.constants.mention(operand.bits as u16),
            OperandKind::Target => self.need_label(operand.bits as usize),
            _ => {}
        });
    }

    /// Import and immediates of an op that they describe completely.
    pub(super) fn import(&self, op: Op) -> Option<(&'a Import, u64)> {
        let (id, packed) = self.chunk.immediates(op)?;
        let import = self.chunk.imports.get(usize::from(id))?;
        let signature = &import.signature;
        let whole = self.imports[usize::from(id)] && signature.immediates.len() <= 64;
        let wide = matches!(op, Op::ExtendedWide(..));
        if !whole || signature.is_wide() != wide {
            return None;
        }
        let bits: u32 = signature.immediates.iter().map(|tag| tag.bits()).sum();
        let fits = bits <= 64 && packed.checked_shr(bits).unwrap_or(0) == 0;
        fits.then_some((import, packed))
    }

    /// Packed immediates of an ext op.
    pub(super) fn packed(&self, op: Op) -> u64 {
        self.chunk.immediates(op).map_or(0, |(_, packed)| packed)
    }

    /// Whether the name of a function stands for its entry, too.
    pub(super) fn is_entry(&self, function: usize) -> bool {
        let f = self.chunk.functions.get(function);
        let inline = f.is_some_and(|f| self.names.inline(f.name));
        inline && self.entries.get(function) == Some(&true)
    }

    /// The labels of a place.
    pub(super) fn labels(&self, pc: usize) -> &[Label] {
        self.labels.get(&pc).map_or(&[], Vec::as_slice)
    }

    /// A place as the target of an op.
    pub(super) fn target(&self, pc: usize) -> String {
        match self.labels(pc).first() {
            Some(label) => label.name.clone(),
            None => format!("@{pc}"),
        }
    }
}

fn short(text: &str) -> Option<&str> {
    (text.len() <= LONG).then_some(text)
}

/// Whether a name has the form of the labels that are made up.
fn is_numbered(name: &str) -> bool {
    let digits = name.strip_prefix('L').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
