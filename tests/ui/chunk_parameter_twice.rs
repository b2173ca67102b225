use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn f(a, a) { Return; }
};

fn main() {}
