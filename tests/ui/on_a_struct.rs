use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ext_op(Calc)]
struct Hypot;

#[ops(Calc)]
mod sums {
    #[ext_op]
    const ONE: i64 = 1;
}

fn main() {}
