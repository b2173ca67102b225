mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadTrue; JumpIfFalse('no);
    LoadFloat(1.5); Jump('end);
  'no:
    LoadFloat(2.5);
  'end:
    LoadInt(1); ops::hypot;
};

fn main() {}
