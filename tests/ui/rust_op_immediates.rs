use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(ops::OPS))]
struct Calc;

#[derive(Language)]
#[language(ops(others::OPS))]
struct Other;

#[derive(Immediate, Clone, Copy, Debug)]
enum Round {
    Down,
    Up,
}

#[ops(Calc)]
mod ops {
    use super::*;

    #[ext_op(pure)]
    pub fn clamp(x: i64, low: i64, high: i64) -> i64 {
        x.clamp(low, high)
    }

    #[ext_op(pure)]
    pub fn rounded(#[imm] round: Round, #[imm] digits: u8, x: f64) -> f64 {
        match (round, digits) {
            (Round::Down, _) => x.floor(),
            (Round::Up, _) => x.ceil(),
        }
    }

    #[ext_op]
    pub fn say(args: Rest<'_>) {
        let _ = args;
    }

    #[ext_op(pure)]
    pub fn two(x: i64) -> (i64, i64) {
        (x, x)
    }

    #[ext_op]
    pub fn jump_with(#[imm] to: Label, x: i64) -> Branch<(), i64> {
        let _ = to;
        Branch::Jump(x)
    }
}

#[ops(Other)]
mod others {
    #[ext_op(pure)]
    pub fn add(a: i64, b: i64) -> i64 {
        a + b
    }
}

fn main() {
    let _ = fusevm_chunk! { Calc;
        let n = 3;
        ops::rounded(Sideways, 1, 2.5);
        ops::rounded(Up, 300, 2.5);
        ops::rounded(Up, n, 2.5);
        ops::rounded(Up, DIGITS, 2.5);
        ops::rounded(Up, 1 + 1, 2.5);
        ops::rounded(Round::Sideways, 1, 2.5);
    };
}
