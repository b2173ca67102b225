use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { 1 + 2 };
    let _ = fusevm_chunk! { };
    let _ = fusevm_chunk! { let x = 1; x };
}
