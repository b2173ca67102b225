use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ext_op(Calc)]
struct Hypot;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    const ONE: i64 = 1;
}

fn main() {}
