use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn area(width, height) { width * height }
        area(3)
    };
}
