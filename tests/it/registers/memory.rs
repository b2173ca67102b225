//! What registers take: no copies for what they no longer use, no more than the limits, little when idle.

use super::core;
use crate::allocations::bytes;
use fusevm::{ErrorKind, Limits, Program, TrapKind, VM, Value};

/// Elements of the array that must not be copied, turns of the loop that writes it.
const LEN: usize = 10_000;
const TURNS: usize = 50;

/// Bytes that a loop asks for which reads an array in slot 0 and global `g`, and writes to it after that.
fn asked(reads: &str) -> usize {
    let text = format!(
        "fn f/1
fn g/2
  LoadInt 1\n  LoadInt {LEN}\n  Range\n  SetSlot 0
  LoadInt 1\n  LoadInt {LEN}\n  Range\n  SetVar a
  LoadInt 0\n  SetSlot 1
top:
  {reads}
  GetSlot 1\n  LoadInt 0\n  SlotArraySet 0
  GetSlot 1\n  LoadInt 0\n  ArraySet a
  GetSlot 1\n  Inc\n  SetSlot 1
  GetSlot 1\n  LoadInt {TURNS}\n  NumLt\n  JumpIfTrue top
  Jump end
f:
  SetSlot 0\n  LoadInt 0\n  SlotArrayGet 0\n  ReturnValue
g:
  GetSlot 3\n  Pop\n  Pop\n  SetSlot 2\n  GetSlot 2\n  SetSlot 1\n  PushFrame\n  GetSlot 0\n  PopFrame\n  LoadInt 1\n  ReturnValue
end:
"
    );
    let program = Program::new(core(&text)).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut vm = VM::empty();
    vm.eval(&program).expect("it runs");
    bytes(|| vm.eval(&program)).0
}

#[test]
fn what_is_no_longer_used_is_not_copied_when_it_is_written() {
    let nothing = asked("");
    let array = LEN * size_of::<Value>();
    for reads in [
        "GetSlot 0\n  Call f, 1\n  Pop",
        "GetSlot 0\n  GetSlot 0\n  Call g, 2\n  Pop",
        "GetVar a\n  Call f, 1\n  Pop",
        "GetSlot 1\n  GetVar a\n  NumLt\n  Pop",
        "GetSlot 1\n  GetVar a\n  NumLt\n  JumpIfFalse over\nover:",
        "GetVar a\n  GetSlot 1\n  NumLt\n  JumpIfFalse over\nover:",
        "GetSlot 1\n  GetVar a\n  NumEq\n  SetSlot 2",
        "GetVar a\n  JumpIfFalse over\nover:",
        "GetVar a\n  JumpIfTrue over\nover:",
        "GetVar a\n  LogNot\n  SetSlot 2",
        "GetVar a\n  Inc\n  SetSlot 2",
        "GetVar a\n  GetVar a\n  Add\n  SetSlot 2",
        "GetVar a\n  SlotArrayGet 0\n  SetSlot 2",
        "GetVar a\n  ArrayGet a\n  SetSlot 2",
        "GetVar a\n  Dup\n  Pop\n  Pop",
        "GetSlot 0\n  GetSlot 1\n  JumpIfTrue over\nover:\n  Pop",
        "GetSlot 1\n  GetVar a\n  Swap\n  Pop\n  SetSlot 2\n  LoadInt 0\n  SetSlot 2",
        "LoadInt 1\n  GetVar a\n  LoadInt -1\n  Add\n  ArraySet a",
        "LoadInt 1\n  GetVar a\n  LoadInt -1\n  Add\n  SlotArraySet 0",
    ] {
        let more = asked(reads).saturating_sub(nothing);
        // The array itself is never asked for again beyond the first turn.
        assert!(more < array, "{reads:?} copies {} times", more / array);
    }
}

#[test]
fn scopes_in_scopes_take_no_more_than_they_are_long() {
    let of = |n: usize| {
        let mut text = String::new();
        text.extend((0..n).map(|_| "PushFrame\n"));
        text.extend((0..n).map(|_| "PopFrame\n"));
        let program = Program::new(core(&text)).expect("it verifies");
        let (bytes, ran) = bytes(|| VM::empty().eval(&program));
        ran.expect("it runs");
        bytes
    };
    let (some, more) = (of(500), of(5_000));
    assert!(more < 40 * some, "{some} bytes for 500, {more} for 5,000");
}

/// A VM with that limit, and the trap a program meets in it.
fn limited(max_stack: usize, programs: &[&str]) -> (VM, TrapKind) {
    let mut vm = VM::empty();
    let mut limits = Limits::default();
    limits.max_stack = max_stack;
    vm.set_limits(limits);
    let mut kind = None;
    for text in programs {
        kind = vm.eval(core(text)).err().map(|error| error.kind());
    }
    match kind {
        Some(ErrorKind::Trap(kind)) => (vm, kind),
        other => panic!("{other:?}"),
    }
}

/// Calls itself for ever, with a hundred slots each.
const DEEP: &str = "fn deep/0\n  Call deep, 0\n  Jump end\ndeep:\n  GetVar n\n  Inc\n  SetVar n\n  LoadInt 1\n  SetSlot 99\n  Call deep, 0\n  ReturnValue\nend:\n";

#[test]
fn registers_count_against_the_stack() {
    const MOST: usize = 20_000;
    let (mut vm, kind) = limited(MOST, &[DEEP]);
    assert_eq!(kind, TrapKind::StackLimit);
    let calls = vm.global("n").to_int() as usize;
    assert!(calls <= MOST / 100 + 1, "{calls} calls");
    // A limit that is set later holds as well.
    let mut limits = Limits::default();
    limits.max_stack = MOST / 2;
    vm.set_limits(limits);
    vm.set_global("n", 0);
    assert!(vm.eval(core(DEEP)).is_err());
    let calls = vm.global("n").to_int() as usize;
    assert!(calls <= MOST / 2 / 100 + 1, "{calls} calls");
}

#[test]
fn registers_of_programs_that_call_each_other_count_too() {
    let second = "fn second/0\n  Jump end\nsecond:\n  LoadInt 1\n  SetSlot 99\n  Call first, 0\n  ReturnValue\nend:\n";
    let first = "fn first/0\n  Call first, 0\n  Jump end\nfirst:\n  LoadInt 1\n  SetSlot 99\n  Call second, 0\n  ReturnValue\nend:\n";
    let nothing = "fn first/0\n  Jump end\nfirst:\n  LoadInt 1\n  ReturnValue\nend:\n  LoadInt 1\n";
    let (_, kind) = limited(20_000, &[nothing, second, first]);
    assert_eq!(kind, TrapKind::StackLimit);
}

#[test]
fn an_idle_vm_keeps_few_registers() {
    let text = DEEP.replace("  Call deep, 0\n  ReturnValue", "  GetVar n\n  LoadInt 5000\n  NumLt\n  JumpIfFalse done\n  Call deep, 0\n  ReturnValue\ndone:\n  LoadInt 1\n  ReturnValue");
    let program = Program::new(core(&text)).expect("it verifies");
    let mut vm = VM::empty();
    for _ in 0..2 {
        vm.set_global("n", 0);
        // What was given back has to be asked for again.
        let (bytes, ran) = bytes(|| vm.eval(&program));
        ran.expect("it runs");
        assert!(bytes > 5_000 * 99 * size_of::<Value>(), "{bytes} bytes");
    }
}
