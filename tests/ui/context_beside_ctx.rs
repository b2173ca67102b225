use fusevm::prelude::*;

#[derive(Language)]
#[language(host = Machine)]
struct Calc;

struct Machine;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn run(f: Value, mut cx: Ctx<'_, Calc>, host: &mut Machine) -> Result<Value, Trap> {
        let _ = host;
        cx.call(&f, &[])
    }
}

fn main() {}
