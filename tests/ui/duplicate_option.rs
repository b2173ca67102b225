use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(pure, cost = 2, pure)]
    fn hypot(a: f64, b: f64) -> f64 {
        (a * a + b * b).sqrt()
    }
}

fn main() {}
