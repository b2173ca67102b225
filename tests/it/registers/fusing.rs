//! Instructions that stand for several: each with operands of all kinds, in every form.

use super::{agree, core};
use fusevm::{Limits, Program, Vm};

/// Operands: those a fused instruction is for, those where it has to give up, and edges of both.
const OPERANDS: [&str; 12] = [
    "LoadInt 0",
    "LoadInt 1",
    "LoadInt -2",
    "LoadInt 3",
    "LoadInt 9223372036854775807",
    "LoadInt -9223372036854775808",
    "LoadFloat 1.5",
    "LoadFloat -0.0",
    "LoadFloat 9.3e18",
    "LoadConst \"2\"",
    "LoadTrue",
    "LoadUndef",
];

/// Arrays in each of their forms, shared and not, and what is none.
const ARRAYS: [&str; 6] = [
    "  LoadConst [1, 2, 3]",
    "  LoadInt 1\n  LoadInt 2\n  LoadInt 3\n  MakeArray 3",
    "  LoadFloat 0.5\n  LoadFloat 2.0\n  MakeArray 2",
    "  LoadInt 2\n  LoadFloat 1.5\n  LoadConst \"x\"\n  LoadUndef\n  MakeArray 4",
    "  MakeArray 0",
    "  LoadConst \"text\"",
];

/// Leaves 1 in slot 4 where the test before jumps.
fn taken(test: &str, jump: &str) -> String {
    format!(
        "{test}\n  {jump} away\n  LoadInt 7\n  SetSlot 4\n  Jump on\naway:\n  LoadInt 1\n  SetSlot 4\non:\n  LoadUndef"
    )
}

/// A loop with that step and test, which ends after a few turns at the latest.
fn turns(step: &str, test: &str) -> String {
    format!(
        "  LoadInt 0\n  SetSlot 5
top:
{test}
  JumpIfFalse end
  GetSlot 5\n  LoadInt 4\n  NumGe\n  JumpIfTrue end
  LoadInt 1\n  GetSlot 5\n  Add\n  SetSlot 5
{step}
  Jump top
end:
  GetSlot 5"
    )
}

/// What is fused, with ops that it is made of: slots 0 to 2 are operands, slot 3 and global `g` an array.
fn fused() -> Vec<(&'static str, String)> {
    let lines = |ops: &str| {
        let lines: Vec<String> = ops.split("; ").map(|op| format!("  {op}")).collect();
        lines.join("\n")
    };
    let plain = [
        ("MulAdd", "GetSlot 2; GetSlot 0; GetSlot 1; Mul; Add"),
        ("MulAdd", "GetSlot 0; GetSlot 1; Mul; GetSlot 2; Add"),
        ("MulFrom", "GetSlot 2; GetSlot 0; GetSlot 1; Mul; Sub"),
        ("MulSub", "GetSlot 0; GetSlot 1; Mul; GetSlot 2; Sub"),
        ("MulAddI", "GetSlot 0; LoadInt 3; Mul; LoadInt -5; Add"),
        (
            "IndexSetI",
            "LoadInt 7; GetSlot 0; SlotArraySet 3; LoadInt 0",
        ),
        ("IndexGetAdd", "GetSlot 2; GetSlot 0; SlotArrayGet 3; Add"),
        ("IndexGetAdd", "GetSlot 0; SlotArrayGet 3; GetSlot 2; Add"),
        ("IndexGetFrom", "GetSlot 2; GetSlot 0; SlotArrayGet 3; Sub"),
        ("IndexGetMul", "GetSlot 2; GetSlot 0; SlotArrayGet 3; Mul"),
        ("IndexGetMul", "GetSlot 0; SlotArrayGet 3; GetSlot 2; Mul"),
        (
            "IndexGetAt",
            "GetSlot 0; GetSlot 1; Mul; GetSlot 2; Add; SlotArrayGet 3",
        ),
        ("AddF", "GetSlot 0; LoadFloat 2.5; Add"),
        ("AddF", "LoadFloat 2.5; GetSlot 0; Add"),
        ("SubF", "GetSlot 0; LoadFloat 2.5; Sub"),
        ("FromF", "LoadFloat 2.5; GetSlot 0; Sub"),
        ("MulF", "GetSlot 0; LoadFloat 2.5; Mul"),
        ("MulF", "LoadFloat 2.5; GetSlot 0; Mul"),
        ("DivF", "GetSlot 0; LoadFloat 2.5; Div"),
        ("DivF", "GetSlot 0; LoadFloat 0.0; Div"),
        ("IntoF", "LoadFloat 2.5; GetSlot 0; Div"),
        ("EqualK", "GetSlot 0; LoadFloat 1.5; NumEq"),
        ("EqualK", "LoadFloat 1.5; GetSlot 0; NumEq"),
        ("EqualK", "GetSlot 0; LoadConst \"2\"; NumEq"),
        ("EqualK", "LoadUndef; GetSlot 0; NumEq"),
        (
            "Copies",
            "GetSlot 0; SetSlot 4; GetSlot 1; SetSlot 5; LoadInt 0",
        ),
    ];
    let tests = [
        (
            "JumpModNotEq",
            "GetSlot 0; LoadInt 3; Mod; LoadInt 1; NumEq",
            "JumpIfFalse",
        ),
        (
            "IndexGetNotEqI",
            "GetSlot 0; SlotArrayGet 3; LoadInt 2; NumEq",
            "JumpIfFalse",
        ),
        (
            "IndexGetNotLt",
            "GetSlot 0; SlotArrayGet 3; GetSlot 2; NumLt",
            "JumpIfFalse",
        ),
        (
            "IndexGetNotGt",
            "GetSlot 0; SlotArrayGet 3; GetSlot 2; NumGt",
            "JumpIfFalse",
        ),
        (
            "ArrayGetNotLt",
            "GetSlot 0; ArrayGet g; GetSlot 2; NumLt",
            "JumpIfFalse",
        ),
        (
            "ArrayGetNotGt",
            "GetSlot 0; ArrayGet g; GetSlot 2; NumGt",
            "JumpIfFalse",
        ),
        ("JumpLtF", "GetSlot 0; LoadFloat 1.5; NumLt", "JumpIfTrue"),
        (
            "JumpNotLtF",
            "GetSlot 0; LoadFloat 1.5; NumLt",
            "JumpIfFalse",
        ),
        ("JumpGtF", "GetSlot 0; LoadFloat 1.5; NumGt", "JumpIfTrue"),
        ("JumpEqK", "GetSlot 0; LoadFloat 1.5; NumEq", "JumpIfTrue"),
        ("JumpEqK", "GetSlot 0; LoadUndef; NumNe", "JumpIfFalse"),
        (
            "JumpNotEqK",
            "LoadConst \"2\"; GetSlot 0; NumEq",
            "JumpIfFalse",
        ),
        (
            "JumpNotEqK",
            "GetSlot 0; LoadFloat 1.5; NumNe",
            "JumpIfTrue",
        ),
        (
            "JumpNotGtF",
            "GetSlot 0; LoadFloat 1.5; NumGt",
            "JumpIfFalse",
        ),
    ];
    let loops = [
        (
            "StepLt",
            "GetSlot 0; Inc; SetSlot 0",
            "GetSlot 0; GetSlot 1; NumLt",
        ),
        (
            "StepLe",
            "GetSlot 0; LoadInt 2; Add; SetSlot 0",
            "GetSlot 0; GetSlot 1; NumLe",
        ),
        (
            "StepLtI",
            "GetSlot 0; Inc; SetSlot 0",
            "GetSlot 0; LoadInt 3; NumLt",
        ),
        (
            "StepLeI",
            "GetSlot 0; LoadInt 2; Add; SetSlot 0",
            "GetSlot 0; LoadInt 3; NumLe",
        ),
        (
            "StepGtI",
            "GetSlot 0; Dec; SetSlot 0",
            "GetSlot 0; LoadInt -1; NumGt",
        ),
        (
            "StepGeI",
            "GetSlot 0; LoadInt 2; Sub; SetSlot 0",
            "GetSlot 0; LoadInt -1; NumGe",
        ),
        (
            "StepByLt",
            "GetSlot 0; GetSlot 2; Add; SetSlot 0",
            "GetSlot 0; GetSlot 1; NumLt",
        ),
        (
            "StepByLe",
            "GetSlot 0; GetSlot 2; Add; SetSlot 0",
            "GetSlot 0; GetSlot 1; NumLe",
        ),
        (
            "StepJump",
            "GetSlot 0; Inc; SetSlot 0",
            "GetSlot 0; GetSlot 1; Add; GetSlot 2; NumLt",
        ),
    ];
    let plain = plain.map(|(name, ops)| (name, lines(ops)));
    let tests = tests.map(|(name, ops, jump)| (name, taken(&lines(ops), jump)));
    let loops = loops.map(|(name, step, test)| (name, turns(&lines(step), &lines(test))));
    plain.into_iter().chain(tests).chain(loops).collect()
}

fn program(operands: [&str; 3], array: &str, ops: &str) -> fusevm::Chunk {
    let [a, b, c] = operands;
    core(&format!(
        "  {a}\n  SetSlot 0\n  {b}\n  SetSlot 1\n  {c}\n  SetSlot 2
{array}\n  SetSlot 3\n{array}\n  SetArray g
{ops}
  SetSlot 6
  GetSlot 0\n  GetSlot 3\n  GetSlot 4\n  GetSlot 6\n  MakeArray 4
"
    ))
}

#[test]
fn every_fused_instruction_with_every_operand() {
    let limited = |vm: &mut Vm<()>| {
        let mut limits = Limits::default();
        limits.max_array_len = 6;
        vm.set_limits(limits);
    };
    for (name, ops) in fused() {
        let listing = Program::new(program(["LoadUndef"; 3], ARRAYS[0], &ops))
            .expect("the program is right")
            .register_listing();
        assert!(
            listing.contains(&format!(" {name} ")),
            "no {name} in\n{listing}"
        );
        let indexes = ops.contains("Array");
        for (i, a) in OPERANDS.iter().enumerate() {
            for (j, b) in OPERANDS.iter().enumerate() {
                // Each pair, and of the rest what comes.
                let c = OPERANDS[(i * 5 + j) % OPERANDS.len()];
                let array = ARRAYS[if indexes { (i + j) % ARRAYS.len() } else { 0 }];
                agree::<()>(&program([a, b, c], array, &ops), limited);
            }
        }
        for (a, array) in OPERANDS.iter().flat_map(|a| ARRAYS.map(|array| (a, array))) {
            if indexes {
                for c in [OPERANDS[3], OPERANDS[6]] {
                    agree::<()>(&program([a, OPERANDS[1], c], array, &ops), limited);
                }
            }
        }
    }
}
