//! Pure ops on constants: run while code is made, so that nothing of them is left when it runs.

use super::{Call, Cost, Flow, ImmKind, OpDesc, Produced, Results, Ty};
use crate::value::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An op that is run early, as a VM that loaded the program has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold {
    desc: &'static OpDesc,
    coerce: bool,
}

/// The same function does the same.
impl PartialEq for Fold {
    fn eq(&self, other: &Self) -> bool {
        let same = std::ptr::fn_addr_eq(self.desc.entry, other.desc.entry);
        same && self.coerce == other.coerce
    }
}

impl Fold {
    /// The op, if it may be run early: it is pure, takes no part of a chunk, gives a number, and says by
    /// its cost that it takes no time.
    pub(crate) fn of(desc: &'static OpDesc, coerce: bool) -> Option<Self> {
        let number = |imm: &super::ImmDesc| {
            use ImmKind::{Bool, Count, Enum, I8, I32, U8, U32};
            matches!(imm.kind, U8 | I8 | I32 | U32 | Bool | Enum(_) | Count)
        };
        let outputs = &desc.outputs;
        let gives = matches!(outputs.falls, [Ty::Int | Ty::Float | Ty::Bool]);
        let alone = desc.callee.is_none() && !desc.cache && !desc.calls_back;
        let folds = desc.pure
            && alone
            && gives
            && outputs.jumps.is_none()
            && !outputs.invokes
            && outputs.access.is_none()
            && matches!(desc.cost, Cost::Fixed(1))
            && desc.immediates.iter().all(number);
        folds.then_some(Self { desc, coerce })
    }

    /// What the op gives; `None` where it traps or panics: it then does so when it runs.
    pub(crate) fn run(&self, immediates: u64, mut inputs: Vec<Value>) -> Option<Value> {
        let mut results = Results::default();
        let mut call = Call::early(self.coerce, immediates, &mut inputs, &mut results);
        let ran = catch_unwind(AssertUnwindSafe(|| (self.desc.entry)(&mut call)));
        match (ran, results.first, results.second) {
            (Ok(Ok(Flow::Next)), Some(Produced::Value(value)), None) => Some(value),
            _ => None,
        }
    }
}
