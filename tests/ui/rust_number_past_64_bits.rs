use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        9223372036854775808 + 99999999999999999999
    };
}
