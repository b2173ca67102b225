use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Object)]
struct Cell(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn swap(mut a: ObjMut<'_, Cell>, mut b: ObjMut<'_, Cell>) {
        std::mem::swap(&mut *a, &mut *b);
    }

    #[ext_op]
    fn copy(from: &Cell, mut to: ObjMut<'_, Cell>) {
        to.0 = from.0;
    }
}

fn main() {}
