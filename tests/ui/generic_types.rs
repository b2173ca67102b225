use fusevm::prelude::*;

#[derive(Language)]
struct Calc<T>(T);

#[derive(Object)]
struct Cell<T>(T);

#[derive(FuseValue)]
struct Point<T>(T);

fn main() {}
