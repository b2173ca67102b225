#[path = "language/rounding.rs"]
mod rounding;

use fusevm::prelude::*;
use rounding::*;

fn main() {
    let _ = fusevm_chunk! { Calc;
        'a: loop { ops::jump_with('a, 1); }
        ops::jump_with('b, 1);
        'c: loop { 1 + ops::jump_with('c, 1); }
    };
}
