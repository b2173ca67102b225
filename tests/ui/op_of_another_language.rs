use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Language)]
struct Lisp;

#[ops(Calc)]
mod sums {
    #[ext_op]
    pub fn one() -> i64 {
        1
    }
}

fn needs<X: ExtOp<Lisp>>(_: X) {}

fn use_it() {
    needs(sums::one {});
}

fn main() {}
