mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    Op::LoadInt(1); fusevm::Op::Pop;
};

fn main() {}
