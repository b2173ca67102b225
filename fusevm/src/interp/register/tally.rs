//! Counts of register instructions and of runs of them, to choose which are fused.
//!
//! A run is of instructions that stand and ran one behind the other, nothing but the last of which may
//! have gone elsewhere. Each is counted at the place of its last instruction; names come at the end.

use super::Code;
use crate::lower::{goes_on, name, widths};
use crate::vm::{Linked, Program};
use std::collections::{BTreeMap, HashMap};

/// The longest runs that are counted.
pub(crate) const LONGEST: usize = 4;

/// Counts of a VM.
pub(crate) struct Tally {
    codes: Vec<Counted>,
    by_address: HashMap<usize, usize>,
    /// Instructions that may still run.
    pub(crate) left: u64,
    /// Instructions that ran.
    pub(crate) plain: u64,
    /// How many would have been looked at where they are fused.
    pub(crate) fused: u64,
}

/// Counts in a code.
struct Counted {
    /// The program, so that the address is nobody else's.
    _program: Program,
    names: Vec<String>,
    goes_on: Vec<bool>,
    widths: Vec<u8>,
    places: Vec<[Count; LONGEST]>,
}

/// How often runs of one length ended at a place.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) runs: u64,
    /// Instructions that would be looked at less if each were one, fused as they are.
    pub(crate) saves: u64,
}

/// What is between two instructions.
#[derive(Default)]
pub(crate) struct Walk {
    /// Address of the code, and its place among those counted.
    code: (usize, usize),
    /// Window and place of the last instruction.
    last: Option<(usize, usize)>,
    /// Instructions in this run.
    row: usize,
    /// Instructions behind the last that it stands for as well.
    covered: u8,
    /// Which of the last ones would have been looked at, the last in the lowest bit.
    heads: u8,
}

impl Tally {
    /// Counts up to `most` instructions.
    pub(crate) fn new(most: u64) -> Self {
        Self {
            codes: Vec::new(),
            by_address: HashMap::new(),
            left: most,
            plain: 0,
            fused: 0,
        }
    }

    /// Counts the instruction at a place: window and instruction.
    pub(crate) fn count(
        &mut self,
        walk: &mut Walk,
        (linked, code): (&Linked, &Code),
        (window, ip): (usize, usize),
    ) {
        let address = std::ptr::from_ref(code) as usize;
        if walk.code.0 != address || walk.last.is_none() {
            walk.code = (address, self.know(address, linked, code));
            walk.last = None;
        }
        let counted = &mut self.codes[walk.code.1];
        let behind = ip > 0 && walk.last == Some((window, ip - 1)) && counted.goes_on[ip - 1];
        if !behind {
            (walk.row, walk.covered, walk.heads) = (0, 0, 0);
        }
        walk.last = Some((window, ip));
        walk.row = (walk.row + 1).min(LONGEST);
        let head = walk.covered == 0;
        if head {
            walk.covered = counted.widths[ip];
            self.fused += 1;
        }
        self.plain += 1;
        walk.covered -= 1;
        walk.heads = walk.heads << 1 | u8::from(head);
        for n in 1..=walk.row {
            let count = &mut counted.places[ip][n - 1];
            count.runs += 1;
            // It would take the place of whole instructions only.
            if walk.heads >> (n - 1) & 1 == 1 && walk.covered == 0 {
                let heads = walk.heads & ((1 << n) - 1);
                count.saves += u64::from(heads.count_ones()) - 1;
            }
        }
    }

    fn know(&mut self, address: usize, linked: &Linked, code: &Code) -> usize {
        *self.by_address.entry(address).or_insert_with(|| {
            let ops = linked.chunk().ops();
            let op = |pc: u32| ops.get(pc as usize).map_or("", |op| op.name());
            let named = code.plain.iter().zip(&code.meta);
            self.codes.push(Counted {
                _program: linked.origin().clone(),
                names: named.map(|(ins, meta)| name(*ins, op(meta.pc))).collect(),
                goes_on: code.plain.iter().map(|ins| goes_on(*ins)).collect(),
                widths: widths(code),
                places: vec![Default::default(); code.plain.len()],
            });
            self.codes.len() - 1
        })
    }

    /// Runs of instructions by their names. Of two that overlap, only the first counts: both could not be
    /// one instruction.
    pub(crate) fn runs(&self) -> BTreeMap<Vec<&str>, Count> {
        let mut runs: BTreeMap<Vec<&str>, Count> = BTreeMap::new();
        for counted in &self.codes {
            let mut ends: HashMap<Vec<&str>, usize> = HashMap::new();
            for (ip, counts) in counted.places.iter().enumerate() {
                for (n, count) in (1..).zip(counts).filter(|(_, count)| count.runs > 0) {
                    let names = counted.names[ip + 1 - n..=ip].iter().map(String::as_str);
                    let names: Vec<&str> = names.collect();
                    if ends.get(&names).is_some_and(|end| end + n > ip) {
                        continue;
                    }
                    ends.insert(names.clone(), ip);
                    let all = runs.entry(names).or_default();
                    all.runs += count.runs;
                    all.saves += count.saves;
                }
            }
        }
        runs
    }
}
