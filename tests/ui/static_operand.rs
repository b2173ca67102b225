use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn length(text: &'static str) -> i64 {
        text.len() as i64
    }
}

fn main() {}
