//! A statement that is being typed: the others are compiled, with what they capture and call.

use fusevm::prelude::*;

fn main() {
    let limit = "not a number".len();
    let _ = fusevm_chunk! { ();
        let mut sum = 0;
        sum.
        let root = core_ops::sqtr(2.0);
        let half = 1 +
        for i in 0..#(limt) { sum += i; }
        fn f(a) { a.len() + }
        sum += missing;
        f(sum)
    };
}
