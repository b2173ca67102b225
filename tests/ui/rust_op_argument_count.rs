#[path = "language/rounding.rs"]
mod rounding;

use fusevm::prelude::*;
use rounding::*;

fn main() {
    let _ = fusevm_chunk! { Calc;
        ops::clamp(1, 2);
        ops::rounded(Up, 1, 2.5, 3);
    };
}
