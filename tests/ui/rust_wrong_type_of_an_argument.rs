use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn half(x: f64) -> f64 { x / 2.0 }
        let n = 3;
        half(n)
    };
}
