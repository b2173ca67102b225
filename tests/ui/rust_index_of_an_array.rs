use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let a = [1, 2];
        a["x"] + a[0..1]
    };
}
