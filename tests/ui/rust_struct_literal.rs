use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let p = Point { x: 1 };
        p.x
    };
}
