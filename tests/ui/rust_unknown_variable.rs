use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let count = 1;
        cuont + 1
    };
}
