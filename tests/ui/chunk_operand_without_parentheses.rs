mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt 3; JumpIfFalse 'end; LoadConst "text"; Pop;
  'end:
};

fn main() {}
