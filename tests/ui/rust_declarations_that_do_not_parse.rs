//! What a declaration that is wrong would have declared is no second error.

use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        const LIMIT: i64 = 5;
        let [a, b] = [1, 2];
        let ref c = 3;
        let Point { x, y } = 4;
        fn (n) { n }
        fn twice(n) = n * 2;
        fn add(a: &mut i64, b: i64) { a + b }
        fn counted() { static COUNT = 0; COUNT }
        fn three(a b) { a }
        for (i, word) in ["a"] { print!("{i}{word}"); }
        counted();
        three(1);
        a + b + c + x + y + LIMIT + twice(1) + add(1, 2) + unknown
    };
}
