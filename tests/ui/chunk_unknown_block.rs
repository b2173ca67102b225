use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadInt(1); LoadInt(3); Range; MapBlock(double);
    block double { LoadInt(2); Mul; }
    Dup { Nop; };
};

fn main() {}
