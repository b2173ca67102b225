//! Chunks for tests: one that has everything, and generated ones that make no sense at all.

use crate::chunk::{Chunk, FunctionEntry, Place};
use crate::ext::{ImmTag, Import, Signature};
use crate::op::{Op, Opcode, OperandKind};
use crate::semantics::Policy;
use crate::value::{Hash, Str, Value};

/// A generator of numbers (xorshift), the same in every run.
pub(in crate::chunk) struct Random(u64);

impl Random {
    pub(in crate::chunk) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(in crate::chunk) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`.
    pub(in crate::chunk) fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Any number of bits, small ones often.
    fn bits(&mut self) -> u64 {
        self.next() >> self.below(64)
    }

    fn text(&mut self) -> Str {
        const TEXTS: [&str; 30] = [
            "",
            "a b",
            "; x",
            "\"",
            "\\",
            "größe",
            "日本",
            "x",
            "y",
            "fib",
            "f",
            "b0",
            "b0_end",
            "L3",
            "L",
            "imm",
            "Float",
            "Float?",
            "..",
            "a\nb\r\n\t\0",
            "\u{202e}\u{7}\u{1f600}",
            "undef",
            "source",
            "ext",
            "12",
            "-1",
            "#1",
            "@2",
            "inf",
            "x:",
        ];
        match self.below(12) {
            0 => "long ".repeat(self.below(40)).into(),
            1 => format!("name{}", self.below(50)).into(),
            _ => self.pick(&TEXTS).into(),
        }
    }

    fn float(&mut self) -> f64 {
        const BITS: [u64; 10] = [
            0,
            1 << 63,
            0x7ff0_0000_0000_0000,
            0xfff0_0000_0000_0000,
            0x7ff8_0000_0000_0000,
            0xfff8_0000_0000_0000,
            0x7ff8_0000_0000_0001,
            0x7ff0_0000_0000_0001,
            0x4008_0000_0000_0000,
            1,
        ];
        match self.below(3) {
            0 => f64::from_bits(self.pick(&BITS)),
            1 => self.below(1000) as f64 / 8.0,
            _ => f64::from_bits(self.next()),
        }
    }

    fn constant(&mut self, depth: usize) -> Value {
        match self.below(if depth > 0 { 11 } else { 8 }) {
            0 => Value::Undef,
            1 => Value::Bool(self.one_in(2)),
            2 => Value::Int(self.bits().cast_signed()),
            3 => Value::Float(self.float()),
            4 => Value::Status(self.next() as i32),
            5 => Value::NativeFn(self.next() as u16),
            6 | 7 => Value::Str(self.text()),
            8 | 9 => {
                let items: Vec<Value> = (0..self.below(4))
                    .map(|_| self.constant(depth - 1))
                    .collect();
                Value::array(items)
            }
            _ => {
                let mut hash = Hash::new();
                for _ in 0..self.below(4) {
                    hash.insert(self.text(), self.constant(depth - 1));
                }
                Value::Hash(hash)
            }
        }
    }

    fn import(&mut self) -> Import {
        let mut texts =
            |n: usize| -> Vec<Str> { (0..self.below(n)).map(|_| self.text()).collect() };
        let (inputs, outputs, jumps) = (texts(4), texts(3), texts(3));
        Import {
            name: self.text(),
            version: self.bits() as u32,
            signature: Signature {
                immediates: (0..self.below(5)).map(|_| self.tag()).collect(),
                inputs,
                variadic: self.one_in(2),
                outputs,
                jumps: self.one_in(2).then_some(jumps),
            },
        }
    }

    fn tag(&mut self) -> ImmTag {
        match self.pick(&ImmTag::ALL) {
            ImmTag::Enum(_) => ImmTag::Enum(self.next() as u8),
            other => other,
        }
    }

    fn place(&mut self, ops: usize) -> usize {
        match self.one_in(8) {
            true => self.bits() as usize,
            false => self.below(ops + 2),
        }
    }

    fn op(&mut self, code: Opcode, ops: usize) -> Op {
        let mut operand = |kind: &OperandKind| match kind {
            OperandKind::Int => self.bits(),
            OperandKind::Float => self.float().to_bits(),
            OperandKind::Limit => i64::from(self.bits() as i32).cast_unsigned(),
            OperandKind::Target => self.place(ops) as u64,
            OperandKind::PackedWide => self.bits(),
            OperandKind::Ext => self.below(5) as u64,
            _ if kind.rust_type() == "u8" => self.bits() & 0xff,
            _ if self.one_in(8) => self.bits() & 0xffff,
            _ => self.below(12) as u64,
        };
        let bits: Vec<u64> = code
            .info()
            .operands
            .iter()
            .map(|(_, kind)| operand(kind))
            .collect();
        Op::from_bits(code, &mut bits.into_iter()).expect("the bits fit their kinds")
    }

    /// A chunk of whatever; `ops` ops.
    pub(in crate::chunk) fn chunk(&mut self, ops: usize) -> Chunk {
        let codes = [
            Opcode::Extended,
            Opcode::ExtendedWide,
            Opcode::GetVar,
            Opcode::LoadConst,
        ];
        let code = |r: &mut Self| match r.one_in(4) {
            true => r.pick(&codes),
            false => r.pick(Opcode::ALL),
        };
        let mut chunk = Chunk {
            source: self.text(),
            language: self.one_in(2).then(|| self.text()),
            policy: Policy::from_bits(self.below(128) as u8).unwrap_or_default(),
            imports: (0..self.below(5)).map(|_| self.import()).collect(),
            constants: (0..self.below(12)).map(|_| self.constant(3)).collect(),
            names: (0..self.below(12)).map(|_| self.text()).collect(),
            ..Chunk::default()
        };
        for _ in 0..self.below(5) {
            chunk.functions.push(FunctionEntry {
                name: self.below(14) as u16,
                pc: self.place(ops),
                arity: self.one_in(2).then(|| self.next() as u8),
            });
            chunk.blocks.push(self.place(ops)..self.place(ops));
        }
        let places = self.below(4);
        let (mut line, mut place) = (0, Place::default());
        for _ in 0..ops {
            let code = code(self);
            let op = self.op(code, ops);
            chunk.ops.push(op);
            if self.one_in(3) {
                line = self.bits() as u32;
            }
            if self.one_in(2) && places > 1 {
                place = Place {
                    column: self.bits() as u32,
                    start: self.bits() as u32,
                    end: self.bits() as u32,
                };
            }
            chunk.lines.push(line);
            if places > 0 {
                chunk.spans.push(place);
            }
        }
        chunk
    }
}

/// A chunk with all ops and something of everything.
pub(in crate::chunk) fn everything() -> Chunk {
    let mut r = Random::new(129);
    let mut chunk = r.chunk(0);
    while chunk.imports.len() < 3 || chunk.constants.len() < 8 || chunk.functions.len() < 2 {
        chunk = r.chunk(0);
    }
    for (i, code) in Opcode::ALL.iter().enumerate() {
        let op = r.op(*code, Opcode::ALL.len());
        let (line, column) = (i as u32 / 3, i as u32 % 40);
        let (start, end) = (2 * line, 2 * line + column);
        chunk.ops.push(op);
        chunk.lines.push(line);
        chunk.spans.push(Place { column, start, end });
    }
    chunk.language = Some("calc".into());
    chunk
}
