//! Checks of single ops and of the chunk's tables, which need no control flow.

use super::{Broken, VerifyError};
use crate::chunk::{Chunk, is_plain};
use crate::ext::{ImmTag, Signature};
use crate::op::{Op, Operand, OperandKind};
use crate::shell::{file_test, param_mod, redirect_op};
use crate::value::Value;
use std::collections::HashSet;

/// Most entries of a pool that `u16` can name.
const POOL: usize = 1 << 16;

/// Checks pools, entries and ranges; whether the chunk is sound enough to look at its ops.
pub(super) fn check_tables(chunk: &Chunk, errors: &mut Vec<VerifyError>) -> bool {
    let before = errors.len();
    let mut fail = |rule| errors.push(VerifyError::chunk(chunk, rule));
    let pools = [
        ("constants", chunk.constants.len()),
        ("names", chunk.names.len()),
        ("blocks", chunk.blocks.len()),
        ("imports", chunk.imports.len()),
    ];
    for (what, len) in pools.into_iter().filter(|(_, len)| *len > POOL) {
        fail(Broken::TooLong { what, len });
    }
    let ops = chunk.ops.len();
    if u32::try_from(ops).is_err() {
        fail(Broken::TooLong {
            what: "ops",
            len: ops,
        });
    }
    let (lines, places) = (chunk.lines.len(), chunk.spans.len());
    if lines != ops || (places != ops && places != 0) {
        fail(Broken::Tables { ops, lines, places });
    }
    for (index, value) in chunk.constants.iter().enumerate() {
        if !is_plain(value) {
            fail(Broken::NotPlain { index });
        }
    }
    let mut seen = HashSet::new();
    for entry in &chunk.functions {
        let Some(name) = chunk.name(entry.name) else {
            let (index, len) = (entry.name.into(), chunk.names.len());
            fail(Broken::Index {
                what: "name",
                index,
                len,
            });
            continue;
        };
        let name = name.clone();
        if entry.pc >= ops {
            let (name, pc) = (name.clone(), entry.pc);
            fail(Broken::Entry { name, pc, len: ops });
        }
        if !seen.insert(name.clone()) {
            fail(Broken::DuplicateFunction { name });
        }
    }
    for (block, range) in chunk.blocks.iter().enumerate() {
        if range.start > range.end || range.end > ops {
            let (start, end) = (range.start, range.end);
            fail(Broken::BlockRange {
                block,
                start,
                end,
                len: ops,
            });
        }
    }
    errors.len() == before
}

/// Checks the operands of every op.
pub(super) fn check_ops(chunk: &Chunk, errors: &mut Vec<VerifyError>) {
    let functions: HashSet<u64> = chunk.functions.iter().map(|f| f.name.into()).collect();
    for (pc, &op) in chunk.ops.iter().enumerate() {
        op.each_operand(|operand| {
            if let Err(rule) = check_operand(chunk, operand) {
                errors.push(VerifyError::at(chunk, pc, rule));
            }
        });
        if let Op::MakeHash(n) = op
            && n % 2 == 1
        {
            let n = n.into();
            errors.push(VerifyError::at(chunk, pc, Broken::OddHash { n }));
        }
        if let (Some((id, packed)), true) = (chunk.immediates(op), chunk.language.is_some())
            && let Err(rule) = check_ext(chunk, &functions, op, (id, packed))
        {
            errors.push(VerifyError::at(chunk, pc, rule));
        }
    }
}

fn within(what: &'static str, index: u64, len: usize) -> Result<(), Broken> {
    match index < len as u64 {
        true => Ok(()),
        false => Err(Broken::Index { what, index, len }),
    }
}

/// What operands of that kind are codes of, and how many of them there are.
pub(super) const fn codes(kind: OperandKind) -> Option<(&'static str, u8)> {
    match kind {
        OperandKind::FileTest => Some(("file test", file_test::COUNT)),
        OperandKind::RedirectOp => Some(("redirection", redirect_op::COUNT)),
        OperandKind::ParamMod => Some(("parameter modifier", param_mod::COUNT)),
        _uncoded => None,
    }
}

fn coded(what: &'static str, value: u64, codes: u8) -> Result<(), Broken> {
    match value < u64::from(codes) {
        true => Ok(()),
        false => Err(Broken::Operand { what, value }),
    }
}

fn check_operand(chunk: &Chunk, operand: Operand) -> Result<(), Broken> {
    let bits = operand.bits;
    if let Some((what, count)) = codes(operand.kind) {
        return coded(what, bits, count);
    }
    match operand.kind {
        OperandKind::Const => within("constant", bits, chunk.constants.len()),
        OperandKind::Name | OperandKind::Function => within("name", bits, chunk.names.len()),
        OperandKind::Block => within("block", bits, chunk.blocks.len()),
        OperandKind::Target => match bits <= chunk.ops.len() as u64 {
            true => Ok(()),
            false => Err(Broken::Target {
                target: bits,
                len: chunk.ops.len(),
            }),
        },
        OperandKind::Int
        | OperandKind::Float
        | OperandKind::Slot
        | OperandKind::Count
        | OperandKind::Argc
        | OperandKind::Limit
        | OperandKind::Builtin
        | OperandKind::Ext
        | OperandKind::Packed
        | OperandKind::PackedWide
        | OperandKind::Fd
        | OperandKind::RedirectOp
        | OperandKind::FileTest
        | OperandKind::ParamMod => Ok(()),
    }
}

/// Checks an imported ext op: the form, and each immediate.
fn check_ext(
    chunk: &Chunk,
    functions: &HashSet<u64>,
    op: Op,
    (id, packed): (u16, u64),
) -> Result<(), Broken> {
    within("import", id.into(), chunk.imports.len())?;
    let signature = &chunk.imports[usize::from(id)].signature;
    let too_many = Broken::Operand {
        what: "set of immediates of this op",
        value: packed,
    };
    // None takes less than a bit. Before any look at each of them: there may be as many as ops.
    if signature.immediates.len() > 64 {
        return Err(too_many);
    }
    let wide = signature.is_wide();
    if wide != matches!(op, Op::ExtendedWide(..)) {
        return Err(Broken::Form { wide });
    }
    if let (Op::ExtendedWide(_, arg), true) = (op, chunk.holds_wide()) {
        within("packed immediate", arg as u64, chunk.wide.len())?;
    }
    let mut used = 0;
    for (tag, shift, bits) in signature.unpack(packed) {
        used = shift.saturating_add(tag.bits());
        check_immediate(chunk, functions, tag, bits)?;
    }
    if used > 64 || packed.checked_shr(used).unwrap_or(0) != 0 {
        return Err(too_many);
    }
    labels_and_jumps(signature)
}

/// A branch needs exactly one label to jump to.
fn labels_and_jumps(signature: &Signature) -> Result<(), Broken> {
    let labels = signature
        .immediates
        .iter()
        .filter(|t| **t == ImmTag::Label)
        .count();
    match signature.jumps.is_some() == (labels == 1) {
        true => Ok(()),
        false => Err(Broken::Operand {
            what: "number of labels this op can have",
            value: labels as u64,
        }),
    }
}

fn check_immediate(
    chunk: &Chunk,
    functions: &HashSet<u64>,
    tag: ImmTag,
    bits: u64,
) -> Result<(), Broken> {
    match tag {
        ImmTag::Enum(variants) => coded("variant", bits, variants),
        ImmTag::Label => check_operand(
            chunk,
            Operand {
                name: "to",
                kind: OperandKind::Target,
                bits,
            },
        ),
        ImmTag::Name => within("name", bits, chunk.names.len()),
        ImmTag::Function => {
            within("name", bits, chunk.names.len())?;
            let name = &chunk.names[bits as usize];
            match functions.contains(&bits) {
                true => Ok(()),
                false => Err(Broken::NoFunction { name: name.clone() }),
            }
        }
        ImmTag::Block => within("block", bits, chunk.blocks.len()),
        ImmTag::Parsed => {
            within("constant", bits, chunk.constants.len())?;
            match &chunk.constants[bits as usize] {
                Value::Str(_) => Ok(()),
                _ => Err(Broken::NotText { index: bits }),
            }
        }
        ImmTag::U8
        | ImmTag::I8
        | ImmTag::I32
        | ImmTag::U32
        | ImmTag::Bool
        | ImmTag::Slot
        | ImmTag::Count => Ok(()),
    }
}
