use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn choose(v: &Value) -> Branch {
        Branch::when(v.is_undef())
    }

    #[ext_op]
    fn stay(#[imm] to: Label, v: &Value) -> bool {
        let _ = to;
        v.is_undef()
    }
}

fn main() {}
