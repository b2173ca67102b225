mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field { idx: 1, mode: Fast };
};

fn main() {}
