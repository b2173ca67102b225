use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn half(x: f64) -> f64 { x / 2.0 }
        let a = [1.5];
        half(a[0])
    };
}
