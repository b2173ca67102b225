//! Copies that are held back: of a text, an array or a hash, made for an op that only looks at it.
//!
//! Register code copies what an op is given to the registers that the op reads, and a copy of what is
//! counted counts. Here it is not made: the op is shown the original. What stands between the copy and the op
//! reads and makes numbers alone, and changes nothing that was read since the first such copy; so exits on the way,
//! and that of the op, go on at the first copy, and the interpreter makes it then.
//!
//! **Invariant**: nothing is held where a block ends, or where an instruction runs that is not [`simple`] or
//! the op itself.

use super::super::flow::touches;
use super::{Build, Know, St};
use crate::ext::Pass;
use crate::jit::ir::{Lib, Loc};
use crate::lower::Ins;

/// What a copy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Original {
    Reg(u16),
    /// The constant at that address, and what is known of it.
    Const(i64, Know),
}

/// The copies that are held back now.
#[derive(Debug, Default)]
pub(super) struct Held {
    copies: Vec<(u16, Original)>,
    /// The first of them.
    from: usize,
    /// Registers that were read since then.
    read: Vec<u16>,
}

impl Held {
    /// The first instruction that is held back.
    pub(super) fn from(&self) -> Option<usize> {
        (!self.copies.is_empty()).then_some(self.from)
    }

    /// What a register would be a copy of.
    pub(super) fn source(&self, d: u16) -> Option<Original> {
        let found = self.copies.iter().find(|(of, _)| *of == d);
        found.map(|(_, source)| *source)
    }

    /// Whether anything is held that is not in these registers.
    pub(super) fn is_beside(&self, registers: std::ops::Range<u16>) -> bool {
        self.copies.iter().any(|(d, _)| !registers.contains(d))
    }

    /// Whether any is held of what stands in these registers.
    pub(super) fn is_of(&self, registers: std::ops::Range<u16>) -> bool {
        let is_there = |of: &Original| matches!(of, Original::Reg(a) if registers.contains(a));
        self.copies.iter().any(|(_, of)| is_there(of))
    }

    /// The op has looked at what it was shown.
    pub(super) fn done(&mut self) {
        *self = Held::default();
    }
}

/// Whether an instruction only reads and makes numbers, and puts what it makes into one register.
fn simple(ins: Ins<u16>) -> bool {
    matches!(
        ins,
        Ins::Copy { .. }
            | Ins::Int { .. }
            | Ins::Const { .. }
            | Ins::Undef { .. }
            | Ins::Bool { .. }
            | Ins::Add { .. }
            | Ins::AddI { .. }
            | Ins::Sub { .. }
            | Ins::SubI { .. }
            | Ins::Mul { .. }
            | Ins::MulI { .. }
    )
}

impl Build<'_> {
    /// Holds back the copy that the instruction makes in `d`, if an op comes that only looks at it.
    pub(super) fn hold(&mut self, d: u16, source: Original) -> bool {
        if !self.is_looked_at(d, source) {
            return false;
        }
        if self.held.copies.is_empty() {
            self.held.from = self.ip;
            self.held.read.clear();
        }
        self.forget(Loc::Reg(d));
        self.set_st(Loc::Reg(d), St::Mem(Know::Plain));
        if let Original::Reg(a) = source {
            self.held.read.push(a);
        }
        self.held.copies.push((d, source));
        true
    }

    /// Whether the next that has to do with `d` is an op that is given it by its address, before anything else
    /// comes than what is simple.
    fn is_looked_at(&self, d: u16, source: Original) -> bool {
        let code = self.src.code;
        let Some(block) = self.src.flow.block_of(self.ip) else {
            return false;
        };
        for ins in &code.plain[self.ip + 1..self.src.flow.blocks[block].end] {
            if let Ins::Ext { a, n, import, .. } = *ins {
                let op = self.src.ops.get(usize::from(import));
                let called = op.filter(|op| op.inline.is_none() && op.alt.is_none());
                let called = called
                    .and_then(|op| op.called)
                    .map(|called| (called.entry)());
                // Copies are made before an op that writes a slot.
                let called = called.filter(|called| called.reach.slot.is_none());
                return called.is_some_and(|called| {
                    let is_input = |p: &&Pass| !matches!(p, Pass::Immediates | Pass::Site);
                    let inputs = called.params().iter().filter(is_input);
                    let at = usize::from(d.wrapping_sub(a));
                    (a..a + n).contains(&d) && inputs.clone().nth(at) == Some(&Pass::Place)
                });
            }
            let touched = touches(*ins);
            let is_touched = |r: u16| touched.writes.contains(&Some(r));
            if !simple(*ins)
                || touched.reads.contains(&Some(d))
                || is_touched(d)
                || matches!(source, Original::Reg(a) if is_touched(a))
            {
                return false;
            }
        }
        false
    }

    /// Whether what is held can stay so while the instruction runs.
    pub(super) fn stay_held(&mut self, ins: Ins<u16>) -> bool {
        if self.held.copies.is_empty() {
            return true;
        }
        if let Ins::Ext { .. } = ins {
            return true;
        }
        let touched = touches(ins);
        let is_number = |r: &u16| matches!(self.st(Loc::Reg(*r)), St::Val { .. });
        let numbers =
            matches!(ins, Ins::Copy { .. }) || touched.reads.iter().flatten().all(is_number);
        let changes = (touched.writes.iter().flatten())
            .any(|d| self.held.read.contains(d) || touched.reads.contains(&Some(*d)));
        if !simple(ins) || !numbers || changes {
            return false;
        }
        self.held.read.extend(touched.reads.iter().flatten());
        true
    }

    /// Makes the copies that are held back.
    pub(super) fn make_copies(&mut self) {
        for (d, source) in self.held.copies.clone() {
            let d = Loc::Reg(d);
            let (know, from, args) = match source {
                Original::Reg(a) => {
                    let know = match self.st(Loc::Reg(a)) {
                        St::Mem(know) => know,
                        St::Val { .. } => {
                            // It was looked at since, and is a number.
                            self.sync(Loc::Reg(a));
                            Know::Any
                        }
                    };
                    (know, Some(Loc::Reg(a)), Vec::new())
                }
                Original::Const(address, know) => (know, None, vec![self.int(address)]),
            };
            let lib = know.counted().map_or(Lib::Copy, Lib::Share);
            self.lib(lib, [from, Some(d), None], args);
            self.set_st(d, St::Mem(know));
        }
        self.held.done();
    }
}
