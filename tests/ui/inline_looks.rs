use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

mod other {
    #[derive(fusevm::FuseValue, Clone, PartialEq)]
    pub struct Value;
}

#[ops(Calc)]
mod ops {
    use super::*;

    #[ext_op(inline)]
    fn unknown_kind(v: &Value) -> bool {
        matches!(v, Value::Text(_))
    }

    #[ext_op(inline)]
    fn binds(v: &Value) -> i64 {
        if matches!(v, Value::Int(n) if *n > 3) { 1 } else { 0 }
    }

    #[ext_op(inline)]
    fn names(v: &Value) -> bool {
        matches!(v, Value::Int(n))
    }

    #[ext_op(inline)]
    fn a_number(n: i64) -> bool {
        matches!(n, 1 | 2)
    }

    #[ext_op(inline)]
    fn compares(v: &Value, w: &Value) -> bool {
        v == w
    }

    #[ext_op(inline)]
    fn reads(v: &Value) -> i64 {
        v.to_int()
    }

    #[ext_op(inline)]
    fn casts(v: &Value) -> i64 {
        v as i64
    }

    #[ext_op(inline)]
    fn gives(v: &Value) -> &Value {
        v
    }
}

#[ops(Calc)]
mod more {
    use super::other::Value;

    #[ext_op(inline)]
    fn of_another_type(v: &Value) -> bool {
        v.is_undef()
    }
}

fn main() {}
