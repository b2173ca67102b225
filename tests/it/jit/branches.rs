//! Branches on what is no number, and on numbers of two kinds, keep nothing from becoming machine code.

use super::{at_once, none, ways};
use fusevm::{Chunk, JitConfig, VM, Value};

const OPERANDS: [(&str, &str); 9] = [
    ("LoadInt 7", "LoadFloat 7.5"),
    ("LoadFloat -0.5", "LoadInt 0"),
    ("LoadConst \"8\"", "LoadInt 9"),
    ("LoadInt 9", "LoadConst \"9\""),
    ("LoadUndef", "LoadInt 0"),
    ("LoadTrue", "LoadFloat 1.0"),
    ("LoadConst [1, 2]", "LoadInt 2"),
    ("LoadConst [1, 2]", "LoadConst \"2\""),
    ("LoadConst \"apple\"", "LoadUndef"),
];

/// Counts by a branch that looks at two values of which one is `first`: at one only the stack has if `pushed`.
fn counting(jump: &str, first: &str, second: &str, pushed: bool) -> Chunk {
    let [get_first, get_second] = match pushed {
        true => [first, second],
        false => ["GetSlot 1", "GetSlot 2"],
    };
    let text = format!(
        "fn f/1\n  Jump over\nf:\n  SetSlot 0\n  {first}\n  SetSlot 1\n  {second}\n  SetSlot 2\n  LoadInt 0\n  SetSlot 3\n\
         top:\n  {get_first}\n  {get_second}\n  {jump} no\n  GetSlot 3\n  LoadInt 3\n  Add\n  SetSlot 3\nno:\n\
         \x20 PreIncSlotVoid 3\n  GetSlot 3\n  GetSlot 0\n  NumLt\n  JumpIfTrue top\n  GetSlot 3\n  ReturnValue\nover:\n"
    );
    Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn called(vm: &mut VM) -> Vec<Value> {
    let runs = [40, 41, 200, 7].into_iter();
    runs.map(|n| vm.call("f", &[Value::Int(n)]).expect("it runs"))
        .collect()
}

fn vm(chunk: &Chunk, config: JitConfig) -> VM {
    let mut vm = VM::empty();
    vm.set_jit(config);
    vm.eval(chunk).expect("it loads");
    vm
}

#[test]
fn odd_branches_are_taken_in_machine_code() {
    for jump in [
        "NumLt\n  JumpIfFalse",
        "NumLe\n  JumpIfTrue",
        "NumGt\n  JumpIfFalse",
        "NumGe\n  JumpIfTrue",
        "NumEq\n  JumpIfFalse",
        "NumNe\n  JumpIfFalse",
        "Pop\n  JumpIfTrue",
        "Swap\n  Pop\n  JumpIfFalse",
    ] {
        for (first, second) in OPERANDS {
            for pushed in [false, true] {
                let chunk = counting(jump, first, second, pushed);
                let expected = called(&mut vm(&chunk, none()));
                for (name, config) in ways() {
                    let found = called(&mut vm(&chunk, config));
                    assert_eq!(found, expected, "{name}: {chunk}");
                }
                let mut vm = vm(&chunk, at_once(30));
                called(&mut vm);
                let report = vm.jit_report();
                assert!(report.entries > 0, "{chunk}");
                assert!(report.refused.is_empty(), "{:?} {chunk}", report.refused);
            }
        }
    }
}
