use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn area(&self, scale: f64) -> f64 {
        scale
    }
}

fn main() {}
