//! The values on the stack while lowering: in registers of their own, in slots, or nowhere yet.

use super::Lowering;
use crate::lower::{Ins, Opnd};
use crate::value::Value;

/// Values that are listed one by one, at most: an exit has them all.
const LISTED: usize = 256;

/// The values on the stack, by where they are.
#[derive(Debug, Default)]
pub(super) struct Stack {
    /// So many, from the bottom, are in the registers of their places.
    pub(super) settled: usize,
    /// Those above them.
    pub(super) above: Vec<Opnd>,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.settled + self.above.len()
    }

    /// The value at place `p`.
    pub(super) fn at(&self, p: usize) -> Opnd {
        match p.checked_sub(self.settled) {
            Some(p) => self.above[p],
            None => Opnd::Temp,
        }
    }

    pub(super) fn last(&self) -> Option<Opnd> {
        self.len().checked_sub(1).map(|p| self.at(p))
    }

    pub(super) fn push(&mut self, opnd: Opnd) {
        match opnd == Opnd::Temp && self.above.is_empty() {
            true => self.settled += 1,
            false => self.above.push(opnd),
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.above.truncate(len.saturating_sub(self.settled));
        self.settled = self.settled.min(len);
    }

    /// Where the value at place `p` was, which is in its register from now on.
    fn settle(&mut self, p: usize) -> Opnd {
        match p.checked_sub(self.settled) {
            Some(p) => std::mem::replace(&mut self.above[p], Opnd::Temp),
            None => Opnd::Temp,
        }
    }

    /// The stack has `len` values, all of them in their registers.
    pub(super) fn settle_all(&mut self, len: usize) {
        self.above.clear();
        self.settled = len;
    }

    /// Lists the lowest `settled` values no more: they are in their registers.
    fn forget(&mut self, settled: usize) {
        if let Some(more) = settled.checked_sub(self.settled) {
            self.above.drain(..more);
            self.settled = settled;
        }
    }

    fn swap(&mut self, p: usize, q: usize) {
        // They are not in the registers of their places.
        self.above.swap(p - self.settled, q - self.settled);
    }
}

impl<'v> Lowering<'v> {
    /// The register of place `p` on the stack.
    pub(super) fn home(&self, p: usize) -> u16 {
        self.code.base + p as u16
    }

    /// The register of a slot of the running frame.
    pub(super) fn slot(&self, s: u16) -> u16 {
        let (first, _) = self.code.slots[self.depth];
        first + s
    }

    /// Puts all values but the topmost `but` into the registers of their places.
    pub(super) fn flush(&mut self, but: usize) {
        let settled = self.stack.len().saturating_sub(but);
        for p in self.stack.settled.min(settled)..settled {
            self.settle(p);
        }
        self.stack.forget(settled);
    }

    /// Puts all values into the registers of their places when there are many elsewhere, but never where
    /// the frame may be about to go on in the base interpreter.
    pub(super) fn flush_many(&mut self) {
        if self.stack.above.len() > LISTED && (self.code.form.metered || !self.point_due) {
            self.flush(0);
        }
    }

    /// Puts the value at place `p` into its register.
    pub(super) fn settle(&mut self, p: usize) {
        let opnd = self.stack.settle(p);
        let d = self.use_home(p);
        self.load(d, opnd, d);
    }

    /// Puts a value, which is that at the place of register `home`, into register `d`.
    pub(super) fn load(&mut self, d: u16, opnd: Opnd, home: u16) {
        match opnd {
            Opnd::Temp if d == home => {}
            Opnd::Temp => {
                self.emit(Ins::Take { d, a: home });
            }
            Opnd::Reg(a) if a == d => {}
            Opnd::Reg(a) => {
                self.emit(Ins::Copy { d, a });
            }
            Opnd::Int(n) => {
                self.emit(Ins::Int { d, n });
            }
            Opnd::Const(k) => {
                self.emit(Ins::Const { d, k });
            }
            Opnd::Undef => {
                self.emit(Ins::Undef { d });
            }
            Opnd::Bool(is) => {
                self.emit(Ins::Bool { d, is });
            }
        }
    }

    pub(super) fn constant(&mut self, value: Value) -> Opnd {
        self.code.constants.push(value);
        self.code.of_chunk.push(None);
        Opnd::Const((self.code.constants.len() - 1) as u32)
    }

    /// The register that has the value `below` the top: its place's if it has to be loaded.
    pub(super) fn register(&mut self, below: usize) -> u16 {
        let p = self.stack.len() - 1 - below;
        match self.stack.at(p) {
            Opnd::Reg(r) => r,
            Opnd::Temp => self.home(p),
            _constant => {
                self.settle(p);
                self.home(p)
            }
        }
    }

    pub(super) fn pop(&mut self, n: usize) {
        let left = self.stack.len().saturating_sub(n);
        self.stack.truncate(left);
    }

    /// The register for a result, which is pushed.
    pub(super) fn push(&mut self) -> u16 {
        self.stack.push(Opnd::Temp);
        self.use_home(self.stack.len() - 1)
    }

    /// The register of place `p`, which is about to be written.
    pub(super) fn use_home(&mut self, p: usize) -> u16 {
        let home = self.home(p);
        self.code.registers = self.code.registers.max(home + 1);
        home
    }

    /// Pushes a copy of the value `below` the top.
    pub(super) fn copy(&mut self, below: usize) {
        let p = self.stack.len() - 1 - below;
        match self.stack.at(p) {
            Opnd::Temp => {
                let a = self.home(p);
                let d = self.push();
                self.emit(Ins::Copy { d, a });
            }
            other => self.stack.push(other),
        }
    }

    /// Exchanges two values.
    pub(super) fn swap(&mut self, below: usize, other: usize) {
        let (p, q) = (self.stack.len() - 1 - below, self.stack.len() - 1 - other);
        if self.stack.at(p) == Opnd::Temp || self.stack.at(q) == Opnd::Temp {
            self.settle(p);
            self.settle(q);
            let (a, b) = (self.home(p), self.home(q));
            self.emit(Ins::Swap { a, b });
        } else {
            self.stack.swap(p, q);
        }
    }

    /// Gives values on the stack that are in a register which is about to be written their own.
    pub(super) fn unalias(&mut self, r: u16) {
        for p in self.stack.settled..self.stack.len() {
            if self.stack.at(p) == Opnd::Reg(r) {
                self.settle(p);
            }
        }
    }

    pub(super) fn set_slot(&mut self, s: u16) {
        let d = self.slot(s);
        let p = self.stack.len() - 1;
        let opnd = self.stack.at(p);
        self.pop(1);
        if opnd == Opnd::Reg(d) {
            return;
        }
        let aliased = self.stack.above.contains(&Opnd::Reg(d));
        let home = self.home(p);
        let last = self.code.plain.len();
        let may_go = last > self.fence && self.empties != Some(last - 1);
        if opnd == Opnd::Temp && !aliased && may_go {
            // What computed the value writes the slot.
            if let Some(dest) = self.code.plain[last - 1]
                .dest()
                .filter(|dest| **dest == home)
            {
                *dest = d;
                if self
                    .code
                    .points
                    .pop_if(|point| point.0 as usize == last)
                    .is_some()
                {
                    // The value is not where it was said to be.
                    self.point_due = true;
                }
                return;
            }
        }
        self.unalias(d);
        self.load(d, opnd, home);
    }
}
