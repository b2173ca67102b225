use fusevm::prelude::*;

#[derive(Language)]
#[language(name = "", overflow = saturate, zero_div = trp, hots = Machine, ops = sums)]
struct Calc;

fn main() {}
