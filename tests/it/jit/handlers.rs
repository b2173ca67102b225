//! Loops of machine code that run builtins, and ops that have the whole VM: whatever those do with it, what comes of
//! it is what comes of it in the interpreter.

use super::{at_once, entries, none, ways};
use fusevm::prelude::*;
use fusevm::{ErrorKind, JitConfig, TrapKind};
use std::mem::swap;

/// `f(n)`: `n` turns of a loop with enough to do, each of which asks builtin 1 about its number, and keeps a text and
/// an array in slots, and a global.
const LOOP: &str = "
source \"loop\"
fn f/1
fn g/1
  Jump over
f:
  SetSlot 0
  LoadInt 0
  SetSlot 1
  LoadInt 0
  SetSlot 2
  LoadConst [5, 6, 7]
  SetSlot 3
  LoadConst \"text\"
  SetSlot 4
  LoadInt 3
  SetVar kept
top:
  GetSlot 2
  LoadInt 3
  Mul
  GetSlot 1
  Add
  LoadInt 1048575
  BitAnd
  SetSlot 1
  GetSlot 1
  GetSlot 2
  LoadInt 3
  Mod
  SlotArrayGet 3
  Add
  SetSlot 1
  GetSlot 1
  GetVar kept
  Add
  SetSlot 1
  LoadInt 8
  GetSlot 2
  LoadInt 3
  Mod
  SlotArraySet 3
  GetSlot 2
  CallBuiltin 1, 1
  GetSlot 1
  Add
  SetSlot 1
  GetSlot 1
  LoadInt 1
  BitXor
  SetSlot 1
  GetSlot 2
  Inc
  SetSlot 2
  GetSlot 2
  GetSlot 0
  NumLt
  JumpIfTrue top
  GetSlot 1
  GetSlot 4
  GetSlot 3
  MakeArray 3
  ReturnValue
g:
  LoadInt 2
  Mul
  ReturnValue
over:
";

/// Where the builtin is asked from: in the loop; in a function that is small enough to be built into the loop; and at
/// the end of a recursion, in which callers have something to do with what comes of it.
const FROM: [(&str, &str); 3] = [
    ("CallBuiltin 1, 1", ""),
    (
        "Call ask, 1",
        "fn ask/1\nask:\n  SetSlot 0\n  GetSlot 0\n  CallBuiltin 1, 1\n  ReturnValue\n",
    ),
    (
        "LoadInt 6\n  Call ask, 2",
        "fn ask/2\nask:\n  SetSlot 1\n  SetSlot 0\n  GetSlot 0\n  LoadInt 7\n  BitXor\n  SetSlot 2\n  LoadConst [1, 2]\n\
         \x20 SetSlot 3\n  GetSlot 1\n  LoadInt 0\n  NumLe\n  JumpIfTrue last\n  GetSlot 0\n  GetSlot 1\n  Dec\n\
         \x20 Call ask, 2\n  GetSlot 2\n  Add\n  GetSlot 2\n  Sub\n  ReturnValue\n\
         last:\n  GetSlot 0\n  CallBuiltin 1, 1\n  SetSlot 2\n  GetSlot 2\n  ReturnValue\n",
    ),
];

fn vm(config: JitConfig, builtin: fn(&mut VM, u8) -> Value) -> VM {
    vm_from(config, builtin, 0)
}

/// The program that asks from there.
fn text_from(from: usize) -> String {
    let (asks, function) = FROM[from];
    let head = function.lines().next().unwrap_or_default();
    let body = function.strip_prefix(head).unwrap_or_default();
    (LOOP.replace("CallBuiltin 1, 1", asks))
        .replace("fn g/1\n", &format!("fn g/1\n{head}\n"))
        .replace("over:\n", &format!("{body}over:\n"))
}

fn vm_from(config: JitConfig, builtin: fn(&mut VM, u8) -> Value, from: usize) -> VM {
    vm_of(&text_from(from), config, builtin)
}

fn vm_of(text: &str, config: JitConfig, builtin: fn(&mut VM, u8) -> Value) -> VM {
    let chunk = Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut vm = VM::empty();
    vm.set_jit(config);
    vm.register_builtin(1, builtin);
    vm.eval(chunk).expect("it runs");
    vm
}

/// What some calls lead to, one after the other; and how often machine code was entered, at the most that the VM says
/// behind one of them.
fn ends(vm: &mut VM, turns: &[i64]) -> (Vec<String>, u64) {
    let mut most = 0;
    let call = |n: &i64| {
        let end = match vm.call("f", &[Value::Int(*n)]) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.render(),
        };
        most = most.max(entries(vm));
        format!("{end}, {:?} left, {:?}", vm.fuel(), vm.global("kept"))
    };
    let ends = turns.iter().map(call).collect();
    (ends, most)
}

/// The same comes of it in every way of making machine code as without; and the loop is entered in it.
fn same(builtin: fn(&mut VM, u8) -> Value, turns: &[i64]) {
    let fuels = [None, Some(100_000), Some(700)];
    for (from, fuel) in (0..FROM.len()).flat_map(|from| fuels.map(|fuel| (from, fuel))) {
        let prepared = |config| {
            let mut vm = vm_from(config, builtin, from);
            vm.set_fuel(fuel);
            vm
        };
        let (wanted, _) = ends(&mut prepared(none()), turns);
        for (way, config) in ways() {
            let mut hot = prepared(config);
            let (found, entries) = ends(&mut hot, turns);
            assert_eq!(found, wanted, "{way}, {fuel:?}, {}", FROM[from].0);
            assert!(entries > 0, "{way}, {fuel:?}: {}", hot.jit_report());
        }
    }
}

fn number(vm: &mut VM) -> i64 {
    vm.pop().to_int()
}

const TURNS: [i64; 5] = [3, 40, 40, 7, 200];

#[test]
fn a_builtin_of_numbers() {
    same(|vm, _| Value::Int(number(vm) ^ 5), &TURNS);
    // It stays in machine code.
    let mut hot = vm(at_once(200), |vm, _| Value::Int(number(vm) ^ 5));
    ends(&mut hot, &[50; 400]);
    let before = hot.jit_report();
    ends(&mut hot, &[1000; 10]);
    let after = hot.jit_report();
    assert_eq!(after.count, before.count, "{after}");
    assert!(after.exits - before.exits <= 10, "{after}");
}

#[test]
fn kinds_that_change() {
    same(
        |vm, _| match number(vm) {
            n if n % 50 == 30 => Value::Float(n as f64 / 2.0),
            37 => Value::str("12"),
            39 => Value::Undef,
            n => Value::Int(n),
        },
        &TURNS,
    );
}

#[test]
fn failures_and_panics() {
    same(
        |vm, _| match number(vm) {
            25 => panic!("no"),
            35 => {
                // There is nothing left to pop.
                vm.pop();
                Value::Int(1)
            }
            n => Value::Int(n),
        },
        &[20, 20, 20, 26, 20, 30, 40, 20],
    );
}

#[test]
fn globals_are_read_and_written() {
    same(
        |vm, _| {
            let n = number(vm);
            let kept = vm.global("kept").to_int();
            match n {
                31 => vm.set_global("kept", Value::str("77")),
                _other => vm.set_global("kept", Value::Int(kept + n % 3)),
            }
            Value::Int(kept)
        },
        &TURNS,
    );
}

#[test]
fn fuel_is_given_and_taken() {
    same(
        |vm, _| {
            let n = number(vm);
            match n % 40 {
                11 => vm.set_fuel(Some(20_000)),
                17 => vm.set_fuel(None),
                29 => vm.set_fuel(Some(9_000)),
                _other => {}
            }
            Value::Int(n)
        },
        &TURNS,
    );
}

#[test]
fn limits_functions_and_settings_that_change() {
    same(
        |vm, _| {
            let n = number(vm);
            match n % 40 {
                8 => {
                    let mut limits = Limits::default();
                    limits.max_call_depth = 50 + n as usize;
                    vm.set_limits(limits);
                }
                14 => {
                    let text = format!(
                        "fn g/1\n  Jump over\ng:\n  LoadInt {n}\n  Mul\n  ReturnValue\nover:\n"
                    );
                    let chunk = Chunk::parse(&text).expect("it is right");
                    vm.eval(chunk).expect("it runs");
                }
                20 => vm.set_fusion(n % 80 == 20),
                26 => vm.set_lowering(n % 80 != 26),
                32 => vm.reset(),
                _other => {}
            }
            Value::Int(n)
        },
        &TURNS,
    );
}

#[test]
fn machine_code_is_dropped_while_it_runs() {
    same(
        |vm, _| {
            let n = number(vm);
            match n {
                6 | 18 | 40 => vm.set_jit(at_once(30)),
                23 => vm.set_jit(none()),
                31 => vm.set_jit(JitConfig::DEFAULT),
                _other => {}
            }
            Value::Int(n)
        },
        &[3, 5, 5, 8, 20, 30],
    );
}

#[test]
fn another_vm_is_left_in_place_of_the_own() {
    same(
        |vm, _| {
            let n = number(vm);
            if n == 12 {
                let mut other = VM::empty();
                swap(vm, &mut other);
                // With all of its machine code.
                drop(other);
            }
            Value::Int(n)
        },
        &[5, 5, 5, 11, 13],
    );
}

#[test]
fn runs_inside_of_the_loop() {
    same(
        |vm, _| {
            let n = number(vm);
            match n {
                2 | 30 => vm
                    .call("f", &[Value::Int(n / 2)])
                    .map_or(Value::Int(7), |value| match value {
                        Value::Array(items) => items.get(0).unwrap_or_default(),
                        other => other,
                    }),
                n => vm.call("g", &[Value::Int(n)]).unwrap_or_default(),
            }
        },
        &TURNS,
    );
}

#[test]
fn a_handler_inside_of_handlers_comes_to_its_limit() {
    // Each turn of the loop runs the loop again, until there may be no more.
    let builtin = |vm: &mut VM, _: u8| {
        let n = number(vm);
        match vm.call("f", &[Value::Int(2)]) {
            Ok(_) => Value::Int(n),
            Err(error) if n == 0 => {
                assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::ReentryDepth));
                Value::Int(1)
            }
            Err(_) => Value::Int(2),
        }
    };
    let limited = |config| {
        let mut vm = vm(config, builtin);
        let mut limits = Limits::default();
        limits.max_reentry = 9;
        vm.set_limits(limits);
        ends(&mut vm, &[1, 2, 2]).0
    };
    let wanted = limited(none());
    for (way, config) in ways() {
        assert_eq!(limited(config), wanted, "{way}");
    }
}

#[test]
fn an_interrupt_out_of_a_handler() {
    same(
        |vm, _| {
            let n = number(vm);
            if n == 33 {
                vm.interrupt_handle().interrupt();
            }
            Value::Int(n)
        },
        // Where it is seen depends on nothing but what runs: the next run finds it at the latest.
        &[3, 30, 30],
    );
}

#[derive(Language)]
#[language(name = "owning", host = u64, ops(owning::OPS))]
struct Owning;

#[ops(Owning)]
mod owning {
    use super::*;

    /// Has the VM, for a call.
    #[ext_op]
    pub fn doubled(n: i64, mut cx: Ctx<'_, Owning>) -> Result<i64, Trap> {
        *cx.host() += 1;
        Ok(cx.call("g", &[Value::Int(n)])?.to_int())
    }

    /// Asks for the host alone.
    #[ext_op]
    pub fn count(n: i64, host: &mut u64) -> i64 {
        *host += 1;
        n + (*host % 3) as i64
    }
}

#[test]
fn ops_that_have_the_whole_vm_beside_ops_that_have_a_part() {
    let chunk = fusevm_chunk! { Owning;
        fn g(n: i64) { n * 2 }
        fn f(n: i64) {
            let mut sum = 0;
            for i in 0..n {
                sum = (sum * 5 + i * 3) % 100003;
                sum = owning::count(sum);
                sum = sum + (i * 7) % 13 + (sum * 3) % 17;
                sum = sum + owning::doubled(i);
                sum = owning::count(sum);
            }
            sum
        }
    };
    let run = |config: JitConfig| {
        let mut vm = Owning::vm(0);
        vm.set_jit(config);
        vm.eval(&chunk).expect("it runs");
        let sums: Vec<Value> = (TURNS.iter())
            .map(|n| vm.call("f", &[Value::Int(*n)]).expect("it runs"))
            .collect();
        (sums, *vm.host())
    };
    let wanted = run(none());
    for (way, config) in ways() {
        assert_eq!(run(config), wanted, "{way}");
    }
}

#[test]
fn more_calls_are_open_than_machine_code_tells_of() {
    let text = text_from(2).replace("LoadInt 6\n", "LoadInt 30000\n");
    let builtin = |vm: &mut VM, _| match number(vm) {
        5 => panic!("no"),
        n => Value::Int(n),
    };
    let wanted = ends(&mut vm_of(&text, none(), builtin), &[3, 4, 5, 8, 5]).0;
    for (way, config) in ways() {
        let found = ends(&mut vm_of(&text, config, builtin), &[3, 4, 5, 8, 5]).0;
        assert!(found == wanted, "{way}");
    }
}
