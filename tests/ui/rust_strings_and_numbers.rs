use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        "n = " + 5
    };
}
