use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    Jump('ned);
  'end:
    Return;
};

fn main() {}
