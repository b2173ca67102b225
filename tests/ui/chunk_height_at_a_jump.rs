use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadTrue; JumpIfFalse('out);
    LoadInt(1); Jump('out);
    LoadInt(2);
  'out:
    Return;
};

fn main() {}
