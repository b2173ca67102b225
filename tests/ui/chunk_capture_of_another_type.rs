mod language;

use fusevm::prelude::*;
use language::*;

pub struct Own;

pub fn build(own: Own, index: f64) -> fusevm::Chunk {
    chunk! { Calc;
        {own};
        LoadInt({1.5});
        ops::field({index}, Fast);
    }
}

fn main() {}
