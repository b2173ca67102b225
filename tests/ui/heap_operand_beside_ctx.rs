use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Object)]
struct Cell(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn run(cell: &Cell, mut cx: Ctx<'_, Calc>) -> Result<Value, Trap> {
        cx.call(&Value::Int(cell.0), &[])
    }

    #[ext_op]
    fn sum(cell: &Cell, heap: &mut Heap) -> i64 {
        let _ = heap;
        cell.0
    }
}

fn main() {}
