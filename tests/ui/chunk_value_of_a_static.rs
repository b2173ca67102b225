use fusevm::{StaticChunk, chunk};

static N: i64 = 5;
static CHUNK: StaticChunk = chunk! { ();
    {N};
};

fn main() {}
