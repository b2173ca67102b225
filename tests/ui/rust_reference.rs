use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let a = [1];
        let b = &a;
        *b
    };
}
