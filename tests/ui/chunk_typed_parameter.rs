use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn f(x: i64) -> i64 { GetSlot(x); ReturnValue; }
};

fn main() {}
