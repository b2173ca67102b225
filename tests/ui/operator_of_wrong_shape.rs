use fusevm::prelude::*;

#[derive(Language)]
#[language(operators(Add = ops::three, Concat = ops::two, Sum = ops::two))]
struct Calc;

#[derive(Language)]
#[language(operators(NumLt = ops::nothing, Negate = ops::counts, Inc = ops::calls))]
struct More;

#[derive(Language)]
#[language(operators = ops::two, operands = lax)]
struct Wrong;

#[ops]
mod ops {
    use super::*;

    #[ext_op]
    pub fn three(a: &Value, b: &Value, c: &Value) -> bool {
        a == b && b == c
    }

    #[ext_op]
    pub fn two(a: &Value, b: &Value) -> bool {
        a == b
    }

    #[ext_op]
    pub fn nothing(a: &Value, b: &Value) {
        let _ = (a, b);
    }

    #[ext_op]
    pub fn counts(a: &Value, #[cache] count: &mut i64) -> i64 {
        *count += a.to_int();
        *count
    }

    #[ext_op]
    pub fn calls(f: Func) -> Invoke {
        Invoke::function(f)
    }
}

fn main() {}
