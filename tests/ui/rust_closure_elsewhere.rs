use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let f = |x| x + 1;
        f(2)
    };
}
