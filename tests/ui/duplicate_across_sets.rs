use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(sums::OPS, one))]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    pub fn one() -> i64 {
        1
    }
}

#[ext_op(Calc)]
fn one() -> i64 {
    1
}

fn main() {}
