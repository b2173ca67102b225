use fusevm::{StaticChunk, chunk};

static CHUNK: StaticChunk = chunk! { ();
    fn f(n) { GetSlot(m); ReturnValue; }
    fn g(n) { Add; ReturnValue; }
    LoadTrue; JumpIfTrue('nowhere);
    Pop;
    LoadInt(1); Call(f, 2);
    GetVar;
};

fn main() {}
