use fusevm::prelude::*;

struct Machine;

#[ops]
mod sums {
    use super::*;

    #[ext_op]
    pub fn get(machine: &mut Machine) -> i64 {
        let _ = machine;
        1
    }
}

fn main() {}
