use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        while true { break 5; }
        'a: { continue 'a; }
        break;
    };
}
