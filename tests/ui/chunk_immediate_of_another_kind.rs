mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field { index: "x", mode: Mode::Quick };
};

fn main() {}
