use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadInt;
    Call(f);
    Dup(1);
    fn f() { Return; }
};

fn main() {}
