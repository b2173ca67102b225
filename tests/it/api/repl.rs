//! One VM and many programs, each seeing what those before have left.

use fusevm::{ErrorKind, TrapKind, prelude::*};

#[test]
fn globals_stay_and_are_the_hosts_as_well() {
    let mut vm = VM::empty();
    assert_eq!(vm.global("x"), Value::Undef);
    vm.set_global("x", 41);
    let next = vm.eval(&chunk! { (); GetVar(x); Inc; SetVar(y); GetVar(y); });
    assert_eq!(next.unwrap(), Value::Int(42));
    assert_eq!(vm.global("y"), Value::Int(42));
    let names: Vec<&str> = vm.global_names().collect();
    assert_eq!(names, ["x", "y"], "only what was set");
    // A program that traps leaves what it has written.
    let traps = chunk! { (); fn nobody(); LoadInt(43); SetVar(y); Call(nobody, 0); };
    assert!(vm.eval(&traps).is_err());
    assert_eq!(vm.global("y"), Value::Int(43));
    vm.reset();
    assert_eq!(vm.global_names().count(), 0);
    assert_eq!(vm.global("y"), Value::Undef);
}

#[test]
fn the_result_of_an_evaluation() {
    let mut vm = VM::empty();
    assert_eq!(vm.eval(&chunk! { (); }).unwrap(), Value::Undef);
    assert_eq!(vm.eval(&chunk! { (); LoadInt(1); }).unwrap(), Value::Int(1));
    let nothing = chunk! { (); LoadInt(1); Pop; };
    assert_eq!(vm.eval(&nothing).unwrap(), Value::Undef);
    let returned = chunk! { (); LoadConst("from the middle"); ReturnValue; };
    assert_eq!(vm.eval(&returned).unwrap(), Value::str("from the middle"));
}

#[test]
fn functions_are_called_by_name_and_by_value() {
    let mut vm = VM::empty();
    vm.load(&chunk! { ();
        fn sub(a, b) { GetSlot(a); GetSlot(b); Sub; ReturnValue; }
        fn note(x) { GetSlot(x); SetVar(noted); }
    })
    .unwrap();
    let args = [Value::Int(50), Value::Int(8)];
    assert_eq!(vm.call("sub", &args).unwrap(), Value::Int(42));
    let sub = vm.function("sub").unwrap();
    assert_eq!(vm.call(&sub, &args).unwrap(), Value::Int(42));
    assert_eq!(vm.call(Value::Func(sub), &args).unwrap(), Value::Int(42));
    assert_eq!(vm.call("note", &args[..1]).unwrap(), Value::Undef);
    assert_eq!(vm.global("noted"), Value::Int(50));
    let names: Vec<&str> = vm.function_names().collect();
    assert_eq!(names, ["sub", "note"]);

    let error = vm.call("nobody", &[]).unwrap_err();
    assert_eq!(error.to_string(), "undefined function: nobody");
    assert!(error.trace().is_empty() && error.line().is_none());
    let error = vm.call(Value::Int(3), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::NotCallable));
    let error = vm.call("sub", &args[..1]).unwrap_err();
    assert_eq!(error.message(), "`sub` takes 2 arguments, but got 1");
    let many = vec![Value::Undef; 300];
    let error = vm.call("sub", &many).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::WrongArity));
}

#[test]
fn a_function_redefined_with_other_arity_or_without_a_result() {
    let mut vm = VM::empty();
    vm.eval(&chunk! { ();
        fn f(x) { GetSlot(x); ReturnValue; }
        fn calls() { LoadInt(7); Call(f, 1); Inc; ReturnValue; }
    })
    .unwrap();
    assert_eq!(vm.call("calls", &[]).unwrap(), Value::Int(8));
    // Without a result the caller still gets a value, as it was verified to.
    vm.eval(&chunk! { (); fn f(x) { GetSlot(x); SetVar(seen); } })
        .unwrap();
    assert_eq!(vm.call("calls", &[]).unwrap(), Value::Int(1));
    assert_eq!(vm.global("seen"), Value::Int(7));
    // A caller that comes later knows that there is none.
    let error = vm.eval(&chunk! { (); fn f(x); LoadInt(7); Call(f, 1); Inc; });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Load);
    // With another number of parameters the old caller traps, at its call.
    vm.eval(&chunk! { (); fn f(x, y) { GetSlot(y); ReturnValue; } })
        .unwrap();
    let error = vm.call("calls", &[]).unwrap_err();
    assert_eq!(error.message(), "`f` takes 2 arguments, but got 1");
    assert_eq!(error.site().unwrap().function, Some("calls".into()));
    // And with one again it runs.
    vm.eval(&chunk! { (); fn f(x) { GetSlot(x); Dec; ReturnValue; } })
        .unwrap();
    assert_eq!(vm.call("calls", &[]).unwrap(), Value::Int(7));
}

#[test]
fn a_function_defined_after_its_caller() {
    let gives = chunk! { (); fn later(x) { GetSlot(x); ReturnValue; } };
    let stores = chunk! { (); fn later(x) { GetSlot(x); SetVar(stored); } };
    let line = line!() + 6;
    for (later, after, stored) in [
        (gives, Value::Int(5), Value::Undef),
        (stores, "below".into(), Value::Int(5)),
    ] {
        let caller = chunk! { (); fn later(x);
            fn caller() { LoadConst("below"); LoadInt(5); Call(later, 1); SetVar(after); }
        };
        let mut vm = VM::empty();
        vm.eval(&caller).unwrap();
        let error = vm.call("caller", &[]).unwrap_err();
        let place = format!("{}:{line}", file!());
        assert_eq!(
            error.to_string(),
            format!("{place}: undefined function: later")
        );
        vm.eval(&later).unwrap();
        assert!(vm.call("caller", &[]).is_ok());
        assert_eq!((vm.global("after"), vm.global("stored")), (after, stored));
    }
}

#[test]
fn mutual_recursion_across_programs() {
    macro_rules! half {
        ($name:ident, $other:ident, $at_zero:ident) => {
            &chunk! { ();
                fn $other(n);
                fn $name(n) {
                    GetSlot(n); JumpIfTrue('more);
                    $at_zero; ReturnValue;
                  'more:
                    GetSlot(n); Dec; Call($other, 1); ReturnValue;
                }
            }
        };
    }
    let mut vm = VM::empty();
    vm.eval(half!(even, odd, LoadTrue)).unwrap();
    vm.eval(half!(odd, even, LoadFalse)).unwrap();
    for (n, even) in [(0, true), (1, false), (10, true), (10_001, false)] {
        assert_eq!(vm.call("even", &[Value::Int(n)]).unwrap(), even.into());
        assert_eq!(vm.call("odd", &[Value::Int(n)]).unwrap(), (!even).into());
    }
    // Either half may be replaced while the other stays.
    vm.eval(half!(odd, even, LoadTrue)).unwrap();
    assert_eq!(vm.call("even", &[Value::Int(7)]).unwrap(), true.into());
}

#[test]
fn a_program_that_does_not_load_defines_nothing() {
    let mut vm = VM::empty();
    vm.eval(&chunk! { (); fn f() { LoadInt(1); ReturnValue; } })
        .unwrap();
    let broken = chunk! { ();
        fn f() { LoadInt(2); ReturnValue; }
        fn g() { LoadInt(3); ReturnValue; }
        ..{[Op::Add]};
    };
    let error = vm.load(broken).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Load);
    assert!(vm.function("g").is_none());
    assert_eq!(vm.call("f", &[]).unwrap(), Value::Int(1));
}

#[test]
fn a_program_that_traps_has_defined_its_functions() {
    let mut vm = VM::empty();
    let error = vm.eval(&chunk! { ();
        fn f() { LoadInt(1); ReturnValue; }
        LoadInt(1); LoadInt(0); core_ops::idiv;
    });
    let message = error.expect_err("it traps").message();
    assert_eq!(message, "division by zero in `core.idiv`");
    assert_eq!(vm.call("f", &[]).unwrap(), Value::Int(1));
}

#[test]
fn the_vm_of_one_chunk_runs_as_often_as_it_is_asked() {
    let counts = chunk! { ();
        let fresh;
        GetVar(n); Inc; SetVar(n);
        GetSlot(fresh); LoadInt(1); SetSlot(fresh);
        GetVar(n); MakeArray(2);
    };
    let mut vm = VM::new(counts.to_chunk());
    for n in 1..4 {
        let fusevm::VMResult::Ok(value) = vm.run() else {
            panic!("a result")
        };
        // Globals stay, the frame is a fresh one.
        assert_eq!(format!("{value:?}"), format!("[undef, {n}]"));
    }
    vm.reset();
    assert_eq!(vm.global("n"), Value::Undef);
    assert!(matches!(vm.run(), fusevm::VMResult::Ok(_)));
    assert_eq!(vm.global("n"), Value::Int(1));

    let halts = chunk! { (); Nop; }.to_chunk();
    assert!(matches!(VM::new(halts).run(), fusevm::VMResult::Halted));
    let mut broken = VM::new(chunk! { (); ..{[Op::Add]}; });
    for _ in 0..2 {
        let fusevm::VMResult::Error(error) = broken.run() else {
            panic!("an error")
        };
        assert_eq!(error.kind(), ErrorKind::Load);
    }
    assert!(matches!(VM::empty().run(), fusevm::VMResult::Halted));
}
