//! Control flow of single ops: where control goes next and what the op does to the stack.

use crate::chunk::Chunk;
use crate::ext::ImmTag;
use crate::op::{Flags, Op, OperandKind};

/// Which blocks an op runs, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BlockUse {
    /// `MapBlock`, `GrepBlock`: one element in, one value out.
    Each,
    /// `SortBlock`: two elements in, one number out.
    Compare,
    /// `ForEachBlock`: one element in, nothing out.
    Visit,
    /// The shell's blocks: like functions of no arguments, with slots of their own.
    Unit,
    /// Run by an ext op with that many values.
    Called(u16),
}

impl BlockUse {
    /// Values the block finds on its stack.
    pub(crate) fn inputs(self) -> usize {
        match self {
            BlockUse::Each | BlockUse::Visit => 1,
            BlockUse::Compare => 2,
            BlockUse::Unit => 0,
            BlockUse::Called(n) => n.into(),
        }
    }

    /// Values it must leave; `None` for any number.
    pub(crate) fn outputs(self) -> Option<usize> {
        match self {
            BlockUse::Each | BlockUse::Compare => Some(1),
            BlockUse::Visit => Some(0),
            BlockUse::Unit | BlockUse::Called(_) => None,
        }
    }
}

/// The block an op runs, if it runs one.
pub(crate) fn block_of(op: Op) -> Option<(usize, BlockUse)> {
    let mut block = None;
    op.each_operand(|o| {
        if o.kind == OperandKind::Block {
            block = Some(o.bits as usize);
        }
    });
    let usage = match op {
        Op::ForEachBlock(_) => BlockUse::Visit,
        Op::SortBlock(_) => BlockUse::Compare,
        Op::MapBlock(_) | Op::GrepBlock(_) => BlockUse::Each,
        // The rest are the shell's.
        _other => BlockUse::Unit,
    };
    block.map(|b| (b, usage))
}

/// How control leaves an op, apart from calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Values it pops.
    pub(crate) pops: usize,
    /// Values it leaves when it falls through; `None` when it never does.
    pub(crate) falls: Option<usize>,
    /// Where it may jump, and with how many values left.
    pub(crate) jumps: Option<(usize, usize)>,
}

/// The shape of an op; `None` for a raw ext op, whose effect nobody has declared.
///
/// Operands have been checked. `Call` is shaped as if it left a result.
pub(crate) fn shape(chunk: &Chunk, op: Op) -> Option<Shape> {
    let Some(effect) = op.effect() else {
        let (id, packed) = chunk.immediates(op).filter(|_| chunk.language.is_some())?;
        let signature = &chunk.imports[usize::from(id)].signature;
        let label = signature
            .unpack(packed)
            .find(|(tag, ..)| *tag == ImmTag::Label);
        let jumps = signature.jumps.as_ref().map(Vec::len);
        return Some(Shape {
            pops: signature.pops(packed),
            falls: Some(signature.outputs.len()),
            jumps: label.map(|(.., pc)| pc as usize).zip(jumps),
        });
    };
    let ends = op.info().flags.has(Flags::ENDS);
    Some(Shape {
        pops: effect.pops,
        falls: (!ends).then_some(effect.pushes),
        jumps: op.target().map(|pc| (pc, effect.pushes)),
    })
}
