//! What stands around the ops: programs and runs, handlers, functions of several programs, and hosts
//! with little stack.

use fusevm::{Chunk, ChunkBuilder, ErrorKind, Limits, Op, Program, TrapKind, VM, VMResult, Value};
use std::thread;
use std::time::Duration;

fn chunk(text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A program that defines `f` as a function that gives `n`.
fn defines(n: i64) -> Chunk {
    chunk(&format!(
        "source f{n}\nfn f/0\n  Return\nf:\n  LoadInt {n} .line {n}\n  ReturnValue"
    ))
}

/// Runs on a thread with a small stack.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(run);
    thread
        .expect("a thread starts")
        .join()
        .expect("it does not panic");
}

#[test]
fn forty_and_two() {
    let mut b = ChunkBuilder::new();
    b.emit(Op::LoadInt(40), 1);
    b.emit(Op::LoadInt(2), 1);
    b.emit(Op::Add, 1);
    let mut vm = VM::new(b.build());
    match vm.run() {
        VMResult::Ok(value) => assert_eq!(value, Value::Int(42)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_handler_of_extension_ops() {
    let mut b = ChunkBuilder::new();
    b.emit(Op::Extended(0, 40), 1);
    b.emit(Op::Extended(0, 2), 1);
    b.emit(Op::Extended(1, 0), 1);
    let mut vm = VM::new(b.build());
    vm.set_extension_handler(Box::new(|vm, id, arg| match id {
        0 => vm.push(Value::Int(arg.into())),
        _ => {
            let (b, a) = (vm.pop(), vm.pop());
            vm.push(Value::Int(a.to_int() + b.to_int()));
        }
    }));
    assert!(matches!(vm.run(), VMResult::Ok(Value::Int(42))));
}

#[test]
fn handlers_are_looked_for_at_the_first_run() {
    let mut vm = VM::new(chunk(
        "source raw\n  Extended 0, 1 .line 3\n  ExtendedWide 0, 1 .line 4",
    ));
    let VMResult::Error(error) = vm.run() else {
        panic!("it runs without handlers");
    };
    assert_eq!(error.kind(), ErrorKind::Load);
    let lines = [
        "raw:3: @0 Extended: the op has no handler (VM::set_extension_handler)",
        "raw:4: @1 ExtendedWide: the op has no handler (VM::set_extension_wide_handler)",
    ];
    assert_eq!(error.to_string(), lines.join("\n"));
    vm.set_extension_handler(Box::new(|vm, _, arg| vm.push(Value::Int(arg.into()))));
    vm.set_extension_wide_handler(Box::new(|_, _, _| {}));
    assert!(matches!(vm.run(), VMResult::Ok(Value::Int(1))));
}

#[test]
fn a_run_starts_over_and_globals_stay() {
    let mut vm = VM::new(chunk(
        "  GetVar x\n  Inc\n  Dup\n  SetVar x\n  GetSlot 0\n  SetSlot 0",
    ));
    vm.push(Value::Int(77));
    for n in 1..4 {
        match vm.run() {
            VMResult::Ok(value) => assert_eq!(value, Value::Int(n)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(vm.global("x"), Value::Int(3));
    vm.reset();
    assert_eq!(vm.global("x"), Value::Undef);
    assert!(matches!(vm.run(), VMResult::Ok(Value::Int(1))));
    assert_eq!(vm.eval(chunk("  Nop")).expect("it runs"), Value::Undef);
    assert!(matches!(VM::empty().run(), VMResult::Halted));
}

#[test]
fn the_latest_function_of_a_name_wins_and_values_keep_theirs() {
    let mut vm = VM::empty();
    vm.load(defines(1)).expect("it loads");
    let caller = Program::new(chunk(
        "fn g/0\n  Call f, 0\n  ReturnValue\ng:\n  Call f, 0\n  ReturnValue",
    ));
    let caller = caller.expect("it verifies");
    assert_eq!(vm.eval(&caller).expect("it runs"), Value::Int(1));
    let old = vm.function("f").expect("it is defined");
    vm.load(defines(2)).expect("it loads");
    assert_eq!(vm.eval(&caller).expect("it runs"), Value::Int(2));
    assert_eq!(vm.call("g", &[]).expect("it runs"), Value::Int(2));
    assert_eq!(vm.call(&old, &[]).expect("it runs"), Value::Int(1));
    // A program that calls its own function gets the latest one, too.
    let own =
        "fn f/0\n  LoadInt 3\n  Pop\n  Call f, 0\n  ReturnValue\nf:\n  LoadInt 3\n  ReturnValue";
    assert_eq!(vm.eval(chunk(own)).expect("it runs"), Value::Int(3));
    assert_eq!(vm.eval(&caller).expect("it runs"), Value::Int(3));
    assert_eq!(vm.call("f", &[]).expect("it runs"), Value::Int(3));
    // One that no longer returns a value leaves Undef where a value is waited for.
    vm.load(chunk("fn f/0\n  Return\nf:\n  Return"))
        .expect("it loads");
    assert_eq!(vm.call("g", &[]).expect("it runs"), Value::Undef);
    assert_eq!(vm.call(&old, &[]).expect("it runs"), Value::Int(1));
}

#[test]
fn functions_of_other_programs_are_checked_when_they_are_called() {
    let mut vm = VM::empty();
    let two = "source two\nfn f/2\nfn g\n  Return\nf:\n  Add\n  ReturnValue\ng:\n  Add .line 9\n  ReturnValue";
    vm.load(chunk(two)).expect("it loads");
    let trap = |vm: &mut VM, text: &str| {
        let error = vm.eval(chunk(text)).expect_err("it traps");
        (error.kind(), error.to_string(), error.pc())
    };
    let found = trap(&mut vm, "  LoadInt 1\n  LoadInt 1\n  Call f, 1 .line 5");
    let message = "chunk:5: `f` takes 2 arguments, but got 1".to_owned();
    assert_eq!(
        found,
        (ErrorKind::Trap(TrapKind::WrongArity), message, Some(2))
    );
    let found = trap(&mut vm, "  LoadInt 1\n  Call g, 1 .line 5");
    let message = "chunk:5: two:9: @3 Add: stack underflow: it pops 2, but the stack holds 1";
    assert_eq!(
        found,
        (ErrorKind::Trap(TrapKind::Load), message.to_owned(), Some(1))
    );
    let sum = chunk("  LoadInt 1\n  LoadInt 2\n  Call g, 2");
    assert_eq!(vm.eval(sum).expect("it runs"), Value::Int(3));
    assert_eq!(
        vm.call("f", &[1.into(), 2.into()]).expect("it runs"),
        Value::Int(3)
    );
    let error = vm.call("f", &[]).expect_err("it traps");
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::WrongArity));
    let error = vm.call("nobody", &[]).expect_err("it traps");
    assert_eq!(error.to_string(), "undefined function: nobody");
    let error = vm.call(Value::Int(1), &[]).expect_err("it traps");
    assert_eq!(error.to_string(), "an int is not callable");
}

#[test]
fn a_function_may_become_known_while_a_program_runs() {
    let mut vm = VM::empty();
    vm.register_builtin(0, |vm, _| {
        vm.load(defines(5)).expect("it loads");
        Value::Undef
    });
    let text = "  CallBuiltin 0, 0\n  Pop\n  LoadInt 1\n  Call f, 0\n  Add";
    assert_eq!(vm.eval(chunk(text)).expect("it runs"), Value::Int(6));
    // What follows the call was not looked at before, and is now.
    let mut vm = VM::empty();
    vm.register_builtin(0, |vm, _| {
        vm.load(defines(5)).expect("it loads");
        Value::Undef
    });
    let text = "  CallBuiltin 0, 0\n  Pop\n  Call f, 0 .line 3\n  Add .line 4";
    let error = vm.eval(chunk(text)).expect_err("it traps");
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Load));
    let message = "chunk:3: chunk:4: @3 Add: stack underflow: it pops 2, but the stack holds 1";
    assert_eq!(error.to_string(), message);
}

#[test]
fn handlers_run_programs_above_a_barrier() {
    let mut vm = VM::empty();
    vm.register_builtin(0, |vm, _| {
        let inner =
            chunk("  LoadInt 8\n  SetSlot 0\n  LoadInt 9\n  SetVar x\n  LoadInt 7\n  LoadInt 5");
        let result = vm.eval(inner).expect("it runs");
        let below = chunk("  LoadInt 1\n  Return\n  Pop");
        assert_eq!(vm.eval(below).expect("it runs"), Value::Undef);
        result
    });
    let text = "  LoadInt 1\n  SetSlot 0\n  LoadInt 2\n  CallBuiltin 0, 0\n  GetSlot 0\n  GetVar x\n  MakeArray 4";
    let found = vm.eval(chunk(text)).expect("it runs");
    assert_eq!(format!("{found:?}"), "[2, 5, 1, 9]");
}

#[test]
fn input_from_outside_is_taken_lossily() {
    let mut vm = VM::new(chunk("  ReadLine"));
    vm.set_input(&b"a\xff\xc3\r\nrest"[..]);
    match vm.run() {
        VMResult::Ok(line) => assert_eq!(line, Value::str("a\u{fffd}\u{fffd}")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_says_where_and_by_what_way() {
    let text = "source \"way.x\"\npolicy zero_div=trap\nfn f/0\nfn g/0\nblock b0 b0_end
  Call f, 0 .line 1\n  Return\nf:\n  PushFrame\n  Call g, 0 .line 2\n  Return
g:\n  LoadConst [1]\n  MapBlock 0 .line 3\n  Return\nb0:\n  LoadInt 0\n  Mod .at 4:7 10..12\nb0_end:\n  Nop";
    let mut vm = VM::empty();
    let error = vm.eval(chunk(text)).expect_err("it traps");
    assert_eq!(error.to_string(), "way.x:4: division by zero in `Mod`");
    assert_eq!(error.span(), Some(10..12));
    let sites: Vec<_> = (error.trace().iter())
        .map(|site| {
            (
                site.line,
                site.op.as_str(),
                site.function.as_ref().map(|f| f.as_str()),
            )
        })
        .collect();
    let way = [
        (4, "Mod", Some("g")),
        (2, "Call", Some("f")),
        (1, "Call", None),
    ];
    assert_eq!(sites, way);
    assert_eq!(
        vm.eval(chunk("  LoadInt 1")).expect("it runs"),
        Value::Int(1)
    );
}

#[test]
fn an_interrupt_stops_an_endless_loop() {
    for text in [
        "loop:\n  Jump loop",
        "  AccumSumLoop 0, 1, 2147483647\nloop:\n  Jump loop",
    ] {
        let mut vm = VM::new(chunk(text));
        let handle = vm.interrupt_handle();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            handle.interrupt();
        });
        let VMResult::Error(error) = vm.run() else {
            panic!("the loop ends");
        };
        assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Interrupted));
        other.join().expect("it does not panic");
        assert_eq!(
            vm.eval(chunk("  LoadInt 1")).expect("it runs"),
            Value::Int(1)
        );
    }
}

#[test]
fn calls_nest_without_native_stack() {
    on_small_stack(|| {
        let text = "fn down/1\n  LoadInt 1000000\n  Call down, 1\n  Jump end\ndown:\n  Dup
  JumpIfFalse bottom\n  Dec\n  Call down, 1\nbottom:\n  ReturnValue\nend:";
        let program = Program::new(chunk(text)).expect("it verifies");
        let mut vm = VM::empty();
        let error = vm.eval(&program).expect_err("it is too deep");
        assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::CallDepth));
        assert!(
            error.trace().len() < 100,
            "of a deep chain both ends are told"
        );
        let mut limits = Limits::default();
        limits.max_call_depth = 2_000_000;
        vm.set_limits(limits);
        assert_eq!(vm.eval(&program).expect("it runs"), Value::Int(0));
    });
}

#[test]
fn values_nest_without_native_stack() {
    on_small_stack(|| {
        let text = "  LoadInt 0\n  SetSlot 0\n  LoadConst \"end\"\n  SetSlot 1\nagain:\n  GetSlot 1\n  LoadUndef
  SetSlot 1\n  MakeArray 1\n  SetSlot 1\n  SlotIncLtIntJumpBack 0, 1000000, again\n  GetSlot 1\n  SetVar x
  GetVar x\n  StringLen\n  GetVar x\n  GetVar x\n  StrEq\n  GetVar x\n  LoadConst \"!\"\n  Concat\n  MakeArray 3";
        let mut vm = VM::empty();
        let found = vm.eval(chunk(text)).expect("it runs");
        assert_eq!(format!("{found:?}"), "[1, true, \"end!\"]");
        let deep = vm.global("x");
        assert!(deep == vm.global("x"), "equality does not recurse");
        vm.reset();
        drop(deep);
        assert_eq!(
            vm.eval(chunk("  LoadInt 1")).expect("it runs"),
            Value::Int(1)
        );
    });
}
