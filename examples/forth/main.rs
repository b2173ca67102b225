//! Forth: words are ext ops, definitions are functions.
//!
//! [`source`] makes words of a text; [`compile`], [`define`], [`control`] and [`held`] make bytecode of
//! words; [`words`], [`numbers`] and [`flow`] are the ops, [`machine`] is what they work on, [`prelude`] holds
//! words that are written in bytecode.
//!
//! The data stack is the host's, and each word is an op that works on it. The VM's own stack could not be
//! it: a function has one height at each of its ops and gives one result, while a Forth word may take and
//! leave what it likes, and some (`?dup`, `pick`, `execute`) do so as the data have it. But what straight
//! code has just said, literals, indices, names, and what is computed of these, is the VM's: [`pending`].
//!
//! What is known when a word is compiled is left to the VM: calls and jumps are its own, indices and limits
//! of loops and what `>r` holds are slots, and a loop between constants ends in one fused op.
//!
//! It is close to the core of the standard. Where that leaves a choice, or this differs:
//!
//! - cells have 64 bits and wrap; division goes towards minus infinity; addresses count bytes;
//! - an input is compiled as a whole, and nothing of it runs if a word is unknown. Control structures work
//!   outside of definitions; a definition may call later ones of its input;
//! - of two definitions of a name the later one has it, in earlier inputs as well. Core words keep theirs;
//! - `r@` sees what `>r` has put away from inside a loop, and `exit` needs no `unloop`;
//! - after an error the stack is empty;
//! - `argc`, `arg ( n -- addr n )` and `argn ( n -- number )` give what the program was given, from 0.

mod compile;
mod control;
mod define;
mod flow;
mod held;
mod machine;
mod numbers;
mod pending;
mod prelude;
mod source;
mod words;

use fusevm::prelude::*;

/// Forth.
#[derive(Language)]
#[language(
    name = "forth",
    host = machine::Machine,
    ops(
        words::ops::OPS,
        words::twins::OPS,
        numbers::ops::OPS,
        numbers::twins::OPS,
        flow::control::OPS,
        flow::names::OPS,
        flow::print::OPS
    )
)]
pub struct Forth;

impl Frontend for Forth {
    fn compile(source: &str, b: &mut Builder<Self>) -> Parsed {
        compile::compile(source, b)
    }

    fn prepare(vm: &mut VM) {
        if vm.global("ARGV").is_undef() {
            vm.set_global("ARGV", Value::array(Vec::<Value>::new()));
        }
        vm.load(&prelude::PRELUDE).expect("rustc has verified it");
    }

    fn keywords() -> &'static [&'static str] {
        compile::KEYWORDS
    }
}

fn main() -> ExitCode {
    fusevm::cli::main::<Forth>()
}
