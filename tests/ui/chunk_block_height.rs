use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    block keep { Pop; }
    LoadInt(1); LoadInt(3); Range; MapBlock(keep);
    ForEachBlock { Dup; };
};

fn main() {}
