mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadFloat(1.5); LoadFloat(2.5); ops::hypotenuse;
};

fn main() {}
