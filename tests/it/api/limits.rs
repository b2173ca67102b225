//! What stops a program, and what is told about it.

use fusevm::{ErrorKind, Loadable, TrapKind, prelude::*};
use std::time::{Duration, Instant};

/// Where [`FOREVER`] stands.
const LINE: u32 = line!() + 3;

/// A program that never ends.
static FOREVER: StaticChunk = chunk! { (); 'top: Jump('top); };

fn kind(error: &Error) -> TrapKind {
    match error.kind() {
        ErrorKind::Trap(kind) => kind,
        other => panic!("{other:?}: {error}"),
    }
}

/// The trap a program meets under these limits, and whether the VM works after it.
fn stopped(limits: Limits, program: impl Loadable) -> (TrapKind, String) {
    let mut vm = VM::empty();
    vm.set_limits(limits);
    let error = vm.eval(program).unwrap_err();
    assert_eq!(vm.eval(&chunk! { (); LoadInt(1); }).unwrap(), Value::Int(1));
    (kind(&error), error.message())
}

fn limits(set: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits);
    limits
}

#[test]
fn fuel_is_exact_and_comes_back() {
    static PROGRAM: StaticChunk = chunk! { ();
        let i;
        LoadInt(0); SetSlot(i);
      'top:
        GetSlot(i); Inc; SetSlot(i);
        GetSlot(i); LoadInt(5_000); NumLt; JumpIfTrue('top);
    };
    let used = |fuel: u64, fusion: bool| {
        let mut vm = VM::empty();
        vm.set_fusion(fusion);
        vm.set_fuel(Some(fuel));
        let ran = vm.eval(&PROGRAM);
        (ran.map_err(|e| kind(&e)), vm.fuel())
    };
    let all = 2 + 5_000 * 7;
    for fusion in [true, false] {
        assert_eq!(used(all, fusion), (Ok(Value::Undef), Some(0)));
        assert_eq!(used(all + 9_999, fusion), (Ok(Value::Undef), Some(9_999)));
        for short in [all - 1, all / 2, 4_096, 4_097, 1, 0] {
            let (ran, left) = used(short, fusion);
            assert_eq!(ran, Err(TrapKind::OutOfFuel), "{short}");
            assert_eq!(left, Some(0), "{short}");
        }
    }
    let mut vm = VM::empty();
    assert_eq!(vm.fuel(), None);
    vm.set_fuel(Some(10));
    assert_eq!(kind(&vm.eval(&FOREVER).unwrap_err()), TrapKind::OutOfFuel);
    vm.set_fuel(Some(all));
    assert!(vm.eval(&PROGRAM).is_ok(), "with new fuel it goes on");
    vm.set_fuel(None);
    assert!(vm.eval(&PROGRAM).is_ok() && vm.fuel().is_none());
}

#[test]
fn an_interrupt_from_another_thread() {
    for fuel in [None, Some(u64::MAX / 2)] {
        let mut vm = VM::empty();
        vm.set_fuel(fuel);
        let handle = vm.interrupt_handle();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            let asked = Instant::now();
            handle.interrupt();
            asked
        });
        let error = vm.eval(&FOREVER).unwrap_err();
        let (stopped, asked) = (Instant::now(), thread.join().unwrap());
        assert_eq!(kind(&error), TrapKind::Interrupted);
        let place = format!("{}:{LINE}", file!());
        assert_eq!(error.to_string(), format!("{place}: interrupted"));
        let late = stopped.saturating_duration_since(asked);
        assert!(late < Duration::from_secs(10), "{late:?}");
        // It is done with: the next program runs.
        assert!(vm.eval(&chunk! { (); LoadInt(1); }).is_ok());
    }
}

#[test]
fn an_interrupt_before_the_run_stops_the_next_program() {
    let mut vm = VM::empty();
    vm.interrupt_handle().interrupt();
    assert_eq!(kind(&vm.eval(&FOREVER).unwrap_err()), TrapKind::Interrupted);
}

#[test]
fn every_limit_is_a_trap() {
    let recursion = chunk! { (); fn f() { Call(f, 0); ReturnValue; } Call(f, 0); };
    let (kind, text) = stopped(limits(|l| l.max_call_depth = 10), &recursion);
    assert_eq!(kind, TrapKind::CallDepth);
    assert_eq!(text, "call depth exceeds 10");
    let wide = chunk! { ();
        fn f() { ..{(0..50).map(Op::LoadInt)}; Call(f, 0); MakeArray(51); ReturnValue; }
        Call(f, 0);
    };
    let (kind, _) = stopped(limits(|l| l.max_stack = 10_000), wide);
    assert_eq!(kind, TrapKind::StackLimit);

    let array = chunk! { (); 'top: LoadInt(1); ArrayPush(xs); Jump('top); };
    let (kind, text) = stopped(limits(|l| l.max_array_len = 100), &array);
    assert_eq!(kind, TrapKind::TooLong);
    assert_eq!(text, "array of 101 elements is past the limit of 100");
    let far = chunk! { ();
        let xs;
      'top:
        GetVar(n); Inc; Dup; SetVar(n); LoadInt(1); core_ops::slot_set(xs);
        Jump('top);
    };
    let (kind, text) = stopped(limits(|l| l.max_array_len = 1_000), &far);
    assert_eq!(kind, TrapKind::TooLong);
    assert!(text.contains("1000"), "{text}");
    static KEYS: StaticChunk = chunk! { ();
        let hash;
      'top:
        GetVar(s); LoadConst("x"); Concat; Dup; SetVar(s); LoadInt(1); core_ops::slot_set(hash);
        Jump('top);
    };
    let (kind, text) = stopped(limits(|l| l.max_hash_len = 100), &KEYS);
    assert_eq!(kind, TrapKind::TooLong);
    assert_eq!(text, "hash of 101 keys is past the limit of 100");
    let (kind, _) = stopped(limits(|l| l.max_string_len = 10), &KEYS);
    assert!(matches!(kind, TrapKind::TooLong | TrapKind::TextTooLong));
}

#[test]
fn an_error_says_what_where_and_by_which_way() {
    let source = "let a = 1;\nlet größe = f(0);\n";
    let mut b = Builder::<()>::with_source("test.calc", source);
    let f = b.begin_fn("f", &["x"]);
    b.at(0..10).load(1);
    b.get_slot(0);
    let division = source.find("f(0)").unwrap();
    b.at(division..division + 4).op(core_ops::idiv {});
    b.emit(Op::ReturnValue);
    b.end_fn(f);
    b.at(4..5).load(0);
    b.call("f", 1);
    let error = VM::empty().eval(b.finish().unwrap()).unwrap_err();
    assert_eq!(kind(&error), TrapKind::ZeroDivision);
    assert_eq!(
        error.to_string(),
        "test.calc:2: division by zero in `core.idiv`"
    );
    assert_eq!(error.span(), Some(division..division + 4));
    let site = error.site().unwrap();
    // Columns are characters: what stands before has two of two bytes.
    assert_eq!(site.place.unwrap().column, 13);
    assert_eq!((site.line, site.op.as_str()), (2, "core.idiv"));
    let chain: Vec<_> = (error.trace().iter())
        .map(|s| (s.line, s.function.clone()))
        .collect();
    assert_eq!(chain, [(2, Some("f".into())), (1, None)]);
    assert_eq!(
        error.render(),
        "test.calc:2: division by zero in `core.idiv`\n  at test.calc:2 in f()\n  at test.calc:1 in the main program"
    );
    assert!(error.as_trap().is_some() && error.load_errors().is_empty());
}

#[test]
fn a_deep_chain_shows_its_two_ends() {
    let line = line!() + 2;
    static DEEP: StaticChunk = chunk! { (); fn nobody();
        fn f(n) {
            GetSlot(n); JumpIfTrue('more);
            Call(nobody, 0);
          'more:
            GetSlot(n); Dec; Call(f, 1); ReturnValue;
        }
        LoadInt(10_000); Call(f, 1);
    };
    let error = VM::empty().eval(&DEEP).unwrap_err();
    let lines: Vec<u32> = error.trace().iter().map(|s| s.line - line).collect();
    assert_eq!((lines[0], lines[1], lines[62], lines[63]), (2, 4, 4, 6));
    assert_eq!(lines.len(), 64);
}

#[test]
fn a_rooted_value_is_held_until_it_is_given_back() {
    let mut vm = VM::empty();
    let cell = vm.heap_mut().new_ref(Value::Int(1)).unwrap();
    let one = vm.root(Value::Ref(cell));
    let two = vm.root(Value::str("two"));
    vm.reset();
    assert_eq!(vm.rooted(&one), Value::Ref(cell));
    assert_eq!(vm.unroot(one), Value::Ref(cell));
    let three = vm.root(Value::Int(3));
    assert_eq!(vm.rooted(&two), Value::str("two"));
    assert_eq!(vm.unroot(three), Value::Int(3));
    assert_eq!(vm.unroot(two), Value::str("two"));
}
