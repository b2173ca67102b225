//! Machine code of several programs, VMs and threads, of functions that change, and of values that fail
//! when they are dropped.

use super::{at_once, entries, ways};
use fusevm::{Chunk, FuseValue, HostValue, JitConfig, Program, VM, Value};

fn parsed(text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The sum of what `one` gives for the first numbers.
const SUM: &str = "
fn sum/1
  Jump over
sum:
  SetSlot 0
  LoadInt 0
  SetSlot 1
  LoadInt 0
  SetSlot 2
top:
  GetSlot 1
  GetSlot 2
  Call one, 1
  Add
  SetSlot 1
  PreIncSlotVoid 2
  GetSlot 2
  GetSlot 0
  NumLt
  JumpIfTrue top
  GetSlot 1
  ReturnValue
over:
";

fn one(body: &str) -> String {
    format!("fn one/1\n  Jump over1\none:\n  SetSlot 0\n{body}  ReturnValue\nover1:\n")
}

fn with(config: Option<JitConfig>) -> VM {
    let mut vm = VM::empty();
    vm.set_lowering(config.is_some());
    config.into_iter().for_each(|config| vm.set_jit(config));
    vm
}

/// Both in one program.
fn both(body: &str) -> String {
    let sum = SUM.replace("fn sum/1\n", "fn sum/1\nfn one/1\n");
    let one = one(body).replace("fn one/1\n", "");
    format!("{sum}{one}")
}

fn sum(vm: &mut VM, n: i64) -> String {
    match vm.call("sum", &[Value::Int(n)]) {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{error} {:?}", error.trace()),
    }
}

#[test]
fn functions_that_are_defined_anew_are_called_from_then_on() {
    let bodies = [
        "  GetSlot 0\n  LoadInt 2\n  Mul\n",
        "  GetSlot 0\n  LoadFloat 0.5\n  Add\n",
        "  LoadConst \"7\"\n",
        "  GetSlot 0\n  LoadInt 1\n  Add\n",
    ];
    let all = ways().into_iter().map(|(_, config)| Some(config));
    let mut ends = Vec::new();
    for config in [None].into_iter().chain(all) {
        let mut vm = with(config);
        let mut seen = Vec::new();
        vm.eval(parsed(&both(bodies[0]))).expect("it runs");
        for body in bodies.iter().chain(&bodies) {
            for n in [3, 50, 50] {
                seen.push(sum(&mut vm, n));
            }
            vm.eval(parsed(&one(body))).expect("it runs");
            for n in [3, 50, 50] {
                seen.push(sum(&mut vm, n));
            }
            vm.eval(parsed(&both(body))).expect("it runs");
            for n in [3, 50, 50, 50] {
                seen.push(sum(&mut vm, n));
            }
        }
        ends.push(seen);
    }
    for end in &ends[1..] {
        assert_eq!(*end, ends[0]);
    }
}

#[test]
fn a_function_that_is_defined_anew_while_it_is_called() {
    // The builtin defines it, in the middle of the loop.
    let text = both(
        "  GetSlot 0\n  LoadInt 20\n  NumEq\n  JumpIfFalse on\n  CallBuiltin 1, 0\n  Pop\non:\n  GetSlot 0\n",
    );
    let mut ends = Vec::new();
    for config in [None]
        .into_iter()
        .chain(ways().into_iter().map(|way| Some(way.1)))
    {
        let mut vm = with(config);
        vm.register_builtin(1, |vm, _| {
            let program = parsed(&one("  GetSlot 0\n  LoadInt 1000\n  Mul\n"));
            vm.eval(&program).expect("it runs");
            Value::Undef
        });
        let mut seen = Vec::new();
        for n in [5, 10, 15, 40, 40, 10] {
            vm.eval(parsed(&text)).expect("it runs");
            seen.push(sum(&mut vm, n));
            seen.push(sum(&mut vm, n));
        }
        ends.push(seen);
    }
    for end in &ends[1..] {
        assert_eq!(*end, ends[0]);
    }
}

#[test]
fn one_program_in_several_vms_on_several_threads() {
    let program =
        Program::new(parsed(&both("  GetSlot 0\n  LoadInt 3\n  Mul\n"))).expect("it verifies");
    let wanted = {
        let mut base = with(None);
        base.eval(&program).expect("it runs");
        (sum(&mut base, 3), sum(&mut base, 500))
    };
    std::thread::scope(|scope| {
        for (_, config) in ways().into_iter().chain([("usual", JitConfig::DEFAULT)]) {
            let (program, wanted) = (&program, &wanted);
            scope.spawn(move || {
                for _ in 0..10 {
                    let mut vm = with(Some(config.clone()));
                    vm.eval(program).expect("it runs");
                    for _ in 0..20 {
                        assert_eq!(sum(&mut vm, 3), wanted.0);
                        assert_eq!(sum(&mut vm, 500), wanted.1);
                    }
                }
            });
        }
    });
}

#[test]
fn a_vm_that_goes_from_thread_to_thread() {
    for (way, config) in ways() {
        let mut vm = with(Some(config));
        vm.eval(parsed(&both("  GetSlot 0\n  LoadInt 3\n  Mul\n")))
            .expect("it runs");
        for n in 1..12 {
            let thread = std::thread::Builder::new().stack_size((200 + n * 50) << 10);
            let run = move || {
                let end = sum(&mut vm, 100);
                (vm, end)
            };
            let (back, end) = thread
                .spawn(run)
                .expect("there are threads")
                .join()
                .expect("it ends");
            assert_eq!(end, "14850", "{way}");
            vm = back;
        }
        assert!(entries(&vm) > 0, "{way}");
    }
}

#[test]
fn several_programs_in_one_vm() {
    for (way, config) in ways() {
        let (mut base, mut hot) = (with(None), with(Some(config)));
        for n in 0..30 {
            for vm in [&mut base, &mut hot] {
                let text = both(&format!("  GetSlot 0\n  LoadInt {n}\n  Mul\n"));
                vm.eval(parsed(&text)).expect("it runs");
            }
            for _ in 0..3 {
                assert_eq!(sum(&mut hot, 30), sum(&mut base, 30), "{way}");
            }
        }
        assert!(entries(&hot) > 20, "{way}");
    }
}

#[test]
fn runs_inside_of_handlers() {
    // Each number is asked for by a handler that runs the sum of fewer.
    let text = both(
        "  GetSlot 0\n  LoadInt 6\n  Mod\n  LoadInt 0\n  NumEq\n  JumpIfFalse on\n  GetSlot 0\n  CallBuiltin 1, 1\n  \
         ReturnValue\non:\n  GetSlot 0\n",
    );
    let mut ends = Vec::new();
    for config in [None]
        .into_iter()
        .chain(ways().into_iter().map(|way| Some(way.1)))
    {
        let mut vm = with(config);
        vm.register_builtin(1, |vm, _| {
            let n = vm.pop().to_int();
            match n < 2 {
                true => Value::Int(1),
                false => vm
                    .call("sum", &[Value::Int(n / 2)])
                    .unwrap_or_else(|error| Value::str(error.message())),
            }
        });
        vm.eval(parsed(&text)).expect("it runs");
        for fuel in [None, Some(3_000), Some(20_000)] {
            vm.set_fuel(fuel);
            let seen: Vec<String> = [5, 20, 60, 60].map(|n| sum(&mut vm, n)).to_vec();
            ends.push((fuel, vm.fuel(), seen));
        }
    }
    for (at, end) in ends.iter().enumerate() {
        assert_eq!(*end, ends[at % 3]);
    }
}

/// A value whose drop panics as long as it is told to.
#[derive(Debug)]
struct Fails;

impl FuseValue for Fails {
    const NAME: &'static str = "Fails";
}

impl Drop for Fails {
    fn drop(&mut self) {
        panic!("no");
    }
}

#[test]
fn values_that_fail_when_they_are_dropped() {
    // The value goes to slots, globals, arrays, and from there out of them, in loops of numbers.
    let bodies = [
        "  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  LoadInt 1\n  CallBuiltin 1, 1\n  SetSlot 3\non:\n  \
         LoadInt 5\n  SetSlot 3\n",
        "  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  CallBuiltin 1, 0\n  SetVar g\non:\n  \
         GetSlot 2\n  SetVar g\n",
        "  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  CallBuiltin 1, 0\n  SetSlot 3\non:\n  \
         GetSlot 2\n  LoadInt 18\n  NumEq\n  JumpIfFalse off\n  GetSlot 2\n  ReturnValue\noff:\n",
        "  GetSlot 2\n  LoadInt 1\n  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  Pop\n  CallBuiltin 1, 0\non:\n  \
         Pop\n  Pop\n",
        "  GetSlot 2\n  Call take, 1\n  Pop\n",
        // Out of hashes, under constant keys and others, and where texts and elements come to stand.
        "  GetSlot 2\n  LoadConst \"k\"\n  HashSet h\n  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  \
         CallBuiltin 1, 0\n  LoadConst \"k\"\n  HashSet h\non:\n",
        "  GetSlot 2\n  LoadInt 3\n  HashSet h\n  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  \
         CallBuiltin 1, 0\n  LoadInt 3\n  HashSet h\non:\n",
        "  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  CallBuiltin 1, 0\n  SetSlot 3\non:\n  \
         LoadConst \"k\"\n  HashGet h\n  SetSlot 3\n",
        "  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse on\n  CallBuiltin 1, 0\n  SetSlot 3\non:\n  \
         LoadConst \"k\"\n  GetSlot 2\n  Concat\n  SetSlot 3\n  GetSlot 3\n  HashExists h\n  SetSlot 4\n",
        "  GetSlot 2\n  LoadInt 17\n  NumEq\n  JumpIfFalse lists\n  CallBuiltin 1, 0\n  MakeArray 1\n  SetSlot 3\n  \
         Jump on\nlists:\n  GetSlot 2\n  MakeArray 1\n  MakeArray 1\n  SetSlot 3\non:\n  \
         LoadInt 0\n  SlotArrayGet 3\n  SetSlot 4\n",
    ];
    let take = "take:\n  SetSlot 0\n  GetSlot 0\n  LoadInt 17\n  NumEq\n  JumpIfFalse plain\n  CallBuiltin 1, 0\n  SetSlot 1\n                \x20 CallBuiltin 1, 0\n  ReturnValue\nplain:\n  LoadInt 3\n  ReturnValue\n";
    for body in bodies {
        let text = format!(
            "fn main/0\nfn take/1\n  Jump over\n{take}main:\n  LoadInt 0\n  SetSlot 2\ntop:\n{body}  PreIncSlotVoid 2\n  \
             GetSlot 2\n  LoadInt 40\n  NumLt\n  JumpIfTrue top\n  GetSlot 2\n  ReturnValue\nover:\n"
        );
        let mut ends = Vec::new();
        for config in [super::none()]
            .into_iter()
            .chain(ways().into_iter().map(|way| way.1))
        {
            let mut vm = with(Some(config));
            vm.register_builtin(1, |vm, n| {
                (0..n).for_each(|_| drop(vm.pop()));
                HostValue::new(Fails).into()
            });
            vm.eval(parsed(&text)).expect("it runs");
            vm.set_global("h", Value::hash([("k", Value::Int(1))]));
            let mut seen = Vec::new();
            for fuel in [None, Some(100_000), None, None] {
                vm.set_fuel(fuel);
                seen.push(match vm.call("main", &[]) {
                    Ok(value) => format!("{value:?}"),
                    Err(error) => format!("{:?} {error} {:?}", error.kind(), error.trace()),
                });
                seen.push(format!("{:?}", vm.fuel()));
            }
            ends.push(seen);
            let _ =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| vm.set_global("g", 1)));
        }
        for end in &ends[1..] {
            assert_eq!(*end, ends[0], "{text}");
        }
    }
}

#[test]
fn arrays_that_are_shared_are_copied_when_they_are_written() {
    let text = "
fn main/1
  Jump over
main:
  SetSlot 0
  LoadConst [1, 2, 3, 4]
  SetSlot 1
  LoadInt 0
  SetSlot 2
top:
  GetSlot 1
  SetVar kept
  GetSlot 2
  LoadInt 3
  GetSlot 2
  BitAnd
  SlotArraySet 1
  GetSlot 2
  LoadInt 10
  NumLt
  JumpIfTrue on
  GetSlot 2
  LoadInt 1
  SlotArraySet 0
on:
  PreIncSlotVoid 2
  GetSlot 2
  LoadInt 40
  NumLt
  JumpIfTrue top
  GetSlot 0
  GetSlot 1
  GetVar kept
  MakeArray 3
  ReturnValue
over:
";
    for (way, config) in ways() {
        let mut vm = with(Some(config));
        vm.eval(parsed(text)).expect("it runs");
        for _ in 0..4 {
            let own = Value::array(vec![Value::Int(7), Value::Int(8)]);
            let found = vm
                .call("main", std::slice::from_ref(&own))
                .expect("it runs");
            assert_eq!(format!("{own:?}"), "[7, 8]", "{way}");
            let wanted = "[[7, 39], [36, 37, 38, 39], [36, 37, 38, 35]]";
            assert_eq!(format!("{found:?}"), wanted, "{way}");
        }
        assert!(entries(&vm) > 0);
    }
}

#[test]
fn many_vms_come_and_go() {
    let program =
        Program::new(parsed(&both("  GetSlot 0\n  LoadInt 3\n  Mul\n"))).expect("it verifies");
    for n in 0..200 {
        let mut vm = with(Some(at_once(10)));
        vm.eval(&program).expect("it runs");
        for _ in 0..3 {
            assert_eq!(sum(&mut vm, 10), "135", "{n}");
        }
    }
}
