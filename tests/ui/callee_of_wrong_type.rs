use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

struct Plain;

#[derive(Object)]
struct Closure {
    captured: Value,
}

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn plain(#[callee] this: &Plain) {
        let _ = this;
    }

    #[ext_op]
    fn by_value(#[callee] this: i64) -> i64 {
        this
    }

    #[ext_op]
    fn beside_the_heap(#[callee] this: &Closure, heap: &mut Heap) -> Value {
        let _ = heap;
        this.captured.clone()
    }

    #[ext_op]
    fn beside_a_writer(#[callee] this: &Closure, mut other: ObjMut<'_, Closure>) {
        other.captured = this.captured.clone();
    }
}

fn main() {}
