//! Lox, as *Crafting Interpreters* defines it and as its `clox` behaves: a dynamic language with
//! closures, classes, inheritance and garbage.
//!
//! Source text goes through [`scan`] and [`parse`] into the builder, in one pass; [`scope`] knows what
//! names stand for. At run time numbers and globals are the core's; the ops in [`ops`] work on the
//! objects of [`objects`], which the VM's heap collects. [`fault`] and [`text`] have the words.

mod expression;
mod fault;
mod objects;
mod ops;
mod parse;
mod scan;
mod scope;
mod statement;
mod text;

use fusevm::prelude::*;
use fusevm::{BuildErrors, VM};

/// The language. Operators that are not here are not Lox's.
#[derive(Language)]
#[language(
    name = "lox",
    host = ops::Host,
    ops(ops::OPS),
    operators(
        Add = ops::add,
        Sub = ops::numbers,
        Mul = ops::numbers,
        Div = ops::numbers,
        NumLt = ops::numbers,
        NumGt = ops::numbers,
        NumEq = ops::equal,
        Negate = ops::number
    ),
    operands = strict,
    zero_div = float,
    unset = strict
)]
pub struct Lox;

impl Frontend for Lox {
    fn compile(source: &str, b: &mut Builder<Self>) -> Parsed {
        parse::script(source, b);
        Ok(())
    }

    fn prepare(vm: &mut VM) {
        vm.set_global("clock", Value::NativeFn(ops::CLOCK));
    }

    fn show(vm: &VM, value: &Value) -> Option<String> {
        (!value.is_undef()).then(|| text::text(vm.heap(), value))
    }

    fn keywords() -> &'static [&'static str] {
        scan::KEYWORDS
    }

    fn message(trap: &Trap) -> Option<String> {
        fault::message(trap)
    }

    fn show_errors(source: &str, errors: &BuildErrors) -> Option<String> {
        Some(fault::compile_errors(source, errors))
    }

    fn show_trap(message: &str, error: &Error) -> Option<String> {
        Some(fault::trace(message, error))
    }
}

fn main() -> ExitCode {
    fusevm::cli::main::<Lox>()
}
