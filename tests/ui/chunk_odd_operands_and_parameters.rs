use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    /// The first.
    LoadInt(1); LoadInt(,); Add;
    fn f(1, x) { LoadInt(3); Pop; }
    fn g(x y) { LoadInt(3); Pop; }
};

fn main() {}
