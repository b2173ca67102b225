use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    let count;
    LoadInt(1); SetSlot(cuont);
};

fn main() {}
