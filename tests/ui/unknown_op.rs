use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    pub fn hypot(a: f64, b: f64) -> f64 {
        (a * a + b * b).sqrt()
    }
}

fn use_it() {
    let _ = sums::hypott {};
}

fn main() {}
