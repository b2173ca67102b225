//! Handlers that call back: re-entry, and errors on their way out through handlers.

use fusevm::testing::assert_chunk;
use fusevm::{ErrorKind, TrapKind, prelude::*};
use std::fmt;

#[derive(Language)]
#[language(name = "nested", host = Vec<String>, ops(ops::OPS))]
struct Nested;

#[derive(Debug)]
struct Broken(i64);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken", self.0)
    }
}

impl std::error::Error for Broken {}

#[ops(Nested)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// Calls with one more, and says so before and after.
    #[ext_op]
    pub fn again(f: Value, n: i64, mut cx: Ctx<'_, Nested>) -> Result<Value, Trap> {
        cx.host().push(format!("> {n}"));
        let result = cx.call(&f, &[Value::Int(n + 1)]);
        cx.host().push(format!("< {n}"));
        result
    }

    #[ext_op]
    pub fn run(#[imm] body: Block, mut cx: Ctx<'_, Nested>) -> Result<Value, Trap> {
        cx.run(body, &[])
    }

    /// What the call gives, or what the error says.
    #[ext_op]
    pub fn attempt(f: Value, mut cx: Ctx<'_, Nested>) -> String {
        match cx.call(&f, &[]) {
            Ok(value) => format!("gave {value:?}"),
            Err(trap) => format!("failed: {trap}"),
        }
    }

    #[ext_op]
    pub fn broken(n: i64) -> Result<(), Broken> {
        Err(Broken(n))
    }

    #[ext_op]
    pub fn panics(_cx: Ctx<'_, Nested>) {
        std::panic::resume_unwind(Box::new("deep inside"))
    }
}

fn vm() -> Vm<Nested> {
    Nested::vm(Vec::new())
}

/// The line where `step` goes on.
const AGAIN: u32 = line!() + 9;

/// `step(n)` goes on through `again` until `n` is `last`, where `end` stands.
macro_rules! steps {
    ($last:literal, $($end:tt)*) => {
        chunk! { Nested;
            fn step(n) {
                let before;
                GetSlot(n); LoadInt($last); NumLt; JumpIfFalse('end);
                GetSlot(n); SetSlot(before); ops::function(step); GetSlot(n); ops::again;
                // What was in the frame before the nested run is there after it.
                GetSlot(n); GetSlot(before); Sub; Add; ReturnValue;
              'end:
                $($end)* ReturnValue;
            }
        }
    };
}

fn kind(error: &Error) -> TrapKind {
    match error.kind() {
        ErrorKind::Trap(kind) => kind,
        other => panic!("{other:?}: {error}"),
    }
}

#[test]
fn an_op_is_run_inside_itself() {
    let mut vm = vm();
    vm.load(&steps!(8, GetSlot(n);)).unwrap();
    assert_eq!(vm.call("step", &[Value::Int(0)]).unwrap(), Value::Int(8));
    let expected: Vec<String> = ((0..8).map(|n| format!("> {n}")))
        .chain((0..8).rev().map(|n| format!("< {n}")))
        .collect();
    assert_eq!(vm.host(), &expected);
}

#[test]
fn nested_runs_have_a_limit() {
    let mut vm = vm();
    let mut limits = Limits::default();
    limits.max_reentry = 8;
    vm.set_limits(limits);
    vm.load(&steps!(7, LoadConst("done");)).unwrap();
    // The call from outside and 7 that go through the op.
    assert!(vm.call("step", &[Value::Int(0)]).is_ok());
    vm.load(&steps!(8, LoadConst("done");)).unwrap();
    vm.host_mut().clear();
    let error = vm.call("step", &[Value::Int(0)]).unwrap_err();
    assert_eq!(kind(&error), TrapKind::ReentryDepth);
    assert_eq!(error.message(), "nested runs exceed 8");
    assert_eq!(vm.host().len(), 16, "every op has come back");
    assert_eq!(error.trace().len(), 8);
    vm.load(&steps!(7, LoadConst("done");)).unwrap();
    assert!(vm.call("step", &[Value::Int(0)]).is_ok());
}

#[test]
fn nested_runs_share_the_limit_on_calls_and_the_fuel() {
    let mut vm = vm();
    let mut limits = Limits::default();
    limits.max_call_depth = 4;
    vm.set_limits(limits);
    vm.load(&steps!(5, LoadInt(0);)).unwrap();
    let error = vm.call("step", &[Value::Int(0)]).unwrap_err();
    assert_eq!(kind(&error), TrapKind::CallDepth);
    vm.set_limits(Limits::default());

    let used = |vm: &mut Vm<Nested>, fuel: u64| {
        vm.set_fuel(Some(fuel));
        let result = vm.call("step", &[Value::Int(0)]);
        (result, fuel - vm.fuel().unwrap())
    };
    let (result, all) = used(&mut vm, 1_000_000);
    assert!(result.is_ok());
    let (result, same) = used(&mut vm, all);
    assert!(result.is_ok() && same == all);
    for fuel in 0..all {
        let (result, _) = used(&mut vm, fuel);
        assert_eq!(kind(&result.unwrap_err()), TrapKind::OutOfFuel);
    }
}

#[test]
fn an_error_keeps_its_place_and_gets_the_whole_chain() {
    let mut vm = vm();
    let line = line!() + 2;
    vm.load(&steps! { 3,
        LoadInt(7); ops::broken; LoadInt(0);
    })
    .unwrap();
    let call = line!() + 1;
    let error = vm.eval(&chunk! { Nested; fn step(n); LoadInt(0); Call(step, 1); });
    let error = error.unwrap_err();
    assert_eq!(kind(&error), TrapKind::Host);
    assert_eq!(error.downcast_ref::<Broken>().unwrap().0, 7);
    let chain: Vec<_> = (error.trace().iter())
        .map(|site| (site.line, site.op.as_str()))
        .collect();
    assert_eq!(
        chain,
        [
            (line, "broken"),
            (AGAIN, "again"),
            (AGAIN, "again"),
            (AGAIN, "again"),
            (call, "Call")
        ]
    );
    let (file, again) = (file!(), format!("\n  at {}:{AGAIN} in step()", file!()));
    assert_eq!(
        error.render(),
        format!(
            "{file}:{line}: 7 is broken\n  at {file}:{line} in step(){again}{again}{again}\n  at {file}:{call} in the main program"
        )
    );
    assert_eq!((error.line(), vm.host().len()), (Some(line), 6));
}

#[test]
fn a_panic_inside_a_nested_run() {
    let mut vm = vm();
    for _ in 0..100 {
        vm.host_mut().clear();
        vm.load(&steps!(5, LoadConst("left on the stack"); ops::panics;))
            .unwrap();
        let error = vm.call("step", &[Value::Int(0)]).unwrap_err();
        assert_eq!(kind(&error), TrapKind::Panic);
        assert_eq!(error.message(), "handler panicked: deep inside");
        assert_eq!(error.trace().len(), 6);
        assert_eq!(vm.host().len(), 10, "the ops around it went on");
        vm.load(&steps!(5, GetSlot(n);)).unwrap();
        assert_eq!(vm.call("step", &[Value::Int(0)]).unwrap(), Value::Int(5));
    }
}

#[test]
fn a_handler_may_go_on_after_an_error() {
    let line = line!() + 4;
    static TEXTS: StaticChunk = chunk! { Nested;
        fn fine() { LoadInt(1); ReturnValue; }
        fn fails() {
            LoadConst("on the stack"); PushFrame; LoadInt(5); ops::broken; LoadInt(0); ReturnValue;
        }
        let kept;
        LoadConst("below");
        LoadInt(3); SetSlot(kept);
        ops::function(fine); ops::attempt;
        ops::function(fails); ops::attempt;
        ops::function(fine); ops::attempt;
        GetSlot(kept); MakeArray(5);
    };
    let failed = format!("failed: {}:{line}: 5 is broken", file!());
    let texts = ["below", "gave 1", failed.as_str(), "gave 1"].map(Value::from);
    assert_chunk!(Nested; TEXTS => [&texts[..], &[3.into()]].concat());
}

#[test]
fn a_block_that_fails_and_a_block_in_a_block() {
    static VALUES: StaticChunk = chunk! { Nested;
        let n;
        LoadInt(10); SetSlot(n);
        block outer {
            block inner { GetSlot(n); Inc; SetSlot(n); GetSlot(n); }
            ops::run(inner); ops::run(inner); Add;
        }
        ops::run(outer); GetSlot(n); MakeArray(2);
    };
    assert_chunk!(Nested; VALUES => vec![23, 12]);
    let line = line!() + 3;
    static FAILS: StaticChunk = chunk! { Nested;
        fn f() {
            block body { LoadInt(1); LoadInt(0); core_ops::idiv; }
            ops::run(body); ReturnValue;
        }
        Call(f, 0);
    };
    let error = vm().eval(&FAILS).unwrap_err();
    assert_eq!(kind(&error), TrapKind::ZeroDivision);
    let (file, run, call) = (file!(), line + 1, line + 3);
    assert_eq!(
        error.render(),
        format!(
            "{file}:{line}: division by zero in `core.idiv`\n  at {file}:{line} in f()\n  at {file}:{run} in f()\n  at {file}:{call} in the main program"
        )
    );
}

/// Evaluates a program that replaces the function that is running, and calls it.
fn replaces(vm: &mut VM, _: u8) -> Value {
    let program = chunk! { Nested;
        fn caller(x) { LoadConst("the new one"); ReturnValue; }
        LoadInt(1); Call(caller, 1);
    };
    vm.eval(&program).unwrap_or_else(|e| e.to_string().into())
}

/// Throws the VM away under the program that runs in it.
fn throws_away(vm: &mut VM, _: u8) -> Value {
    *vm = VM::empty();
    Value::Int(1)
}

/// Starts over under the program that runs.
fn resets(vm: &mut VM, _: u8) -> Value {
    vm.reset();
    Value::Int(2)
}

#[test]
fn a_handler_evaluates_a_program() {
    let mut vm = vm();
    vm.register_builtin(0, replaces);
    let both = vm.eval(&chunk! { Nested;
        fn caller() { LoadConst("the old one"); CallBuiltin(0, 0); MakeArray(2); ReturnValue; }
        Call(caller, 0);
    });
    let expected = r#"["the old one", "the new one"]"#;
    assert_eq!(format!("{:?}", both.unwrap()), expected);
    let new = vm.call("caller", &[Value::Undef]).unwrap();
    assert_eq!(new, Value::str("the new one"));
}

#[test]
fn a_handler_that_has_no_mercy_on_its_vm() {
    for handler in [throws_away, resets] {
        let mut vm = vm();
        vm.register_builtin(0, handler);
        let result = vm.eval(&chunk! { Nested;
            fn f(a, b) {
                GetSlot(a); GetSlot(b); CallBuiltin(0, 0); GetSlot(b); MakeArray(4); ReturnValue;
            }
            LoadInt(1); LoadInt(2); LoadInt(3); Call(f, 2); MakeArray(2);
        });
        // Whatever came out, no harm was done.
        drop(result);
        assert_eq!(
            vm.eval(&chunk! { (); LoadInt(42); }).unwrap(),
            Value::Int(42)
        );
    }
}
