use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
  'top:
    LoadInt(1);
    LoadTrue; JumpIfTrue('top);
};

fn main() {}
