mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    fn double(x) { GetSlot(x); Dup; Add; ReturnValue; }
    ops::lookup(anything, duble);
};

fn main() {}
