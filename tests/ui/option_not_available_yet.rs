use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(inline)]
    fn clamp(x: i64, lo: i64, hi: i64) -> i64 {
        x.max(lo).min(hi)
    }

    #[ext_op]
    fn get(#[cache] site: &mut u8, a: i64) -> i64 {
        *site = 0;
        a
    }
}

fn main() {}
