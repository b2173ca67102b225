use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
#[path = "out_of_line/sums.rs"]
mod sums;

fn main() {}
