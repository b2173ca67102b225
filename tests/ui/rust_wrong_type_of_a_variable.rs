use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let x: f64 = 1;
        let y: i64 = x;
    };
}
