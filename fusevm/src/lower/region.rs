//! Lowering a region: the ops of a unit or of a block, in order.

use super::walk::{At, Region, walk};
use super::{Code, Exit, Form, Inner, Ins, Meta, Opnd, fused_loop, stack_base};
use crate::chunk::Chunk;
use crate::op::{Flags, Op, Opcode};
use crate::semantics::Unset;
use crate::value::Value;
use crate::verify::Verified;
use crate::verify::flow::{BlockUse, block_of, shape};
use std::collections::HashMap;

/// Ops that are paid for together.
struct Segment {
    /// Its `Charge`.
    exit: u32,
    /// Its first instruction.
    first: usize,
    /// Fuel so far.
    cost: u32,
}

/// What jumps go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Target {
    /// An op of a region.
    Op(u32, usize),
    /// The end of the program, with that many values.
    End(u32),
    /// Anything else, by number.
    Label(u32),
}

pub(super) struct Lowering<'v> {
    verified: &'v Verified,
    chunk: &'v Chunk,
    overlay: &'v [Op],
    code: Code,
    /// The values on the stack, those of the regions around included.
    stack: Vec<Opnd>,
    inner: Vec<Inner>,
    /// Open scopes, all regions together.
    depth: usize,
    /// Open blocks.
    blocks: u8,
    segment: Option<Segment>,
    /// Whether the host may have had its way before the next instruction.
    point_due: bool,
    /// Cumulative cost of each instruction in its segment, until that ends.
    paid: Vec<u32>,
    bound: HashMap<Target, u32>,
    wanted: Vec<(usize, Target)>,
    /// Regions so far; labels so far.
    regions: u32,
    labels: u32,
    /// The pc that instructions are for.
    pc: usize,
    /// Nothing before this instruction may be changed any more: control gets here from elsewhere.
    fence: usize,
}

impl<'v> Lowering<'v> {
    pub(super) fn new(
        verified: &'v Verified,
        overlay: &'v [Op],
        slots: Vec<(u8, u8)>,
        form: Form,
    ) -> Self {
        Self {
            verified,
            chunk: verified.chunk(),
            overlay,
            code: Code {
                ins: Vec::new(),
                meta: Vec::new(),
                constants: Vec::new(),
                exits: Vec::new(),
                points: Vec::new(),
                fused: Vec::new(),
                registers: stack_base(&slots),
                base: stack_base(&slots),
                slots,
                form,
            },
            stack: Vec::new(),
            inner: Vec::new(),
            depth: 0,
            blocks: 0,
            segment: None,
            point_due: false,
            paid: Vec::new(),
            bound: HashMap::new(),
            wanted: Vec::new(),
            regions: 0,
            labels: 0,
            pc: 0,
            fence: 0,
        }
    }

    pub(super) fn finish(mut self) -> Code {
        for (at, target) in std::mem::take(&mut self.wanted) {
            let to = self.bound.get(&target).copied().unwrap_or(0);
            self.code.ins[at].aim(to);
        }
        self.code
    }

    /// Lowers a unit.
    pub(super) fn unit(&mut self, region: &Region, argc: u8) {
        // Arguments are in the registers of the first slots: the customary prologue puts them there.
        let start = region.start;
        let prologue = (0..argc).rev().map(|s| Op::SetSlot(s.into()));
        let ops = self.chunk.ops()[start..].iter().copied();
        match prologue.eq(ops.take(argc.into())) {
            true => self.stack = (0..argc).map(Opnd::Reg).collect(),
            false => {
                self.pc = start;
                for a in 0..argc {
                    let d = self.push();
                    self.emit(Ins::Take { d, a });
                }
            }
        }
        self.fence = self.code.ins.len();
        // Code that the unit shares with others may lie before its start.
        let first = region.ops.first_key_value().map(|(pc, _)| *pc);
        let straight = first.is_none_or(|first| first == start);
        if !straight {
            self.pc = start;
            self.flush(0);
            self.emit_to(Ins::Jump { to: 0 }, Target::Op(0, start));
        }
        self.region(region, 0, straight);
        if region.ops.is_empty() {
            self.emit(Ins::End { a: 0, some: false });
        }
        self.ends();
    }

    /// The ends of a main program, by height.
    fn ends(&mut self) {
        let mut heights: Vec<u32> = (self.wanted.iter())
            .filter_map(|(_, target)| match target {
                Target::End(height) => Some(*height),
                _ => None,
            })
            .collect();
        heights.sort_unstable();
        heights.dedup();
        for height in heights {
            self.bind(Target::End(height));
            let some = height > 0;
            let a = match height {
                0 => self.code.base,
                height => self.use_home(height as usize - 1),
            };
            self.emit(Ins::End { a, some });
        }
    }

    /// The register of place `p` on the stack.
    fn home(&self, p: usize) -> u8 {
        self.code.base + p as u8
    }

    /// The register of a slot of the running frame.
    fn slot(&self, s: u16) -> u8 {
        let (first, _) = self.code.slots[self.depth];
        first + s as u8
    }

    fn emit(&mut self, ins: Ins) -> usize {
        self.code.ins.push(ins);
        self.code.meta.push(Meta {
            pc: self.pc as u32,
            refund: 0,
        });
        self.paid.push(self.segment.as_ref().map_or(0, |s| s.cost));
        self.code.ins.len() - 1
    }

    fn emit_to(&mut self, ins: Ins, target: Target) {
        let at = self.emit(ins);
        self.wanted.push((at, target));
    }

    fn bind(&mut self, target: Target) {
        let at = self.code.ins.len();
        self.fence = at;
        self.bound.insert(target, at as u32);
    }

    fn label(&mut self) -> Target {
        self.labels += 1;
        Target::Label(self.labels)
    }

    /// Ends the stretch of ops that are paid together.
    fn end_segment(&mut self) {
        self.point_due = true;
        let Some(segment) = self.segment.take() else {
            return;
        };
        self.code.exits[segment.exit as usize].cost = segment.cost;
        for at in segment.first..self.code.ins.len() {
            self.code.meta[at].refund = segment.cost - self.paid[at].min(segment.cost);
        }
    }

    /// An exit to the base interpreter at the op of the current pc, with the stack as it is.
    fn exit(&mut self) -> u32 {
        self.code.exits.push(Exit {
            pc: self.pc as u32,
            stack: self.stack.clone(),
            inner: self.inner.clone(),
            cost: 0,
        });
        (self.code.exits.len() - 1) as u32
    }

    /// Takes note of how the frame goes on in the base interpreter from here, where a handler may have
    /// set fuel in code that counts none.
    fn point(&mut self) {
        if std::mem::take(&mut self.point_due) && !self.code.form.metered {
            let exit = self.exit();
            self.code.points.push((self.code.ins.len() as u32, exit));
        }
    }

    /// Takes the cost of an op into the stretch, which begins with it if there is none.
    fn pay(&mut self, cost: u32) {
        if !self.code.form.metered {
            self.point();
            return;
        }
        if self.segment.is_none() {
            let exit = self.exit();
            let first = self.code.ins.len();
            self.emit(Ins::Charge { exit });
            self.segment = Some(Segment {
                exit,
                first: first + 1,
                cost: 0,
            });
        }
        if let Some(segment) = &mut self.segment {
            segment.cost += cost;
        }
    }

    /// Lowers the ops of a region on top of `base` values; `live` says that control comes in at the
    /// first of them.
    fn region(&mut self, region: &Region, base: usize, mut live: bool) {
        let id = self.regions;
        self.regions += 1;
        let (depth, inner) = (self.depth, self.inner.len());
        let mut skip = 0;
        for (&pc, at) in &region.ops {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            self.pc = pc;
            if at.target || !live {
                if live {
                    self.point();
                    self.flush(0);
                }
                self.end_segment();
                self.enter(at, base, (depth, inner));
                self.bind(Target::Op(id, pc));
            }
            let op = self.chunk.ops()[pc];
            self.pc = pc;
            (live, skip) = self.op(op, region, (id, base));
            if live && pc + 1 + skip == region.end {
                // Nothing follows in the region: control leaves it.
                self.pc = region.end;
                self.point();
                self.pc = pc + skip;
                self.leave(id, region);
                live = false;
            }
        }
        self.end_segment();
        self.depth = depth;
        self.inner.truncate(inner);
    }

    /// The state at an op that control jumps to: each value is in its register.
    fn enter(&mut self, at: &At, base: usize, (depth, inner): (usize, usize)) {
        self.stack.truncate(base);
        for _ in 0..at.height {
            self.push();
        }
        self.depth = depth + at.scopes.len();
        self.inner.truncate(inner);
        let scope = |height: &u32| Inner::Scope {
            height: base as u32 + height,
        };
        self.inner.extend(at.scopes.iter().map(scope));
    }

    /// Control runs to the end of a region.
    fn leave(&mut self, id: u32, region: &Region) {
        self.flush(0);
        self.end_segment();
        let target = self.target(region.end, region, id, self.stack.len());
        self.emit_to(Ins::Jump { to: 0 }, target);
    }

    /// Where a jump of a region to a pc goes.
    fn target(&self, pc: usize, region: &Region, id: u32, height: usize) -> Target {
        match id == 0 && pc == region.end {
            true => Target::End(height as u32),
            false => Target::Op(id, pc),
        }
    }

    /// Puts all values but the topmost `but` into the registers of their places.
    fn flush(&mut self, but: usize) {
        for p in 0..self.stack.len().saturating_sub(but) {
            self.settle(p);
        }
    }

    /// Puts the value at place `p` into its register.
    fn settle(&mut self, p: usize) {
        let opnd = std::mem::replace(&mut self.stack[p], Opnd::Temp);
        let d = self.use_home(p);
        self.load(d, opnd, d);
    }

    /// Puts a value, which is that at the place of register `home`, into register `d`.
    fn load(&mut self, d: u8, opnd: Opnd, home: u8) {
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

    fn constant(&mut self, value: Value) -> Opnd {
        self.code.constants.push(value);
        Opnd::Const((self.code.constants.len() - 1) as u32)
    }

    /// The register that has the value `below` the top: its place's if it has to be loaded.
    fn register(&mut self, below: usize) -> u8 {
        let p = self.stack.len() - 1 - below;
        match self.stack[p] {
            Opnd::Reg(r) => r,
            Opnd::Temp => self.home(p),
            _constant => {
                self.settle(p);
                self.home(p)
            }
        }
    }

    fn pop(&mut self, n: usize) {
        let left = self.stack.len().saturating_sub(n);
        self.stack.truncate(left);
    }

    /// The register for a result, which is pushed.
    fn push(&mut self) -> u8 {
        self.stack.push(Opnd::Temp);
        self.use_home(self.stack.len() - 1)
    }

    /// The register of place `p`, which is about to be written.
    fn use_home(&mut self, p: usize) -> u8 {
        let home = self.home(p);
        self.code.registers = self.code.registers.max(home + 1);
        home
    }

    /// Lowers one op; whether control goes on behind it, and how many ops behind it were lowered too.
    fn op(&mut self, op: Op, region: &Region, (id, base): (u32, usize)) -> (bool, usize) {
        if op.info().flags.has(Flags::FUSED) {
            return self.fused(op, region, (id, base));
        }
        if fused_loop(self.overlay[self.pc]) {
            self.in_one_go(self.overlay[self.pc], region, id);
        }
        self.pay(1);
        match op {
            Op::Nop => {}
            Op::LoadInt(n) => match i32::try_from(n) {
                Ok(n) => self.stack.push(Opnd::Int(n)),
                Err(_) => {
                    let k = self.constant(Value::Int(n));
                    self.stack.push(k);
                }
            },
            Op::LoadFloat(f) => {
                let k = self.constant(Value::Float(f));
                self.stack.push(k);
            }
            Op::LoadConst(k) => {
                let k = self.constant(self.chunk.constants()[usize::from(k)].clone());
                self.stack.push(k);
            }
            Op::LoadTrue => self.stack.push(Opnd::Bool(true)),
            Op::LoadFalse => self.stack.push(Opnd::Bool(false)),
            Op::LoadUndef => self.stack.push(Opnd::Undef),
            Op::Pop => {
                // What only the stack held goes now.
                if self.stack.last() == Some(&Opnd::Temp) {
                    let d = self.home(self.stack.len() - 1);
                    self.emit(Ins::Undef { d });
                }
                self.pop(1);
            }
            Op::Dup => self.copy(0),
            Op::Dup2 => {
                self.copy(1);
                self.copy(1);
            }
            Op::Swap => self.swap(0, 1),
            Op::Rot => {
                self.swap(1, 2);
                self.swap(0, 1);
            }
            Op::GetSlot(s) => {
                let r = self.slot(s);
                self.stack.push(Opnd::Reg(r));
            }
            Op::SetSlot(s) => self.set_slot(s),
            Op::GetVar(name) | Op::GetArray(name) | Op::GetHash(name) => {
                let d = self.push();
                self.emit(Ins::GetVar { d, name });
            }
            Op::SetVar(name) | Op::SetArray(name) | Op::SetHash(name)
                if self.chunk.policy().unset == Unset::Strict =>
            {
                self.other(op, region, id);
                let _ = name;
            }
            Op::DeclareVar(name) | Op::SetVar(name) | Op::SetArray(name) | Op::SetHash(name) => {
                let a = self.register(0);
                self.pop(1);
                self.emit(Ins::SetVar { a, name });
            }
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Mod
            | Op::BitAnd
            | Op::BitOr
            | Op::BitXor
            | Op::Shl
            | Op::Shr => self.arithmetic(op),
            Op::NumEq | Op::NumNe | Op::NumLt | Op::NumGt | Op::NumLe | Op::NumGe => {
                if let Some(done) = self.compare_and_branch(op, region, id) {
                    return done;
                }
                self.binary(op.opcode());
            }
            Op::Inc | Op::Dec => {
                let a = self.register(0);
                self.pop(1);
                let d = self.push();
                let (plus, n) = (matches!(op, Op::Inc), 1);
                self.emit(match plus {
                    true => Ins::AddI { d, a, n },
                    false => Ins::SubI { d, a, n },
                });
                self.after_number();
            }
            Op::Negate | Op::BitNot => {
                let a = self.register(0);
                self.pop(1);
                let d = self.push();
                let op = op.opcode();
                self.emit(Ins::Unary { op, d, a });
                self.after_number();
            }
            Op::LogNot => {
                let a = self.register(0);
                self.pop(1);
                let d = self.push();
                self.emit(Ins::Not { d, a });
            }
            Op::Concat if self.appends(region) => {
                // The text of a slot grows where it is.
                let (a, b) = (self.register(1), self.register(0));
                self.pop(2);
                self.unalias(a);
                self.emit(Ins::Concat { d: a, a, b });
                self.pay(1);
                return (true, 1);
            }
            Op::Concat => {
                // The text may be appended to in place: it is not in a slot as well.
                let p = self.stack.len() - 2;
                self.settle(p);
                let (a, b) = (self.home(p), self.register(0));
                self.pop(2);
                let d = self.push();
                self.emit(Ins::Concat { d, a, b });
            }
            Op::SlotArrayGet(s) => {
                let (a, b) = (self.slot(s), self.register(0));
                self.pop(1);
                let d = self.push();
                self.emit(Ins::IndexGet { d, a, b });
            }
            Op::SlotArraySet(s) => {
                let a = self.slot(s);
                self.unalias(a);
                let (b, c) = (self.register(0), self.register(1));
                self.pop(2);
                self.emit(Ins::IndexSet { a, b, c, s });
            }
            Op::ArrayGet(name) => {
                let b = self.register(0);
                self.pop(1);
                let d = self.push();
                self.emit(Ins::ArrayGet { d, b, name });
            }
            Op::ArraySet(_) => {
                let (b, c) = (self.register(0), self.register(1));
                self.pop(2);
                self.emit(Ins::ArraySet { b, c });
            }
            Op::ArrayPush(_) => {
                let a = self.register(0);
                self.pop(1);
                self.emit(Ins::ArrayPush { a });
            }
            Op::PushFrame => self.open_scope(),
            Op::PopFrame => self.close_scope(),
            Op::Jump(to) if to <= self.pc && self.test_again(to, region, (id, base)) => {
                return (false, 0);
            }
            Op::Jump(to) => {
                self.flush(0);
                let target = self.target(to, region, id, self.stack.len());
                self.emit_to(Ins::Jump { to: 0 }, target);
                return (false, 0);
            }
            Op::JumpIfTrue(to) | Op::JumpIfFalse(to) => {
                self.flush(1);
                let a = self.register(0);
                let last = a >= self.code.base;
                self.pop(1);
                let target = self.target(to, region, id, self.stack.len());
                let to = 0;
                let ins = match op {
                    Op::JumpIfTrue(_) => Ins::JumpIf { a, last, to },
                    _false => Ins::JumpIfNot { a, last, to },
                };
                self.emit_to(ins, target);
                self.end_segment();
            }
            Op::JumpIfTrueKeep(to) | Op::JumpIfFalseKeep(to) => {
                self.flush(0);
                let (a, last) = (self.register(0), false);
                let target = self.target(to, region, id, self.stack.len());
                let to = 0;
                let ins = match op {
                    Op::JumpIfTrueKeep(_) => Ins::JumpIf { a, last, to },
                    _false => Ins::JumpIfNot { a, last, to },
                };
                self.emit_to(ins, target);
                self.end_segment();
            }
            Op::Call(name, argc) => return (self.call(name, argc), 0),
            Op::Return => {
                let blocks = self.blocks;
                self.emit(Ins::ReturnVoid { blocks });
                return (false, 0);
            }
            Op::ReturnValue => {
                let (a, blocks) = (self.register(0), self.blocks);
                self.emit(Ins::Return { a, blocks });
                return (false, 0);
            }
            op => self.other(op, region, id),
        }
        (true, 0)
    }

    /// Whether the op at the current pc joins the text of a slot and another, and the next one writes
    /// that slot.
    fn appends(&self, region: &Region) -> bool {
        let next = self.pc + 1;
        let (Some(at), Some(Op::SetSlot(s))) = (region.ops.get(&next), self.chunk.ops().get(next))
        else {
            return false;
        };
        let a = self.stack.len().checked_sub(2).map(|p| self.stack[p]);
        !at.target && a == Some(Opnd::Reg(self.slot(*s)))
    }

    /// In place of a jump back to the test of a loop: the test, which goes to the body if the loop goes
    /// on. Whether there is such a test.
    fn test_again(&mut self, to: usize, region: &Region, (id, base): (u32, usize)) -> bool {
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
    fn branch_on(&mut self, op: Op, when: bool, target: Target) {
        self.flush(2);
        let small = match self.stack.last() {
            Some(Opnd::Int(n)) => i16::try_from(*n).ok(),
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

    /// Pushes a copy of the value `below` the top.
    fn copy(&mut self, below: usize) {
        let p = self.stack.len() - 1 - below;
        match self.stack[p] {
            Opnd::Temp => {
                let a = self.home(p);
                let d = self.push();
                self.emit(Ins::Copy { d, a });
            }
            other => self.stack.push(other),
        }
    }

    /// Exchanges two values.
    fn swap(&mut self, below: usize, other: usize) {
        let (p, q) = (self.stack.len() - 1 - below, self.stack.len() - 1 - other);
        if self.stack[p] == Opnd::Temp || self.stack[q] == Opnd::Temp {
            self.settle(p);
            self.settle(q);
            let (a, b) = (self.home(p), self.home(q));
            self.emit(Ins::Swap { a, b });
        } else {
            self.stack.swap(p, q);
        }
    }

    /// Gives values on the stack that are in a register which is about to be written their own.
    fn unalias(&mut self, r: u8) {
        for p in 0..self.stack.len() {
            if self.stack[p] == Opnd::Reg(r) {
                self.settle(p);
            }
        }
    }

    fn set_slot(&mut self, s: u16) {
        let d = self.slot(s);
        let p = self.stack.len() - 1;
        let opnd = self.stack[p];
        self.pop(1);
        if opnd == Opnd::Reg(d) {
            return;
        }
        let aliased = self.stack.contains(&Opnd::Reg(d));
        let home = self.home(p);
        let last = self.code.ins.len();
        if opnd == Opnd::Temp && !aliased && last > self.fence {
            // What computed the value writes the slot.
            if let Some(dest) = self.code.ins[last - 1].dest().filter(|dest| **dest == home) {
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

    /// Whether fuel is paid up to an op on numbers and no further, since an op of the language may run in
    /// its place and spend some.
    fn stops_at_numbers(&self) -> bool {
        self.code.form.operators && self.code.form.metered
    }

    /// Behind an op on numbers that may be one of the language.
    fn after_number(&mut self) {
        if self.code.form.operators {
            self.end_segment();
        }
    }

    fn arithmetic(&mut self, op: Op) {
        let small = match self.stack.last() {
            Some(Opnd::Int(n)) => Some(*n),
            _other => None,
        };
        if let (Some(n), true) = (small, !matches!(op, Op::Div)) {
            let a = self.register(1);
            self.pop(2);
            let d = self.push();
            self.emit(match op {
                Op::Add => Ins::AddI { d, a, n },
                Op::Sub => Ins::SubI { d, a, n },
                Op::Mul => Ins::MulI { d, a, n },
                Op::BitAnd => Ins::AndI { d, a, n },
                Op::BitOr => Ins::OrI { d, a, n },
                Op::BitXor => Ins::XorI { d, a, n },
                Op::Shl => Ins::ShlI { d, a, n },
                Op::Shr => Ins::ShrI { d, a, n },
                _mod => Ins::ModI { d, a, n },
            });
        } else {
            let (b, a) = (self.register(0), self.register(1));
            self.pop(2);
            let d = self.push();
            self.emit(match op {
                Op::Add => Ins::Add { d, a, b },
                Op::Sub => Ins::Sub { d, a, b },
                Op::Mul => Ins::Mul { d, a, b },
                Op::Div => Ins::Div { d, a, b },
                Op::BitAnd => Ins::And { d, a, b },
                Op::BitOr => Ins::Or { d, a, b },
                Op::BitXor => Ins::Xor { d, a, b },
                Op::Shl => Ins::Shl { d, a, b },
                Op::Shr => Ins::Shr { d, a, b },
                _mod => Ins::Mod { d, a, b },
            });
        }
        self.after_number();
    }

    fn binary(&mut self, op: Opcode) {
        let (b, a) = (self.register(0), self.register(1));
        self.pop(2);
        let d = self.push();
        self.emit(Ins::Binary { op, d, a, b });
        self.after_number();
    }

    /// A comparison with the branch behind it, if there is one.
    fn compare_and_branch(&mut self, op: Op, region: &Region, id: u32) -> Option<(bool, usize)> {
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

    fn call(&mut self, name: u16, argc: u8) -> bool {
        let Some(returns) = self.verified.callee(name).returns else {
            // The path was verified to end here.
            self.end_segment_before_exit();
            return false;
        };
        for p in self.stack.len() - usize::from(argc)..self.stack.len() {
            self.settle(p);
        }
        self.pop(argc.into());
        let a = self.use_home(self.stack.len());
        self.emit(Ins::Call { a, argc, name });
        self.end_segment();
        self.fence = self.code.ins.len();
        if returns {
            self.push();
        }
        true
    }

    /// Goes on in the base interpreter at this op, whose cost the stretch has not taken.
    fn end_segment_before_exit(&mut self) {
        if let Some(segment) = &mut self.segment {
            segment.cost -= 1;
        }
        self.flush(0);
        let exit = self.exit();
        self.emit(Ins::Exit { exit });
        self.end_segment();
    }

    fn open_scope(&mut self) {
        self.flush(0);
        let height = self.stack.len() as u32;
        self.inner.push(Inner::Scope { height });
        self.depth += 1;
        let (a, n) = self.code.slots[self.depth];
        if n > 0 {
            self.emit(Ins::Clear { a, n });
        }
        self.fence = self.code.ins.len();
    }

    fn close_scope(&mut self) {
        if let Some(Inner::Scope { height }) = self.inner.pop() {
            let height = height as usize;
            let n = self.stack.len().saturating_sub(height) as u8;
            if n > 0 {
                let a = self.home(height);
                self.emit(Ins::Clear { a, n });
            }
            self.stack.truncate(height);
        }
        let (a, n) = self.code.slots[self.depth];
        if n > 0 {
            self.emit(Ins::Clear { a, n });
        }
        self.depth -= 1;
    }

    /// An op that runs as in the base interpreter, or a block.
    fn other(&mut self, op: Op, region: &Region, id: u32) {
        if let Some((block, usage)) = block_of(op)
            && usage != BlockUse::Unit
        {
            return self.block(op, block, usage);
        }
        let Some(shape) = shape(self.chunk, op) else {
            return self.end_segment_before_exit();
        };
        self.flush(0);
        let n = shape.pops as u8;
        let (locals, _) = self.code.slots[self.depth];
        let ext = matches!(op, Op::Extended(..) | Op::ExtendedWide(..));
        self.pop(shape.pops);
        let a = self.home(self.stack.len());
        if let Some((to, left)) = shape.jumps {
            self.emit(match ext {
                true => Ins::ExtBranch { a, n, locals },
                false => Ins::BaseBranch { a, n, locals },
            });
            let target = self.target(to, region, id, self.stack.len() + left);
            self.emit_to(Ins::Jump { to: 0 }, target);
        } else {
            self.emit(match ext {
                true => Ins::Ext { a, n, locals },
                false => Ins::Base { a, n, locals },
            });
        }
        self.end_segment();
        self.fence = self.code.ins.len();
        for _ in 0..shape.falls.unwrap_or(0) {
            self.push();
        }
    }

    /// An op that runs a block for each element: a loop.
    fn block(&mut self, op: Op, block: usize, usage: BlockUse) {
        let range = self.chunk.blocks()[block].clone();
        self.flush(0);
        self.pop(1);
        let base = self.stack.len();
        let a = self.home(base);
        let pc = self.pc;
        self.emit(Ins::LoopStart { a });
        self.end_segment();
        let (next, done) = (self.label(), self.label());
        self.bind(next);
        self.emit_to(Ins::LoopNext { a, to: 0 }, done);
        self.blocks += 1;
        self.inner.push(Inner::Block {
            height: base as u32,
            return_pc: pc as u32 + 1,
            end: range.end as u32,
        });
        for _ in 0..usage.inputs() {
            self.push();
        }
        let mut size = super::walk::Size::default();
        let inputs = usage.inputs() as u32;
        let inner = walk(
            self.verified,
            (range.start, range.end),
            inputs,
            (0, 0, 0),
            &mut size,
        );
        let id = self.regions;
        let depth = self.depth;
        match range.is_empty() {
            true => {}
            false => self.region(&inner, base, true),
        }
        self.bind(Target::Op(id, range.end));
        self.depth = depth;
        self.pc = pc;
        let left = usage.outputs().unwrap_or(0);
        self.stack.truncate(base);
        let some = left > 0;
        self.emit(Ins::LoopTurn { a, some });
        self.emit_to(Ins::Jump { to: 0 }, next);
        self.bind(done);
        self.blocks -= 1;
        self.inner.pop();
        if !matches!(op, Op::ForEachBlock(_)) {
            self.push();
        }
    }

    /// A fused op that stands in the chunk: its parts, all at its pc.
    fn fused(&mut self, op: Op, region: &Region, (id, base): (u32, usize)) -> (bool, usize) {
        if fused_loop(op) {
            let end = self.label();
            self.pay(1);
            self.flush(0);
            self.fused_ins(op);
            self.end_segment_before_exit();
            self.emit_to(Ins::Jump { to: 0 }, end);
            self.bind(end);
            return (true, 0);
        }
        if self.code.form.operators {
            // An op of the language may run in place of a part, and a frame cannot go on at one.
            self.pay(1);
            self.end_segment_before_exit();
            return (false, 0);
        }
        let mut live = true;
        for part in op.expansion() {
            (live, _) = self.part(part, region, (id, base));
        }
        (live, 0)
    }

    /// A part of a fused op: never a comparison with the branch behind it, since that is not in the chunk.
    fn part(&mut self, part: Op, region: &Region, at: (u32, usize)) -> (bool, usize) {
        match part {
            Op::NumLt => {
                self.pay(1);
                self.binary(Opcode::NumLt);
                (true, 0)
            }
            other => self.op(other, region, at),
        }
    }

    fn fused_ins(&mut self, op: Op) {
        let op = match op {
            Op::AccumSumLoop(sum, i, n) => {
                Op::AccumSumLoop(self.slot(sum).into(), self.slot(i).into(), n)
            }
            Op::ConcatConstLoop(k, s, i, n) => {
                Op::ConcatConstLoop(k, self.slot(s).into(), self.slot(i).into(), n)
            }
            Op::PushIntRangeLoop(name, i, n) => Op::PushIntRangeLoop(name, self.slot(i).into(), n),
            other => other,
        };
        self.code.fused.push(op);
        let index = (self.code.fused.len() - 1) as u32;
        self.emit(Ins::Fused { index });
    }

    /// A loop of the chunk that may run in one go; if it cannot, the ops behind do it.
    fn in_one_go(&mut self, op: Op, region: &Region, id: u32) {
        self.flush(0);
        self.end_segment();
        self.fused_ins(op);
        let length = op.expansion().len();
        let (slow, to) = (self.label(), self.pc + length);
        self.emit_to(Ins::Jump { to: 0 }, slow);
        let target = self.target(to, region, id, self.stack.len());
        self.emit_to(Ins::Jump { to: 0 }, target);
        self.bind(slow);
    }
}

/// The branch that ends the test of a loop which begins at `to`: a comparison of slots and numbers, and
/// a branch, with nothing that jumps into it.
pub(super) fn loop_test(chunk: &Chunk, region: &Region, to: usize) -> Option<usize> {
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
fn compare(op: Op, when: bool, a: u8, b: u8) -> Option<Ins> {
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
fn compare_small(op: Op, when: bool, a: u8, n: i16) -> Option<Ins> {
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
