use fusevm::prelude::*;

#[derive(Language)]
#[language(host = Machine)]
struct Calc;

struct Machine;

struct Other;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn left(p: &mut Other) -> i64 {
        let _ = p;
        0
    }
}

fn main() {}
