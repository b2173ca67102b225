use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

const LIMIT: i64 = 10;

#[ops(Calc)]
mod ops {
    use super::*;

    #[ext_op(inline)]
    fn limited(n: i64) -> i64 {
        if n > LIMIT { LIMIT } else { n }
    }

    #[ext_op(inline)]
    fn chosen(n: i64) -> i64 {
        match n {
            0 => 1,
            _ => 2,
        }
    }

    #[ext_op(inline)]
    fn summed(n: i64) -> i64 {
        let mut sum = 0;
        for i in 0..n {
            sum += i;
        }
        sum
    }

    #[ext_op(inline)]
    fn shown(n: i64) -> i64 {
        println!("{n}");
        const TWO: i64 = 2;
        n * 2
    }

    #[ext_op(inline)]
    fn declared(n: i64) -> i64 {
        let (a, b) = (n, n);
        let c;
        let d: i32 = 4;
        c = a + d;
        n
    }

    #[ext_op(inline)]
    fn halves(n: i64) -> i64 {
        if n > 3 {
            n = 4;
        }
        if n > 4 { 5 }
        if n > 5 { 6 } else {};
        while n > 3 { n }
        break;
        n
    }

    #[ext_op(inline)]
    fn empty(n: i64) -> i64 {
        n + 1;
    }
}

fn main() {}
