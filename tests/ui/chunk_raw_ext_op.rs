use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    Extended(1, 2);
};

fn main() {}
