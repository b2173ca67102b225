use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let p = (1, 2);
        p.0
    };
}
