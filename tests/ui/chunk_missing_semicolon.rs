use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadInt(1)
    LoadInt(2);
    Add
};

fn main() {}
