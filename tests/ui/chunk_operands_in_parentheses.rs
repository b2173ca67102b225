mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    ops::hypot(3.0, 4.0);
};

fn main() {}
