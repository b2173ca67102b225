use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let a = 300 as u8;
        let b = 1 as bool;
        [1] as i64
    };
}
