use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[derive(Default)]
struct Hits(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn by_value(#[cache] hits: Hits) -> i64 {
        hits.0
    }

    #[ext_op]
    fn two(#[cache] hits: &mut Hits, #[cache] misses: &mut Hits) {
        hits.0 += misses.0;
    }

    #[ext_op]
    fn beside_ctx(f: Value, #[cache] hits: &mut Hits, mut cx: Ctx<'_, Calc>) -> Result<Value, Trap> {
        hits.0 += 1;
        cx.call(&f, &[])
    }

    #[ext_op(pure)]
    fn is_pure(#[cache] hits: &mut Hits, n: i64) -> i64 {
        hits.0 + n
    }

    #[ext_op]
    fn in_the_bytecode(#[cache] #[imm] hits: &mut Hits) {
        hits.0 += 1;
    }
}

fn main() {}
