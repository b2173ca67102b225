use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Language)]
struct Lisp;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn run(f: Value, mut cx: Ctx<'_, Lisp>) -> Result<Value, Trap> {
        cx.call(&f, &[])
    }
}

fn main() {}
