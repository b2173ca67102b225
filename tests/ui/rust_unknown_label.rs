use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        'outer: loop { loop { break 'inner; } }
    };
}
