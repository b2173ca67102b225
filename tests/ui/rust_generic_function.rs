use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn first<T>(a) { a }
        first(1)
    };
}
