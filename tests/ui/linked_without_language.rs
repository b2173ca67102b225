use fusevm::prelude::*;

#[ops(linked)]
mod sums {
    #[ext_op]
    pub fn one() -> i64 {
        1
    }
}

fn main() {}
