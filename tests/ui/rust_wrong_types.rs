use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let n = 2;
        n + 1.5
    };
}
