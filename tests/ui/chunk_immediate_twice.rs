mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field { index: 1, index: 2 };
};

fn main() {}
