//! Calls by the host that go to machine code at once, without a frame: they give what they always gave, and
//! whatever changes between two of them counts.

use super::{at_once, none};
use fusevm::{Chunk, FuseValue, HostValue, JitConfig, Limits, SharedBuffer, VM, Value};
use std::sync::atomic::{AtomicUsize, Ordering};

fn vm(text: &str, config: JitConfig) -> VM {
    let chunk = Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut vm = VM::empty();
    vm.set_jit(config);
    vm.eval(chunk).expect("it runs");
    vm
}

fn direct(vm: &VM) -> u64 {
    vm.jit_report().direct
}

/// A VM whose function `f` was called so that the next call is a direct one, and one without machine code.
fn ready(text: &str, args: &[Value]) -> [VM; 2] {
    let mut config = at_once(30);
    config.exits = u32::MAX;
    let mut hot = vm(text, config);
    let mut plain = vm(text, none());
    for _ in 0..6 {
        assert_eq!(called(&mut hot, args), called(&mut plain, args));
    }
    assert!(direct(&hot) >= 2, "{}", hot.jit_report());
    [hot, plain]
}

/// What a call of `f` leads to.
fn called(vm: &mut VM, args: &[Value]) -> String {
    match vm.call("f", args) {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.render(),
    }
}

/// The same happens in both; whether the first call was a direct one.
fn same([hot, plain]: &mut [VM; 2], args: &[Value]) -> bool {
    let before = direct(hot);
    assert_eq!(called(hot, args), called(plain, args));
    direct(hot) > before
}

/// `f(a, b)` gives `a / b + g(a)`, where `g` doubles.
const DIVIDES: &str = "
source \"divides\"
fn f/2
fn g/1
  Jump over
f:
  SetSlot 1
  SetSlot 0
  GetSlot 0
  GetSlot 1
  Div
  GetSlot 0
  Call g, 1
  Add
  ReturnValue
g:
  LoadInt 2
  Mul
  ReturnValue
over:
";

const TWO: [Value; 2] = [Value::Int(12), Value::Int(5)];

#[test]
fn a_call_without_a_frame_is_left_as_if_it_had_one() {
    let mut both = ready(DIVIDES, &TWO);
    assert!(same(&mut both, &[Value::Int(8), Value::Int(-3)]));
    // What an exit leads to: another kind, a trap with its place and chain.
    for args in [
        [Value::Int(8), Value::Int(0)],
        [Value::Int(i64::MIN), Value::Int(-1)],
        [Value::Int(i64::MAX), Value::Int(1)],
        [Value::Int(8), Value::str("x")],
        [Value::Float(0.5), Value::Int(2)],
        [Value::array([1]), Value::Int(2)],
    ] {
        for _ in 0..8 {
            same(&mut both, &args);
            same(&mut both, &TWO);
        }
    }
    // The wrong number of them.
    same(&mut both, &TWO[..1]);
    same(&mut both, &[]);
    same(&mut both, &TWO);
    assert!(same(&mut both, &TWO), "{}", both[0].jit_report());
}

#[test]
fn both_ways_of_naming_a_function() {
    let mut both = ready(DIVIDES, &TWO);
    let function = both[0].function("f").expect("it is there");
    let before = direct(&both[0]);
    let hot = &mut both[0];
    let wanted = hot.call("f", &TWO).expect("it ends");
    assert_eq!(hot.call(&function, &TWO).expect("it ends"), wanted);
    let value = Value::Func(function);
    assert_eq!(hot.call(&value, &TWO).expect("it ends"), wanted);
    assert_eq!(direct(hot), before + 3);
    let missing = hot.call("h", &TWO).expect_err("there is no such function");
    assert!(missing.message().contains('h'));
}

#[test]
fn what_is_defined_between_two_calls() {
    let mut both = ready(DIVIDES, &TWO);
    let function = both[0].function("f").expect("it is there");
    let old = both[0].call(&function, &TWO).expect("it ends");
    // Another `g` alone, then another `f`.
    for text in [
        "fn g/1\n  Jump over\ng:\n  LoadInt 100\n  Mul\n  ReturnValue\nover:\n",
        "fn f/2\n  Jump over\nf:\n  Sub\n  ReturnValue\nover:\n",
    ] {
        for vm in &mut both {
            vm.eval(Chunk::parse(text).expect("it is right"))
                .expect("it runs");
        }
        for _ in 0..6 {
            same(&mut both, &TWO);
        }
    }
    assert!(same(&mut both, &TWO), "{}", both[0].jit_report());
    // The value is still that of the old one, which calls what `g` is now.
    let again = both[0].call(&function, &TWO).expect("it ends");
    assert_ne!(again, old);
    for _ in 0..4 {
        assert_eq!(both[0].call(&function, &TWO).expect("it ends"), again);
    }
    assert_eq!(called(&mut both[0], &TWO), "7");
}

/// `f(a, b)` adds up `g(0)` to `g(a)`, which calls itself.
const COUNTS: &str = "
source \"counts\"
fn f/2
fn g/1
  Jump over
f:
  SetSlot 1
  SetSlot 0
  LoadInt 0
  SetSlot 2
top:
  GetSlot 2
  GetSlot 1
  Call g, 1
  Add
  SetSlot 2
  GetSlot 0
  Dec
  SetSlot 0
  GetSlot 0
  LoadInt 0
  NumGt
  JumpIfTrue top
  GetSlot 2
  ReturnValue
g:
  SetSlot 0
  GetSlot 0
  LoadInt 0
  NumLe
  JumpIfTrue end
  GetSlot 0
  GetSlot 0
  Dec
  Call g, 1
  Add
  ReturnValue
end:
  LoadInt 0
  ReturnValue
over:
";

/// Each op is paid for, and the very op at which fuel ends is told, wherever that is.
#[test]
fn fuel_ends_where_it_ends() {
    for (text, args) in [(DIVIDES, TWO), (COUNTS, [Value::Int(5), Value::Int(3)])] {
        let mut both = ready(text, &args);
        // Code that counts fuel is other code, which is made in the first calls.
        both.iter_mut().for_each(|vm| vm.set_fuel(Some(1 << 40)));
        for _ in 0..6 {
            same(&mut both, &args);
        }
        let mut direct = 0;
        for fuel in (0..500)
            .chain([4_095, 4_096, 4_097, 70_000, 1 << 40])
            .map(Some)
        {
            both.iter_mut().for_each(|vm| vm.set_fuel(fuel));
            // Until there is none left.
            for _ in 0..3 {
                direct += u32::from(same(&mut both, &args));
                assert_eq!(both[0].fuel(), both[1].fuel(), "of {fuel:?}");
            }
        }
        assert!(direct > 200, "{direct} of {}", both[0].jit_report());
    }
}

#[test]
fn settings_that_change_between_two_calls() {
    let mut both = ready(DIVIDES, &TWO);
    let set = |both: &mut [VM; 2], of: &dyn Fn(&mut VM)| {
        both.iter_mut().for_each(of);
        for _ in 0..3 {
            same(both, &TWO);
        }
    };
    let limited = |of: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        of(&mut limits);
        move |vm: &mut VM| vm.set_limits(limits.clone())
    };
    set(&mut both, &limited(&|l| l.max_call_depth = 0));
    set(&mut both, &limited(&|l| l.max_call_depth = 1));
    set(&mut both, &limited(&|l| l.max_stack = 10));
    set(&mut both, &limited(&|_| {}));
    assert!(same(&mut both, &TWO));
    for fuel in [Some(3), Some(1000), None] {
        both.iter_mut().for_each(|vm| vm.set_fuel(fuel));
        same(&mut both, &TWO);
        assert_eq!(both[0].fuel(), both[1].fuel());
    }
    assert!(same(&mut both, &TWO));
    set(&mut both, &|vm| vm.set_fusion(false));
    set(&mut both, &|vm| vm.set_fusion(true));
    set(&mut both, &|vm| vm.set_lowering(false));
    assert!(!same(&mut both, &TWO), "no code runs where none is wanted");
    set(&mut both, &|vm| vm.set_lowering(true));
    set(&mut both, &|vm| vm.set_jit(none()));
    assert_eq!(direct(&both[0]), 0);
    both[0].set_jit(at_once(30));
    for _ in 0..6 {
        same(&mut both, &TWO);
    }
    assert!(same(&mut both, &TWO));
    // Who interrupts stops the next call, and that alone.
    both.iter().for_each(|vm| vm.interrupt_handle().interrupt());
    assert!(!same(&mut both, &TWO));
    assert!(same(&mut both, &TWO));
    // What a host leaves on the stack goes, as ever.
    both.iter_mut().for_each(|vm| vm.push(Value::Int(1)));
    assert!(!same(&mut both, &TWO));
    assert!(same(&mut both, &TWO));
    assert!(both[0].peek().is_none());
    both.iter_mut().for_each(VM::reset);
    assert!(same(&mut both, &TWO));
}

#[test]
fn the_least_depth_of_calls() {
    // `f` calls `g`, which is built in, and counts all the same.
    let mut limits = Limits::default();
    limits.max_call_depth = 1;
    let mut both = [vm(DIVIDES, at_once(30)), vm(DIVIDES, none())];
    for vm in &mut both {
        vm.set_limits(limits.clone());
    }
    for _ in 0..8 {
        same(&mut both, &TWO);
    }
    let end = called(&mut both[0], &TWO);
    assert!(end.contains("call depth exceeds 1"), "{end}");
}

/// Counts those that are there.
#[derive(Debug)]
struct Counts(&'static AtomicUsize);

impl FuseValue for Counts {
    const NAME: &'static str = "Counts";
}

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn what_arguments_and_results_hold_is_dropped_once() {
    let there: &'static AtomicUsize = Box::leak(Box::default());
    // It gives back the one, and lets go of the other; what it has put away last goes when it ends.
    let text = "
fn f/3
  Jump over
f:
  SetSlot 2
  SetSlot 1
  SetSlot 0
  GetSlot 1
  SetSlot 3
  GetSlot 2
  LoadInt 0
  NumGt
  JumpIfTrue first
  GetSlot 1
  ReturnValue
first:
  GetSlot 0
  ReturnValue
over:
";
    let mut hot = vm(text, at_once(30));
    let new = || {
        there.fetch_add(1, Ordering::Relaxed);
        Value::Host(HostValue::new(Counts(there)))
    };
    for n in 0..12 {
        let args = [new(), new(), Value::Int(n % 2)];
        let result = hot.call("f", &args).expect("it ends");
        let shown = [&args[1], &args[0]][(n % 2) as usize];
        assert!(result == *shown);
        drop((args, result));
        assert_eq!(there.load(Ordering::Relaxed), 0);
    }
    assert!(direct(&hot) > 0, "{}", hot.jit_report());
    let texts = [Value::str("one"), Value::array([1, 2]), Value::Int(0)];
    for _ in 0..6 {
        assert_eq!(hot.call("f", &texts).expect("it ends"), texts[1]);
    }
}

#[test]
fn what_it_prints_goes_out_when_it_ends() {
    let text = "fn f/1\n  Jump over\nf:\n  SetSlot 0\n  GetSlot 0\n  PrintLn 1\n  GetSlot 0\n  LoadInt 1\n  Add\n  ReturnValue\nover:\n";
    let mut hot = vm(text, at_once(30));
    let out = SharedBuffer::default();
    hot.set_output(out.clone());
    for n in 0..8 {
        assert_eq!(
            hot.call("f", &[Value::Int(n)]).expect("it ends"),
            Value::Int(n + 1)
        );
        assert_eq!(out.take(), format!("{n}\n"));
    }
}

#[test]
fn a_handler_that_calls_back_while_machine_code_was_left() {
    // The builtin is asked for now and then, and has another VM's worth of calls made.
    let text = "
fn f/1
fn g/1
  Jump over
f:
  SetSlot 0
  GetSlot 0
  LoadInt 9
  NumGt
  JumpIfFalse small
  GetSlot 0
  CallBuiltin 1, 1
  ReturnValue
small:
  GetSlot 0
  LoadInt 3
  Mul
  ReturnValue
g:
  LoadInt 1
  Add
  ReturnValue
over:
";
    let mut both = [vm(text, at_once(30)), vm(text, none())];
    for vm in &mut both {
        vm.register_builtin(1, |vm, _| {
            let n = vm.pop();
            let less = Value::Int(n.to_int() - 9);
            let mut sum = 0;
            for (name, arg) in [("g", &n), ("g", &n), ("f", &less), ("g", &n), ("f", &less)] {
                let args = std::slice::from_ref(arg);
                sum += vm.call(name, args).expect("it ends").to_int();
            }
            Value::Int(sum)
        });
    }
    for n in [1, 2, 3, 4, 20, 1, 40, 2, 2, 15, 3, 100, 4] {
        same(&mut both, &[Value::Int(n)]);
    }
    assert!(same(&mut both, &[Value::Int(5)]));
}

#[test]
fn a_loop_that_is_short_has_its_function_compiled() {
    // Each call runs the loop a few times alone: what is around it is what takes the time.
    let text = "
fn f/1
  Jump over
f:
  SetSlot 0
  LoadInt 0
  SetSlot 1
top:
  GetSlot 1
  LoadInt 3
  Add
  SetSlot 1
  GetSlot 0
  Dec
  SetSlot 0
  GetSlot 0
  LoadInt 0
  NumGt
  JumpIfTrue top
  GetSlot 1
  ReturnValue
over:
";
    let mut config = at_once(30);
    config.everywhere = false;
    let mut hot = vm(text, config);
    for n in 0..1_000 {
        let result = hot.call("f", &[Value::Int(20 + n % 2)]).expect("it ends");
        assert_eq!(result, Value::Int(3 * (20 + n % 2)));
    }
    let report = hot.jit_report();
    assert!(report.compiled.iter().any(|unit| unit.is_loop), "{report}");
    assert!(report.compiled.iter().any(|unit| !unit.is_loop), "{report}");
    assert!(report.direct > 800, "{report}");
}
