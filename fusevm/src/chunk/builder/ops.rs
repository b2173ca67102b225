//! The core ops as methods: jumps to labels, globals and functions by name, counts as `usize`.

use super::Builder;
use crate::ext::{ImmediatePool, Label, Language};
use crate::op::Op;

impl<L: Language> Builder<L> {
    /// Appends an op that jumps, with `label` as its target; the target in `op` is ignored.
    pub fn branch(&mut self, op: Op, label: Label) {
        self.push(op.with_target(label.0 as usize));
    }

    /// Jumps.
    pub fn jump(&mut self, label: Label) {
        self.branch(Op::Jump(0), label);
    }

    /// `c →`: jumps if it is true.
    pub fn jump_if_true(&mut self, label: Label) {
        self.branch(Op::JumpIfTrue(0), label);
    }

    /// `c →`: jumps if it is false.
    pub fn jump_if_false(&mut self, label: Label) {
        self.branch(Op::JumpIfFalse(0), label);
    }

    /// `c → c`: jumps if it is true.
    pub fn jump_if_true_keep(&mut self, label: Label) {
        self.branch(Op::JumpIfTrueKeep(0), label);
    }

    /// `c → c`: jumps if it is false.
    pub fn jump_if_false_keep(&mut self, label: Label) {
        self.branch(Op::JumpIfFalseKeep(0), label);
    }

    /// `→ v`: the global `name`.
    pub fn get_var(&mut self, name: &str) {
        let name = ImmediatePool::name(self, name);
        self.push(Op::GetVar(name));
    }

    /// `v →`: sets the global `name`.
    pub fn set_var(&mut self, name: &str) {
        let name = ImmediatePool::name(self, name);
        self.push(Op::SetVar(name));
    }

    /// `v →`: declares the global `name`.
    pub fn declare_var(&mut self, name: &str) {
        let name = ImmediatePool::name(self, name);
        self.push(Op::DeclareVar(name));
    }

    /// Appends an op whose operand is a name: `b.with_name(Op::ArrayPush, "xs")`.
    pub fn with_name(&mut self, op: fn(u16) -> Op, name: &str) {
        let name = ImmediatePool::name(self, name);
        self.push(op(name));
    }

    /// `→ v`: slot `slot` of the frame.
    pub fn get_slot(&mut self, slot: usize) {
        let slot = self.slot(slot);
        self.push(Op::GetSlot(slot));
    }

    /// `v →`: writes slot `slot` of the frame.
    pub fn set_slot(&mut self, slot: usize) {
        let slot = self.slot(slot);
        self.push(Op::SetSlot(slot));
    }

    /// `a1 … ak → [r]`: calls a function by name.
    pub fn call(&mut self, name: &str, argc: usize) {
        let name = ImmediatePool::name(self, name);
        let argc = self.argc(argc);
        self.push(Op::Call(name, argc));
    }

    /// `a1 … ak → r`: calls a registered builtin.
    pub fn call_builtin(&mut self, id: u16, argc: usize) {
        let argc = self.argc(argc);
        self.push(Op::CallBuiltin(id, argc));
    }

    /// `v1 … vn →`: prints them.
    pub fn print(&mut self, n: usize) {
        let n = self.argc(n);
        self.push(Op::Print(n));
    }

    /// `v1 … vn →`: prints them and a line break.
    pub fn println(&mut self, n: usize) {
        let n = self.argc(n);
        self.push(Op::PrintLn(n));
    }

    /// `e1 … en → array`.
    pub fn make_array(&mut self, n: usize) {
        let n = self.fit(n, "array literal of length", u16::MAX.into());
        self.push(Op::MakeArray(n));
    }

    /// `k1 v1 … → hash` of `pairs` pairs.
    pub fn make_hash(&mut self, pairs: usize) {
        let n = self.fit(
            pairs.saturating_mul(2),
            "hash literal of length",
            u16::MAX.into(),
        );
        self.push(Op::MakeHash(n));
    }
}
