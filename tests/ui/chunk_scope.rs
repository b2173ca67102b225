use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadInt(1); PushFrame; Pop; PopFrame; PopFrame;
};

fn main() {}
