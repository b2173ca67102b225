use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let x = 5;
        if let 5 = x { 1 } else { 2 }
    };
}
