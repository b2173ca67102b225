use fusevm::prelude::*;
use fusevm::{StaticChunk, chunk};

#[derive(Language)]
#[language(ops(ops::OPS))]
pub struct Calc;

#[derive(Clone, Copy, Debug, Immediate)]
pub enum Mode {
    Fast,
    Slow,
}

#[ops(Calc)]
pub mod ops {
    use super::*;

    #[ext_op(pure)]
    pub fn hypot(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    #[ext_op]
    pub fn field(#[imm] index: u8, #[imm] mode: Mode, v: Value) -> Value {
        let _ = (index, mode);
        v
    }

    #[ext_op]
    pub fn jump_if_nil(#[imm] to: Label, v: &Value) -> Branch {
        let _ = to;
        Branch::when(v.is_undef())
    }

    #[ext_op]
    pub fn show(args: Rest<'_>) -> i64 {
        args.len() as i64
    }

    #[ext_op]
    pub fn lookup(#[imm] name: Name<'_>, #[imm] f: Function) {
        let _ = (name, f);
    }
}

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1);
    fn f(x)
};

fn main() {}
