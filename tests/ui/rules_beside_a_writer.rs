use fusevm::Rules;
use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Object)]
struct Cell(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn set(mut cell: ObjMut<'_, Cell>, rules: Rules<'_>) {
        let _ = rules;
        cell.0 += 1;
    }
}

fn main() {}
