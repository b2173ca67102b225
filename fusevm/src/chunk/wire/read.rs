//! Bytes → chunk.

use super::super::encode::{Reader, hash};
use super::super::{Chunk, FunctionEntry, Place};
use super::{HASH_LEN, MAGIC, VERSION, WireError};
use crate::ext::{ImmTag, Import, Signature};
use crate::op::{Op, Opcode, OperandKind};
use crate::semantics::Policy;

impl Chunk {
    /// The chunk whose [`to_bytes`](Self::to_bytes) these are. It may still make no sense, like any chunk.
    ///
    /// # Errors
    /// A [`WireError`] for all other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Chunk, WireError> {
        let mut r = Reader::new(bytes, 0);
        if r.take(MAGIC.len()) != Ok(MAGIC) {
            return Err(WireError::NotAChunk);
        }
        let found = r.u64()?;
        if found != VERSION {
            return Err(WireError::Version { found });
        }
        let (content, sum) = (bytes.len().checked_sub(HASH_LEN))
            .filter(|end| *end >= r.at())
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or(WireError::Truncated { at: bytes.len() })?;
        if sum != hash(content).to_le_bytes() {
            return Err(WireError::Corrupt);
        }
        let mut r = Reader::new(content, r.at());
        let chunk = read_chunk(&mut r)?;
        match r.left() {
            0 => Ok(chunk),
            _ => Err(WireError::Trailing { at: r.at() }),
        }
    }
}

fn read_chunk(r: &mut Reader<'_>) -> Result<Chunk, WireError> {
    let mut chunk = Chunk {
        source: r.text()?,
        ..Chunk::default()
    };
    if r.flag("language flag")? {
        chunk.language = Some(r.text()?);
    }
    let (at, what) = (r.at(), "policy");
    chunk.policy = Policy::from_bits(r.byte()?).ok_or(WireError::OutOfRange { at, what })?;
    chunk.imports = read_all(r, "imports", read_import)?;
    chunk.constants = read_all(r, "constants", |r| r.constant())?;
    chunk.names = read_all(r, "names", |r| r.text())?;
    chunk.functions = read_all(r, "functions", read_function)?;
    chunk.blocks = read_all(r, "blocks", |r| {
        Ok(r.unsigned("block start")?..r.unsigned("block end")?)
    })?;
    // The ops of a chunk on a narrow machine need the chunk, for its table of wide immediates.
    chunk.ops = read_all(r, "ops", |r| read_op(r, &mut chunk))?;
    chunk.lines = read_lines(r, chunk.ops.len())?;
    chunk.spans = read_places(r, chunk.ops.len())?;
    Ok(chunk)
}

fn read_all<T>(
    r: &mut Reader<'_>,
    what: &'static str,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    (0..r.count(what)?).map(|_| read(r)).collect()
}

fn read_import(r: &mut Reader<'_>) -> Result<Import, WireError> {
    Ok(Import {
        name: r.text()?,
        version: r.unsigned("version of an import")?,
        signature: Signature {
            immediates: read_all(r, "immediates", read_tag)?,
            inputs: read_all(r, "inputs", |r| r.text())?,
            variadic: r.flag("variadic flag")?,
            outputs: read_all(r, "outputs", |r| r.text())?,
            jumps: match r.flag("jump flag")? {
                true => Some(read_all(r, "outputs", |r| r.text())?),
                false => None,
            },
        },
    })
}

fn read_tag(r: &mut Reader<'_>) -> Result<ImmTag, WireError> {
    let at = r.at();
    let tag = r.byte()?;
    match ImmTag::ALL.get(usize::from(tag)) {
        Some(ImmTag::Enum(_)) => Ok(ImmTag::Enum(r.byte()?)),
        Some(other) => Ok(*other),
        None => Err(WireError::BadTag { at, tag }),
    }
}

fn read_function(r: &mut Reader<'_>) -> Result<FunctionEntry, WireError> {
    let (name, pc) = (r.unsigned("name of a function")?, r.unsigned("entry")?);
    let (at, what) = (r.at(), "arity");
    let arity = match r.u64()?.checked_sub(1) {
        Some(n) => Some(
            n.try_into()
                .map_err(|_| WireError::OutOfRange { at, what })?,
        ),
        None => None,
    };
    Ok(FunctionEntry { name, pc, arity })
}

fn read_op(r: &mut Reader<'_>, chunk: &mut Chunk) -> Result<Op, WireError> {
    let at = r.at();
    let code = r.byte()?;
    let opcode = Opcode::from_code(code).ok_or(WireError::BadOpcode { at, code })?;
    let operands = opcode.info().operands;
    let mut bits = [0; MAX_OPERANDS];
    for ((name, kind), bits) in operands.iter().zip(&mut bits) {
        let (at, what) = (r.at(), *name);
        *bits = match kind {
            OperandKind::Float => r.float_bits()?,
            OperandKind::PackedWide => {
                let packed = r.u64()?;
                if !chunk.holds_wide() && usize::try_from(packed).is_err() {
                    return Err(WireError::OutOfRange { at, what });
                }
                chunk.hold_wide(packed) as u64
            }
            kind if kind.is_signed() => r.i64()?.cast_unsigned(),
            _ => r.u64()?,
        };
    }
    let what = "operand";
    Op::from_bits(opcode, &mut bits.into_iter()).ok_or(WireError::OutOfRange { at, what })
}

/// Operands that an op has at most.
const MAX_OPERANDS: usize = 8;

fn read_lines(r: &mut Reader<'_>, ops: usize) -> Result<Vec<u32>, WireError> {
    let mut lines: Vec<u32> = Vec::with_capacity(ops);
    let mut line = 0i64;
    while lines.len() < ops {
        let (at, what) = (r.at(), "line");
        let wrong = WireError::OutOfRange { at, what };
        let step = r.i64()?;
        if step == 0 && !lines.is_empty() {
            return Err(wrong);
        }
        line = line.checked_add(step).ok_or(wrong)?;
        let this = u32::try_from(line).map_err(|_| wrong)?;
        let (at, what) = (r.at(), "run of lines");
        match usize::try_from(r.u64()?) {
            Ok(run) if run < ops - lines.len() => lines.resize(lines.len() + 1 + run, this),
            _ => return Err(WireError::TooLarge { at, what }),
        }
    }
    Ok(lines)
}

fn read_places(r: &mut Reader<'_>, ops: usize) -> Result<Vec<Place>, WireError> {
    let (at, what) = (r.at(), "place");
    if !r.flag(what)? {
        return Ok(Vec::new());
    }
    if ops == 0 {
        return Err(WireError::OutOfRange { at, what });
    }
    let (mut column, mut start) = (0, 0);
    let mut places = Vec::with_capacity(ops.min(r.left()));
    for _ in 0..ops {
        column = read_step(r, column)?;
        start = read_step(r, start)?;
        let end = read_step(r, start)?;
        places.push(Place { column, start, end });
    }
    Ok(places)
}

/// A number given by its difference from another.
fn read_step(r: &mut Reader<'_>, from: u32) -> Result<u32, WireError> {
    let (at, what) = (r.at(), "place");
    let sum = i64::from(from).checked_add(r.i64()?);
    sum.and_then(|n| n.try_into().ok())
        .ok_or(WireError::OutOfRange { at, what })
}
