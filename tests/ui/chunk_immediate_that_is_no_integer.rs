mod language;

use fusevm::prelude::*;
use language::*;

const HALF: f64 = 0.5;

static FLOAT: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field((HALF), Fast);
};

static CHAR: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field('a', Fast);
};

fn main() {}
