use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn load(#[imm] n: f64) -> f64 {
        n
    }

    #[ext_op]
    fn load_int(#[imm] n: i64) -> i64 {
        n
    }

    #[ext_op]
    fn load_text(#[imm] text: &str) -> i64 {
        text.len() as i64
    }
}

fn main() {}
