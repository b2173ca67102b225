use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let factor = 3;
        fn scaled(x) { x * factor }
        scaled(2)
    };
}
