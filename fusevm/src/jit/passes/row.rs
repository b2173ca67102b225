//! Instructions that passes make, one behind the other.

use crate::jit::ir::{Bin, Cond, Func, Inst, Ty, V};

/// Instructions that come one behind the other.
#[derive(Default)]
pub(super) struct Row(pub(super) Vec<V>);

impl Row {
    pub(super) fn put(&mut self, f: &mut Func, inst: Inst, ty: Ty) -> V {
        let v = f.value(inst, ty);
        self.0.push(v);
        v
    }

    pub(super) fn least(&mut self, f: &mut Func, a: V, b: V) -> V {
        let less = self.put(f, Inst::Cmp(Cond::Lt, a, b), Ty::Bool);
        self.put(f, Inst::Select(less, a, b), Ty::Int)
    }

    /// Whether all of some truths hold.
    pub(super) fn all(&mut self, f: &mut Func, truths: Vec<V>) -> V {
        let all = truths.into_iter();
        let all = all.reduce(|all, is| self.put(f, Inst::Bin(Bin::And, all, is), Ty::Bool));
        all.unwrap_or_else(|| self.put(f, Inst::Bool(true), Ty::Bool))
    }

    /// Leaves by an exit unless something is so.
    pub(super) fn guard(&mut self, f: &mut Func, is: Inst, out: usize) {
        let is = self.put(f, is, Ty::Bool);
        self.put(f, Inst::Guard(is, true, out), Ty::None);
    }
}
