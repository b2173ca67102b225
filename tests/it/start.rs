//! What it takes to begin, and what a VM keeps that has nothing to do.

use crate::allocations;
use fusevm::prelude::*;
use std::io::sink;

/// Bytes that a VM may keep when nothing runs, itself included.
const IDLE: isize = 8 * 1024;

const TINY: &str = "
LoadInt 40
LoadInt 2
Add
";

/// Calls itself that often before it returns.
fn down(times: u32) -> Chunk {
    let text = "
fn down/1
  Jump main
down:
  GetSlot 0
  JumpIfFalse end
  GetSlot 0
  LoadInt 1
  Sub
  Call down, 1
  ReturnValue
end:
  LoadInt 0
  ReturnValue
main:
";
    chunk(&format!("{text}  LoadInt {times}\n  Call down, 1\n"))
}

const PRINTS: &str = "
  LoadInt 5000
  SetSlot 0
top:
  GetSlot 0
  PrintLn 1
  GetSlot 0
  LoadInt 1
  Sub
  SetSlot 0
  GetSlot 0
  JumpIfTrue top
";

fn chunk(text: &str) -> Chunk {
    Chunk::parse(text).expect("the text is right")
}

#[test]
fn an_idle_vm_is_small() {
    let chunks = [chunk(TINY), down(3), down(10_000), chunk(PRINTS)];
    for (at, lowering) in
        (0..chunks.len() * 3).map(|n| (n / 3, [None, Some(false), Some(true)][n % 3]))
    {
        let program = Program::new(chunks[at].clone()).unwrap();
        let run = || {
            let mut vm = Box::new(VM::empty());
            vm.set_output(sink());
            allocations::interpret(&mut vm);
            if let Some(on) = lowering {
                vm.set_lowering(on);
            }
            for _ in 0..3 {
                vm.eval(&program).unwrap();
            }
            vm
        };
        // What the program keeps for all VMs is there before.
        drop(run());
        let (kept, vm) = allocations::kept(run);
        let listing = chunks[at].listing();
        assert!(
            kept <= IDLE,
            "{kept} bytes, lowering {lowering:?}\n{listing}"
        );
        drop(vm);
    }
}

#[test]
fn beginning_allocates_little() {
    let chunk = chunk(TINY);
    let program = Program::new(chunk.clone()).unwrap();
    let of_program = || VM::empty().eval(&program).unwrap();
    let of_chunk = || VM::empty().eval(&chunk).unwrap();
    assert_eq!(of_program(), Value::Int(42));
    // The loaded program, the frames, the stack.
    assert_eq!(allocations::count(of_program).0, 3);
    // And the copy of the chunk, and what is found out about it.
    assert!(allocations::count(of_chunk).0 <= 14);
}

/// Where the first run of a program is in the base interpreter, and others in registers, all are alike.
#[test]
fn the_first_run_is_like_the_others() {
    let parts = "
  GetVar n
  LoadInt 2
  Mod
  JumpIfFalse even
  LoadInt 1
  Jump on
even:
  LoadInt 2
on:
  GetVar n
  LoadInt 3
  Sub
  Div
  GetVar n
  LoadInt 1
  Add
  SetVar n
";
    let chunks = [chunk(TINY), chunk(parts), down(5)];
    for chunk in chunks {
        let seen = |vm: &mut VM| (format!("{:?}", vm.run()), vm.fuel(), vm.global("n"));
        let vm = |on: Option<bool>| {
            let mut vm = VM::new(chunk.clone());
            vm.set_fuel(Some(1_000));
            vm.set_global("n", 0);
            on.into_iter().for_each(|on| vm.set_lowering(on));
            vm
        };
        let (mut first, mut rest) = (vm(None), [vm(Some(false)), vm(Some(true))]);
        for _ in 0..6 {
            let seen_first = seen(&mut first);
            for vm in &mut rest {
                assert_eq!(seen(vm), seen_first, "{}", chunk.listing());
            }
        }
    }
}
