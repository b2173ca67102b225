//! Ops of languages, declared and used as the author of a language does it.
//!
//! Every file has languages of its own: what an op sees and gives, what it says when its operands are
//! wrong, how chunks find it again, what happens when it fails or calls back, and the core ops.

mod author;
mod classes;
mod core_cells;
mod core_containers;
mod core_numbers;
mod depth;
mod failing;
mod fold;
mod generated;
mod handlers;
mod host_code;
mod inline;
mod inside;
mod invoke;
mod looked;
mod messages;
mod native;
mod nested;
mod operators;
mod places;
mod results;
mod shapes;
mod ways;
mod wire;

use fusevm::prelude::*;

/// Runs the program that `build` writes.
fn eval<L: Language>(vm: &mut Vm<L>, build: impl FnOnce(&mut Builder<L>)) -> Result<Value, Error> {
    vm.eval(chunk(build))
}

/// The chunk that `build` writes.
fn chunk<L: Language>(build: impl FnOnce(&mut Builder<L>)) -> Chunk {
    let mut b = Builder::<L>::new();
    build(&mut b);
    b.finish().expect("the chunk is well built")
}

/// Writes the function `name`, whose body leaves its result on the stack.
fn returning<L: Language>(
    b: &mut Builder<L>,
    name: &str,
    params: &[&str],
    body: impl FnOnce(&mut Builder<L>),
) {
    let f = b.begin_fn(name, params);
    body(b);
    b.emit(Op::ReturnValue);
    b.end_fn(f);
}
