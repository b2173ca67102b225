//! Chunks in Rust syntax under another name of the crate, and inside of macros.

#![deny(warnings)]

mod inner {
    pub(crate) use fusevm as renamed;
}

/// Hides the name, so that nothing finds the crate by it.
mod fusevm {}

use inner::renamed as vm;

/// Hides what expansions may not take for granted.
#[allow(dead_code)]
mod shadows {
    pub struct Option;
    pub struct Vec;
    pub struct Value;
    pub enum Op {}
}

mod core {}

#[derive(vm::Language)]
#[language(ops(ops::OPS), crate = crate::inner::renamed)]
pub struct Calc;

#[vm::ops(Calc, crate = crate::inner::renamed)]
pub mod ops {
    #[ext_op]
    pub fn add(#[imm] to: u8, a: i64) -> i64 {
        a + i64::from(to)
    }
}

/// Pieces of every kind a macro can match.
macro_rules! program {
    ($op:path, $name:ident, $value:expr, $ty:ty, $label:lifetime, $body:block, $lit:literal, $rest:tt) => {
        vm::fusevm_chunk! { Calc;
            fn $name(x: $ty) -> $ty { x * 2 }
            let y: $ty = $value * 10;
            $label: loop { if true { break $label; } }
            let z = $body;
            $name(y) + z + $op($lit, $lit) + $rest
        }
    };
}

macro_rules! both_ways {
    ($($program:tt)*) => { vm::testing::both! { $($program)* }.unwrap() };
}

fn generic<T: Into<vm::Value>>(value: T) -> vm::Chunk {
    vm::fusevm_chunk! { (); let x = #value; x + 1 }
}

fn main() {
    use vm::Language;
    let chunk = program!(ops::add, double, 1 + 2, i64, 'out, { let a = 5; a + 1 }, 7, (1 + 1));
    assert_eq!(Calc::vm(()).eval(&chunk).unwrap(), vm::Value::Int(60 + 6 + 14 + 2));
    let captured = 8u8;
    let chunk = {
        #[allow(unused_imports)]
        use shadows::*;
        vm::fusevm_chunk! { Calc;
            let xs = [#captured; 3];
            let mut n = 0;
            for x in xs { n += x; }
            n as i64 + ops::add(#captured, #captured)
        }
    };
    assert_eq!(Calc::vm(()).eval(&chunk).unwrap(), vm::Value::Int(40));
    let sum: i64 = both_ways! { let mut s = 0i64; for i in 0..5 { s += i; } s };
    assert_eq!(sum, 10);
    assert_eq!(vm::VM::empty().eval(generic(1.5)).unwrap(), vm::Value::Float(2.5));
}
