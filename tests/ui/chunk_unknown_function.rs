use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn double(x) { GetSlot(x); Dup; Add; ReturnValue; }
    LoadInt(1); Call(duoble, 1);
};

fn main() {}
