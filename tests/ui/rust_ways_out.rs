use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let x = loop { if 1 < 2 { break; } break 5; };
        let y = 'a: { if 1 < 2 { break 'a; } 5 };
        let z = if 1 < 2 { 5 } else { println!(); };
        x
    };
}
