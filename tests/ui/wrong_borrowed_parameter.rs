use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

struct Point;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn left(p: &Point) -> i64 {
        let _ = p;
        0
    }
}

fn main() {}
