//! Ops that run other ops for each element, and loops that run in one go, in machine code.

use super::{at_once, none, ways};
use fusevm::prelude::*;
use fusevm::{JitConfig, Program};

/// `f(n)` runs a block over an array of 40 numbers that depend on `n`, and looks at what comes of it.
fn over(op: &str, block: &str, behind: &str) -> Program {
    let text = format!(
        "fn f/1\nfn g/1\nblock @first @last\n  Jump over\nf:\n  SetSlot 0\n  LoadInt 0\n  SetSlot 1\n  LoadConst []\n  SetSlot 2\n\
         fill:\n  GetSlot 1\n  GetSlot 0\n  Mul\n  LoadInt 17\n  Mod\n  GetSlot 1\n  SlotArraySet 2\n  PreIncSlotVoid 1\n\
         \x20 GetSlot 1\n  LoadInt 40\n  NumLt\n  JumpIfTrue fill\n  LoadInt 0\n  SetSlot 3\n  GetSlot 2\n  Jump on\n\
         first:\n{block}last:\non:\n  {op} 0\n{behind}  GetSlot 3\n  MakeArray 2\n  ReturnValue\n\
         g:\n  LoadInt 3\n  Mul\n  ReturnValue\nover:\n"
    );
    program(&text)
}

fn program(text: &str) -> Program {
    let chunk = Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Program::new(chunk).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn vm(program: &Program, config: JitConfig, fuel: Option<u64>) -> VM {
    let mut vm = VM::empty();
    vm.set_jit(config);
    vm.register_builtin(1, |vm, _| {
        let n = vm.pop();
        assert!(n != Value::Int(16), "sixteen");
        n
    });
    vm.eval(program).expect("it loads");
    vm.set_fuel(fuel);
    vm
}

fn ends(vm: &mut VM) -> Vec<String> {
    let call = |n: i64| {
        let end = match vm.call("f", &[Value::Int(n)]) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.render(),
        };
        format!("{end}, {:?} left", vm.fuel())
    };
    [3, 4, 5, 1, 7, 30, 0].map(call).into()
}

/// Machine code does what the interpreter does, and refuses none of it.
fn same(program: &Program) {
    for fuel in [None, Some(100_000), Some(900)] {
        let wanted = ends(&mut vm(program, none(), fuel));
        for (way, config) in ways() {
            let found = ends(&mut vm(program, config, fuel));
            assert_eq!(found, wanted, "{way}, {fuel:?}\n{}", program.chunk());
        }
    }
    let mut hot = vm(program, at_once(2_000), None);
    (0..4).for_each(|_| drop(ends(&mut hot)));
    let report = hot.jit_report();
    assert!(report.entries > 0, "{}", program.chunk());
    assert!(report.refused.is_empty(), "{report}\n{}", program.chunk());
}

const BLOCKS: [(&str, &str, &str); 7] = [
    (
        "MapBlock",
        "  LoadInt 7\n  Mul\n  GetSlot 3\n  Inc\n  SetSlot 3\n",
        "",
    ),
    (
        "GrepBlock",
        "  LoadInt 3\n  Mod\n  LoadInt 0\n  NumEq\n",
        "",
    ),
    ("SortBlock", "  Sub\n", ""),
    (
        "ForEachBlock",
        "  GetSlot 3\n  Add\n  SetSlot 3\n",
        "  LoadInt 1\n",
    ),
    // One that calls, one with a builtin that panics now and then, one that returns in the midst of it.
    ("MapBlock", "  Call g, 1\n  LoadConst \"x\"\n  Concat\n", ""),
    (
        "MapBlock",
        "  CallBuiltin 1, 1\n  LoadInt 2\n  Mul\n  GetSlot 3\n  Add\n  SetSlot 3\n  GetSlot 3\n  LoadInt 5\n  BitXor\n  SetSlot 3\n  GetSlot 3\n  LoadInt 9\n  BitXor\n  SetSlot 3\n  GetSlot 3\n  LoadInt 3\n  BitXor\n  SetSlot 3\n  GetSlot 3\n  LoadInt 6\n  BitXor\n  SetSlot 3\n  GetSlot 3\n  LoadInt 12\n  BitXor\n  SetSlot 3\n  GetSlot 3\n  LoadInt 10\n  BitXor\n  SetSlot 3\n  GetSlot 3\n",
        "",
    ),
    (
        "ForEachBlock",
        "  SetSlot 3\n  GetSlot 3\n  LoadInt 12\n  NumLt\n  JumpIfTrue stays\n  GetSlot 3\n  ReturnValue\nstays:\n",
        "  LoadInt 1\n",
    ),
];

#[test]
fn blocks_that_run_for_each_element() {
    for (op, block, behind) in BLOCKS {
        same(&over(op, block, behind));
    }
}

#[test]
fn blocks_in_blocks() {
    let text = "fn f/1\nblock @a @a_end\nblock @b @b_end\n  Jump over\nf:\n  SetSlot 0\n  LoadInt 0\n  SetSlot 1\n  Jump on\n\
                  a:\n  GetSlot 0\n  Mul\n  SetSlot 2\n  LoadConst [4, 3, 2, 1]\n  MapBlock 1\na_end:\n\
                  b:\n  GetSlot 2\n  Add\n  SetSlot 3\n  GetSlot 1\n  Inc\n  SetSlot 1\n  GetSlot 3\nb_end:\n\
                  on:\n  LoadConst [1, 2.5, 3, 4]\n  MapBlock 0\n  GetSlot 1\n  MakeArray 2\n  ReturnValue\nover:\n";
    same(&program(text));
}

#[test]
fn loops_that_run_in_one_go() {
    let text = "fn f/1\n  Jump over\nf:\n  SetSlot 0\n  LoadInt 0\n  SetSlot 3\nouter:\n  LoadInt 0\n  SetSlot 1\n  LoadInt 0\n  SetSlot 2\n\
                top:\n  GetSlot 1\n  GetSlot 2\n  Add\n  SetSlot 1\n  PreIncSlotVoid 2\n  GetSlot 2\n  LoadInt 30\n  NumLt\n\
                \x20 JumpIfTrue top\n  GetSlot 1\n  GetSlot 3\n  Add\n  SetSlot 3\n  GetSlot 0\n  Dec\n  SetSlot 0\n  GetSlot 0\n\
                \x20 LoadInt 0\n  NumGt\n  JumpIfTrue outer\n  GetSlot 3\n  ReturnValue\nover:\n";
    same(&program(text));
    let fused = "fn f/1\n  Jump over\nf:\n  SetSlot 0\n  LoadInt 0\n  SetSlot 3\nouter:\n  LoadInt 0\n  SetSlot 1\n  LoadInt 0\n  SetSlot 2\n\
                 \x20 AccumSumLoop 1, 2, 30\n  GetSlot 1\n  GetSlot 3\n  Add\n  SetSlot 3\n  GetSlot 0\n  Dec\n  SetSlot 0\n  GetSlot 0\n\
                 \x20 LoadInt 0\n  NumGt\n  JumpIfTrue outer\n  GetSlot 3\n  ReturnValue\nover:\n";
    same(&program(fused));
}

#[test]
fn a_function_whose_loop_was_hot_first() {
    let text = "fn f/1\n  Jump over\nf:\n  SetSlot 0\n  MakeArray 0\n  SetSlot 1\n  LoadInt 0\n  SetSlot 2\ntop:\n  GetSlot 2\n  LoadInt 3\n  Mul\n\
                \x20 GetSlot 2\n  SlotArraySet 1\n  PreIncSlotVoid 2\n  GetSlot 2\n  GetSlot 0\n  NumLt\n  JumpIfTrue top\n  LoadInt 7\n\
                \x20 SlotArrayGet 1\n  ReturnValue\nover:\n";
    let mut config = JitConfig::DEFAULT;
    config.background = false;
    let mut vm = vm(&program(text), config, None);
    for _ in 0..200 {
        let found = vm.call("f", &[Value::Int(10_000)]).expect("it runs");
        assert_eq!(found, Value::Int(21));
    }
    // What comes before the loop is seen when it is first asked for.
    let report = vm.jit_report();
    assert!(report.refused.is_empty(), "{report}");
    assert!(report.count <= 5, "{report}");
}
