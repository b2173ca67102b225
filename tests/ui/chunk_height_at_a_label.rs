use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadTrue; JumpIfFalse('out);
    LoadInt(1);
  'out:
    ReturnValue;
};

fn main() {}
