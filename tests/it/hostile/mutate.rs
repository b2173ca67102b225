//! Chunks that were sound, after something was done to them.

use crate::generate::Random;
use fusevm::{Chunk, ChunkBuilder, FunctionEntry, Op, Opcode, OperandKind, Policy, Str, Value};
use std::ops::Range;

/// A chunk in its parts, to change them.
#[derive(Clone)]
pub(super) struct Parts {
    policy: Policy,
    constants: Vec<Value>,
    names: Vec<Str>,
    functions: Vec<FunctionEntry>,
    blocks: Vec<Range<usize>>,
    ops: Vec<(Op, u32)>,
}

impl Parts {
    pub(super) fn of(chunk: &Chunk) -> Self {
        let lines = (0..).map(|pc| chunk.line(pc));
        Self {
            policy: chunk.policy(),
            constants: chunk.constants().to_vec(),
            names: chunk.names().to_vec(),
            functions: chunk.functions().to_vec(),
            blocks: chunk.blocks().to_vec(),
            ops: chunk.ops().iter().copied().zip(lines).collect(),
        }
    }

    pub(super) fn chunk(self) -> Chunk {
        let mut b = ChunkBuilder::new();
        b.set_source("mutant");
        b.set_policy(self.policy);
        for value in self.constants {
            b.add_constant(value);
        }
        for name in self.names {
            b.add_name(name);
        }
        for block in self.blocks {
            b.add_block_range(block.start, block.end);
        }
        for f in self.functions {
            match f.arity {
                Some(arity) => b.add_function(f.name, f.pc, arity),
                None => b.add_sub_entry(f.name, f.pc),
            }
        }
        for (op, line) in self.ops {
            b.emit(op, line);
        }
        b.build()
    }

    /// The chunk after one to `most` changes at random.
    pub(super) fn changed(&self, r: &mut Random, most: usize) -> Chunk {
        let mut parts = self.clone();
        for _ in 0..1 + r.below(most) {
            parts.mutate(r);
        }
        parts.chunk()
    }

    /// One change at random.
    fn mutate(&mut self, r: &mut Random) {
        let len = self.ops.len();
        if len == 0 {
            return;
        }
        let (at, other) = (r.below(len), r.below(len));
        match r.below(20) {
            0 | 1 => {
                let (a, b) = (self.ops[at].0, self.ops[other].0);
                (self.ops[at].0, self.ops[other].0) = (b, a);
            }
            2 => self.ops[at].0 = self.ops[other].0,
            3..=5 => self.ops[at].0 = self.any_op(r),
            6 | 7 => self.ops[at].0 = self.op(self.ops[at].0.opcode(), r),
            8..=10 => self.move_target(at, r),
            11 => drop(self.ops.remove(at)),
            12 => self.insert(at, self.any_op(r)),
            13 => {
                let some: Vec<_> = self.ops[at..]
                    .iter()
                    .take(1 + r.below(8))
                    .copied()
                    .collect();
                self.ops.splice(other..other, some);
            }
            14 => self.constants.truncate(r.below(self.constants.len() + 1)),
            15 => self.names.truncate(r.below(self.names.len() + 1)),
            16 => self.change_function(at, r),
            17 => self.change_block(at, other, r),
            18 => self.policy = Policy::from_bits(r.below(16) as u8).unwrap_or_default(),
            _ => {
                // Ops of one kind trade their operands.
                let code = self.ops[at].0.opcode();
                let alike = (at + 1..len).find(|pc| self.ops[*pc].0.opcode() == code);
                if let Some(alike) = alike {
                    let op = self.ops[alike].0;
                    self.ops[alike].0 = self.ops[at].0;
                    self.ops[at].0 = op;
                }
            }
        }
    }

    /// Puts a raw op that does nothing where the program, each function and each block starts, so that
    /// no stack height is known in any of them: what the verifier says of heights no longer holds.
    pub(super) fn forget_heights(&mut self) {
        let mut starts: Vec<usize> = (self.functions.iter().map(|f| f.pc))
            .chain(self.blocks.iter().map(|block| block.start))
            .chain([0])
            .collect();
        starts.sort_unstable();
        starts.dedup();
        for at in starts.into_iter().rev() {
            self.insert(at, Op::Extended(0, 0));
        }
    }

    /// Inserts an op and moves what leads behind it.
    fn insert(&mut self, at: usize, op: Op) {
        let moved = |pc: usize| if pc > at { pc + 1 } else { pc };
        let line = self.ops.get(at).map_or(0, |(_, line)| *line);
        self.ops.insert(at, (op, line));
        for (op, _) in &mut self.ops {
            if let Some(target) = op.target() {
                *op = op.with_target(moved(target));
            }
        }
        for f in &mut self.functions {
            f.pc = moved(f.pc);
        }
        for block in &mut self.blocks {
            *block = moved(block.start)..moved(block.end);
        }
    }

    fn move_target(&mut self, at: usize, r: &mut Random) {
        let len = self.ops.len();
        let jump = (at..len)
            .chain(0..at)
            .find(|pc| self.ops[*pc].0.target().is_some());
        let Some(at) = jump else {
            return;
        };
        let op = &mut self.ops[at].0;
        let target = op.target().unwrap_or_default();
        *op = op.with_target(match r.below(4) {
            0 => target + 1,
            1 => target.saturating_sub(1),
            _ => r.below(len + 1),
        });
    }

    fn change_function(&mut self, at: usize, r: &mut Random) {
        let n = self.functions.len();
        let arity = [None, Some(0), Some(1), Some(2)];
        if n == 0 || r.one_in(4) {
            let name = r.below(self.names.len()) as u16;
            let arity = r.pick(&arity);
            return self.functions.push(FunctionEntry {
                name,
                pc: at,
                arity,
            });
        }
        let f = &mut self.functions[r.below(n)];
        match r.below(4) {
            0 => f.pc = at,
            1 => f.pc += 1,
            2 => f.arity = r.pick(&arity),
            _ => f.name = r.below(self.names.len()) as u16,
        }
    }

    fn change_block(&mut self, at: usize, other: usize, r: &mut Random) {
        let n = self.blocks.len();
        if n == 0 || r.one_in(4) {
            return self.blocks.push(at.min(other)..at.max(other));
        }
        let block = &mut self.blocks[r.below(n)];
        match r.below(5) {
            0 => block.start = at,
            1 => block.end = at,
            2 => block.start = block.start.saturating_sub(1),
            3 => block.end += 1,
            _ => block.end = block.end.saturating_sub(1),
        }
    }

    fn any_op(&self, r: &mut Random) -> Op {
        let code = r.pick(Opcode::ALL);
        self.op(code, r)
    }

    /// An op with operands at random, most of which make sense.
    fn op(&self, code: Opcode, r: &mut Random) -> Op {
        let operands: Vec<String> = (code.info().operands.iter())
            .map(|(_, kind)| self.operand(*kind, r))
            .collect();
        let text = format!("{} {}", code.info().name, operands.join(", "));
        let chunk = Chunk::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        chunk.ops()[0]
    }

    /// An operand as the text form has it.
    fn operand(&self, kind: OperandKind, r: &mut Random) -> String {
        let mut index = |len: usize| match r.one_in(20) {
            true => r.below(1 << 16),
            false => r.below(len),
        };
        match kind {
            OperandKind::Const => format!("#{}", index(self.constants.len())),
            OperandKind::Name | OperandKind::Function => format!("#{}", index(self.names.len())),
            OperandKind::Block => index(self.blocks.len()).to_string(),
            OperandKind::Slot => index(10).to_string(),
            OperandKind::Target => format!("@{}", r.below(self.ops.len() + 2)),
            OperandKind::Int => r.int().to_string(),
            OperandKind::Float => Some(r.float())
                .filter(|f| f.is_finite())
                .map_or_else(|| "nan".to_owned(), |f| format!("{f:?}")),
            OperandKind::Limit => (r.int() as i32).to_string(),
            OperandKind::Count | OperandKind::Argc => r.below(4).to_string(),
            OperandKind::Builtin => (6 + r.below(5)).to_string(),
            OperandKind::RedirectOp => r.below(10).to_string(),
            OperandKind::FileTest => r.below(13).to_string(),
            OperandKind::ParamMod => r.below(19).to_string(),
            _number => r.below(8).to_string(),
        }
    }
}
