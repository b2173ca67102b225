//! `fusevm_chunk!`: programs compiled by it and by rustc, and programs of untyped values.
//!
//! The programs of `both` files are run twice, which says that they mean what Rust means; the others
//! have what they give beside them. All run in every way a chunk can run.

mod both_control;
mod both_floats;
mod both_functions;
mod both_integers;
mod both_loops;
mod language;
mod listings;
mod ops;
mod programs;
mod values;

use fusevm::prelude::*;
use fusevm::{Loadable, SharedBuffer};

/// What a program prints.
fn printed(program: impl Loadable) -> String {
    let mut vm = VM::empty();
    let out = SharedBuffer::default();
    vm.set_output(out.clone());
    vm.eval(program).unwrap_or_else(|error| panic!("{error}"));
    drop(vm);
    out.text()
}
