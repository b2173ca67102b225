use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op]
    fn say(args: Rest<'_>, last: i64) -> i64 {
        last + args.len() as i64
    }

    #[ext_op]
    fn twice(a: Rest<'_>, b: Rest<'_>) -> i64 {
        (a.len() + b.len()) as i64
    }
}

fn main() {}
