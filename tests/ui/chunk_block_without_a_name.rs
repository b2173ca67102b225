mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    block { Pop; }
    LoadInt(1); ops::show { LoadInt(1); };
};

fn main() {}
