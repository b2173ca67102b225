use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn sign(n: i64) -> i64 { if n < 0 { return -1.0; } n > 0 }
        sign(3)
    };
}
