use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op(fast)]
    fn length(text: &str) -> i64 {
        text.len() as i64
    }

    #[ext_op(fast)]
    fn text(n: i64) -> String {
        n.to_string()
    }
}

fn main() {}
