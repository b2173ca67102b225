use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    LoadInt(1); LoadInt(2); LoadInt(3); MakeHash(3); Pop;
    LoadConst("a"); TestFile(99); Redirect(1, 9); Return;
    ExpandParam(18);
};

fn main() {}
