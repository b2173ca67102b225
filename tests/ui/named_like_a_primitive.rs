use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn str(a: i64) -> String {
        a.to_string()
    }
}

fn main() {}
