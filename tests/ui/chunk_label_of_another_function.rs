use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn f() {
      'inner:
        Return;
    }
    Jump('inner);
};

fn main() {}
