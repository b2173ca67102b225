#[path = "language/rounding.rs"]
mod rounding;

use fusevm::prelude::*;
use rounding::*;

fn main() {
    let _ = fusevm_chunk! { Calc;
        let n = 3;
        ops::rounded(Sideways, 1, 2.5);
        ops::rounded(Up, 300, 2.5);
        ops::rounded(Up, n, 2.5);
        ops::rounded(Up, DIGITS, 2.5);
        ops::rounded(Up, 1 + 1, 2.5);
        ops::rounded(Round::Sideways, 1, 2.5);
    };
}
