use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

struct Point;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn origin() -> Point {
        Point
    }
}

fn main() {}
