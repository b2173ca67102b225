mod language;

use fusevm::prelude::*;
use language::*;

fn chunk() -> Chunk {
    chunk! { Calc; ..[Op::Nop]; }
}

fn main() {}
