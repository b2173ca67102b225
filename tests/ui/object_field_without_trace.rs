use fusevm::prelude::*;

struct Socket;

#[derive(Object)]
struct Cell {
    value: Value,
    socket: Socket,
}

#[derive(Object)]
struct Other {
    #[trace(skipp)]
    socket: i64,
}

fn main() {}
