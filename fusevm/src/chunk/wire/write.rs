//! Chunk → bytes.

use super::super::Chunk;
use super::super::encode::{hash, put_constant, put_i64, put_text, put_u64, put_usize};
use super::{MAGIC, VERSION};
use crate::ext::{ImmTag, Import};
use crate::op::{Op, OperandKind};
use crate::value::Str;

impl Chunk {
    /// The chunk as bytes; the same bytes for equal chunks, on every machine.
    ///
    /// A constant that belongs to a running VM (a function, an object) has no bytes: the chunk is
    /// then refused when it is read, as it is by the verifier.
    ///
    /// ```
    /// use fusevm::Chunk;
    ///
    /// let chunk = Chunk::parse("LoadConst \"hello\"\nPrintLn 1").unwrap();
    /// assert_eq!(Chunk::from_bytes(&chunk.to_bytes()).unwrap(), chunk);
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.to_bytes_without_hash();
        let hash = hash(&out);
        out.extend_from_slice(&hash.to_le_bytes());
        out
    }

    /// All of [`to_bytes`](Self::to_bytes) but the hash at its end.
    pub(crate) fn to_bytes_without_hash(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_u64(&mut out, VERSION);
        put_text(&mut out, self.source());
        put_option(&mut out, self.language(), put_text);
        out.push(self.policy.to_bits());
        put_all(&mut out, &self.imports, put_import);
        put_all(&mut out, &self.constants, put_constant);
        put_all(&mut out, &self.names, put_str);
        put_all(&mut out, &self.functions, |out, f| {
            put_u64(out, f.name.into());
            put_usize(out, f.pc);
            put_u64(out, f.arity.map_or(0, |n| u64::from(n) + 1));
        });
        put_all(&mut out, &self.blocks, |out, block| {
            put_usize(out, block.start);
            put_usize(out, block.end);
        });
        put_all(&mut out, &self.ops, |out, op| self.put_op(out, *op));
        self.put_lines(&mut out);
        self.put_places(&mut out);
        out
    }

    fn put_op(&self, out: &mut Vec<u8>, op: Op) {
        out.push(op.opcode() as u8);
        op.each_operand(|operand| match operand.kind {
            OperandKind::Float => out.extend_from_slice(&operand.bits.to_le_bytes()),
            OperandKind::PackedWide => {
                put_u64(out, self.immediates(op).map_or(0, |(_, packed)| packed));
            }
            kind if kind.is_signed() => put_i64(out, operand.bits.cast_signed()),
            _ => put_u64(out, operand.bits),
        });
    }

    /// Runs of ops of one line: how far the line is from the one before, how many ops more than one.
    fn put_lines(&self, out: &mut Vec<u8>) {
        let (mut pc, mut before) = (0, 0);
        while pc < self.ops.len() {
            let line = self.line(pc);
            let run = (pc + 1..self.ops.len())
                .take_while(|next| self.line(*next) == line)
                .count();
            put_i64(out, i64::from(line) - before);
            put_usize(out, run);
            before = line.into();
            pc += 1 + run;
        }
    }

    /// Columns and starts as differences from the op before, ends as lengths.
    fn put_places(&self, out: &mut Vec<u8>) {
        out.push(u8::from(!self.spans.is_empty()));
        let (mut column, mut start) = (0, 0);
        for place in &self.spans {
            let next: [i64; 3] = [place.column, place.start, place.end].map(i64::from);
            put_i64(out, next[0] - column);
            put_i64(out, next[1] - start);
            put_i64(out, next[2] - next[1]);
            (column, start) = (next[0], next[1]);
        }
    }
}

fn put_all<T>(out: &mut Vec<u8>, all: &[T], mut put: impl FnMut(&mut Vec<u8>, &T)) {
    put_usize(out, all.len());
    for one in all {
        put(out, one);
    }
}

fn put_option<T: ?Sized>(
    out: &mut Vec<u8>,
    option: Option<&T>,
    put: impl FnOnce(&mut Vec<u8>, &T),
) {
    out.push(u8::from(option.is_some()));
    if let Some(some) = option {
        put(out, some);
    }
}

fn put_str(out: &mut Vec<u8>, text: &Str) {
    put_text(out, text.as_str());
}

fn put_import(out: &mut Vec<u8>, import: &Import) {
    put_str(out, &import.name);
    put_u64(out, import.version.into());
    let signature = &import.signature;
    put_all(out, &signature.immediates, put_tag);
    put_all(out, &signature.inputs, put_str);
    out.push(u8::from(signature.variadic));
    put_all(out, &signature.outputs, put_str);
    put_option(out, signature.jumps.as_deref(), |out, jumps| {
        put_all(out, jumps, put_str);
    });
}

fn put_tag(out: &mut Vec<u8>, tag: &ImmTag) {
    let shape = std::mem::discriminant(tag);
    let index = (ImmTag::ALL.iter()).position(|other| std::mem::discriminant(other) == shape);
    out.push(index.map_or(u8::MAX, |i| i as u8));
    if let ImmTag::Enum(variants) = tag {
        out.push(*variants);
    }
}
