use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(FuseValue)]
struct Point(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn left(p: Point) -> i64 {
        p.0
    }

    #[ext_op]
    fn right(p: &Point) -> i64 {
        p.0
    }
}

fn main() {}
