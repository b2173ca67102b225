use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Clone, Debug)]
struct Point;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn load(#[imm] p: Point) -> i64 {
        let _ = p;
        0
    }
}

fn main() {}
