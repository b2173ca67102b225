mod language;

use fusevm::prelude::*;
use language::*;

const INDEX: u8 = 3;

static WORD: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field(INDEX, Fast);
};

static PATH: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::field { index: u8::MAX, mode: Fast };
};

fn main() {}
