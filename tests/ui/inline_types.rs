use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

#[ops(Calc)]
mod ops {
    #[ext_op(inline)]
    fn mixed(n: i64, x: f64) -> f64 {
        n * x
    }

    #[ext_op(inline)]
    fn whole(x: f64) -> f64 {
        x + 1
    }

    #[ext_op(inline)]
    fn result(x: f64) -> i64 {
        x
    }

    #[ext_op(inline)]
    fn truth(n: i64) -> bool {
        if n { !1.5 } else { n && true }
    }

    #[ext_op(inline)]
    fn immediate(#[imm] n: i32, a: i64) -> i64 {
        a + n
    }

    #[ext_op(inline)]
    fn cast(n: i64) -> i64 {
        let small = n as i32;
        let big = 5u8;
        let far = 9223372036854775808;
        true as f64;
        small as i64
    }

    #[ext_op(inline)]
    fn methods(n: i64, x: f64) -> i64 {
        n.pow(2) + x.sqr() as i64 + n.min() + f64::hypot(x, x) as i64
    }

    #[ext_op(inline)]
    fn operators(n: i64, t: bool) -> bool {
        t < true
    }
}

fn main() {}
