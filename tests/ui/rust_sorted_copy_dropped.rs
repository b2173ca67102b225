use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let mut a = [2, 1];
        a.sort_by(|a, b| a.cmp(b));
        a
    };
}
