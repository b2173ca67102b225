//! Inputs for ops: edges first, and then whatever comes, the same in every run.

use crate::ext::{ImmDesc, ImmKind, InputDesc, Ty};
use crate::value::{Array, Hash, Value};

/// Integers near which things go wrong.
pub(super) const INTS: &[i64] = &[
    0,
    1,
    -1,
    2,
    -2,
    3,
    7,
    10,
    31,
    63,
    64,
    -64,
    255,
    1_000_003,
    i32::MAX as i64,
    i32::MIN as i64,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
    i64::MIN + 1,
];

/// Floats near which things go wrong.
pub(super) const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    0.49999999999999994,
    3.7,
    -1e-9,
    1e300,
    4503599627370497.5,
    9007199254740993.0,
    9.223372036854775e18,
    9.223372036854776e18,
    -9.223372036854776e18,
    -1e19,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

const TEXTS: &[&str] = &["", "a", "12", "-3.5", "wörter", "two words", "\n", "🦀🦀"];

/// Numbers as they come: Sebastiano Vigna's splitmix64.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The numbers for what has that name.
    pub(super) fn of(name: &str) -> Self {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    pub(super) fn int(&mut self) -> i64 {
        match self.below(4) {
            0 | 1 => self.pick(INTS),
            2 => (self.next() % 41) as i64 - 20,
            // Of every length.
            _ => (self.next() as i64) >> self.below(64),
        }
    }

    pub(super) fn float(&mut self) -> f64 {
        match self.below(4) {
            0 | 1 => self.pick(FLOATS),
            2 => ((self.next() % 801) as f64 - 400.0) / 8.0,
            _ => f64::from_bits(self.next()),
        }
    }

    fn text(&mut self) -> &'static str {
        self.pick(TEXTS)
    }

    /// A value of that type; `None` where only the language can make one.
    pub(super) fn value(&mut self, ty: Ty, depth: u32) -> Option<Value> {
        Some(match ty {
            Ty::Bool => Value::Bool(self.below(2) == 0),
            Ty::Int => Value::Int(self.int()),
            Ty::Float => Value::Float(self.float()),
            Ty::Str => Value::from(self.text()),
            Ty::Array => {
                let n = self.below(4);
                let items = (0..n).map(|_| self.any(depth + 1));
                Value::Array(items.collect::<Array>())
            }
            Ty::Hash => {
                let mut hash = Hash::default();
                for _ in 0..self.below(3) {
                    let key = self.text();
                    hash.insert(key, self.any(depth + 1));
                }
                Value::Hash(hash)
            }
            Ty::Any => self.any(depth),
            Ty::Ref | Ty::Func | Ty::Object(_) | Ty::Host(_) => return None,
        })
    }

    pub(super) fn any(&mut self, depth: u32) -> Value {
        let kinds = [Ty::Int, Ty::Float, Ty::Bool, Ty::Str, Ty::Array, Ty::Hash];
        let few = if depth > 1 { 4 } else { kinds.len() };
        match self.below(few + 1) {
            0 => Value::Undef,
            n => self.value(kinds[n - 1], depth).unwrap_or_default(),
        }
    }

    /// An input of an op; now and then of another kind than it takes.
    pub(super) fn input(&mut self, input: &InputDesc) -> Option<Value> {
        match self.below(if input.optional { 3 } else { 12 }) {
            0 => Some(self.any(0)),
            _ => self.value(input.ty, 0),
        }
    }

    /// The bits of an immediate; `None` where it names a part of a chunk.
    pub(super) fn immediate(&mut self, imm: &ImmDesc) -> Option<u64> {
        Some(match imm.kind {
            ImmKind::U8 | ImmKind::I8 => self.int() as u8 as u64,
            ImmKind::I32 | ImmKind::U32 => self.int() as u32 as u64,
            ImmKind::Bool => self.below(2) as u64,
            ImmKind::Enum(names) => self.below(names.len()) as u64,
            ImmKind::Label
            | ImmKind::Slot
            | ImmKind::Name
            | ImmKind::Function
            | ImmKind::Block
            | ImmKind::Parsed(_)
            | ImmKind::Count => return None,
        })
    }
}
