//! `fusevm_chunk!`: programs compiled by it and by rustc, and programs of untyped values.
//!
//! The programs of `both` files are run twice, which says that they mean what Rust means; the others
//! have what they give beside them. All run in every way a chunk can run.

mod both_control;
mod both_floats;
mod both_functions;
mod both_integers;
mod both_loops;
