use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
  'a:
    Nop;
  'a:
    Jump('a);
};

fn main() {}
