use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

struct Oops;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn fail() -> Result<i64, Oops> {
        Err(Oops)
    }
}

fn main() {}
