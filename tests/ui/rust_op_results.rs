#[path = "language/rounding.rs"]
mod rounding;

use fusevm::prelude::*;
use rounding::*;

fn main() {
    let _ = fusevm_chunk! { Calc;
        let x = ops::say(1);
        let y = ops::two(1);
        let (a, b) = ops::clamp(1, 2, 3);
        let z: f64 = ops::clamp(1, 2, 3);
        let (c, d) = [1, 2];
    };
}
