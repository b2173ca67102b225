use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn many(#[imm] a: i32, #[imm] b: i32, #[imm] c: u8) -> i64 {
        i64::from(a + b) + i64::from(c)
    }
}

fn main() {}
