//! What the names of the prelude mean where a macro stands does not matter.
#![allow(dead_code, non_camel_case_types, unused_macros, unused_imports)]

use fusevm::prelude::{FuseValue, Immediate, Language, Object, Ref, Rest, ext_op, ops};
use fusevm::{Heap, Output, Value};

struct Result;
struct Option;
struct Some;
struct Ok;
struct Err;
struct None;
struct Vec;
struct String;
struct Clone;
struct Debug;
struct From;
struct Into;
mod core {}
mod std {}
mod alloc {}

macro_rules! concat {
    ($($t:tt)*) => {
        compile_error!("the user's own")
    };
}
macro_rules! line {
    ($($t:tt)*) => {
        compile_error!("the user's own")
    };
}

#[derive(Language)]
#[language(ops(ops::OPS))]
struct Calc;

#[derive(Object)]
struct Cell(Value);

#[derive(FuseValue)]
#[fuse_value(name = "point")]
struct Point(i64, Value);

#[derive(Immediate, ::core::clone::Clone, ::core::fmt::Debug)]
enum Side {
    Ok,
    Err,
}

#[ops(Calc)]
mod ops {
    use super::*;

    #[ext_op(inline)]
    pub fn mixed(#[imm] n: u8, mut a: i64, x: f64) -> i64 {
        a <<= 1 + n as i64;
        if a > 4 && x.min(2.0) < x.abs() { a / 3 } else { less(a) }
    }

    #[ext_op(inline)]
    pub fn less(a: i64) -> i64 {
        a - 1
    }

    /// Documented.
    #[ext_op]
    pub fn call(#[imm] desc: Side, pool: Cell_, rest: Rest<'_>, output: &mut Output) -> Cell {
        let _ = (desc, pool, rest, output);
        Cell(Value::Undef)
    }

    #[ext_op]
    pub fn entry(heap: &mut Heap) -> Point {
        let _ = heap;
        Point(1, Value::Undef)
    }

    type Cell_ = Ref;
}

fn main() {}
