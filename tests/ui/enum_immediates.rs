use fusevm::prelude::*;

#[derive(Immediate, Clone, Debug)]
enum Mode {
    Up,
    Down(i64),
}

#[derive(Immediate, Clone, Debug)]
struct Point;

fn main() {}
