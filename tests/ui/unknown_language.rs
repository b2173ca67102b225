use fusevm::prelude::*;

#[ops(Clac)]
mod sums {
    #[ext_op]
    pub fn one() -> i64 {
        1
    }
}

fn main() {}
