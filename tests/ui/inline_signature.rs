use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod ops {
    use super::*;

    #[ext_op(inline)]
    fn text(s: &str) -> i64 {
        s.len() as i64
    }

    #[ext_op(inline)]
    fn nothing(n: i64) {}

    #[ext_op(inline)]
    fn writes(n: i64, out: &mut Output) -> i64 {
        n
    }

    #[ext_op(inline)]
    fn fails(n: i64) -> Result<i64, String> {
        Ok(n)
    }

    #[ext_op(inline)]
    fn narrow(n: i32) -> i64 {
        n as i64
    }
}

fn main() {
    let _ = ops::text {};
}
