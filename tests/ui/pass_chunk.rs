//! Chunks under another name of the crate, in functions, constants and macros.

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

macro_rules! twice {
    ($op:path, $n:literal) => {
        vm::chunk! { Calc;
            let x;
            LoadInt($n); SetSlot(x);
            GetSlot(x); $op(1); $op(1);
        }
    };
}

const fn make() -> vm::StaticChunk {
    twice!(ops::add, 5)
}

static CHUNK: vm::StaticChunk = make();

fn main() {
    use vm::Language;
    assert_eq!(Calc::vm(()).eval(&CHUNK).unwrap(), vm::Value::Int(7));
    let n = 8u8;
    let filling = 1;
    let chunk = {
        use shadows::*;
        vm::chunk! { Calc; {i64::from(n)}; ops::add({n}); LoadInt({filling}); Sub; }
    };
    assert_eq!(Calc::vm(()).eval(&chunk).unwrap(), vm::Value::Int(15));
}
