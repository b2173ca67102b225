use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(cost = "two")]
    fn one() -> i64 {
        1
    }
}

fn main() {}
