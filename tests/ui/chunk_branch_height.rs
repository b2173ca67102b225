mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    LoadInt(1); ops::jump_if_nil('out); LoadInt(2);
  'out:
    Return;
};

fn main() {}
