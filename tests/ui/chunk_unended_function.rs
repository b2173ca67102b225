mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1);
    fn f(x)
};

fn main() {}
