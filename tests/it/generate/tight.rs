//! Programs of numbers, arrays and calls, in loops that turn often: what machine code is for.
//!
//! Slots have kinds that they keep, mostly, so that code is made for them: integers, floats, an array, anything.

use super::{DEPTH, Writer};
use fusevm::{Op, Value};

/// What an expression mostly gives.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sort {
    Int,
    Float,
    Truth,
    Any,
}

use Sort::{Any, Float, Int, Truth};

/// The slot with an array.
const ARRAY: u16 = 5;
/// The global with an array.
const ITEMS: u16 = 3;
/// Slots of integers come first, then of floats, then one of anything.
const SORTS: [(Sort, u16); 5] = [(Int, 0), (Int, 1), (Float, 2), (Float, 3), (Any, 4)];

impl Writer<'_> {
    /// What slots and globals begin with.
    pub(super) fn tight_start(&mut self) {
        let floats = self.r.one_in(3);
        let n = self.r.below(12);
        let item = |i: usize| match floats {
            true => Value::Float(i as f64 / 2.0),
            false => Value::Int(i as i64 * 3 - 4),
        };
        let mut items: Vec<Value> = (0..n).map(item).collect();
        if self.r.one_in(6) {
            items.push(self.r.value(1));
        }
        if self.returns.is_none() {
            self.constant(Value::array(items));
            self.emit(Op::SetArray(ITEMS));
            for (name, sort) in [(0, Int), (1, Float), (2, Any)] {
                self.tight(sort, 0);
                self.emit(Op::SetVar(name));
            }
        }
        match self.r.below(3) {
            0 => self.constant(Value::array(vec![Value::Int(1), Value::Int(-7)])),
            _ => drop(self.emit(Op::GetArray(ITEMS))),
        }
        self.emit(Op::SetSlot(ARRAY));
        for (sort, slot) in SORTS {
            // Arguments stay, mostly.
            if self.returns.is_none() || self.r.one_in(4) {
                self.tight(sort, 0);
                self.emit(Op::SetSlot(slot));
            }
        }
    }

    pub(super) fn tight_store(&mut self, depth: usize) {
        let (sort, slot) = self.r.pick(&SORTS);
        self.tight(sort, depth);
        self.emit(Op::SetSlot(slot));
    }

    pub(super) fn tight_statement(&mut self, depth: usize) {
        match self.r.below(22) {
            0..=5 => self.tight_store(depth),
            6 => {
                let (name, sort) = self.r.pick(&[(0, Int), (1, Float), (2, Any)]);
                self.tight(sort, depth);
                self.emit(Op::SetVar(name));
            }
            7 => {
                self.tight_item(depth);
                self.emit(Op::ArrayPush(ITEMS));
            }
            8 | 9 => {
                self.tight_item(depth);
                self.tight_index(depth);
                let op = self.r.pick(&[Op::ArraySet(ITEMS), Op::SlotArraySet(ARRAY)]);
                self.emit(op);
            }
            10 | 11 => self.count_up(depth),
            12 => self.count_up_after(depth),
            13..=15 => self.tight_choice(depth),
            16 => drop(self.fused(Op::PreIncSlotVoid(0))),
            17 => drop(self.fused(Op::AddAssignSlotVoid(0, 1))),
            18 if self.loops > 0 => drop(self.fused(Op::AddAssignSlotVoid(2, super::COUNTERS))),
            18 | 19 => self.call(depth),
            20 => self.tight_leave(),
            _ => {
                // An array that is shared now.
                let (from, to) = self.r.pick(&[
                    (Op::GetSlot(ARRAY), Op::SetArray(ITEMS)),
                    (Op::GetArray(ITEMS), Op::SetSlot(ARRAY)),
                    (Op::GetSlot(ARRAY), Op::SetSlot(4)),
                    (Op::GetSlot(ARRAY), Op::SetVar(2)),
                    (Op::GetVar(2), Op::SetSlot(4)),
                ]);
                self.emit(from);
                self.emit(to);
            }
        }
    }

    fn tight_item(&mut self, depth: usize) {
        let sort = self.r.pick(&[Int, Int, Int, Float, Any]);
        self.tight(sort, depth.min(1));
    }

    fn tight_index(&mut self, depth: usize) {
        match self.r.below(4) {
            0 => drop(self.emit(Op::ArrayLen(ITEMS))),
            1 => self.tight(Int, depth.min(1)),
            _ => {
                self.tight(Int, depth.min(1));
                self.emit(Op::LoadInt(7));
                self.emit(Op::BitAnd);
            }
        }
    }

    fn tight_choice(&mut self, depth: usize) {
        self.tight(Truth, depth);
        let no = self.emit(Op::JumpIfFalse(0));
        self.statement(depth - 1);
        if self.r.one_in(2) {
            let end = self.emit(Op::Jump(0));
            self.land(no);
            self.statement(depth - 1);
            self.land(end);
        } else {
            self.land(no);
        }
    }

    /// Leaves the function or the program, rarely.
    fn tight_leave(&mut self) {
        self.emit(Op::GetSlot(0));
        self.emit(Op::LoadInt(1_000));
        self.emit(Op::NumGt);
        let over = self.emit(Op::JumpIfFalse(0));
        match self.returns.unwrap_or(false) {
            true => {
                self.tight(Int, 1);
                self.emit(Op::ReturnValue);
            }
            false => drop(self.emit(Op::Return)),
        }
        self.land(over);
    }

    /// An expression that gives something of a sort, mostly.
    pub(super) fn tight(&mut self, sort: Sort, depth: usize) {
        if depth == 0 || self.room == 0 || self.r.one_in(6) {
            return self.tight_leaf(sort);
        }
        if self.r.one_in(self.tight.unwrap_or(1)) {
            return self.expression(depth - 1);
        }
        match sort {
            Int => match self.r.below(12) {
                0..=6 => {
                    self.tight(Int, depth - 1);
                    self.tight(Int, depth - 1);
                    let op = self.r.pick(&[
                        Op::Add,
                        Op::Add,
                        Op::Sub,
                        Op::Mul,
                        Op::Mod,
                        Op::BitAnd,
                        Op::BitOr,
                        Op::BitXor,
                        Op::Shl,
                        Op::Shr,
                        Op::Spaceship,
                    ]);
                    self.emit(op);
                }
                7 => {
                    self.tight(Int, depth - 1);
                    let op = self.r.pick(&[Op::Negate, Op::BitNot, Op::Inc, Op::Dec]);
                    self.emit(op);
                }
                8 | 9 => {
                    self.tight_index(depth - 1);
                    let op = self.r.pick(&[Op::ArrayGet(ITEMS), Op::SlotArrayGet(ARRAY)]);
                    self.emit(op);
                }
                10 => {
                    let returning: Vec<_> = self
                        .functions
                        .iter()
                        .filter(|f| f.returns)
                        .copied()
                        .collect();
                    if returning.is_empty() || self.calls == 0 {
                        return self.tight_leaf(Int);
                    }
                    self.calls -= 1;
                    let f = self.r.pick(&returning);
                    let argc = self.arguments(f.arity, depth.min(2));
                    self.emit(Op::Call(f.name, argc));
                }
                _ => self.tight_way(Int, depth),
            },
            Float => match self.r.below(8) {
                0..=4 => {
                    let (a, b) = self.r.pick(&[(Float, Float), (Float, Int), (Int, Float)]);
                    self.tight(a, depth - 1);
                    self.tight(b, depth - 1);
                    let op = self
                        .r
                        .pick(&[Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Mod, Op::Pow]);
                    self.emit(op);
                }
                5 => {
                    self.tight(Int, depth - 1);
                    self.tight(Int, depth - 1);
                    self.emit(Op::Div);
                }
                6 => {
                    self.tight(Float, depth - 1);
                    self.emit(Op::Negate);
                }
                _ => self.tight_way(Float, depth),
            },
            Truth => {
                let (a, b) = self.r.pick(&[
                    (Int, Int),
                    (Int, Int),
                    (Float, Float),
                    (Float, Int),
                    (Int, Float),
                    (Any, Any),
                ]);
                self.tight(a, depth - 1);
                self.tight(b, depth - 1);
                let op = self.r.pick(&[
                    Op::NumEq,
                    Op::NumNe,
                    Op::NumLt,
                    Op::NumGt,
                    Op::NumLe,
                    Op::NumGe,
                ]);
                self.emit(op);
                if self.r.one_in(4) {
                    self.emit(Op::LogNot);
                }
            }
            Any => {
                let sort = self.r.pick(&[Int, Float, Truth]);
                self.tight(sort, depth);
            }
        }
    }

    fn tight_way(&mut self, sort: Sort, depth: usize) {
        self.tight(Truth, depth - 1);
        let no = self.emit(Op::JumpIfFalse(0));
        self.tight(sort, depth - 1);
        let end = self.emit(Op::Jump(0));
        self.land(no);
        self.tight(sort, depth - 1);
        self.land(end);
    }

    fn tight_leaf(&mut self, sort: Sort) {
        match sort {
            Int => match self.r.below(10) {
                0..=2 => {
                    let n = self.r.int();
                    self.emit(Op::LoadInt(n));
                }
                3 if self.returns.is_some() => drop(self.emit(Op::GetSlot(DEPTH))),
                3..=5 if self.loops > 0 => {
                    let i = super::COUNTERS + self.r.below(self.loops.into()) as u16;
                    self.emit(Op::GetSlot(i));
                }
                6 => drop(self.emit(Op::GetVar(0))),
                7 => drop(self.emit(Op::ArrayLen(ITEMS))),
                8 => drop(self.fused(Op::PreIncSlot(1))),
                _ => {
                    let slot = self.r.below(2) as u16;
                    self.emit(Op::GetSlot(slot));
                }
            },
            Float => match self.r.below(4) {
                0 => {
                    let f = self.r.float();
                    self.emit(Op::LoadFloat(f));
                }
                1 => drop(self.emit(Op::GetVar(1))),
                _ => {
                    let slot = 2 + self.r.below(2) as u16;
                    self.emit(Op::GetSlot(slot));
                }
            },
            Truth => {
                let op = self.r.pick(&[Op::LoadTrue, Op::LoadFalse, Op::GetSlot(0)]);
                self.emit(op);
            }
            Any => match self.r.below(12) {
                0 => drop(self.emit(Op::LoadUndef)),
                1 => {
                    let value = self.r.value(1);
                    self.constant(value);
                }
                2 => drop(self.emit(Op::GetVar(2))),
                3 | 4 => drop(self.emit(Op::GetSlot(4))),
                n => self.tight_leaf(self.r_sort(n)),
            },
        }
    }

    fn r_sort(&self, n: usize) -> Sort {
        [Int, Float, Truth][n % 3]
    }
}
