//! Input and output.

use super::Step;
use crate::semantics::{Trap, string};
use crate::vm::{Linked, VM};
use std::io::Write;

/// Writes the texts of the topmost values, then `end`.
fn write(vm: &mut VM, linked: &Linked, op: &'static str, n: u8, end: &str) -> Step {
    let at = vm.input_start(op, n.into())?;
    let mut text = String::new();
    {
        let rules = vm.rules(linked.chunk().policy);
        for value in &vm.stack[at..] {
            text.push_str(&string::text(&rules, value)?);
            string::check_len(&rules, text.len() as u64)?;
        }
    }
    text.push_str(end);
    let captured = vm.output().captured();
    string::check_len(
        &vm.rules(linked.chunk().policy),
        (captured + text.len()) as u64,
    )?;
    vm.stack.truncate(at);
    vm.output().write_all(text.as_bytes()).map_err(Trap::Io)
}

pub(super) fn print(vm: &mut VM, linked: &Linked, n: u8) -> Step {
    write(vm, linked, "Print", n, "")
}

pub(super) fn print_ln(vm: &mut VM, linked: &Linked, n: u8) -> Step {
    write(vm, linked, "PrintLn", n, "\n")
}

pub(super) fn read_line(vm: &mut VM, _: &Linked) -> Step {
    let line = vm.read_line()?;
    vm.stack.push(line);
    Ok(())
}
