//! The words that work on the machine alone, one row each: word, name in Rust, what it takes, what it gives.
//!
//! A row becomes an op of that name and a way to write it, so that a word is in one place. What a word
//! takes is off the stack before its right side runs; a fault on that side stops the program. Those that
//! make a number of numbers are in [`numbers`].

use super::Forth;
use super::machine::{Fault, Machine};
use super::numbers::{self, Twin};
use fusevm::prelude::*;

/// Quotient and remainder towards minus infinity.
fn divide(word: &'static str, a: i128, b: i64) -> Result<(i64, i64), Fault> {
    let b = i128::from(b);
    if b == 0 {
        return Err(Fault::ZeroDivision(word));
    }
    let (quotient, rest) = (a / b, a % b);
    let below = rest != 0 && (rest < 0) != (b < 0);
    let (quotient, rest) = match below {
        true => (quotient - 1, rest + b),
        false => (quotient, rest),
    };
    Ok((quotient as i64, rest as i64))
}

macro_rules! words {
    ($m:ident; $(
        $(#[$doc:meta])*
        $word:literal $name:ident [$($input:ident)*] => $gives:expr;
    )*) => {
        /// The words as ops.
        #[fusevm::ops(Forth)]
        pub mod ops {
            use super::*;

            $(
                $(#[$doc])*
                #[ext_op(name = $word)]
                pub fn $name($m: &mut Machine) -> Result<(), Fault> {
                    let [$($input),*] = $m.take($word)?;
                    let cells = $gives;
                    $m.give(cells)
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

        /// The words.
        pub const WORDS: &[&str] = &[$($word),*];
    };
}

words! { m;
    // The stack.

    /// `( a -- a a )`
    "dup" dup [a] => [a, a];
    /// `( a -- )`
    "drop" drop_ [_a] => [];
    /// `( a b -- b a )`
    "swap" swap [a b] => [b, a];
    /// `( a b -- a b a )`
    "over" over [a b] => [a, b, a];
    /// `( a b c -- b c a )`
    "rot" rot [a b c] => [b, c, a];
    /// `( a b c -- c a b )`
    "-rot" rot_back [a b c] => [c, a, b];
    /// `( a b -- a b a b )`
    "2dup" two_dup [a b] => [a, b, a, b];
    /// `( a b -- )`
    "2drop" two_drop [_a _b] => [];
    /// `( a b c d -- c d a b )`
    "2swap" two_swap [a b c d] => [c, d, a, b];
    /// `( a b c d -- a b c d a b )`
    "2over" two_over [a b c d] => [a, b, c, d, a, b];
    /// `( a -- 0 | a a )` Doubles what is not 0.
    "?dup" dup_unless_zero [a] => { if a != 0 { m.give([a])?; } [a] };
    /// `( … n -- … a )` The cell that has `n` others above it.
    "pick" pick [n] => [m.pick(n)?];
    /// `( … n -- … a )` Takes out the cell that has `n` others above it, and puts it on top.
    "roll" roll [n] => [m.roll(n)?];
    /// `( -- n )` How many cells the stack holds.
    "depth" depth [] => [m.depth()];

    // Numbers; most are in `numbers`.

    /// `( a b -- a/b )` Towards minus infinity.
    "/" slash [a b] => [divide("/", a.into(), b)?.0];
    /// `( a b -- r )` What division leaves, with the sign of `b`.
    "mod" modulo [a b] => [divide("mod", a.into(), b)?.1];
    /// `( a b -- r a/b )`
    "/mod" slash_mod [a b] => { let (q, r) = divide("/mod", a.into(), b)?; [r, q] };
    /// `( a b c -- a*b/c )` The product does not overflow.
    "*/" star_slash [a b c] => [divide("*/", i128::from(a) * i128::from(b), c)?.0];
    /// `( -- flag )`
    "true" true_ [] => [-1];
    /// `( -- flag )`
    "false" false_ [] => [0];

    /// `( -- c )` The code of a space.
    "bl" blank [] => [b' '.into()];

    // Memory.

    /// `( addr -- a )` The cell there.
    "@" fetch [at] => [m.load(at)?];
    /// `( a addr -- )` Stores a cell.
    "!" store [a at] => { m.store(at, a)?; [] };
    /// `( n addr -- )` Adds to the cell there.
    "+!" plus_store [n at] => { let a = m.load(at)?; m.store(at, a.wrapping_add(n))?; [] };
    /// `( addr -- c )` The byte there.
    "c@" byte_fetch [at] => [m.byte(at)?];
    /// `( c addr -- )` Stores a byte.
    "c!" byte_store [c at] => { m.store_byte(at, c)?; [] };
    /// `( -- addr )` Where the next memory will be.
    "here" here [] => [m.here()];
    /// `( n -- )` Makes that many bytes of memory; gives them back if it is negative.
    "allot" allot [n] => { m.allot(n)?; [] };
    /// `( a -- )` Makes a cell of memory.
    "," comma [a] => { m.comma(a)?; [] };
    /// `( c -- )` Makes a byte of memory.
    "c," byte_comma [c] => { let at = m.here(); m.allot(1)?; m.store_byte(at, c)?; [] };
    /// `( addr n c -- )` Sets bytes.
    "fill" fill [at n c] => { m.bytes_mut(at, n)?.fill(c as u8); [] };
    /// `( addr n addr n -- order )` Of two texts: -1 when the first is less, 1 when it is more, else 0.
    "compare" compare [a n b k] => [m.bytes(a, n)?.cmp(m.bytes(b, k)?) as i64];
    /// `( from to n -- )` Copies bytes; the places may overlap.
    "move" move_ [from to n] => { m.copy(from, to, n)?; [] };
}

/// Twins of words, on operands of the VM; see [`numbers`](super::numbers).
#[fusevm::ops(Forth)]
pub mod twins {
    use super::*;

    /// `( addr -- a )` The cell there.
    #[ext_op(name = "(@)")]
    pub fn fetch(at: i64, m: &mut Machine) -> Result<i64, Fault> {
        m.load(at)
    }

    /// `( a addr -- )` Stores a cell.
    #[ext_op(name = "(!)")]
    pub fn store(a: i64, at: i64, m: &mut Machine) -> Result<(), Fault> {
        m.store(at, a)
    }

    /// `( n addr -- )` Adds to the cell there.
    #[ext_op(name = "(+!)")]
    pub fn plus_store(n: i64, at: i64, m: &mut Machine) -> Result<(), Fault> {
        let a = m.load(at)?;
        m.store(at, a.wrapping_add(n))
    }

    /// `( addr -- c )` The byte there.
    #[ext_op(name = "(c@)")]
    pub fn byte_fetch(at: i64, m: &mut Machine) -> Result<i64, Fault> {
        m.byte(at)
    }

    /// `( c addr -- )` Stores a byte.
    #[ext_op(name = "(c!)")]
    pub fn byte_store(c: i64, at: i64, m: &mut Machine) -> Result<(), Fault> {
        m.store_byte(at, c)
    }

    /// `( a b -- a/b )` Towards minus infinity.
    #[ext_op(name = "(/)")]
    pub fn slash(a: i64, b: i64) -> Result<i64, Fault> {
        Ok(divide("/", a.into(), b)?.0)
    }

    /// `( a b -- r )` What division leaves, with the sign of `b`.
    #[ext_op(name = "(mod)")]
    pub fn modulo(a: i64, b: i64) -> Result<i64, Fault> {
        Ok(divide("mod", a.into(), b)?.1)
    }
}

/// The twin of a word, if it has one.
pub fn twin(word: &str) -> Option<Twin> {
    let (takes, gives, write): (_, _, fn(&mut Builder<Forth>)) = match word {
        "@" => (1, 1, |b| b.op(twins::fetch {})),
        "!" => (2, 0, |b| b.op(twins::store {})),
        "+!" => (2, 0, |b| b.op(twins::plus_store {})),
        "c@" => (1, 1, |b| b.op(twins::byte_fetch {})),
        "c!" => (2, 0, |b| b.op(twins::byte_store {})),
        "/" => (2, 1, |b| b.op(twins::slash {})),
        "mod" => (2, 1, |b| b.op(twins::modulo {})),
        _ => return numbers::twin(word),
    };
    Some(Twin {
        takes,
        gives,
        write,
    })
}
