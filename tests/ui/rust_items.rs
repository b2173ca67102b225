use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        const LIMIT: i64 = 5;
        struct Point { x: i64 }
        use std::fmt;
        pub fn f() { }
        #[inline]
        fn g() { }
        fn f() { }
    };
}
