mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field(u64::MAX - 1, Fast);
};

fn main() {}
