//! Ops, one by one.

use super::Lowering;
use crate::lower::walk::Region;
use crate::lower::{Ins, Opnd, fused_loop};
use crate::op::{Flags, Op, Opcode};
use crate::value::Value;

impl<'v> Lowering<'v> {
    /// Lowers one op; whether control goes on behind it, and how many ops behind it were lowered too.
    pub(super) fn op(
        &mut self,
        op: Op,
        region: &Region,
        (id, base): (u32, usize),
    ) -> (bool, usize) {
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
                let constant = self.constant(self.chunk.constants()[usize::from(k)].clone());
                if let Some(of_chunk) = self.code.of_chunk.last_mut() {
                    *of_chunk = Some(k);
                }
                self.stack.push(constant);
            }
            Op::LoadTrue => self.stack.push(Opnd::Bool(true)),
            Op::LoadFalse => self.stack.push(Opnd::Bool(false)),
            Op::LoadUndef => self.stack.push(Opnd::Undef),
            Op::Pop => {
                // What only the stack held goes now.
                if self.stack.last() == Some(Opnd::Temp) {
                    let d = self.home(self.stack.len() - 1);
                    self.emit(Ins::Undef { d });
                    self.popped = Some(self.code.plain.len());
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
            Op::ArraySet(name) => {
                let (b, c) = (self.register(0), self.register(1));
                self.pop(2);
                self.emit(Ins::ArraySet { b, c, name });
            }
            Op::ArrayPush(name) => {
                let a = self.register(0);
                self.pop(1);
                self.emit(Ins::ArrayPush { a, name });
            }
            Op::HashGet(name) | Op::HashExists(name) | Op::HashDelete(name) => {
                let b = self.register(0);
                self.pop(1);
                let d = self.push();
                self.emit(match op {
                    Op::HashGet(_) => Ins::HashGet { d, b, name },
                    Op::HashExists(_) => Ins::HashExists { d, b, name },
                    _delete => Ins::HashDelete { d, b, name },
                });
            }
            Op::HashSet(name) => {
                let (b, c) = (self.register(0), self.register(1));
                self.pop(2);
                self.emit(Ins::HashSet { b, c, name });
            }
            Op::MakeArray(n) => {
                self.flush(0);
                self.pop(n.into());
                let a = self.push();
                self.emit(Ins::MakeArray { a, n });
            }
            Op::StringLen => {
                let a = self.register(0);
                self.pop(1);
                let d = self.push();
                self.emit(Ins::Len { d, a });
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
    pub(super) fn appends(&self, region: &Region) -> bool {
        let next = self.pc + 1;
        let (Some(at), Some(Op::SetSlot(s))) = (region.ops.get(&next), self.chunk.ops().get(next))
        else {
            return false;
        };
        let a = self.stack.len().checked_sub(2).map(|p| self.stack.at(p));
        !at.target && a == Some(Opnd::Reg(self.slot(*s)))
    }

    /// Whether fuel is paid up to an op on numbers and no further, since an op of the language may run in
    /// its place and spend some.
    pub(super) fn stops_at_numbers(&self) -> bool {
        self.code.form.operators && self.code.form.metered
    }

    /// Behind an op on numbers that may be one of the language.
    pub(super) fn after_number(&mut self) {
        if self.code.form.operators {
            self.end_segment();
        }
    }

    pub(super) fn arithmetic(&mut self, op: Op) {
        let small = match self.stack.last() {
            Some(Opnd::Int(n)) => Some(n),
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

    pub(super) fn binary(&mut self, op: Opcode) {
        let (b, a) = (self.register(0), self.register(1));
        self.pop(2);
        let d = self.push();
        self.emit(Ins::Binary { op, d, a, b });
        self.after_number();
    }

    pub(super) fn call(&mut self, name: u16, argc: u8) -> bool {
        let Some(returns) = self.verified.callee(name).returns else {
            // The path was verified to end here.
            self.end_segment_before_exit();
            return false;
        };
        // Behind the call is a place to go on in the base interpreter, with all values there are.
        self.flush_many();
        for p in self.stack.len() - usize::from(argc)..self.stack.len() {
            self.settle(p);
        }
        self.pop(argc.into());
        let a = self.use_home(self.stack.len());
        let own = self.verified.callee(name).own;
        let takes = |f: &u32| self.chunk.functions()[*f as usize].arity == Some(argc);
        self.emit(match own.filter(takes) {
            Some(function) => Ins::Call {
                a,
                argc,
                want: returns,
                function,
            },
            None => Ins::CallOut { a, argc, name },
        });
        self.end_segment();
        self.fence = self.code.plain.len();
        if returns {
            self.push();
        }
        true
    }

    /// Goes on in the base interpreter at this op, whose cost the stretch has not taken.
    pub(super) fn end_segment_before_exit(&mut self) {
        if let Some(segment) = &mut self.segment {
            segment.cost -= 1;
        }
        self.flush(0);
        let exit = self.exit();
        self.emit(Ins::Exit { exit });
        self.end_segment();
    }
}
