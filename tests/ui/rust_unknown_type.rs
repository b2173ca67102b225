use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        fn f(x: u8) -> Vec<i64> { [x] }
        let y: Strnig = "";
        f(1)
    };
}
