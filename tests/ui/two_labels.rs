use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn choose(#[imm] a: Label, #[imm] b: Label, v: &Value) -> Branch {
        let _ = (a, b);
        Branch::when(v.is_undef())
    }
}

fn main() {}
