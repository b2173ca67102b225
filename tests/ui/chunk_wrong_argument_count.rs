use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn double(x) { GetSlot(x); Dup; Add; ReturnValue; }
    LoadInt(1); LoadInt(2); Call(double, 2);
};

fn main() {}
