use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    let x = 5;
    let mut y;
    GetSlot(x); SetSlot(y);
};

fn main() {}
