use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(name)]
    fn hypot(a: f64) -> f64 {
        a
    }

    #[ext_op(pure = true)]
    fn double(a: f64) -> f64 {
        a + a
    }

    #[ext_op(id = 65536)]
    fn triple(a: f64) -> f64 {
        a * 3.0
    }
}

fn main() {}
