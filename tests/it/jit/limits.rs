//! Fuel, interrupts, depth and memory in machine code.

use super::{at_once, entries, none, ways};
use fusevm::{Chunk, ErrorKind, JitConfig, TrapKind, VM, VMResult, Value};
use std::cell::Cell;
use std::time::{Duration, Instant};

fn parsed(text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A function that calls itself so deep, and a loop of such calls.
const DEEP: &str = "
fn down/1
fn main/2
  Jump over
down:
  SetSlot 0
  GetSlot 0
  LoadInt 0
  NumLe
  JumpIfFalse deeper
  LoadInt 1
  ReturnValue
deeper:
  GetSlot 0
  Dec
  Call down, 1
  LoadInt 1
  Add
  ReturnValue
main:
  SetSlot 1
  SetSlot 0
  LoadInt 0
  SetSlot 2
turn:
  GetSlot 2
  GetSlot 0
  NumLt
  JumpIfFalse done
  GetSlot 1
  Call down, 1
  SetSlot 3
  PreIncSlotVoid 2
  Jump turn
done:
  GetSlot 3
  ReturnValue
over:
";

/// A loop without end that only counts.
const FOREVER: &str = "
fn main/0
  Jump over
main:
  LoadInt 0
  SetSlot 0
top:
  GetSlot 0
  Inc
  LoadInt 1023
  BitAnd
  SetSlot 0
  Jump top
over:
";

fn vm(text: &str, config: Option<JitConfig>) -> VM {
    let mut vm = VM::empty();
    vm.set_lowering(config.is_some());
    config.into_iter().for_each(|config| vm.set_jit(config));
    vm.eval(parsed(text)).expect("it defines functions");
    vm
}

/// What is seen of a call.
fn seen(vm: &mut VM, args: &[Value]) -> (String, Option<u64>) {
    let end = match vm.call("main", args) {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?} {error} {:?}", error.kind(), error.trace()),
    };
    (end, vm.fuel())
}

#[test]
fn fuel_is_the_same_to_the_unit() {
    let args = [Value::Int(4), Value::Int(9)];
    for (way, config) in ways() {
        let (mut base, mut hot) = (vm(DEEP, None), vm(DEEP, Some(config)));
        for fuel in (0..700).chain([4_095, 4_096, 4_097, 10_000]).rev() {
            base.set_fuel(Some(fuel));
            hot.set_fuel(Some(fuel));
            assert_eq!(
                seen(&mut hot, &args),
                seen(&mut base, &args),
                "{way}, fuel {fuel}"
            );
        }
        assert!(entries(&hot) > 50, "{way}: {}", hot.jit_report());
    }
}

#[test]
fn depth_is_the_same_to_the_call() {
    for (way, config) in ways() {
        let (mut base, mut hot) = (vm(DEEP, None), vm(DEEP, Some(config)));
        for most in (0..40).rev() {
            for vm in [&mut base, &mut hot] {
                let mut limits = vm.limits().clone();
                limits.max_call_depth = most;
                vm.set_limits(limits);
            }
            for depth in [0, 1, 2, 10, 36, 37, 38, 39] {
                let args = [Value::Int(3), Value::Int(depth)];
                let (found, wanted) = (seen(&mut hot, &args), seen(&mut base, &args));
                assert_eq!(found, wanted, "{way}, {depth} calls where {most} may be");
            }
        }
        assert!(entries(&hot) > 50, "{way}: {}", hot.jit_report());
    }
}

#[test]
fn stack_is_limited_as_it_is_in_base() {
    for (way, config) in ways() {
        let (mut base, mut hot) = (vm(DEEP, None), vm(DEEP, Some(config)));
        for most in (0..200).rev().step_by(7) {
            for vm in [&mut base, &mut hot] {
                let mut limits = vm.limits().clone();
                limits.max_stack = most;
                vm.set_limits(limits);
            }
            for depth in [0, 5, 60] {
                let args = [Value::Int(3), Value::Int(depth)];
                let (found, wanted) = (seen(&mut hot, &args), seen(&mut base, &args));
                let is = |end: &(String, Option<u64>)| {
                    end.0.contains("Stack") || end.0.contains("stack")
                };
                // Registers are no values on the stack: they may come to the limit elsewhere.
                if is(&found) || is(&wanted) {
                    continue;
                }
                assert_eq!(found, wanted, "{way}, {depth} calls on {most}");
            }
        }
    }
}

#[test]
fn a_tight_loop_is_interrupted() {
    for fuel in [None, Some(u64::MAX / 2)] {
        for (way, config) in ways() {
            let mut hot = vm(FOREVER, Some(config));
            hot.set_fuel(Some(5_000));
            let (end, _) = seen(&mut hot, &[]);
            assert!(end.contains("fuel"), "{end}");
            hot.set_fuel(fuel);
            let handle = hot.interrupt_handle();
            let other = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                handle.interrupt();
                Instant::now()
            });
            let (end, _) = seen(&mut hot, &[]);
            let stopped = Instant::now();
            assert!(end.contains("interrupted"), "{way}: {end}");
            let late = stopped.saturating_duration_since(other.join().expect("it ends"));
            println!("{way}, fuel {fuel:?}: {late:?}");
            assert!(late < Duration::from_secs(5), "{way}: {late:?}");
            assert!(entries(&hot) > 0, "{way}");
        }
    }
}

#[test]
fn a_recursion_without_end_is_interrupted() {
    let text = DEEP.replace(
        "LoadInt 0\n  NumLe",
        "LoadInt -4000000000000000000\n  NumLe",
    );
    let mut hot = vm(&text, Some(at_once(30)));
    let mut limits = hot.limits().clone();
    (limits.max_call_depth, limits.max_stack) = (usize::MAX, usize::MAX);
    limits.max_stack = 3_000_000;
    hot.set_limits(limits);
    let (end, _) = seen(&mut hot, &[Value::Int(1), Value::Int(1)]);
    assert!(end.contains("stack"), "{end:.200}");
}

/// Runs something on a thread with little stack.
fn on_little_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        let thread = thread.spawn_scoped(scope, run).expect("there are threads");
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_million_calls_on_little_native_stack() {
    for (way, config) in ways() {
        on_little_stack(|| {
            let (mut base, mut hot) = (vm(DEEP, None), vm(DEEP, Some(config.clone())));
            for most in [1_000, 300_000, 1_000_000] {
                for vm in [&mut base, &mut hot] {
                    let mut limits = vm.limits().clone();
                    (limits.max_call_depth, limits.max_stack) = (most, 20_000_000);
                    vm.set_limits(limits);
                }
                let told =
                    |vm: &mut VM| match vm.call("main", &[Value::Int(2), Value::Int(2_000_000)]) {
                        Ok(value) => panic!("{value:?}"),
                        Err(error) => (error.kind(), error.message(), error.trace().len()),
                    };
                let (found, wanted) = (told(&mut hot), told(&mut base));
                assert_eq!(found, wanted, "{way}");
                assert_eq!(found.0, ErrorKind::Trap(TrapKind::CallDepth), "{way}");
            }
            let fits = [Value::Int(2), Value::Int(250_000)];
            assert_eq!(seen(&mut hot, &fits), seen(&mut base, &fits), "{way}");
        });
    }
}

#[test]
fn fuel_that_a_handler_sets_in_the_middle_counts_from_there_on() {
    let text = "
fn main/1
  Jump over
main:
  SetSlot 1
  LoadInt 0
  SetSlot 0
top:
  GetSlot 0
  Inc
  SetSlot 0
  GetSlot 0
  LoadInt 50
  NumEq
  JumpIfFalse on
  GetSlot 1
  CallBuiltin 1, 1
  Pop
on:
  GetSlot 0
  LoadInt 200
  NumLt
  JumpIfTrue top
  GetSlot 0
  ReturnValue
over:
";
    for (way, config) in ways() {
        let (mut base, mut hot) = (vm(text, None), vm(text, Some(config)));
        for vm in [&mut base, &mut hot] {
            vm.register_builtin(1, |vm, _| {
                let fuel = vm.pop().to_int();
                vm.set_fuel(u64::try_from(fuel).ok());
                Value::Undef
            });
        }
        for given in [None, Some(2_000)] {
            for fuel in (-1..1_400).step_by(13) {
                base.set_fuel(given);
                hot.set_fuel(given);
                let args = [Value::Int(fuel)];
                assert_eq!(
                    seen(&mut hot, &args),
                    seen(&mut base, &args),
                    "{way}, fuel {fuel}"
                );
            }
        }
    }
}

#[test]
fn reports_say_what_was_compiled() {
    let mut hot = vm(DEEP, Some(at_once(30)));
    assert_eq!(hot.jit_report().compiled.len(), 0);
    for _ in 0..5 {
        seen(&mut hot, &[Value::Int(20), Value::Int(20)]);
    }
    let report = hot.jit_report();
    assert!(report.compiled.iter().any(|unit| unit.is_loop), "{report}");
    assert!(report.compiled.iter().any(|unit| !unit.is_loop), "{report}");
    assert!(report.entries > 0 && report.code_memory > 0, "{report}");
    assert!(report.to_string().contains("function"), "{report}");
    hot.set_jit(JitConfig::DEFAULT);
    assert!(hot.jit_report().compiled.is_empty());
    assert!(matches!(
        hot.run(),
        VMResult::Error(_) | VMResult::Halted | VMResult::Ok(_)
    ));
}

#[test]
fn code_memory_that_ends_in_the_middle() {
    // Functions that call each other in a row, of which so many have room. They are too long to be built
    // into each other.
    let mut text = String::from("fn main/1\n");
    let mut bodies = String::new();
    for n in 0..6 {
        text += &format!("fn f{n}/1\n");
        let work = "  LoadInt 3\n  Mul\n  LoadInt 1000003\n  Mod\n".repeat(40);
        let call = match n {
            0 => String::new(),
            n => format!("  Call f{}, 1\n", n - 1),
        };
        bodies += &format!("f{n}:\n  SetSlot 0\n  GetSlot 0\n{work}{call}  ReturnValue\n");
    }
    text += &format!(
        "  Jump over\n{bodies}main:\n  SetSlot 0\n  LoadInt 0\n  SetSlot 1\ntop:\n  GetSlot 1\n  Call f5, 1\n  SetSlot 2\n\
         \x20 GetSlot 1\n  Call f2, 1\n  SetSlot 2\n  GetSlot 1\n  Inc\n  SetSlot 1\n  GetSlot 1\n  GetSlot 0\n  NumLt\n  \
         JumpIfTrue top\n  GetSlot 2\n  ReturnValue\nover:\n"
    );
    for pages in 1..16 {
        let mut config = at_once(200);
        config.code_memory = pages * (16 << 10);
        let (mut base, mut hot) = (vm(&text, None), vm(&text, Some(config)));
        for _ in 0..4 {
            let args = [Value::Int(50)];
            assert_eq!(
                seen(&mut hot, &args),
                seen(&mut base, &args),
                "{pages} pages"
            );
            let call = |vm: &mut VM| format!("{:?}", vm.call("f4", &args));
            assert_eq!(call(&mut hot), call(&mut base));
        }
        assert!(hot.jit_report().code_memory <= pages * (16 << 10));
        let report = hot.jit_report();
        assert!(pages < 10 || report.entries > 0, "{report}");
        // It is said so where that is why.
        let is_full = report.refused.iter().any(|place| place.why == "Memory");
        assert!(is_full || pages > 3, "{pages} pages\n{report}");
        assert!(!is_full || pages < 12, "{pages} pages\n{report}");
    }
}

/// A loop that begins with the first op of a program, and a function that is called from one: somebody interrupts while
/// it is looked at what they work on.
#[test]
fn an_interrupt_while_kinds_are_looked_at() {
    thread_local! {
        static LEFT: Cell<u32> = const { Cell::new(0) };
    }
    for text in [
        "top:\n  CallBuiltin 1, 0\n  Pop\n  Jump top\n",
        "fn f/0\ntop:\n  Call f, 0\n  Pop\n  Jump top\nf:\n  CallBuiltin 1, 0\n  ReturnValue\n",
    ] {
        let interrupted = |config: JitConfig, turns: u32| {
            let mut vm = VM::empty();
            vm.set_jit(config);
            LEFT.set(turns);
            vm.register_builtin(1, |vm, _| {
                LEFT.set(LEFT.get().saturating_sub(1));
                if LEFT.get() == 0 {
                    vm.interrupt_handle().interrupt();
                }
                Value::Int(1)
            });
            vm.eval(parsed(text)).expect_err("it does not end").render()
        };
        let expected = interrupted(none(), 1);
        assert!(expected.contains("interrupted"), "{expected}");
        for turns in (0..40).map(|i| 1 + 613 * i) {
            // It is looked at all that runs.
            let found = interrupted(at_once(100_000), turns);
            assert!(found.contains("interrupted"), "{turns} turns: {found}");
        }
    }
}
