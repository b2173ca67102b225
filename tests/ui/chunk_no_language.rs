use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { LoadInt(1) };
static NOTHING: StaticChunk = chunk! {};

fn main() {}
