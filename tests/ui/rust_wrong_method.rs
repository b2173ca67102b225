use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let n = 4;
        n.sqrt() + 2.0.min(3.0)
    };
}
