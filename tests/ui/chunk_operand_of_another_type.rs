mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadFloat(1.5); LoadConst("two"); ops::hypot;
};

static BOTH: StaticChunk = chunk! { Calc;
    LoadConst("x"); LoadConst("y"); ops::hypot;
};

fn main() {}
