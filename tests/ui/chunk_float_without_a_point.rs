use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadFloat(1); LoadFloat(-2); Add;
};

fn main() {}
