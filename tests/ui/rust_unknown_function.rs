use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn double(x) { x * 2 }
        duoble(4)
    };
}
