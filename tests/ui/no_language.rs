use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ext_op(pure)]
fn one() -> i64 {
    1
}

fn main() {}
