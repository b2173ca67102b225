//! Programs and functions beyond one VM: on many threads, in other VMs, after their chunk; and that a
//! VM forgets what nothing leads to.

use fusevm::{ErrorKind, TrapKind, prelude::*};
use std::sync::Arc;

/// A language with an op that no other has.
#[derive(Language)]
#[language(name = "spare", ops(special))]
struct Spare;

#[ext_op(Spare)]
fn special(x: i64) -> i64 {
    x * 2
}

/// Defines `fib` and calls it.
fn fib(n: i64) -> Chunk {
    chunk! { ();
        fn fib(n) {
            GetSlot(n); LoadInt(2); NumLt; JumpIfFalse('more);
            GetSlot(n); ReturnValue;
          'more:
            GetSlot(n); LoadInt(1); Sub; Call(fib, 1);
            GetSlot(n); LoadInt(2); Sub; Call(fib, 1);
            Add; ReturnValue;
        }
        {n}; Call(fib, 1);
    }
}

#[test]
fn one_program_on_eight_threads() {
    let program = Program::new(fib(15)).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let program = program.clone();
                scope.spawn(move || {
                    let mut vm = VM::empty();
                    let first = vm.eval(&program).unwrap();
                    let again = vm.call("fib", &[Value::Int(10)]).unwrap();
                    (first, again)
                })
            })
            .collect();
        for thread in threads {
            let results = thread.join().unwrap();
            assert_eq!(results, (Value::Int(610), Value::Int(55)));
        }
    });
}

#[test]
fn a_vm_moves_between_threads() {
    let mut vm = VM::empty();
    vm.eval(fib(1)).unwrap();
    vm.set_global("kept", vm.function("fib").map(Value::Func));
    let mut vm = std::thread::spawn(move || {
        vm.call("fib", &[Value::Int(5)]).unwrap();
        vm
    })
    .join()
    .unwrap();
    let kept = vm.global("kept");
    assert_eq!(vm.call(&kept, &[Value::Int(12)]).unwrap(), Value::Int(144));
}

#[test]
fn a_function_outlives_its_chunk_and_travels() {
    let f = {
        let mut vm = VM::empty();
        vm.set_global("by", 10);
        vm.load(&chunk! { ();
            fn scale(x) { GetSlot(x); GetVar(by); Mul; Call(helper, 1); ReturnValue; }
            fn helper(x) { GetSlot(x); Inc; ReturnValue; }
        })
        .unwrap();
        let f = vm.function("scale").unwrap();
        // Redefined in its VM, the value is still the old one.
        vm.eval(&chunk! { (); fn scale() { LoadInt(0); ReturnValue; } })
            .unwrap();
        assert_eq!(vm.call(&f, &[Value::Int(4)]).unwrap(), Value::Int(41));
        assert_eq!(vm.call("scale", &[]).unwrap(), Value::Int(0));
        f
    };
    // In another VM it meets that VM's globals and functions: it brings its own program but no names.
    let mut other = VM::empty();
    other.set_global("by", 100);
    other.set_global("f", f.clone());
    let called = other.eval(&chunk! { (); GetVar(f); LoadInt(4); core_ops::call_value(1); });
    let error = called.unwrap_err();
    assert_eq!(error.message(), "undefined function: helper");
    other
        .load(&chunk! { (); fn helper(x) { GetSlot(x); Dec; ReturnValue; } })
        .unwrap();
    assert_eq!(other.call(&f, &[Value::Int(4)]).unwrap(), Value::Int(399));
    assert!(other.function("scale").is_none());
    assert_eq!(f.name().as_str(), "scale");
}

#[test]
fn a_function_whose_ops_the_vm_lacks_is_refused() {
    let mut spare = Spare::vm(());
    spare
        .load(&chunk! { Spare; fn f(x) { GetSlot(x); special; ReturnValue; } })
        .unwrap();
    let f = spare.function("f").unwrap();
    assert_eq!(spare.call(&f, &[Value::Int(4)]).unwrap(), Value::Int(8));
    let error = VM::empty().call(&f, &[Value::Int(4)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Load));
    assert!(error.message().contains("has no op `special`"), "{error}");
}

#[test]
fn two_thousand_programs_leave_nothing_behind() {
    let mut vm = VM::empty();
    let program = |n: i64| {
        Arc::new(chunk! { ();
            fn f(x) { GetSlot(x); {n}; Add; ReturnValue; }
            LoadInt(1); Call(f, 1); SetVar(result);
            LoadConst("temporary");
        })
    };
    let mut last: Option<Arc<Chunk>> = None;
    for n in 0..2_000 {
        let chunk = program(n);
        vm.eval(chunk.clone()).unwrap();
        assert_eq!(vm.global("result"), Value::Int(n + 1));
        // The program before has lost its one function, and with it its place.
        if let Some(before) = last.replace(chunk) {
            assert_eq!(Arc::strong_count(&before), 1, "program {n}");
        }
    }
    assert_eq!(vm.function_names().count(), 1);
    assert_eq!(vm.global_names().count(), 1);
    assert_eq!(vm.heap().len(), 0);
    // Programs that trap go too, and such that do not load.
    for n in 0..200 {
        let traps = Arc::new(chunk! { (); fn nobody(x); {n}; Call(nobody, 1); });
        assert!(vm.eval(traps.clone()).is_err());
        assert_eq!(Arc::strong_count(&traps), 1);
        let broken = Arc::new(chunk! { (); ..{[Op::Add]}; });
        assert!(vm.load(broken.clone()).is_err());
        assert_eq!(Arc::strong_count(&broken), 1);
    }
}

#[test]
fn functions_called_by_value_alone_are_forgotten_with_the_value() {
    let mut vm = VM::empty();
    for n in 0..200 {
        let chunk = Arc::new(chunk! { (); fn g() { {n}; ReturnValue; } });
        let g = {
            let mut maker = VM::empty();
            maker.load(chunk.clone()).unwrap();
            maker.function("g").unwrap()
        };
        assert_eq!(vm.call(&g, &[]).unwrap(), Value::Int(n));
        drop(g);
        vm.eval(&chunk! { (); }).unwrap();
        assert_eq!(Arc::strong_count(&chunk), 1);
    }
}
