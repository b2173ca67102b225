use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let n = 3;
        while n { }
    };
}
