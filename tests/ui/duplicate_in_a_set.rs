use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn one() -> i64 {
        1
    }

    #[ext_op(name = "one")]
    fn uno() -> i64 {
        1
    }
}

fn main() {}
