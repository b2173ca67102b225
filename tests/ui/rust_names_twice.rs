use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        static A = 1;
        static A = 2;
        fn f(x, y, x) { x }
        f(1, 2, 3)
    };
}
