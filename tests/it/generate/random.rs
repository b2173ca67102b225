//! Numbers and values at random, the same for a seed in every run.

use fusevm::{Array, Hash, Value};

/// A generator of numbers (xorshift).
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut r = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        r.next();
        r
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n.max(1)
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// An integer: small, at an edge, or any.
    pub(crate) fn int(&mut self) -> i64 {
        const EDGES: [i64; 12] = [
            i64::MIN,
            i64::MIN + 1,
            i64::MAX,
            i64::MAX - 1,
            i32::MIN as i64,
            i32::MAX as i64,
            1 << 53,
            (1 << 53) + 1,
            -1,
            0,
            63,
            64,
        ];
        match self.below(8) {
            0 => self.pick(&EDGES),
            1 => self.next().cast_signed() >> self.below(64),
            _ => self.below(20) as i64 - 5,
        }
    }

    pub(crate) fn float(&mut self) -> f64 {
        const EDGES: [f64; 12] = [
            0.0,
            -0.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
            9.223_372_036_854_775e18,
            -9.223_372_036_854_776e18,
            1e300,
            0.5,
            -1.5,
        ];
        match self.below(3) {
            0 => self.pick(&EDGES),
            _ => self.below(40) as f64 / 4.0 - 3.0,
        }
    }

    pub(crate) fn text(&mut self) -> String {
        const TEXTS: [&str; 16] = [
            "",
            "0",
            "1",
            "-7",
            "00",
            " 12\t",
            "2.5",
            "1e3",
            "nan",
            "-inf",
            "9223372036854775807",
            "9223372036854775808",
            "abc",
            "größe",
            "x y",
            "10 apples",
        ];
        self.pick(&TEXTS).to_owned()
    }

    /// Plain data; containers up to `depth` deep.
    pub(crate) fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth > 0 { 12 } else { 9 }) {
            0 => Value::Undef,
            1 => Value::Bool(self.one_in(2)),
            2..=4 => Value::Int(self.int()),
            5 => Value::Float(self.float()),
            6 | 7 => Value::str(self.text()),
            8 => self.odd_value(),
            9 | 10 => {
                let items: Vec<Value> = (0..self.below(5)).map(|_| self.value(depth - 1)).collect();
                Value::array(items)
            }
            _ => {
                let mut hash = Hash::new();
                for _ in 0..self.below(4) {
                    let value = self.value(depth - 1);
                    hash.insert(self.text(), value);
                }
                Value::Hash(hash)
            }
        }
    }

    fn odd_value(&mut self) -> Value {
        match self.below(4) {
            0 => Value::Status(self.int() as i32),
            1 => Value::NativeFn(self.next() as u16),
            2 => Value::array(Array::new()),
            _ => Value::Float(self.float()),
        }
    }
}
