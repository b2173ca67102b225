use fusevm::prelude::*;

#[ops]
mod sums {
    #[ext_op(id = 3)]
    pub fn one() -> i64 {
        1
    }
}

fn main() {}
