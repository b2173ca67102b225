use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadInt("one");
    LoadFloat(1);
    Jump(3);
    GetSlot("x");
    LoadConst(x);
    GetVar(7);
};

fn main() {}
