//! Verification while rustc runs: one walk over constant code, in constant functions.
//!
//! `chunk!` evaluates [`check`] in a constant and asks for the fault of each op in a constant of its
//! own, on the tokens of that op: a stack underflow in Rust source is an error of `cargo check`, at the
//! op. The walk goes through the code in the order in which it lies, once as a rule. Each label has the height
//! with which control first gets there; where a label is jumped to from behind, nothing is taken to be
//! known of the types there.
//!
//! The rules are those of the [verifier](super) as far as a constant can tell, and one that it has
//! not: where the type of a value and that of the operand of an ext op are both declared, they agree.
//! Deliberately not trusted by anything: a chunk that comes from here is verified like any other
//! before it runs. And after a fault the walk goes on as if the op had found what it takes, so that
//! one mistake hides no other.

mod fault;
mod reach;
mod step;
#[cfg(test)]
mod tests;
mod types;
mod walk;

pub use fault::Fault;

use crate::chunk::fixed::{StaticCode, StaticOp};
use crate::op::{Op, OperandKind};
use walk::Walk;

/// What is wrong with constant code of `N` ops, `M` labels and `B` blocks.
#[derive(Debug)]
pub struct Checked<const N: usize, const M: usize, const B: usize> {
    ops: [Fault; N],
    labels: [Fault; M],
    blocks: [Fault; B],
}

impl<const N: usize, const M: usize, const B: usize> Checked<N, M, B> {
    /// Reports what is wrong with the op at `pc`.
    ///
    /// # Panics
    /// When something is; the macros call it in a constant, so that this is an error of compilation.
    #[track_caller]
    pub const fn op(&self, pc: usize, code: &StaticCode) {
        self.ops[pc].report(code, code.ops[pc]);
    }

    /// Reports what is wrong where control falls into a label.
    ///
    /// # Panics
    /// When something is, as for [`Checked::op`].
    #[track_caller]
    pub const fn label(&self, label: usize, code: &StaticCode) {
        self.labels[label].report(code, StaticOp::Broken);
    }

    /// Reports what is wrong with the end of a block.
    ///
    /// # Panics
    /// When something is, as for [`Checked::op`].
    #[track_caller]
    pub const fn block(&self, block: usize, code: &StaticCode) {
        self.blocks[block].report(code, StaticOp::Broken);
    }

    /// Whether there is no fault at all.
    #[cfg(test)]
    const fn is_clean(&self) -> bool {
        let mut clean = true;
        let mut i = 0;
        while i < N {
            clean &= matches!(self.ops[i], Fault::None);
            i += 1;
        }
        let mut i = 0;
        while i < M {
            clean &= matches!(self.labels[i], Fault::None);
            i += 1;
        }
        let mut i = 0;
        while i < B {
            clean &= matches!(self.blocks[i], Fault::None);
            i += 1;
        }
        clean
    }
}

/// Checks constant code. `C` bounds what the walk may remember of types: four for each op.
pub const fn check<const N: usize, const M: usize, const B: usize, const C: usize>(
    code: &StaticCode,
) -> Checked<N, M, B> {
    let mut walk = Walk::<N, M, B, C>::new(code);
    if N > 0 {
        walk.run();
    }
    walk.found
}

/// Bits of the operand of that kind, if the op has one.
const fn operand(op: Op, kind: OperandKind) -> Option<u64> {
    let operands = op.info().operands;
    let mut i = 0;
    while i < operands.len() {
        if operands[i].1 as u8 == kind as u8 {
            return Some(op.bits()[i]);
        }
        i += 1;
    }
    None
}
