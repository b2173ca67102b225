use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Object)]
struct Closure {
    captured: Value,
}

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn written(#[callee] this: &mut Closure) {
        this.captured = Value::Undef;
    }

    #[ext_op]
    fn twice(#[callee] this: &Closure, #[callee] that: &Closure) -> Value {
        let _ = that;
        this.captured.clone()
    }

    #[ext_op]
    fn beside_ctx(#[callee] this: &Closure, mut cx: Ctx<'_, Calc>) -> Result<Value, Trap> {
        cx.call(&this.captured, &[])
    }

    #[ext_op(pure)]
    fn is_pure(#[callee] this: &Closure) -> Value {
        this.captured.clone()
    }

    #[ext_op]
    fn on_the_stack(#[callee] #[coerce] this: &Closure) -> Value {
        this.captured.clone()
    }
}

fn main() {}
