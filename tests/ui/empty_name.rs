use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(name = "")]
    fn one() -> i64 {
        1
    }

    #[ext_op(name = "two words")]
    fn two() -> i64 {
        2
    }
}

fn main() {}
