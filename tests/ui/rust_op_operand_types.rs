use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(ops::OPS))]
struct Calc;

#[derive(Language)]
#[language(ops(ops::OPS), coerce)]
struct Loose;

#[ops]
mod ops {
    use super::*;

    #[ext_op(pure)]
    pub fn half(x: f64) -> f64 {
        x / 2.0
    }

    #[ext_op(pure)]
    pub fn widened(#[coerce] x: f64) -> f64 {
        x
    }

    #[ext_op(pure)]
    pub fn pick(#[imm] at: u8, yes: bool, name: &str) -> i64 {
        i64::from(at) + i64::from(yes) + i64::from(name.is_empty())
    }

    #[ext_op]
    pub fn say(first: Option<i64>, args: Rest<'_>) {
        let _ = (first, args);
    }
}

fn main() {
    let _ = fusevm_chunk! { Calc;
        let text = "x";
        ops::half(text);
        ops::half(1);
        ops::half([1.5]);
        ops::pick(1, 2, 3);
        ops::widened(1);
        ops::widened([1][0]);
        ops::say("a", 1, 2.5);
        ops::half(ops::half(2.0) + 1.0)
    };
    let _ = fusevm_chunk! { Loose; ops::half(1) + ops::half(hash!{}) };
}
