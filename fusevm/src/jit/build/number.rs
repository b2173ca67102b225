//! Numbers: arithmetic, bits, comparisons, and branches on them.

use super::super::flow::touches;
use super::{Build, Edge, Know, St};
use crate::jit::ir::{Bin, Cond, Inst, Loc, Look, Peeked, Term, Ty, Un, V, Why};
use crate::jit::profile::single;
use crate::lower::Ins;
use crate::op::Opcode;
use crate::semantics::{Operands, ZeroDiv};

/// The second operand.
#[derive(Clone, Copy)]
enum Src {
    Reg(u16),
    Int(i64),
}

/// The integer operation, whether it overflows, and the one of floats.
const ADD: (Bin, Bin, Bin) = (Bin::Add, Bin::AddOver, Bin::FAdd);
const SUB: (Bin, Bin, Bin) = (Bin::Sub, Bin::SubOver, Bin::FSub);
const MUL: (Bin, Bin, Bin) = (Bin::Mul, Bin::MulOver, Bin::FMul);

impl Build<'_> {
    pub(super) fn number(&mut self, ins: Ins<u16>) -> usize {
        if self.by_operator(ins).is_some() || self.in_place(ins).is_some() {
            return 1;
        }
        self.number_or_not(ins)
    }

    /// A comparison by the language's own op, of operands one of which is certainly no number.
    fn by_operator(&mut self, mut ins: Ins<u16>) -> Option<()> {
        let opcode = self.opcode();
        let op = self.src.operators?.operator(opcode)?;
        op.peek
            .filter(|_| op.outputs.falls == [crate::ext::Ty::Bool])?;
        let ([Some(a), Some(b), ..], branch) = (touches(ins).reads, ins.branch()) else {
            return None;
        };
        let is_two = matches!(
            ins,
            Ins::Binary { .. }
                | Ins::JumpLt { .. }
                | Ins::JumpLe { .. }
                | Ins::JumpEq { .. }
                | Ins::JumpNotLt { .. }
                | Ins::JumpNotLe { .. }
                | Ins::JumpNotEq { .. }
        );
        let seen = self.seen().operands;
        let certain = [(a, seen[0]), (b, seen[1])]
            .into_iter()
            .find_map(|(r, seen)| self.is_no_number(Loc::Reg(r), seen).then_some((r, seen)));
        let (r, seen) = certain.filter(|_| is_two)?;
        if let St::Mem(Know::Any | Know::Plain) = self.st(Loc::Reg(r)) {
            let tag = single(seen)?;
            self.guard_tag(Loc::Reg(r), tag);
            self.set_st(Loc::Reg(r), St::Mem(Know::Tag(tag)));
        }
        let is = match op.equality.then(|| self.is_undef(a, b)).flatten() {
            Some(is) => is,
            None => {
                self.sync(Loc::Reg(a));
                self.sync(Loc::Reg(b));
                let turned = ins.turned() && matches!(opcode, Opcode::NumGt | Opcode::NumGe);
                let locs = match turned {
                    true => [Loc::Reg(b), Loc::Reg(a)],
                    false => [Loc::Reg(a), Loc::Reg(b)],
                };
                let (op, exit) = (Look::Op(Peeked(op)), self.exit_at(Why::Slow, self.ip));
                self.inst(Inst::Peek { op, locs, exit }, Ty::Bool)
            }
        };
        // What only the stack had is gone.
        for r in [a, b] {
            if r >= self.src.code.base {
                self.forget(Loc::Reg(r));
                self.set_st(Loc::Reg(r), St::Mem(Know::Plain));
            }
        }
        match (ins.dest().map(|d| *d), branch) {
            (Some(d), _) => self.set(Loc::Reg(d), is),
            (None, Some((when, to))) => {
                let (to, on) = (to as usize, self.ip + 1);
                match when == (opcode != Opcode::NumNe) {
                    true => self.branch(is, to, on),
                    false => self.branch(is, on, to),
                }
            }
            (None, None) => return None,
        }
        Some(())
    }

    /// Whether two values are equal one of which is certainly Undef: a look at the other's kind.
    fn is_undef(&mut self, a: u16, b: u16) -> Option<V> {
        let ty = |this: &Self, r| match this.st(Loc::Reg(r)) {
            St::Val { v, .. } => Some(this.f.ty(v)),
            St::Mem(_) => None,
        };
        let (first, second) = (ty(self, a), ty(self, b));
        let other = match (first, second) {
            (Some(Ty::Undef), other) => (b, other),
            (other, Some(Ty::Undef)) => (a, other),
            _neither => return None,
        };
        Some(match other {
            (_, Some(ty)) => self.inst(Inst::Bool(ty == Ty::Undef), Ty::Bool),
            (r, None) => {
                let wanted = self.int(Ty::Undef.tag()?.into());
                let kind = self.inst(Inst::Tag(Loc::Reg(r)), Ty::Int);
                self.cmp(Cond::Eq, kind, wanted)
            }
        })
    }

    /// Whether what stands there is no number, as far as is known, or was seen.
    fn is_no_number(&self, loc: Loc, seen: u16) -> bool {
        let number = |tag: u8| matches!(tag, 2 | 3);
        match self.st(loc) {
            St::Val { v, .. } => self.f.ty(v).tag().is_some_and(|tag| !number(tag)),
            St::Mem(Know::Tag(tag)) => !number(tag),
            St::Mem(Know::Any | Know::Plain) => single(seen).is_some_and(|tag| !number(tag)),
        }
    }

    /// An operand that is a number at times, and at others not: in place for the one case, and as the
    /// interpreter does for the other.
    fn number_or_not(&mut self, ins: Ins<u16>) -> usize {
        let seen = self.seen();
        let mixed = |r: &Option<u16>, bits: u16| {
            let r =
                r.filter(|r| matches!(self.st(Loc::Reg(*r)), St::Mem(know) if know.counts()))?;
            let tag = [2u8, 3].into_iter().find(|tag| bits & 1 << tag != 0)?;
            (bits.count_ones() > 1).then_some((r, tag))
        };
        let reads = ins.reads();
        let found = (reads.iter().zip(seen.operands)).find_map(|(r, bits)| mixed(r, bits));
        let mut with_dest = ins;
        let Some((r, tag)) = found.filter(|_| with_dest.dest().is_some() && !seen.odd) else {
            return self.step(ins, 1);
        };
        let loc = Loc::Reg(r);
        let (kind, wanted) = (self.inst(Inst::Tag(loc), Ty::Int), self.int(tag.into()));
        let is = self.cmp(Cond::Eq, kind, wanted);
        let (fast, slow) = (self.f.block(), self.f.block());
        self.end(Term::Branch(is, (fast, Vec::new()), (slow, Vec::new())));
        let before = self.st.clone();
        self.at = fast;
        self.set_st(loc, St::Mem(Know::Tag(tag)));
        let mut ways = Vec::new();
        if self.in_place(ins).is_none() {
            self.step(ins, 1);
        }
        if !self.done {
            let (from, state) = (self.at, self.st.clone());
            ways.push(Edge { from, state });
        }
        (self.at, self.st, self.done) = (slow, before, false);
        self.step(ins, 1);
        if !self.done {
            let (from, state) = (self.at, self.st.clone());
            ways.push(Edge { from, state });
        }
        self.done = ways.is_empty();
        if !self.done {
            let live = self.live[self.ip + 1 - self.start].clone();
            self.merge(ways, &live);
        }
        1
    }

    fn in_place(&mut self, ins: Ins<u16>) -> Option<()> {
        match ins {
            Ins::Add { d, a, b } => self.arithmetic(ADD, d, a, Src::Reg(b)),
            Ins::Sub { d, a, b } => self.arithmetic(SUB, d, a, Src::Reg(b)),
            Ins::Mul { d, a, b } => self.arithmetic(MUL, d, a, Src::Reg(b)),
            Ins::AddI { d, a, n } => self.arithmetic(ADD, d, a, Src::Int(n.into())),
            Ins::SubI { d, a, n } => self.arithmetic(SUB, d, a, Src::Int(n.into())),
            Ins::MulI { d, a, n } => self.arithmetic(MUL, d, a, Src::Int(n.into())),
            Ins::Div { d, a, b } => self.divide(d, a, b),
            Ins::Mod { d, a, b } => self.modulo(d, a, Src::Reg(b)),
            Ins::ModI { d, a, n } => self.modulo(d, a, Src::Int(n.into())),
            Ins::And { d, a, b } => self.bits(Bin::And, d, a, Src::Reg(b)),
            Ins::Or { d, a, b } => self.bits(Bin::Or, d, a, Src::Reg(b)),
            Ins::Xor { d, a, b } => self.bits(Bin::Xor, d, a, Src::Reg(b)),
            Ins::Shl { d, a, b } => self.bits(Bin::Shl, d, a, Src::Reg(b)),
            Ins::Shr { d, a, b } => self.bits(Bin::Shr, d, a, Src::Reg(b)),
            Ins::AndI { d, a, n } => self.bits(Bin::And, d, a, Src::Int(n.into())),
            Ins::OrI { d, a, n } => self.bits(Bin::Or, d, a, Src::Int(n.into())),
            Ins::XorI { d, a, n } => self.bits(Bin::Xor, d, a, Src::Int(n.into())),
            Ins::ShlI { d, a, n } => self.bits(Bin::Shl, d, a, Src::Int(n.into())),
            Ins::ShrI { d, a, n } => self.bits(Bin::Shr, d, a, Src::Int(n.into())),
            Ins::Binary { op, d, a, b } => self.binary(op, d, a, b),
            Ins::Unary { op, d, a } => self.unary(op, d, a),
            Ins::Not { d, a } => self.not(d, a),
            branch => self.jump(branch),
        }
    }

    /// Both operands, where they are values.
    fn both(&mut self, a: u16, b: Src) -> Option<((V, Ty), (V, Ty))> {
        let a = self.operand(a, 0)?;
        let b = match b {
            Src::Reg(b) => self.operand(b, 1)?,
            Src::Int(n) => (self.int(n), Ty::Int),
        };
        Some((a, b))
    }

    /// Both operands as floats, if both are numbers.
    fn floats(&mut self, (a, s): (V, Ty), (b, t): (V, Ty)) -> Option<(V, V)> {
        Some((self.as_float(a, s)?, self.as_float(b, t)?))
    }

    fn as_float(&mut self, v: V, ty: Ty) -> Option<V> {
        match ty {
            Ty::Float => Some(v),
            Ty::Int => match self.f.int(v) {
                Some(n) => Some(self.float(n as f64)),
                None => Some(self.inst(Inst::Un(Un::ToFloat, v), Ty::Float)),
            },
            _other => None,
        }
    }

    fn arithmetic(
        &mut self,
        (int, over, float): (Bin, Bin, Bin),
        d: u16,
        a: u16,
        b: Src,
    ) -> Option<()> {
        let (a, b) = self.both(a, b)?;
        let v = match (a.1, b.1) {
            (Ty::Int, Ty::Int) => {
                if !self.wraps() {
                    if self.seen().odd {
                        return None;
                    }
                    let is = self.bin(over, a.0, b.0);
                    self.guard(is, false, Why::Range);
                }
                self.bin(int, a.0, b.0)
            }
            _other => {
                let (x, y) = self.floats(a, b)?;
                self.bin(float, x, y)
            }
        };
        self.set(Loc::Reg(d), v);
        Some(())
    }

    fn divide(&mut self, d: u16, a: u16, b: u16) -> Option<()> {
        let (a, b) = self.both(a, Src::Reg(b))?;
        let (x, y) = self.floats(a, b)?;
        let zero_is_special = self.src.policy.zero_div != ZeroDiv::Float;
        if zero_is_special {
            if self.seen().odd {
                return None;
            }
            let zero = self.float(0.0);
            let is = self.inst(Inst::FCmp(Cond::Eq, y, zero), Ty::Bool);
            self.guard(is, false, Why::Range);
        }
        let v = self.bin(Bin::FDiv, x, y);
        self.set(Loc::Reg(d), v);
        Some(())
    }

    fn modulo(&mut self, d: u16, a: u16, b: Src) -> Option<()> {
        let (a, b) = self.both(a, b)?;
        if (a.1, b.1) != (Ty::Int, Ty::Int) {
            return None;
        }
        let v = match self.f.int(b.0) {
            Some(0) => return None,
            // So that the one quotient that does not fit need not be computed.
            Some(-1) => self.int(0),
            Some(_) => self.bin(Bin::Rem, a.0, b.0),
            None => {
                if self.seen().odd {
                    return None;
                }
                let (zero, one, less) = (self.int(0), self.int(1), self.int(-1));
                let is = self.cmp(Cond::Eq, b.0, zero);
                self.guard(is, false, Why::Range);
                let is = self.cmp(Cond::Eq, b.0, less);
                let by = self.inst(Inst::Select(is, one, b.0), Ty::Int);
                self.bin(Bin::Rem, a.0, by)
            }
        };
        self.set(Loc::Reg(d), v);
        Some(())
    }

    fn bits(&mut self, op: Bin, d: u16, a: u16, b: Src) -> Option<()> {
        let (a, b) = self.both(a, b)?;
        if (a.1, b.1) != (Ty::Int, Ty::Int) {
            return None;
        }
        let v = self.bin(op, a.0, b.0);
        self.set(Loc::Reg(d), v);
        Some(())
    }

    /// A truth: how two numbers of one kind compare.
    fn compare(&mut self, cond: Cond, a: (V, Ty), b: (V, Ty)) -> Option<V> {
        match (a.1, b.1) {
            (Ty::Int, Ty::Int) => Some(self.cmp(cond, a.0, b.0)),
            (Ty::Float, Ty::Float) => Some(self.inst(Inst::FCmp(cond, a.0, b.0), Ty::Bool)),
            // They compare as floats if one of them is one.
            _other => {
                let (x, y) = self.floats(a, b)?;
                Some(self.inst(Inst::FCmp(cond, x, y), Ty::Bool))
            }
        }
    }

    fn binary(&mut self, op: Opcode, d: u16, a: u16, b: u16) -> Option<()> {
        let cond = match op {
            Opcode::NumEq => Cond::Eq,
            Opcode::NumNe => Cond::Ne,
            Opcode::NumLt => Cond::Lt,
            Opcode::NumLe => Cond::Le,
            Opcode::NumGt => Cond::Gt,
            Opcode::NumGe => Cond::Ge,
            _other => return None,
        };
        let (a, b) = self.both(a, Src::Reg(b))?;
        let v = self.compare(cond, a, b)?;
        self.set(Loc::Reg(d), v);
        Some(())
    }

    fn unary(&mut self, op: Opcode, d: u16, a: u16) -> Option<()> {
        let (a, ty) = self.operand(a, 0)?;
        let v = match (op, ty) {
            (Opcode::Negate, Ty::Float) => self.inst(Inst::Un(Un::FNeg, a), Ty::Float),
            (Opcode::Negate, Ty::Int) if self.wraps() => {
                let zero = self.int(0);
                self.bin(Bin::Sub, zero, a)
            }
            (Opcode::BitNot, Ty::Int) => self.inst(Inst::Un(Un::BitNot, a), Ty::Int),
            _other => return None,
        };
        self.set(Loc::Reg(d), v);
        Some(())
    }

    /// Whether a value counts as true, and if that is to be turned round.
    fn truth(&mut self, (v, ty): (V, Ty)) -> Option<(V, bool)> {
        Some(match ty {
            Ty::Bool => (v, true),
            Ty::Int => {
                let zero = self.int(0);
                (self.cmp(Cond::Ne, v, zero), true)
            }
            Ty::Float => {
                let zero = self.float(0.0);
                (self.inst(Inst::FCmp(Cond::Ne, v, zero), Ty::Bool), true)
            }
            Ty::Undef => (self.inst(Inst::Bool(false), Ty::Bool), true),
            Ty::None | Ty::Ptr | Ty::Pair => return None,
        })
    }

    fn not(&mut self, d: u16, a: u16) -> Option<()> {
        let value = self.operand(a, 0)?;
        let (is, _) = self.truth(value)?;
        let v = self.inst(Inst::Un(Un::Not, is), Ty::Bool);
        self.set(Loc::Reg(d), v);
        Some(())
    }

    pub(super) fn jump_on_truth(&mut self, ins: Ins<u16>) -> usize {
        let (Ins::JumpIf { a, to, .. } | Ins::JumpIfNot { a, to, .. }) = ins else {
            return 1;
        };
        let is = self.operand(a, 0).and_then(|value| self.truth(value));
        let Some((is, _)) = is else {
            let (is_if, is_last) = match ins {
                Ins::JumpIf { last, .. } => (true, last),
                Ins::JumpIfNot { last, .. } => (false, last),
                _other => return 1,
            };
            return self.odd_branch(Look::Truth, [a, a], is_last, (is_if, to));
        };
        let (to, on) = (to as usize, self.ip + 1);
        match ins {
            Ins::JumpIf { .. } => self.branch(is, to, on),
            _not => self.branch(is, on, to),
        }
        1
    }

    /// A branch on something that is no number, which is looked at as the interpreter does: `when` it is so,
    /// control goes on at `to`. What is looked at is gone if `goes`, as far as only the stack had it.
    fn odd_branch(&mut self, op: Look, of: [u16; 2], goes: bool, (when, to): (bool, u32)) -> usize {
        if self.seen().times == 0 && !self.src.eager {
            return self.leave(Why::Kind);
        }
        of.iter().for_each(|r| self.sync(Loc::Reg(*r)));
        let (locs, exit) = (of.map(Loc::Reg), self.exit_at(Why::Slow, self.ip));
        let is = self.inst(Inst::Peek { op, locs, exit }, Ty::Bool);
        for r in of {
            if goes && r >= self.src.code.base {
                self.forget(Loc::Reg(r));
                self.set_st(Loc::Reg(r), St::Mem(Know::Plain));
            }
        }
        let (to, on) = (to as usize, self.ip + 1);
        match when {
            true => self.branch(is, to, on),
            false => self.branch(is, on, to),
        }
        1
    }

    /// Whether a language has an op of its own in place of the instruction's.
    fn is_replaced(&self) -> bool {
        let (opcode, operators) = (self.opcode(), self.src.operators);
        operators.is_some_and(|all| all.operator(opcode).is_some())
    }

    /// Whether the instruction's op is one on two numbers that no instruction is for: a step runs it where they
    /// are numbers.
    pub(super) fn is_of_numbers(&self) -> bool {
        matches!(self.opcode(), Opcode::Pow | Opcode::Spaceship)
    }

    fn opcode(&self) -> Opcode {
        self.op().opcode()
    }

    fn jump(&mut self, ins: Ins<u16>) -> Option<()> {
        let (cond, a, b, when, to) = match ins {
            Ins::JumpLt { a, b, to } => (Cond::Lt, a, Src::Reg(b), true, to),
            Ins::JumpLe { a, b, to } => (Cond::Le, a, Src::Reg(b), true, to),
            Ins::JumpEq { a, b, to } => (Cond::Eq, a, Src::Reg(b), true, to),
            Ins::JumpNotLt { a, b, to } => (Cond::Lt, a, Src::Reg(b), false, to),
            Ins::JumpNotLe { a, b, to } => (Cond::Le, a, Src::Reg(b), false, to),
            Ins::JumpNotEq { a, b, to } => (Cond::Eq, a, Src::Reg(b), false, to),
            Ins::JumpLtI { a, n, to } => (Cond::Lt, a, Src::Int(n.into()), true, to),
            Ins::JumpLeI { a, n, to } => (Cond::Le, a, Src::Int(n.into()), true, to),
            Ins::JumpGtI { a, n, to } => (Cond::Gt, a, Src::Int(n.into()), true, to),
            Ins::JumpGeI { a, n, to } => (Cond::Ge, a, Src::Int(n.into()), true, to),
            Ins::JumpEqI { a, n, to } => (Cond::Eq, a, Src::Int(n.into()), true, to),
            Ins::JumpNotLtI { a, n, to } => (Cond::Lt, a, Src::Int(n.into()), false, to),
            Ins::JumpNotLeI { a, n, to } => (Cond::Le, a, Src::Int(n.into()), false, to),
            Ins::JumpNotGtI { a, n, to } => (Cond::Gt, a, Src::Int(n.into()), false, to),
            Ins::JumpNotGeI { a, n, to } => (Cond::Ge, a, Src::Int(n.into()), false, to),
            Ins::JumpNotEqI { a, n, to } => (Cond::Eq, a, Src::Int(n.into()), false, to),
            other => {
                debug_assert!(false, "{other:?} is no branch");
                return None;
            }
        };
        let is = self.both(a, b).and_then(|(a, b)| self.compare(cond, a, b));
        let Some(is) = is else {
            // Only numbers compare, or a language says how others do.
            if self.is_replaced() || self.src.policy.operands != Operands::Coerce {
                self.out(ins);
                return Some(());
            }
            let (op, second) = match b {
                Src::Reg(b) => (Look::Order(cond), b),
                Src::Int(n) => (Look::OrderInt(cond, n), a),
            };
            self.odd_branch(op, [a, second], true, (when, to));
            return Some(());
        };
        let (to, on) = (to as usize, self.ip + 1);
        match when {
            true => self.branch(is, to, on),
            false => self.branch(is, on, to),
        }
        Some(())
    }
}
