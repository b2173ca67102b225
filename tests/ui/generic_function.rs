use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn twice<T: Into<f64>>(a: T) -> f64 {
        a.into() * 2.0
    }
}

fn main() {}
