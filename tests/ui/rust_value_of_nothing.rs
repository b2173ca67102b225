use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn nothing() { }
        let x = nothing();
        [while false { }, x]
    };
}
