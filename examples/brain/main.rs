//! Brainf***: eight signs, a tape of bytes, and an optimising compiler.
//!
//! A source goes through three rooms: [`source`] reads signs and matches brackets, [`optimise`] makes
//! few commands out of many signs, [`emit`] writes them as bytecode. Ops are in [`tape`].
//!
//! The tape is host state, and the ops that touch it are ext ops. It could have been an array in a
//! slot, touched by core ops alone; but then adding to a cell takes a dozen ops (twice the cell's index,
//! get, add, cut to a byte, set), which measured more than twice the time of the one ext op that does it
//! all, in the base interpreter. Loops that count are core ops: their counters are slots, and each turn is
//! one fused op.
//!
//! What the language leaves open is settled so:
//!
//! - a cell is a byte and wraps;
//! - the tape has [`CELLS`](tape::CELLS) cells from the first on. A cell off it is an error when it is
//!   read, written or tested, not when it is passed; signs that cancel out touch nothing;
//! - `,` reads a byte. Input comes by lines, each of which ends with a line feed; at its end `,` gives 0;
//! - all other characters are comments.
//!
//! A REPL keeps tape and place from input to input, and shows the cells around the place.

mod emit;
mod optimise;
mod source;
mod tape;

use fusevm::prelude::*;

/// Brainf***.
#[derive(Language)]
#[language(name = "brain", host = tape::Machine, ops(tape::ops::OPS))]
pub struct Brain;

impl Frontend for Brain {
    fn compile(source: &str, b: &mut Builder<Self>) -> Parsed {
        let signs = source::read(source)?;
        emit::emit(&optimise::optimise(&signs), b);
        Ok(())
    }
}

fn main() -> ExitCode {
    fusevm::cli::main::<Brain>()
}
