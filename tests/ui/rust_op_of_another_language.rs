#[path = "language/rounding.rs"]
mod rounding;

use fusevm::prelude::*;
use rounding::*;

fn main() {
    let _ = fusevm_chunk! { Calc;
        others::add(1, 2)
    };
}
