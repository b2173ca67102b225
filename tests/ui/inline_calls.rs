use fusevm::prelude::*;

#[derive(Language)]
struct Calc;

fn helper(n: i64) -> i64 {
    n
}

mod other {
    use fusevm::prelude::*;

    #[ops]
    pub mod ops {
        #[ext_op(inline)]
        pub fn twice(n: i64) -> i64 {
            n * 2
        }

        #[ext_op(pure)]
        pub fn plain(n: i64) -> i64 {
            n
        }
    }
}

#[ops(Calc)]
mod ops {
    use super::*;

    #[ext_op(inline)]
    fn itself(n: i64) -> i64 {
        if n > 0 { itself(n - 1) } else { n }
    }

    #[ext_op(inline)]
    fn unknown(n: i64) -> i64 {
        let m = other::ops::twice(n);
        m
    }

    #[ext_op(inline)]
    fn count(n: i64) -> i64 {
        itself(n, n)
    }

    #[ext_op(inline)]
    fn kinds(n: i64) -> i64 {
        itself(1.5)
    }
}

#[ops(Calc)]
mod more {
    use super::*;

    #[ext_op(inline)]
    fn not_inline(n: i64) -> i64 {
        other::ops::plain(n)
    }

    #[ext_op(inline)]
    fn function(n: i64) -> i64 {
        helper(n)
    }
}

fn main() {}
