use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops]
mod sums {
    use super::*;

    #[ext_op]
    fn run(f: Value, mut cx: Ctx<'_, Calc>) -> Result<Value, Trap> {
        cx.call(&f, &[])
    }
}

fn main() {}
