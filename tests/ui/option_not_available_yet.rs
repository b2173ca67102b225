use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(inline)]
    fn clamp(x: i64, lo: i64, hi: i64) -> i64 {
        x.max(lo).min(hi)
    }

    #[ext_op(hit = quick)]
    fn get(a: i64) -> i64 {
        a
    }
}

fn main() {}
