use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn twice(a: impl Into<f64>) -> f64 {
        a.into() * 2.0
    }
}

fn main() {}
