use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        1u8 + 2.5f32 + 'c' as i64
    };
}
