//! The words that make one number of one or two, one row each: word, name of its twin, name in Rust, what it
//! takes, what it gives.
//!
//! A row becomes two ops. One works on the data stack, as all words do. Its twin takes operands of the VM and
//! is `inline`: where a program has just said what a word takes (`8 cells`, `i i *`), nothing has to go over
//! the data stack, and machine code has the bare arithmetic.

use super::Forth;
use super::machine::{CELL, Fault, Machine};
use fusevm::prelude::*;

/// A word as an op on operands of the VM.
pub struct Twin {
    /// How many operands it takes.
    pub takes: usize,
    /// How many it leaves.
    pub gives: usize,
    /// What writes it.
    pub write: fn(&mut Builder<Forth>),
}

macro_rules! numbers {
    ($(
        $(#[$doc:meta])*
        $word:literal $twin:literal $name:ident [$($input:ident)*] => $gives:expr;
    )*) => {
        /// The words as ops on the data stack.
        #[fusevm::ops(Forth)]
        pub mod ops {
            use super::*;

            $(
                $(#[$doc])*
                #[ext_op(name = $word)]
                pub fn $name(m: &mut Machine) -> Result<(), Fault> {
                    let [$($input),*] = m.take($word)?;
                    m.give([twins::$name($($input),*)])
                }
            )*
        }

        /// The words as ops on operands of the VM.
        #[fusevm::ops(Forth)]
        pub mod twins {
            $(
                $(#[$doc])*
                #[ext_op(inline, name = $twin)]
                pub fn $name($($input: i64),*) -> i64 {
                    $gives
                }
            )*
        }

        /// Writes the op of a word, if it is one of these.
        pub fn emit(word: &str, b: &mut Builder<Forth>) -> bool {
            match word {
                $($word => b.op(ops::$name {}),)*
                _ => return false,
            }
            true
        }

        /// The twin of a word, if it is one of these.
        pub fn twin(word: &str) -> Option<Twin> {
            let (takes, write): (_, fn(&mut Builder<Forth>)) = match word {
                $($word => ([$(stringify!($input)),*].len(), |b| b.op(twins::$name {})),)*
                _ => return None,
            };
            Some(Twin { takes, gives: 1, write })
        }

        /// The words.
        pub const WORDS: &[&str] = &[$($word),*];
    };
}

numbers! {
    // Arithmetic.

    /// `( a b -- a+b )`
    "+" "(+)" plus [a b] => a + b;
    /// `( a b -- a-b )`
    "-" "(-)" minus [a b] => a - b;
    /// `( a b -- a*b )`
    "*" "(*)" times [a b] => a * b;
    /// `( a -- a+1 )`
    "1+" "(1+)" increment [a] => a + 1;
    /// `( a -- a-1 )`
    "1-" "(1-)" decrement [a] => a - 1;
    /// `( a -- 2a )`
    "2*" "(2*)" double [a] => a << 1;
    /// `( a -- a/2 )`
    "2/" "(2/)" halve [a] => a >> 1;
    /// `( a -- -a )`
    "negate" "(negate)" negate [a] => -a;
    /// `( a -- |a| )`
    "abs" "(abs)" abs [a] => a.abs();
    /// `( a b -- min )`
    "min" "(min)" min [a b] => a.min(b);
    /// `( a b -- max )`
    "max" "(max)" max [a b] => a.max(b);
    /// `( n -- bytes )` Bytes of that many cells.
    "cells" "(cells)" cells [n] => n * 8;
    /// `( addr -- addr )` The next cell.
    "cell+" "(cell+)" next_cell [at] => at + 8;

    // Bits.

    /// `( a b -- a&b )`
    "and" "(and)" and [a b] => a & b;
    /// `( a b -- a|b )`
    "or" "(or)" or [a b] => a | b;
    /// `( a b -- a^b )`
    "xor" "(xor)" xor [a b] => a ^ b;
    /// `( a -- !a )`
    "invert" "(invert)" invert [a] => !a;
    /// `( a n -- b )` Bits go up; 64 and more leave none.
    "lshift" "(lshift)" shift_left [a n] => if n & 63 == n { a << n } else { 0 };
    /// `( a n -- b )` Bits go down, zeros come in.
    "rshift" "(rshift)" shift_right [a n] => {
        if n & 63 != n {
            0
        } else if n == 0 {
            a
        } else {
            (a >> n) & (i64::MAX >> (n - 1))
        }
    };

    // Comparisons; a flag has all bits set for true.

    /// `( a b -- flag )`
    "=" "(=)" equal [a b] => -i64::from(a == b);
    /// `( a b -- flag )`
    "<>" "(<>)" not_equal [a b] => -i64::from(a != b);
    /// `( a b -- flag )`
    "<" "(<)" less [a b] => -i64::from(a < b);
    /// `( a b -- flag )`
    ">" "(>)" greater [a b] => -i64::from(a > b);
    /// `( a b -- flag )`
    "<=" "(<=)" less_equal [a b] => -i64::from(a <= b);
    /// `( a b -- flag )`
    ">=" "(>=)" greater_equal [a b] => -i64::from(a >= b);
    /// `( a b -- flag )` Without signs.
    "u<" "(u<)" unsigned_less [a b] => -i64::from((a ^ i64::MIN) < (b ^ i64::MIN));
    /// `( a -- flag )`
    "0=" "(0=)" zero_equal [a] => -i64::from(a == 0);
    /// `( a -- flag )`
    "0<>" "(0<>)" zero_not_equal [a] => -i64::from(a != 0);
    /// `( a -- flag )`
    "0<" "(0<)" zero_less [a] => -i64::from(a < 0);
    /// `( a -- flag )`
    "0>" "(0>)" zero_greater [a] => -i64::from(a > 0);
}

/// Bodies of inline ops know no constants of a crate.
const _: () = assert!(CELL == 8);
