use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc, prefxi = "x")]
mod sums {
    #[ext_op]
    fn one() -> i64 {
        1
    }
}

fn main() {}
