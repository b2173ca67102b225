use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(id = 4)]
    fn one() -> i64 {
        1
    }

    #[ext_op(id = 4)]
    fn two() -> i64 {
        2
    }
}

fn main() {}
