use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    #[ext_op]
    fn str(a: i64) -> String {
        a.to_string()
    }
}

fn main() {}
