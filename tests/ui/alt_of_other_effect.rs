use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op(alt = add_any)]
    fn add(a: i64, b: i64) -> i64 {
        a + b
    }

    #[ext_op]
    fn add_any(a: &Value, b: &Value) -> String {
        format!("{a}{b}")
    }

    #[ext_op(alt = add)]
    fn negate(a: i64) -> i64 {
        -a
    }
}

fn main() {}
