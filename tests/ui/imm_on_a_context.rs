use fusevm::prelude::*;

#[derive(Language)]
#[language(host = Machine)]
struct Calc;

struct Machine;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn get(#[imm] host: &mut Machine) {
        let _ = host;
    }
}

fn main() {}
