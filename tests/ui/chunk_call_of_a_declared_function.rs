mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    fn elsewhere(a, b);
    LoadInt(1); Call(elsewhere, 1);
};

fn main() {}
