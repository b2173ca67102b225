//! Scopes, blocks, fused loops, and ops that run as in the base interpreter.

use super::{Lowering, Target};
use crate::lower::walk::{Region, walk};
use crate::lower::{Inner, Ins, NOWHERE, Opnd, fused_loop};
use crate::op::{Op, Opcode};
use crate::value::Value;
use crate::verify::flow::{BlockUse, block_of, shape};

impl<'v> Lowering<'v> {
    pub(super) fn open_scope(&mut self) {
        self.flush(0);
        let height = self.stack.len() as u32;
        self.inner.push(Inner::Scope { height });
        self.depth += 1;
        let (a, n) = self.code.slots[self.depth];
        if n > 0 {
            self.emit(Ins::Clear { a, n });
        }
        self.fence = self.code.plain.len();
    }

    pub(super) fn close_scope(&mut self) {
        if let Some(Inner::Scope { height }) = self.inner.pop() {
            let height = height as usize;
            let n = self.stack.len().saturating_sub(height) as u16;
            if n > 0 {
                // Not all of them need be in their registers, or ever were.
                self.use_home(self.stack.len() - 1);
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
    pub(super) fn other(&mut self, op: Op, region: &Region, id: u32) {
        if let Some((block, usage)) = block_of(op)
            && usage != BlockUse::Unit
        {
            return self.block(op, block, usage);
        }
        let Some(shape) = shape(self.chunk, op) else {
            return self.end_segment_before_exit();
        };
        if let Some((import, packed)) = self.chunk.immediates(op)
            && let Some(result) = self.folded((import, packed), shape.pops)
        {
            self.pop(shape.pops);
            self.stack.push(result);
            return;
        }
        self.flush(0);
        let n = shape.pops as u16;
        let (locals, _) = self.code.slots[self.depth];
        let ext = self.chunk.immediates(op).map(|(import, _)| import);
        self.pop(shape.pops);
        let a = self.home(self.stack.len());
        if let Op::CallBuiltin(id, argc) = op {
            self.emit(Ins::Builtin { a, argc, id });
        } else if let Some((to, left)) = shape.jumps {
            self.emit(match ext {
                Some(_) => Ins::ExtBranch { a, n, locals },
                None => Ins::BaseBranch { a, n, locals },
            });
            let target = self.target(to, region, id, self.stack.len() + left);
            self.emit_to(Ins::Jump { to: 0 }, target);
        } else {
            self.emit(match ext {
                Some(import) => Ins::Ext {
                    a,
                    n,
                    locals,
                    import,
                    known: NOWHERE,
                },
                None => Ins::Base { a, n, locals },
            });
        }
        self.end_segment();
        self.fence = self.code.plain.len();
        for _ in 0..shape.falls.unwrap_or(0) {
            self.push();
        }
    }

    /// What an op gives that is run early, on inputs that are constants. It is paid for like any other.
    fn folded(&mut self, (import, packed): (u16, u64), pops: usize) -> Option<Opnd> {
        let fold = self.folds.get(usize::from(import))?.as_ref()?;
        let first = self.stack.len().checked_sub(pops)?;
        let constant = |p| match self.stack.at(p) {
            Opnd::Int(n) => Some(Value::Int(n.into())),
            Opnd::Const(k) => Some(self.code.constants[k as usize].clone()),
            Opnd::Undef => Some(Value::Undef),
            Opnd::Bool(is) => Some(Value::Bool(is)),
            Opnd::Temp | Opnd::Reg(_) => None,
        };
        let inputs = (first..self.stack.len())
            .map(constant)
            .collect::<Option<_>>()?;
        Some(match fold.run(packed, inputs)? {
            Value::Bool(is) => Opnd::Bool(is),
            Value::Int(n) => match i32::try_from(n) {
                Ok(n) => Opnd::Int(n),
                Err(_) => self.constant(Value::Int(n)),
            },
            float @ Value::Float(_) => self.constant(float),
            _other => return None,
        })
    }

    /// An op that runs a block for each element: a loop.
    pub(super) fn block(&mut self, op: Op, block: usize, usage: BlockUse) {
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
        let mut size = crate::lower::walk::Size::default();
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
    pub(super) fn fused(
        &mut self,
        op: Op,
        region: &Region,
        (id, base): (u32, usize),
    ) -> (bool, usize) {
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
    pub(super) fn part(&mut self, part: Op, region: &Region, at: (u32, usize)) -> (bool, usize) {
        match part {
            Op::NumLt => {
                self.pay(1);
                self.binary(Opcode::NumLt);
                (true, 0)
            }
            other => self.op(other, region, at),
        }
    }

    pub(super) fn fused_ins(&mut self, op: Op) {
        let op = match op {
            Op::AccumSumLoop(sum, i, n) => Op::AccumSumLoop(self.slot(sum), self.slot(i), n),
            Op::ConcatConstLoop(k, s, i, n) => {
                Op::ConcatConstLoop(k, self.slot(s), self.slot(i), n)
            }
            Op::PushIntRangeLoop(name, i, n) => Op::PushIntRangeLoop(name, self.slot(i), n),
            other => other,
        };
        self.code.fused.push(op);
        let index = (self.code.fused.len() - 1) as u32;
        self.emit(Ins::Fused { index });
    }

    /// A loop of the chunk that may run in one go; if it cannot, the ops behind do it.
    pub(super) fn in_one_go(&mut self, op: Op, region: &Region, id: u32) {
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
