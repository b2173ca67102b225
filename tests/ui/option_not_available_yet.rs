use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(hit = quick)]
    fn get(a: i64) -> i64 {
        a
    }
}

fn main() {}
