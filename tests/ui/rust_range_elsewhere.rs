use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let r = 0..10;
        for i in ..5 { }
    };
}
