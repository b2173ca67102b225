use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Object)]
struct Cell(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op(pure)]
    fn get(cell: &Cell) -> i64 {
        cell.0
    }
}

fn main() {}
