use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op(name = "")]
    fn one() -> i64 {
        1
    }

    #[ext_op(name = "two words")]
    fn two() -> i64 {
        2
    }
}

fn main() {}
