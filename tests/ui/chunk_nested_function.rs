use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn f() {
        fn g() { Return; }
        Return;
    }
};

fn main() {}
