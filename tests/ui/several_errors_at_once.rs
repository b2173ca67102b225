use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(pur, colour)]
    pub fn first((a, _): (i64, i64)) -> i64 {
        a
    }

    #[ext_op]
    pub async fn second(#[im] a: i64) -> i64 {
        a
    }

    #[ext_op]
    pub fn third(a: i64) -> i64 {
        a
    }
}

fn uses() {
    fn op<X: ExtOp<Calc>>(_: X) {}
    op(sums::first {});
    op(sums::second {});
    op(sums::third {});
}

fn main() {}
