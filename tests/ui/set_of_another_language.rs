use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Language)]
#[language(ops(sums::OPS, Calc))]
struct Lisp;

#[ops(Calc)]
mod sums {
    #[ext_op]
    pub fn one() -> i64 {
        1
    }
}

fn main() {}
