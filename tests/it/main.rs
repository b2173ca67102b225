//! The tests of the workspace as one binary: small files with their expectations inside, run in every
//! way a program can run, and generated programs beside them.

mod allocations;
mod api;
mod chunk;
mod collect;
mod ext;
mod fused;
mod generate;
mod heap;
mod hostile;
#[cfg(all(feature = "jit", unix))]
mod jit;
mod languages;
mod lox;
mod ops;
mod registers;
mod reject;
mod rust;
mod start;
mod tidy;
mod ui;
