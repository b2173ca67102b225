use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn f() { Return; }
    fn f() { Return; }
};

fn main() {}
