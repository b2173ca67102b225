//! Chunks where nothing is in scope and every lint is an error: expansions bring and cause none.

#![no_implicit_prelude]
#![deny(
    warnings,
    future_incompatible,
    nonstandard_style,
    rust_2018_idioms,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_results
)]

use ::fusevm::testing::assert_chunk;
use ::fusevm::{Chunk, StaticChunk, chunk};

#[derive(::fusevm::Language)]
#[language(ops(ops::OPS))]
struct Calc;

#[::fusevm::ops(Calc)]
mod ops {
    #[ext_op]
    pub(super) fn add(#[imm] a: u32, #[imm] b: i32, c: i64) -> i64 {
        c + a as i64 + b as i64
    }
}

const BYTE: u8 = 1;
const SIZE: usize = 2;
const LONG: i64 = 3;

static CHUNK: StaticChunk = chunk! { Calc;
    fn twice(x) { GetSlot(x); Dup; Add; ReturnValue; }
    LoadInt(LONG);
    ops::add((BYTE), (SIZE));
    ops::add(SIZE + 1, LONG - 5);
    ops::add { a: 1_u32 << 31, b: -(1 << 30) };
    MakeArray(1);
    MapBlock { Call(twice, 1); };
};

fn later(n: i64) -> Chunk {
    chunk! { Calc; {n}; ops::add({BYTE}, {2}); {n + 1}; Call({"twice"}, {1}); MakeArray({2}); }
}

/// What comes through another macro may have invisible groups around it.
macro_rules! pushed {
    ($value:block) => {
        chunk! { (); $value; ..{[::fusevm::Op::Inc]}; }
    };
}

fn main() {
    assert_chunk!(Calc; CHUNK => ::std::vec![2 * (7 + (1i64 << 30))]);
    assert_chunk!(Calc; CHUNK, [4] => 8);
    assert_chunk!(Calc; later(5) => trap "undefined function: twice");
    assert_chunk!(pushed!({ 4 }) => 5);
}
