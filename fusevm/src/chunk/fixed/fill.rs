//! What Rust expressions give, put into the places that constant code has for it.

use super::{BodyKind, NO_LABEL, Pools, StaticCode, StaticOp, entry, packed, place};
use crate::chunk::Chunk;
use crate::ext::{Given, ImmKind, ImmediatePool, OpDesc, ToGiven, named, pack_given};
use crate::op::Op;
use crate::value::Value;
use std::collections::BTreeMap;

/// Makes a chunk of constant code.
///
/// Values are put into their places by pc, in any order.
#[derive(Debug)]
pub struct Filling {
    code: &'static StaticCode,
    pools: Pools,
    /// Core ops with operands that were not known before.
    ops: BTreeMap<usize, Op>,
    /// Bits of immediates that were not known before.
    bits: BTreeMap<usize, u64>,
    /// Ops that stand in the place of one.
    splices: BTreeMap<usize, Vec<Op>>,
    /// What does not fit.
    misfits: Vec<String>,
}

impl Filling {
    /// Starts with the pools that the code has.
    pub fn new(code: &'static StaticCode) -> Self {
        Self {
            code,
            pools: Pools::of(code),
            ops: BTreeMap::new(),
            bits: BTreeMap::new(),
            splices: BTreeMap::new(),
            misfits: Vec::new(),
        }
    }

    /// The value that the op at `pc` loads.
    pub fn load(&mut self, pc: usize, value: impl Into<Value>) {
        let op = match value.into() {
            Value::Undef => Op::LoadUndef,
            Value::Bool(true) => Op::LoadTrue,
            Value::Bool(false) => Op::LoadFalse,
            Value::Int(i) => Op::LoadInt(i),
            Value::Float(f) => Op::LoadFloat(f),
            other => Op::LoadConst(self.constant(other)),
        };
        self.ops.insert(pc, op);
    }

    /// The op at `pc`.
    pub fn op(&mut self, pc: usize, op: Op) {
        self.ops.insert(pc, op);
    }

    /// Index of a name in the name pool.
    pub fn name(&mut self, text: impl AsRef<str>) -> u16 {
        self.pools.name(text.as_ref())
    }

    /// Index of a value in the constant pool.
    pub fn constant(&mut self, value: impl Into<Value>) -> u16 {
        match value.into() {
            Value::Str(text) => self.pools.text(text.as_str()),
            other => self.pools.constant(other),
        }
    }

    /// Immediate `at` of the ext op at `pc`.
    pub fn immediate(&mut self, pc: usize, at: usize, value: impl ToGiven) {
        if let Some(StaticOp::Ext(desc, _)) = self.code.ops.get(pc) {
            self.pack(pc, desc, at, value.to_given());
        }
    }

    /// The immediate of that name of the ext op at `pc`.
    pub fn immediate_named(&mut self, pc: usize, name: &str, value: impl ToGiven) {
        if let Some(StaticOp::Ext(desc, _)) = self.code.ops.get(pc)
            && let Some(at) = named(desc, name)
        {
            self.pack(pc, desc, at, value.to_given());
        }
    }

    fn pack(&mut self, pc: usize, desc: &'static OpDesc, at: usize, given: Given<'_>) {
        match pack_given(desc, at, given, &mut self.pools) {
            Ok(bits) => *self.bits.entry(pc).or_default() |= bits,
            Err(message) => self.misfit(pc, &message),
        }
    }

    fn misfit(&mut self, pc: usize, message: &str) {
        let (line, _) = self.code.places.get(pc).copied().unwrap_or_default();
        let source = self.code.source;
        self.misfits.push(format!("{source}:{line}: {message}"));
    }

    /// The ops in the place of the one at `pc`. Their jump targets are counted from the first of them;
    /// their other operands are slots and numbers, or indices that this filling gave.
    pub fn splice(&mut self, pc: usize, ops: impl IntoIterator<Item = Op>) {
        let ops: Vec<Op> = ops.into_iter().collect();
        let wrong = |op: &&Op| matches!(op, Op::Extended(..) | Op::ExtendedWide(..));
        if let Some(op) = ops.iter().find(wrong) {
            self.misfit(
                pc,
                &format!(
                    "`{}` among spliced ops: name ext ops in the chunk",
                    op.name()
                ),
            );
        }
        self.splices.insert(pc, ops);
    }

    /// The chunk.
    ///
    /// # Panics
    /// When an immediate does not fit its op, or ext ops were spliced, with all places.
    #[track_caller]
    pub fn finish(mut self) -> Chunk {
        let code = self.code;
        let at = self.pcs();
        let mut ops = Vec::with_capacity(at[code.ops.len()]);
        for (pc, op) in code.ops.iter().enumerate() {
            let (line, column) = code.places.get(pc).copied().unwrap_or_default();
            match self.splices.remove(&pc) {
                Some(spliced) => {
                    let own = |op: Op| match op.target() {
                        Some(target) => op.with_target(at[pc].saturating_add(target)),
                        None => op,
                    };
                    ops.extend(spliced.into_iter().map(own));
                }
                None => ops.push(self.at(pc, *op, &at)),
            }
            let chunk = &mut self.pools.chunk;
            chunk.lines.resize(ops.len(), line);
            chunk.spans.resize(ops.len(), place(column));
        }
        assert!(self.misfits.is_empty(), "{}", self.misfits.join("\n"));
        let mut chunk = self.pools.chunk;
        chunk.ops = ops;
        for body in code.bodies {
            if let BodyKind::Function { name, arity } = body.kind {
                chunk.functions.push(entry(name, arity, at[body.start]));
            }
        }
        let blocks = code.blocks.iter().map(|body| code.bodies[*body]);
        chunk.blocks = blocks.map(|body| at[body.start]..at[body.end]).collect();
        chunk
    }

    /// Where each op, and the end, comes to lie.
    fn pcs(&self) -> Vec<usize> {
        let mut next = 0;
        let mut at = Vec::with_capacity(self.code.ops.len() + 1);
        for pc in 0..=self.code.ops.len() {
            at.push(next);
            next += self.splices.get(&pc).map_or(1, Vec::len);
        }
        at
    }

    /// The op at `pc` with its target in the chunk.
    fn at(&mut self, pc: usize, op: StaticOp, at: &[usize]) -> Op {
        match op {
            StaticOp::Core(op) | StaticOp::Open(op) => {
                let op = self.ops.get(&pc).copied().unwrap_or(op);
                match self.target(pc) {
                    Some(target) => op.with_target(at[target]),
                    None => op,
                }
            }
            StaticOp::Load => self.ops.get(&pc).copied().unwrap_or(Op::LoadUndef),
            StaticOp::Splice | StaticOp::Broken => Op::Nop,
            StaticOp::Ext(desc, given) => {
                // A label is known by its pc from here on.
                let mut given = given.to_vec();
                for (given, desc) in given.iter_mut().zip(desc.immediates) {
                    if let (ImmKind::Label, Some(target)) = (desc.kind, self.target(pc)) {
                        *given = Given::Label(u32::try_from(at[target]).unwrap_or(u32::MAX));
                    }
                }
                let bits = packed(desc, &given, &mut self.pools).unwrap_or_else(|message| {
                    self.misfit(pc, &message);
                    0
                });
                let later = self.bits.get(&pc).copied().unwrap_or(0);
                self.pools.ext(desc, bits | later)
            }
        }
    }

    /// The op of the code that the one at `pc` jumps to.
    fn target(&self, pc: usize) -> Option<usize> {
        match self.code.jumps.get(pc) {
            Some(&label) if label != NO_LABEL => Some(self.code.labels[label as usize].pc),
            _ => None,
        }
    }
}
