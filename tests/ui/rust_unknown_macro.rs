use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        vec![1, 2]
    };
}
