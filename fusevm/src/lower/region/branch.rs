//! Comparisons, branches and tests of loops.

use super::{Lowering, Target};
use crate::chunk::Chunk;
use crate::lower::walk::Region;
use crate::lower::{Ins, Opnd};
use crate::op::Op;

impl<'v> Lowering<'v> {
    /// In place of a jump back to the test of a loop: the test, which goes to the body if the loop goes
    /// on. Whether there is such a test.
    pub(super) fn test_again(
        &mut self,
        to: usize,
        region: &Region,
        (id, base): (u32, usize),
    ) -> bool {
        let Some(branch) = loop_test(self.chunk, region, to).filter(|_| !self.stops_at_numbers())
        else {
            return false;
        };
        let pc = self.pc;
        self.flush(0);
        for at in to..branch - 1 {
            self.pc = at;
            self.op(self.chunk.ops()[at], region, (id, base));
        }
        self.pc = branch - 1;
        self.pay(1);
        let (compares, branches) = (self.chunk.ops()[branch - 1], self.chunk.ops()[branch]);
        let (when, exit) = match branches {
            Op::JumpIfTrue(exit) => (true, exit),
            Op::JumpIfFalse(exit) => (false, exit),
            _other => return false,
        };
        let body = self.target(branch + 1, region, id, self.stack.len() - 2);
        self.branch_on(compares, !when, body);
        self.pay(1);
        let exit = self.target(exit, region, id, self.stack.len());
        self.emit_to(Ins::Jump { to: 0 }, exit);
        self.pc = pc;
        true
    }

    /// Pops two values and goes to `target` if comparing them gives `when`.
    pub(super) fn branch_on(&mut self, op: Op, when: bool, target: Target) {
        self.flush(2);
        let small = match self.stack.last() {
            Some(Opnd::Int(n)) => i16::try_from(n).ok(),
            _other => None,
        };
        let a = self.register(1);
        let ins = match small {
            Some(n) => compare_small(op, when, a, n),
            None => compare(op, when, a, self.register(0)),
        };
        self.pop(2);
        if let Some(ins) = ins {
            self.emit_to(ins, target);
        }
    }

    /// A comparison with the branch behind it, if there is one.
    pub(super) fn compare_and_branch(
        &mut self,
        op: Op,
        region: &Region,
        id: u32,
    ) -> Option<(bool, usize)> {
        let next = self.pc + 1;
        let at = region.ops.get(&next)?;
        let (when, to) = match self.chunk.ops()[next] {
            Op::JumpIfTrue(to) => (true, to),
            Op::JumpIfFalse(to) => (false, to),
            _other => return None,
        };
        if at.target || self.stops_at_numbers() {
            return None;
        }
        let target = self.target(to, region, id, self.stack.len() - 2);
        self.branch_on(op, when, target);
        self.pay(1);
        self.end_segment();
        Some((true, 1))
    }
}

/// The branch that ends the test of a loop which begins at `to`: a comparison of slots and numbers, and
/// a branch, with nothing that jumps into it.
pub(in crate::lower) fn loop_test(chunk: &Chunk, region: &Region, to: usize) -> Option<usize> {
    let ops = chunk.ops();
    let mut pc = to;
    loop {
        let at = region.ops.get(&pc)?;
        if pc > to && at.target || pc > to + 6 {
            return None;
        }
        match ops[pc] {
            Op::GetSlot(_) | Op::LoadInt(_) | Op::LoadFloat(_) => pc += 1,
            Op::NumLt | Op::NumGt | Op::NumLe | Op::NumGe | Op::NumEq | Op::NumNe => break,
            _other => return None,
        }
    }
    let branch = pc + 1;
    let at = region.ops.get(&branch)?;
    let branches = matches!(ops[branch], Op::JumpIfTrue(_) | Op::JumpIfFalse(_));
    // Two values on the stack of the loop, no more and no less.
    (branches && !at.target && pc == to + 2 && region.ops.contains_key(&(branch + 1)))
        .then_some(branch)
}

/// The branch on a comparison of two registers.
fn compare(op: Op, when: bool, a: u16, b: u16) -> Option<Ins<u16>> {
    let to = 0;
    Some(match (op, when) {
        (Op::NumLt, true) => Ins::JumpLt { a, b, to },
        (Op::NumLt, false) => Ins::JumpNotLt { a, b, to },
        (Op::NumGt, true) => Ins::JumpLt { a: b, b: a, to },
        (Op::NumGt, false) => Ins::JumpNotLt { a: b, b: a, to },
        (Op::NumLe, true) => Ins::JumpLe { a, b, to },
        (Op::NumLe, false) => Ins::JumpNotLe { a, b, to },
        (Op::NumGe, true) => Ins::JumpLe { a: b, b: a, to },
        (Op::NumGe, false) => Ins::JumpNotLe { a: b, b: a, to },
        (Op::NumEq, true) | (Op::NumNe, false) => Ins::JumpEq { a, b, to },
        (Op::NumEq, false) | (Op::NumNe, true) => Ins::JumpNotEq { a, b, to },
        _other => return None,
    })
}

/// The branch on a comparison with a small number.
fn compare_small(op: Op, when: bool, a: u16, n: i16) -> Option<Ins<u16>> {
    let to = 0;
    Some(match (op, when) {
        (Op::NumLt, true) => Ins::JumpLtI { a, n, to },
        (Op::NumLt, false) => Ins::JumpNotLtI { a, n, to },
        (Op::NumGt, true) => Ins::JumpGtI { a, n, to },
        (Op::NumGt, false) => Ins::JumpNotGtI { a, n, to },
        (Op::NumLe, true) => Ins::JumpLeI { a, n, to },
        (Op::NumLe, false) => Ins::JumpNotLeI { a, n, to },
        (Op::NumGe, true) => Ins::JumpGeI { a, n, to },
        (Op::NumGe, false) => Ins::JumpNotGeI { a, n, to },
        (Op::NumEq, true) | (Op::NumNe, false) => Ins::JumpEqI { a, n, to },
        (Op::NumEq, false) | (Op::NumNe, true) => Ins::JumpNotEqI { a, n, to },
        _other => return None,
    })
}
