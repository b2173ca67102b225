mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    top: LoadInt(1); JumpIfTrue('top);
};

fn main() {}
