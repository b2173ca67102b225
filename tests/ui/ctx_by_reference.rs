use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn run(f: Value, cx: &mut Ctx<'_, Calc>) -> Result<Value, Trap> {
        cx.call(&f, &[])
    }
}

fn main() {}
