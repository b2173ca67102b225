//! One VM and many programs, each seeing what those before have left.

use super::{chunk, returning};
use fusevm::{ErrorKind, TrapKind, prelude::*};

fn eval(vm: &mut VM, build: impl FnOnce(&mut Builder<()>)) -> Result<Value, Error> {
    vm.eval(chunk(build))
}

fn message(vm: &mut VM, build: impl FnOnce(&mut Builder<()>)) -> String {
    eval(vm, build).expect_err("it traps").message()
}

#[test]
fn globals_stay_and_are_the_hosts_as_well() {
    let mut vm = VM::empty();
    assert_eq!(vm.global("x"), Value::Undef);
    vm.set_global("x", 41);
    let next = eval(&mut vm, |b| {
        b.get_var("x");
        b.emit(Op::Inc);
        b.set_var("y");
        b.get_var("y");
    });
    assert_eq!(next.unwrap(), Value::Int(42));
    assert_eq!(vm.global("y"), Value::Int(42));
    let names: Vec<&str> = vm.global_names().collect();
    assert_eq!(names, ["x", "y"], "only what was set");
    // A program that traps leaves what it has written.
    let trapped = eval(&mut vm, |b| {
        b.load(43);
        b.set_var("y");
        b.call("nobody", 0);
    });
    assert!(trapped.is_err());
    assert_eq!(vm.global("y"), Value::Int(43));
    vm.reset();
    assert_eq!(vm.global_names().count(), 0);
    assert_eq!(vm.global("y"), Value::Undef);
}

#[test]
fn the_result_of_an_evaluation() {
    let mut vm = VM::empty();
    assert_eq!(eval(&mut vm, |_| {}).unwrap(), Value::Undef);
    assert_eq!(eval(&mut vm, |b| b.load(1)).unwrap(), Value::Int(1));
    let nothing = eval(&mut vm, |b| {
        b.load(1);
        b.emit(Op::Pop);
    });
    assert_eq!(nothing.unwrap(), Value::Undef);
    let returned = eval(&mut vm, |b| {
        b.load("from the middle");
        b.emit(Op::ReturnValue);
    });
    assert_eq!(returned.unwrap(), Value::str("from the middle"));
}

#[test]
fn functions_are_called_by_name_and_by_value() {
    let mut vm = VM::empty();
    vm.load(chunk(|b| {
        returning(b, "sub", &["a", "b"], |b| {
            b.get_slot(0);
            b.get_slot(1);
            b.emit(Op::Sub);
        });
        let f = b.begin_fn("note", &["x"]);
        b.get_slot(0);
        b.set_var("noted");
        b.end_fn(f);
    }))
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
    eval(&mut vm, |b| {
        returning(b, "f", &["x"], |b| b.get_slot(0));
        returning(b, "calls", &[], |b| {
            b.load(7);
            b.call("f", 1);
            b.emit(Op::Inc);
        });
    })
    .unwrap();
    assert_eq!(vm.call("calls", &[]).unwrap(), Value::Int(8));
    // Without a result the caller still gets a value, as it was verified to.
    eval(&mut vm, |b| {
        let f = b.begin_fn("f", &["x"]);
        b.get_slot(0);
        b.set_var("seen");
        b.end_fn(f);
    })
    .unwrap();
    assert_eq!(vm.call("calls", &[]).unwrap(), Value::Int(1));
    assert_eq!(vm.global("seen"), Value::Int(7));
    // A caller that comes later knows that there is none.
    let error = eval(&mut vm, |b| {
        b.load(7);
        b.call("f", 1);
        b.emit(Op::Inc);
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Load);
    // With another number of parameters the old caller traps, at its call.
    eval(&mut vm, |b| {
        returning(b, "f", &["x", "y"], |b| b.get_slot(1))
    })
    .unwrap();
    let error = vm.call("calls", &[]).unwrap_err();
    assert_eq!(error.message(), "`f` takes 2 arguments, but got 1");
    assert_eq!(error.site().unwrap().function, Some("calls".into()));
    // And with one again it runs.
    eval(&mut vm, |b| {
        returning(b, "f", &["x"], |b| {
            b.get_slot(0);
            b.emit(Op::Dec);
        });
    })
    .unwrap();
    assert_eq!(vm.call("calls", &[]).unwrap(), Value::Int(7));
}

#[test]
fn a_function_defined_after_its_caller() {
    for returns in [true, false] {
        let mut vm = VM::empty();
        eval(&mut vm, |b| {
            let f = b.begin_fn("caller", &[] as &[&str]);
            b.load("below");
            b.load(5);
            b.line(33).call("later", 1);
            b.set_var("after");
            b.end_fn(f);
        })
        .unwrap();
        let error = vm.call("caller", &[]).unwrap_err();
        assert_eq!(error.to_string(), "chunk:33: undefined function: later");
        eval(&mut vm, |b| {
            let f = b.begin_fn("later", &["x"]);
            b.get_slot(0);
            match returns {
                true => b.emit(Op::ReturnValue),
                false => b.set_var("stored"),
            }
            b.end_fn(f);
        })
        .unwrap();
        assert!(vm.call("caller", &[]).is_ok());
        let (after, stored) = (vm.global("after"), vm.global("stored"));
        match returns {
            true => assert_eq!((after, stored), (Value::Int(5), Value::Undef)),
            false => assert_eq!((after, stored), ("below".into(), Value::Int(5))),
        }
    }
}

#[test]
fn mutual_recursion_across_programs() {
    let mut vm = VM::empty();
    let half = |vm: &mut VM, name: &str, other: &str, at_zero: bool| {
        eval(vm, |b| {
            returning(b, name, &["n"], |b| {
                let more = b.label();
                b.get_slot(0);
                b.jump_if_true(more);
                b.load(at_zero);
                b.emit(Op::ReturnValue);
                b.bind(more);
                b.get_slot(0);
                b.emit(Op::Dec);
                b.call(other, 1);
            });
        })
        .unwrap();
    };
    half(&mut vm, "even", "odd", true);
    half(&mut vm, "odd", "even", false);
    for (n, even) in [(0, true), (1, false), (10, true), (10_001, false)] {
        assert_eq!(vm.call("even", &[Value::Int(n)]).unwrap(), even.into());
        assert_eq!(vm.call("odd", &[Value::Int(n)]).unwrap(), (!even).into());
    }
    // Either half may be replaced while the other stays.
    half(&mut vm, "odd", "even", true);
    assert_eq!(vm.call("even", &[Value::Int(7)]).unwrap(), true.into());
}

#[test]
fn a_program_that_does_not_load_defines_nothing() {
    let mut vm = VM::empty();
    eval(&mut vm, |b| returning(b, "f", &[], |b| b.load(1))).unwrap();
    let broken = chunk(|b| {
        returning(b, "f", &[], |b| b.load(2));
        returning(b, "g", &[], |b| b.load(3));
        b.emit(Op::Add);
    });
    let error = vm.load(broken).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Load);
    assert!(vm.function("g").is_none());
    assert_eq!(vm.call("f", &[]).unwrap(), Value::Int(1));
}

#[test]
fn a_program_that_traps_has_defined_its_functions() {
    let mut vm = VM::empty();
    let text = message(&mut vm, |b| {
        returning(b, "f", &[], |b| b.load(1));
        b.load(1);
        b.load(0);
        b.op(core_ops::idiv {});
    });
    assert_eq!(text, "division by zero in `idiv`");
    assert_eq!(vm.call("f", &[]).unwrap(), Value::Int(1));
}

#[test]
fn the_vm_of_one_chunk_runs_as_often_as_it_is_asked() {
    let counts = chunk(|b| {
        b.get_var("n");
        b.emit(Op::Inc);
        b.set_var("n");
        b.get_slot(0);
        b.load(1);
        b.set_slot(0);
        b.get_var("n");
        b.make_array(2);
    });
    let mut vm = VM::new(counts);
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

    let halts = chunk(|b| b.emit(Op::Nop));
    assert!(matches!(VM::new(halts).run(), fusevm::VMResult::Halted));
    let mut broken = VM::new(chunk(|b| b.emit(Op::Add)));
    for _ in 0..2 {
        let fusevm::VMResult::Error(error) = broken.run() else {
            panic!("an error")
        };
        assert_eq!(error.kind(), ErrorKind::Load);
    }
    assert!(matches!(VM::empty().run(), fusevm::VMResult::Halted));
}
