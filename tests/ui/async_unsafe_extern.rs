use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    async fn later(a: i64) -> i64 {
        a
    }

    #[ext_op]
    unsafe fn peek(a: i64) -> i64 {
        a
    }

    #[ext_op]
    extern "C" fn outside(a: i64) -> i64 {
        a
    }
}

fn main() {}
