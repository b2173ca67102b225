use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn bump(#[slot] n: Value) -> Value {
        n
    }

    #[ext_op]
    fn swap(#[slot] a: &mut Value, #[slot] b: &mut Value) {
        std::mem::swap(a, b);
    }

    #[ext_op]
    fn add(#[slot] total: &mut i64, n: i64) {
        *total += n;
    }
}

fn main() {}
