use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

struct NoDefault(i64);

#[derive(Default)]
struct NotSend(Option<std::rc::Rc<i64>>);

#[derive(Default)]
struct Hits(i64);

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn no_default(#[cache] hits: &mut NoDefault) {
        hits.0 += 1;
    }

    #[ext_op]
    fn not_send(#[cache] hits: &mut NotSend) -> bool {
        hits.0.is_some()
    }

    #[ext_op(fast)]
    fn not_fast(n: i64, #[cache] hits: &mut Hits) -> i64 {
        hits.0 += n;
        hits.0
    }
}

fn main() {}
