//! Whatever has no fast path: the op runs as the base interpreter runs it, on its stack.

use crate::interp::{Frame, FrameKind, fused, step};
use crate::lower::{Code, Ins};
use crate::op::{Op, Opcode};
use crate::semantics::{Rules, Trap, arith, bits, compare};
use crate::value::Value;
use crate::vm::{Linked, VM};
use std::sync::Arc;

/// What came of an op.
pub(super) enum Done {
    /// Its values are on the stack.
    Here,
    /// Another frame is on top, which is to run first.
    Elsewhere,
}

impl VM {
    /// Runs an op on what has been pushed for it, at `pc`; the frame goes on at `ip`.
    pub(super) fn run_op(
        &mut self,
        linked: &Arc<Linked>,
        op: Op,
        (pc, ip): (usize, usize),
    ) -> Result<Done, Trap> {
        self.pc = pc + 1;
        let frames = self.frames.len();
        if let Some(frame) = self.frames.last_mut() {
            frame.ip = ip as u32;
        }
        step(self, linked, op)?;
        match self.frames.len() == frames {
            true => Ok(Done::Here),
            false => Ok(Done::Elsewhere),
        }
    }

    /// Runs an op of numbers on two values, or one; the result, unless that comes later.
    #[cold]
    pub(super) fn run_numbers(
        &mut self,
        linked: &Arc<Linked>,
        op: Opcode,
        inputs: (Value, Option<Value>),
        at: (usize, usize),
    ) -> Result<Option<Value>, Trap> {
        self.stack.push(inputs.0);
        self.stack.extend(inputs.1);
        let op = plain(op);
        match self.run_op(linked, op, at)? {
            Done::Here => Ok(Some(self.stack.pop().unwrap_or_default())),
            Done::Elsewhere => Ok(None),
        }
    }

    /// Runs the op at `pc` on `n` registers from `a` on and puts its results there; whether it jumped,
    /// or `None` when another frame is to run first.
    pub(super) fn run_base(
        &mut self,
        linked: &Arc<Linked>,
        (a, n, locals): (u16, u16, u16),
        (pc, ip): (usize, usize),
    ) -> Result<Option<bool>, Trap> {
        let op = linked.chunk().ops[pc];
        let Some(frame) = self.frames.last() else {
            return Ok(None);
        };
        let (window, base) = (frame.window, frame.base);
        let first = window + usize::from(a);
        let inputs = self.registers[first..first + usize::from(n)].iter_mut();
        self.stack.extend(inputs.map(std::mem::take));
        let slots = slots_of(linked, op);
        let (locals, from) = (window + usize::from(locals), frame.slots);
        for &slot in &slots {
            self.lend_slot(locals, from, slot);
        }
        let ran = self.run_op(linked, op, (pc, ip));
        for &slot in &slots {
            self.return_slot(locals, from, slot);
        }
        if !slots.is_empty() {
            self.slots.truncate(from);
        }
        if let Done::Elsewhere = ran? {
            // The frame that the op has opened has no slots yet: they begin where those lent were.
            if let Some(frame) = self.frames.last_mut().filter(|_| !slots.is_empty()) {
                frame.slots = from;
            }
            return Ok(None);
        }
        let results = self.stack.drain(base..);
        for (register, value) in self.registers[first..].iter_mut().zip(results) {
            *register = value;
        }
        Ok(Some(self.pc != pc + 1))
    }

    /// Puts a register, which is so far from `locals`, where the base interpreter has the slot: so far
    /// from `from`.
    fn lend_slot(&mut self, locals: usize, from: usize, slot: u16) {
        let at = from + usize::from(slot);
        if self.slots.len() <= at {
            self.slots.resize(at + 1, Value::Undef);
        }
        self.slots[at] = std::mem::take(&mut self.registers[locals + usize::from(slot)]);
    }

    /// Takes a slot back into its register.
    fn return_slot(&mut self, locals: usize, from: usize, slot: u16) {
        if let Some(value) = self.slots.get_mut(from + usize::from(slot)) {
            self.registers[locals + usize::from(slot)] = std::mem::take(value);
        }
    }

    /// Puts what another frame has left for the instruction before `ip` where that wants it; the
    /// instruction that comes next.
    pub(super) fn resume(&mut self, code: &Code) -> usize {
        let Some(frame) = self.frames.last() else {
            return 0;
        };
        let (window, base, ip) = (frame.window, frame.base, frame.ip as usize);
        let before = ip.checked_sub(1).map(|before| code.plain[before]);
        let Some(mut ins) = before.filter(|_| self.stack.len() > base) else {
            return ip;
        };
        if let Some((when, to)) = ins.branch() {
            let value = self.stack.pop().unwrap_or_default();
            return match value.to_bool() == (when != self.is_unequal(code, ip - 1)) {
                true => to as usize,
                false => ip,
            };
        }
        let a = match ins {
            Ins::Call { a, .. }
            | Ins::CallOut { a, .. }
            | Ins::Base { a, .. }
            | Ins::Ext { a, .. } => a,
            _other => ins.dest().map_or(0, |d| *d),
        };
        let first = window + usize::from(a);
        let results = self.stack.drain(base..);
        for (register, value) in self.registers[first..].iter_mut().zip(results) {
            *register = value;
        }
        ip
    }

    /// Whether the comparison of an instruction is `!=`, which is run as the other way round of `==`.
    pub(super) fn is_unequal(&self, code: &Code, at: usize) -> bool {
        let frame = self.frames.last();
        let linked = frame.and_then(|frame| self.code().get(frame.code));
        let op = linked.map(|linked| linked.chunk().ops[code.meta[at].pc as usize]);
        op == Some(Op::NumNe)
    }

    /// Opens the frame of a call inside the program, whose registers are from `window` on; the caller
    /// goes on at `ip`.
    pub(super) fn open_call(
        &mut self,
        kind: FrameKind,
        (return_pc, ip): (usize, usize),
        window: usize,
    ) {
        let (base, slots) = (self.stack.len(), self.slots.len());
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        frame.ip = ip as u32;
        let (code, end, form) = (frame.code, frame.end, frame.form);
        self.depth += 1;
        // Its parts are written where it is to stand: what is written elsewhere, word by word, and then copied, the
        // processor waits for.
        self.frames.push(Frame::NOTHING);
        if let Some(frame) = self.frames.last_mut() {
            (frame.kind, frame.code) = (kind, code);
            (frame.base, frame.slots) = (base, slots);
            (frame.return_pc, frame.end) = (return_pc, end);
            (frame.window, frame.ip, frame.form) = (window, 0, form);
        }
    }

    /// The value of a register: moved out of it, if nothing but the stack has it.
    pub(super) fn fetch(&mut self, register: usize, moved: bool) -> Value {
        match moved {
            true => std::mem::take(&mut self.registers[register]),
            false => self.registers[register].clone(),
        }
    }

    /// A fused loop in one go, on registers; whether it could be.
    pub(super) fn run_fused(
        &mut self,
        linked: &Linked,
        op: Op,
        window: usize,
    ) -> Result<bool, Trap> {
        fused::whole(self, linked, op, (Some(window), 1))
    }
}

/// The op of that code, which has no operands.
fn plain(code: Opcode) -> Op {
    Op::from_bits(code, &mut std::iter::empty()).unwrap_or(Op::Nop)
}

/// Slots that an ext op names, each once.
fn slots_of(linked: &Linked, op: Op) -> Vec<u16> {
    let chunk = linked.chunk();
    let Some((id, packed)) = chunk.immediates(op) else {
        return Vec::new();
    };
    let Some(desc) = linked.ops.get(usize::from(id)) else {
        return Vec::new();
    };
    let is_slot = |i: &&crate::ext::ImmDesc| matches!(i.kind, crate::ext::ImmKind::Slot);
    let mut slots: Vec<u16> = (desc.immediates.iter().filter(is_slot))
        .map(|i| i.extract(packed) as u16)
        .collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// What an op on numbers gives for two of them, or for one and nothing; `None` for other ops.
pub(super) fn on_numbers(
    op: Opcode,
    rules: &Rules<'_>,
    a: Value,
    b: Value,
) -> Option<Result<Value, Trap>> {
    Some(match op {
        Opcode::Add => arith::add(rules, [a, b]),
        Opcode::Sub => arith::sub(rules, [a, b]),
        Opcode::Mul => arith::mul(rules, [a, b]),
        Opcode::Div => arith::div(rules, [a, b]),
        Opcode::Mod => arith::modulo(rules, [a, b]),
        Opcode::Pow => arith::pow(rules, [a, b]),
        Opcode::Inc => arith::inc(rules, [a]),
        Opcode::Dec => arith::dec(rules, [a]),
        Opcode::Negate => arith::negate(rules, [a]),
        Opcode::BitAnd => bits::bit_and(rules, [a, b]),
        Opcode::BitOr => bits::bit_or(rules, [a, b]),
        Opcode::BitXor => bits::bit_xor(rules, [a, b]),
        Opcode::BitNot => bits::bit_not(rules, [a]),
        Opcode::Shl => bits::shl(rules, [a, b]),
        Opcode::Shr => bits::shr(rules, [a, b]),
        Opcode::NumEq => compare::num_eq(rules, [a, b]),
        Opcode::NumNe => compare::num_ne(rules, [a, b]),
        Opcode::NumLt => compare::num_lt(rules, [a, b]),
        Opcode::NumGt => compare::num_gt(rules, [a, b]),
        Opcode::NumLe => compare::num_le(rules, [a, b]),
        Opcode::NumGe => compare::num_ge(rules, [a, b]),
        Opcode::Spaceship => compare::spaceship(rules, [a, b]),
        _other => return None,
    })
}
