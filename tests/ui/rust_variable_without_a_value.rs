use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let x;
        if 1 < 2 { x = 1; }
        x
    };
}
