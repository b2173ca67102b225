use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let n = 3;
        n += 1;
        let a = [1];
        a.push(2);
        static TOTAL = 0;
        TOTAL = 1;
    };
}
