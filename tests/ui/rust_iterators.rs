use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        [1, 2].iter().map(|x| x).collect()
    };
}
