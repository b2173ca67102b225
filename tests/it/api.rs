//! The VM as those use it who embed it: many programs in one VM, one program in many, what stops a
//! program, how it reads and prints, what errors tell, and what builders and values say.

mod build;
mod limits;
mod pieces;
mod profiles;
mod programs;
mod repl;
mod streams;
mod values;

use fusevm::prelude::*;

/// The chunk that `build` writes.
fn chunk(build: impl FnOnce(&mut Builder<()>)) -> Chunk {
    let mut b = Builder::new();
    build(&mut b);
    b.finish().expect("the chunk is well built")
}
