mod language;

use fusevm::prelude::*;
use language::*;

static CHUNK: StaticChunk = chunk! { Calc;
    let total;
    GetSl
    LoadFloat(1.5); ops::hypot;
    SetSlot(totl);
    fn f(n) { GetSlot(n); LoadInt(
2); Mul; Add; }
};

fn main() {}
