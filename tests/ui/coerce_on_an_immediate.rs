use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn get(
        #[imm]
        #[coerce]
        index: u8,
    ) -> i64 {
        index.into()
    }
}

fn main() {}
