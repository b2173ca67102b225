use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let h = hash!{};
        if !h["key"] { 1 } else { 2 }
    };
}
