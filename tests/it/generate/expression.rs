//! Expressions: each leaves one value more on the stack.

use super::outcome::{CALLS, LENGTHS, TOP};
use super::{DEPTH, Writer};
use fusevm::Op;

impl Writer<'_> {
    /// An expression with others up to `depth` deep inside it.
    pub(super) fn expression(&mut self, depth: usize) {
        if depth == 0 || self.room == 0 || self.r.one_in(5) {
            return match self.tight {
                Some(rare) if !self.r.one_in(rare) => self.tight(super::tight::Sort::Any, 0),
                _other => self.leaf(),
            };
        }
        if let Some(rare) = self.tight
            && !self.r.one_in(rare)
        {
            return self.tight(super::tight::Sort::Int, depth);
        }
        match self.r.below(20) {
            0 | 1 => {
                self.expression(depth - 1);
                let op = self.r.pick(&self.forms.unary);
                self.emit(op);
            }
            2..=6 => self.binary(depth),
            7 => self.shuffled(depth),
            8 => self.choice(depth),
            9 => self.alternative(depth),
            10 => self.call_for_value(depth),
            11 => self.builtin(depth),
            12..=14 => self.over_elements(depth),
            15 => self.made(depth),
            16 => self.sized(depth),
            _ => self.element(depth),
        }
    }

    fn leaf(&mut self) {
        let (name, slot) = (self.global(), self.slot());
        match self.r.below(16) {
            0..=3 => {
                let n = self.r.int();
                self.emit(Op::LoadInt(n));
            }
            4 => {
                let f = self.r.float();
                self.emit(Op::LoadFloat(f));
            }
            5 => {
                let text = self.r.text();
                self.constant(text.into());
            }
            6 => {
                let value = self.r.value(2);
                self.constant(value);
            }
            7..=9 => drop(self.emit(Op::GetSlot(slot))),
            10 | 11 => drop(self.emit(Op::GetVar(name))),
            12 => drop(self.fused(Op::PreIncSlot(slot))),
            _ => {
                let op = self.r.pick(&[
                    Op::LoadTrue,
                    Op::LoadFalse,
                    Op::LoadUndef,
                    Op::GetArray(name),
                    Op::GetHash(name),
                    Op::ArrayLen(name),
                    Op::ArrayPop(name),
                    Op::ArrayShift(name),
                    Op::HashKeys(name),
                    Op::HashValues(name),
                    Op::ReadLine,
                    Op::GetStatus,
                ]);
                self.emit(op);
            }
        }
    }

    fn binary(&mut self, depth: usize) {
        let op = self.r.pick(&self.forms.binary);
        self.expression(depth - 1);
        // What these make is as large as their operands say.
        match op {
            Op::Range | Op::StringRepeat => self.small(depth - 1),
            _other => self.expression(depth - 1),
        }
        self.emit(op);
    }

    /// A number near zero, mostly.
    fn small(&mut self, depth: usize) {
        self.expression(depth);
        if !self.r.one_in(8) {
            self.emit(Op::LoadInt(9));
            self.emit(Op::Mod);
        }
    }

    fn shuffled(&mut self, depth: usize) {
        let [first, second, third] = std::array::from_fn(|_| self.r.pick(&self.forms.binary));
        self.small(depth - 1);
        match self.r.below(4) {
            0 => drop(self.emit(Op::Dup)),
            1 => {
                self.small(depth - 1);
                self.emit(Op::Swap);
            }
            2 => {
                self.small(depth - 1);
                self.small(depth - 1);
                self.emit(Op::Rot);
                self.emit(first);
            }
            _ => {
                self.small(depth - 1);
                self.emit(Op::Dup2);
                self.emit(first);
                self.emit(second);
            }
        }
        self.emit(third);
    }

    /// `c ? a : b`, by jumps.
    fn choice(&mut self, depth: usize) {
        self.expression(depth - 1);
        let no = match self.r.one_in(2) {
            true => self.emit(Op::JumpIfFalse(0)),
            false => self.emit(Op::JumpIfTrue(0)),
        };
        self.expression(depth - 1);
        let end = self.emit(Op::Jump(0));
        self.land(no);
        self.expression(depth - 1);
        self.land(end);
    }

    /// `a && b`, `a || b`, with jumps that keep.
    fn alternative(&mut self, depth: usize) {
        self.expression(depth - 1);
        let end = match self.r.one_in(2) {
            true => self.emit(Op::JumpIfTrueKeep(0)),
            false => self.emit(Op::JumpIfFalseKeep(0)),
        };
        self.emit(Op::Pop);
        self.expression(depth - 1);
        self.land(end);
    }

    /// Arguments for a call, the last of them how deep it may go; their number.
    pub(super) fn arguments(&mut self, arity: Option<u8>, depth: usize) -> u8 {
        let argc = arity.unwrap_or(1 + self.r.below(4) as u8);
        for _ in 1..argc {
            self.expression(depth.saturating_sub(1));
        }
        if self.returns.is_some() {
            self.emit(Op::GetSlot(DEPTH));
            self.emit(Op::Dec);
        } else {
            let calls = 1 + self.r.below(3) as i64;
            self.emit(Op::LoadInt(calls));
        }
        argc
    }

    fn call_for_value(&mut self, depth: usize) {
        let returning: Vec<_> = self
            .functions
            .iter()
            .filter(|f| f.returns)
            .copied()
            .collect();
        if returning.is_empty() {
            return self.leaf();
        }
        let f = self.r.pick(&returning);
        let argc = self.arguments(f.arity, depth);
        self.emit(Op::Call(f.name, argc));
    }

    fn builtin(&mut self, depth: usize) {
        let id = self.r.pick(&[LENGTHS, LENGTHS, TOP, TOP, CALLS, 99]);
        let id = if id == 99 && !self.r.one_in(8) {
            TOP
        } else {
            id
        };
        let argc = match id {
            CALLS => self.arguments(self.functions.first().and_then(|f| f.arity), depth),
            _ => {
                let n = self.r.below(4) as u8;
                (0..n).for_each(|_| self.expression(depth - 1));
                n
            }
        };
        self.emit(Op::CallBuiltin(id, argc));
    }

    /// An array, mostly.
    fn array(&mut self, depth: usize) {
        let name = self.global();
        match self.r.below(5) {
            0 => drop(self.emit(Op::GetArray(name))),
            1 => {
                self.emit(Op::LoadInt(1));
                self.small(depth);
                self.emit(Op::Range);
            }
            2 => self.made(depth),
            3 => {
                let items: Vec<_> = (0..self.r.below(6)).map(|_| self.r.value(1)).collect();
                self.constant(fusevm::Value::array(items));
            }
            _ => self.expression(depth),
        }
    }

    fn over_elements(&mut self, depth: usize) {
        self.array(depth - 1);
        if self.blocks == 3 || self.r.one_in(4) {
            self.emit(Op::SortDefault);
            return;
        }
        let op = match self.r.below(3) {
            0 => Op::MapBlock(self.block(1, 1)),
            1 => Op::GrepBlock(self.block(1, 1)),
            _ => Op::SortBlock(self.block(2, 1)),
        };
        self.emit(op);
    }

    fn made(&mut self, depth: usize) {
        let n = self.r.below(4);
        let pairs = self.r.one_in(3);
        for _ in 0..if pairs { 2 * n } else { n } {
            self.expression(depth.saturating_sub(1));
        }
        self.emit(match pairs {
            true => Op::MakeHash(2 * n as u16),
            false => Op::MakeArray(n as u16),
        });
    }

    /// What is as large as its operands say.
    fn sized(&mut self, depth: usize) {
        self.small(depth - 1);
        self.small(depth - 1);
        if self.r.one_in(2) {
            self.small(depth - 1);
            self.emit(Op::RangeStep);
        } else {
            self.emit(Op::StringRepeat);
        }
    }

    /// An element of a container in a cell.
    fn element(&mut self, depth: usize) {
        let (name, slot) = (self.global(), self.slot());
        self.small(depth - 1);
        let op = self.r.pick(&[
            Op::ArrayGet(name),
            Op::SlotArrayGet(slot),
            Op::HashGet(name),
            Op::HashExists(name),
            Op::HashDelete(name),
        ]);
        self.emit(op);
    }
}
