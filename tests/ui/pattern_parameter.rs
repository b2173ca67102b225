use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn first((a, _): (i64, i64)) -> i64 {
        a
    }

    #[ext_op]
    fn ignore(_: i64) {}
}

fn main() {}
