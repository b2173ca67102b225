//! Where the loop is left and goes on: long callees, panics in runs of instructions, interrupts.

use super::{agree, core};
use fusevm::{TrapKind, VM, Value, Vm, prelude::*};

#[test]
fn a_function_that_is_longer_than_the_patience_of_its_caller_is_called() {
    for body in [5_000, 20_000] {
        let mut text =
            String::from("fn f/1\n  LoadInt 5\n  Call f, 1\n  Jump end\nf:\n  SetSlot 0\n");
        text.extend((0..body).map(|_| "  GetSlot 0\n  Inc\n  SetSlot 0\n"));
        text.push_str("  GetSlot 0\n  ReturnValue\nend:\n");
        let program = fusevm::Program::new(core(&text)).unwrap();
        let mut vm = VM::empty();
        // The first run is in the base interpreter.
        for _ in 0..2 {
            assert_eq!(vm.eval(&program).unwrap(), Value::Int(5 + body), "{body}");
        }
    }
}

/// Panics when it is dropped.
#[derive(FuseValue)]
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("dropped"));
    }
}

#[test]
fn a_panic_among_instructions_on_texts_is_of_the_one_that_it_is_in() {
    let chunk = core(
        "  DeclareHash h\n  CallBuiltin 1, 0\n  LoadConst \"b\"\n  HashSet h\n\
         \x20 GetSlot 0\n  LoadConst \"a\"\n  HashSet h\n  GetSlot 0\n  LoadConst \"b\"\n  HashSet h\n  LoadInt 3\n",
    );
    for fuel in [None, Some(100)] {
        let ends = [false, true].map(|lowering| {
            let mut vm = Vm::<()>::default();
            vm.register_builtin(1, |_, _| Fragile.into());
            vm.set_lowering(lowering);
            vm.set_fuel(fuel);
            let error = vm.eval(&chunk).unwrap_err();
            assert!(error.message().contains("dropped"), "{error}");
            (super::told(&error), vm.fuel(), vm.global("h"))
        });
        assert_eq!(ends[1], ends[0]);
    }
}

/// The turns of an endless loop with such an end until it hears of an interrupt in its first turn.
fn turns(body: usize, ends: &str) -> i64 {
    let mut text = String::from(
        "  LoadFloat 1e300\n  SetSlot 1\ntop:\n  GetVar n\n  Inc\n  SetVar n\n  CallBuiltin 1, 0\n  Pop\n",
    );
    text.extend((0..body / 3).map(|_| "  GetSlot 0\n  Inc\n  SetSlot 0\n"));
    text.push_str(ends);
    let mut vm = VM::empty();
    vm.register_builtin(1, |vm, _| {
        if vm.global("n") == Value::Int(1) {
            vm.interrupt_handle().interrupt();
        }
        assert!(vm.global("n").to_int() < 100_000, "nobody hears of it");
        Value::Undef
    });
    let error = vm.eval(core(&text)).unwrap_err();
    assert_eq!(
        error.kind(),
        fusevm::ErrorKind::Trap(TrapKind::Interrupted),
        "{error}"
    );
    vm.global("n").to_int()
}

#[test]
fn long_bodies_hear_of_an_interrupt_wherever_they_go_back() {
    for (name, ends) in [
        ("jump", "  Jump top\n"),
        ("number", "  LoadInt 1\n  JumpIfTrue top\n"),
        (
            "mixed",
            "  GetSlot 0\n  GetSlot 1\n  NumLt\n  JumpIfTrue top\n",
        ),
    ] {
        let ops = turns(3_000, ends) * 3_000;
        assert!(ops < 200_000, "{ops} ops of {name}");
    }
}

#[test]
fn calls_to_and_fro_between_programs_hear_of_an_interrupt() {
    let mut vm = Vm::<()>::default();
    vm.register_builtin(1, |vm, _| {
        if vm.global("n") == Value::Int(1) {
            vm.interrupt_handle().interrupt();
        }
        assert!(vm.global("n").to_int() < 100_000, "nobody hears of it");
        Value::Undef
    });
    vm.eval(core(
        "fn g/1\n  Jump end\ng:\n  SetSlot 0\n  GetSlot 0\n  ReturnValue\nend:\n",
    ))
    .unwrap();
    let error = vm
        .eval(core(
            "top:\n  GetVar n\n  Inc\n  SetVar n\n  CallBuiltin 1, 0\n  Pop\n  LoadInt 1\n  Call g, 1\n  Pop\n  Jump top\n",
        ))
        .unwrap_err();
    assert_eq!(
        error.kind(),
        fusevm::ErrorKind::Trap(TrapKind::Interrupted),
        "{error}"
    );
}

#[test]
fn a_function_that_a_handler_defines_is_called_although_the_program_was_linked_anew() {
    let chunk = core(
        "fn f/0\nfn h/0\n  Call f, 0\n  Pop\n  CallBuiltin 1, 0\n  Pop\n  Call f, 0\n  Jump end\n\
         f:\n  LoadInt 1\n  ReturnValue\nh:\n  Call g, 0\n  ReturnValue\nend:\n",
    );
    let seen = agree::<()>(&chunk, |vm| {
        vm.register_builtin(1, |vm, _| {
            let define = |name: &str, n: i64| {
                core(&format!(
                    "fn {name}/0\n  Jump end\n{name}:\n  LoadInt {n}\n  ReturnValue\nend:\n"
                ))
            };
            let _ = vm.eval(define("g", 5));
            let _ = vm.call("h", &[]);
            let _ = vm.eval(define("f", 2));
            Value::Undef
        });
    });
    assert_eq!(seen.end, "2");
}

#[test]
fn a_trap_that_a_panic_has_overtaken_is_no_later_handlers() {
    let ends = [false, true].map(|lowering| {
        let mut vm = VM::empty();
        vm.set_lowering(lowering);
        vm.register_builtin(1, |vm, _| {
            vm.pop();
            std::panic::resume_unwind(Box::new("after it"));
        });
        vm.register_builtin(2, |_, _| Value::Int(7));
        let first = vm.eval(core("  CallBuiltin 1, 0\n")).unwrap_err();
        let then = vm.eval(core("  CallBuiltin 2, 0\n"));
        (first.message(), then.map_err(|error| error.message()))
    });
    assert_eq!(ends[1], ends[0]);
    assert_eq!(ends[1].1, Ok(Value::Int(7)));
}

#[derive(Language)]
#[language(name = "calls", ops(ops::OPS))]
struct Calls;

#[ops(Calls)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// Calls the function through the value, which is an input of no one else.
    #[ext_op]
    pub fn through(callee: &Value, function: &Func, args: Rest<'_>) -> Invoke {
        let _ = args;
        Invoke::Call {
            function: function.clone(),
            callee: callee.clone(),
            first: None,
        }
    }
}

#[test]
fn a_callee_that_panics_when_it_is_dropped_is_a_trap_of_the_return() {
    for result in [Value::Int(3), Value::from("text")] {
        let mut b = Builder::<Calls>::new();
        let f = b.begin_inner_fn("f", &["n"]);
        for _ in 0..20 {
            b.get_slot(0);
            b.emit(Op::Inc);
            b.set_slot(0);
        }
        b.load(result);
        b.emit(Op::ReturnValue);
        let name = b.inner_fn(&f);
        b.end_fn(f);
        b.emit(Op::CallBuiltin(1, 0));
        b.op(ops::function { f: name });
        b.load(1);
        b.op(ops::through { args: 1 });
        let chunk = b.finish().unwrap();
        let ends = [false, true].map(|lowering| {
            let mut vm = Vm::<Calls>::default();
            vm.register_builtin(1, |_, _| Fragile.into());
            vm.set_lowering(lowering);
            super::told(&vm.eval(&chunk).unwrap_err())
        });
        assert_eq!(ends[1], ends[0]);
    }
}
