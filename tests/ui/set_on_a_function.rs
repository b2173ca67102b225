use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
fn one() -> i64 {
    1
}

fn main() {}
