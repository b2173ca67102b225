use fusevm::prelude::*;

struct Opaque;

fn main() {
    let (small, opaque) = (5_u8, Opaque);
    let _ = fusevm_chunk! { ();
        let n: i64 = #small;
        let x = #opaque;
        n + x
    };
}
