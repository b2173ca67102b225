//! Lowering a region: the ops of a unit or of a block, in order.

pub(super) mod branch;
mod ops;
mod other;
mod stack;

use super::fuse::fuse;
use super::walk::{At, Region};
use super::{Code, Exit, Form, Inner, Ins, Meta, Opnd, stack_base};
use crate::chunk::Chunk;
use crate::ext::Fold;
use crate::op::Op;
use crate::value::Value;
use crate::verify::Verified;
use stack::Stack;
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
    folds: &'v [Option<Fold>],
    code: Code,
    /// The values on the stack, those of the regions around included.
    stack: Stack,
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
    /// The instruction behind one that empties a register because its value was popped.
    popped: Option<usize>,
    /// The instruction that empties a register by writing it.
    empties: Option<usize>,
}

impl<'v> Lowering<'v> {
    pub(super) fn new(
        verified: &'v Verified,
        overlay: &'v [Op],
        folds: &'v [Option<Fold>],
        slots: Vec<(u16, u16)>,
        form: Form,
    ) -> Self {
        Self {
            verified,
            chunk: verified.chunk(),
            overlay,
            folds,
            code: Code {
                plain: Vec::new(),
                ins: Vec::new(),
                meta: Vec::new(),
                constants: Vec::new(),
                of_chunk: Vec::new(),
                floats: Vec::new(),
                exits: Vec::new(),
                points: Vec::new(),
                fused: Vec::new(),
                // A result has room.
                registers: stack_base(&slots).max(1),
                base: stack_base(&slots),
                own_slots: slots.first().map_or(0, |(_, n)| *n),
                slots,
                form,
                argc: 0,
                brief: Default::default(),
                unit: 0,
                #[cfg(feature = "jit")]
                hooks: Default::default(),
            },
            stack: Stack::default(),
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
            popped: None,
            empties: None,
        }
    }

    pub(super) fn finish(mut self) -> Code {
        for (at, target) in std::mem::take(&mut self.wanted) {
            let to = self.bound.get(&target).copied().unwrap_or(0);
            self.code.plain[at].aim(to);
        }
        self.narrow();
        self.code
    }

    /// Makes the instructions of the loop, which are fused if ops are.
    fn narrow(&mut self) {
        self.code.ins = self.code.narrow();
        let Code {
            ins,
            constants,
            floats,
            base,
            form,
            ..
        } = &mut self.code;
        if !form.fused {
            return;
        }
        let floats = std::cell::RefCell::new(floats);
        *ins = fuse(ins, *base, |k| match constants.get(k as usize) {
            Some(&Value::Float(f)) => {
                let mut floats = floats.borrow_mut();
                floats.push(f);
                u16::try_from(floats.len() - 1).ok()
            }
            _other => None,
        });
    }

    /// Lowers a unit.
    pub(super) fn unit(&mut self, region: &Region, argc: u8) {
        self.code.argc = argc;
        // Arguments are in the registers of the first slots: the customary prologue puts them there.
        let start = region.start;
        let prologue = (0..argc).rev().map(|s| Op::SetSlot(s.into()));
        let ops = self.chunk.ops()[start..].iter().copied();
        match prologue.eq(ops.take(argc.into())) {
            true => (0..argc).for_each(|a| self.stack.push(Opnd::Reg(a.into()))),
            false => {
                self.pc = start;
                for a in 0..argc.into() {
                    let d = self.push();
                    self.emit(Ins::Take { d, a });
                }
            }
        }
        self.fence = self.code.plain.len();
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

    fn emit(&mut self, mut ins: Ins<u16>) -> usize {
        // What is written next need not be emptied before: whatever stood there goes then.
        let last = self.code.plain.len();
        if let Some(&Ins::Undef { d }) = self.code.plain.last()
            && self.popped == Some(last)
            && self.fence < last
            && ins.dest().is_some_and(|dest| *dest == d)
            && !ins.reads().contains(&Some(d))
        {
            self.code.plain.pop();
            self.code.meta.pop();
            self.paid.pop();
            self.empties = Some(last - 1);
        }
        self.code.plain.push(ins);
        self.code.meta.push(Meta {
            pc: self.pc as u32,
            refund: 0,
        });
        self.paid.push(self.segment.as_ref().map_or(0, |s| s.cost));
        self.code.plain.len() - 1
    }

    fn emit_to(&mut self, ins: Ins<u16>, target: Target) {
        let at = self.emit(ins);
        self.wanted.push((at, target));
    }

    fn bind(&mut self, target: Target) {
        let at = self.code.plain.len();
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
        if let Ins::Charge { cost, .. } = &mut self.code.plain[segment.first - 1] {
            *cost = segment.cost.try_into().unwrap_or(u16::MAX);
        }
        for at in segment.first..self.code.plain.len() {
            self.code.meta[at].refund = segment.cost - self.paid[at].min(segment.cost);
        }
    }

    /// An exit to the base interpreter at the op of the current pc, with the stack as it is.
    fn exit(&mut self) -> u32 {
        self.code.exits.push(Exit {
            pc: self.pc as u32,
            settled: self.stack.settled as u16,
            stack: self.stack.above.clone(),
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
            self.code.points.push((self.code.plain.len() as u32, exit));
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
            let first = self.code.plain.len();
            self.emit(Ins::Charge {
                cost: u16::MAX,
                exit,
            });
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
            self.flush_many();
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
        self.stack.settle_all(base + at.height as usize);
        if let Some(top) = self.stack.len().checked_sub(1) {
            self.use_home(top);
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
}
