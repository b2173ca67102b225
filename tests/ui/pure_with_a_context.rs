use fusevm::prelude::*;

#[derive(Language)]
#[language(host = Machine)]
struct Calc;

struct Machine;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op(pure)]
    fn count(host: &mut Machine) -> i64 {
        let _ = host;
        1
    }
}

fn main() {}
