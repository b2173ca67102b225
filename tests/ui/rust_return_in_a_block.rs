use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        [1, 2].for_each(|x| { if x == 1 { return; } });
        for i in 0..3 { [1].for_each(|x| { break; }); }
    };
}
