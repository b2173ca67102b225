use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn get(#[cfg(unix)] index: i64) -> i64 {
        index
    }
}

fn main() {}
