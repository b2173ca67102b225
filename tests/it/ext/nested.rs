//! Handlers that call back: re-entry, and errors on their way out through handlers.

use super::{chunk, eval, returning};
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

/// `step(n)` goes on through `again` until `n` is `last`, where `end` stands.
fn steps(last: i64, end: impl FnOnce(&mut Builder<Nested>)) -> Chunk {
    chunk::<Nested>(|b| {
        returning(b, "step", &["n"], |b| {
            let more = b.label();
            b.line(10).get_slot(0);
            b.load(last);
            b.emit(Op::NumLt);
            b.jump_if_true(more);
            b.line(11);
            end(b);
            b.emit(Op::ReturnValue);
            b.bind(more);
            b.line(12).get_slot(0);
            b.set_slot(1);
            b.op(ops::function { f: "step".into() });
            b.get_slot(0);
            b.op(ops::again {});
            // What was in the frame before the nested run is there after it.
            b.get_slot(0);
            b.get_slot(1);
            b.emit(Op::Sub);
            b.emit(Op::Add);
        });
    })
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
    vm.load(steps(8, |b| b.get_slot(0))).unwrap();
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
    vm.load(steps(7, |b| b.load("done"))).unwrap();
    // The call from outside and 7 that go through the op.
    assert!(vm.call("step", &[Value::Int(0)]).is_ok());
    vm.load(steps(8, |b| b.load("done"))).unwrap();
    vm.host_mut().clear();
    let error = vm.call("step", &[Value::Int(0)]).unwrap_err();
    assert_eq!(kind(&error), TrapKind::ReentryDepth);
    assert_eq!(error.message(), "nested runs exceed 8");
    assert_eq!(vm.host().len(), 16, "every op has come back");
    assert_eq!(error.trace().len(), 8);
    vm.load(steps(7, |b| b.load("done"))).unwrap();
    assert!(vm.call("step", &[Value::Int(0)]).is_ok());
}

#[test]
fn nested_runs_share_the_limit_on_calls_and_the_fuel() {
    let mut vm = vm();
    let mut limits = Limits::default();
    limits.max_call_depth = 4;
    vm.set_limits(limits);
    vm.load(steps(5, |b| b.load(0))).unwrap();
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
    vm.load(steps(3, |b| {
        b.load(7);
        b.op(ops::broken {});
        b.load(0);
    }))
    .unwrap();
    let error = eval(&mut vm, |b| {
        b.line(1).load(0);
        b.call("step", 1);
    });
    let error = error.unwrap_err();
    assert_eq!(kind(&error), TrapKind::Host);
    assert_eq!(error.downcast_ref::<Broken>().unwrap().0, 7);
    let chain: Vec<_> = (error.trace().iter())
        .map(|site| (site.line, site.op.as_str()))
        .collect();
    assert_eq!(
        chain,
        [
            (11, "broken"),
            (12, "again"),
            (12, "again"),
            (12, "again"),
            (1, "Call")
        ]
    );
    assert_eq!(
        error.render(),
        "chunk:11: 7 is broken\n  at chunk:11 in step()\n  at chunk:12 in step()\n  at chunk:12 in step()\n  at chunk:12 in step()\n  at chunk:1 in the main program"
    );
    assert_eq!((error.line(), vm.host().len()), (Some(11), 6));
}

#[test]
fn a_panic_inside_a_nested_run() {
    let mut vm = vm();
    for _ in 0..100 {
        vm.host_mut().clear();
        vm.load(steps(5, |b| {
            b.load("left on the stack");
            b.op(ops::panics {});
        }))
        .unwrap();
        let error = vm.call("step", &[Value::Int(0)]).unwrap_err();
        assert_eq!(kind(&error), TrapKind::Panic);
        assert_eq!(error.message(), "handler panicked: deep inside");
        assert_eq!(error.trace().len(), 6);
        assert_eq!(vm.host().len(), 10, "the ops around it went on");
        vm.load(steps(5, |b| b.get_slot(0))).unwrap();
        assert_eq!(vm.call("step", &[Value::Int(0)]).unwrap(), Value::Int(5));
    }
}

#[test]
fn a_handler_may_go_on_after_an_error() {
    let mut vm = vm();
    let texts = eval(&mut vm, |b| {
        returning(b, "fine", &[], |b| b.load(1));
        returning(b, "fails", &[], |b| {
            b.load("on the stack");
            b.emit(Op::PushFrame);
            b.load(5);
            b.op(ops::broken {});
            b.load(0);
        });
        b.load("below");
        b.load(3);
        b.set_slot(0);
        for f in ["fine", "fails", "fine"] {
            b.op(ops::function { f: f.into() });
            b.op(ops::attempt {});
        }
        b.get_slot(0);
        b.make_array(5);
    });
    assert_eq!(
        format!("{:?}", texts.unwrap()),
        r#"["below", "gave 1", "failed: chunk:1: 5 is broken", "gave 1", 3]"#
    );
}

#[test]
fn a_block_that_fails_and_a_block_in_a_block() {
    let mut vm = vm();
    let values = eval(&mut vm, |b| {
        b.load(10);
        b.set_slot(0);
        let outer = b.begin_block();
        let inner = b.begin_block();
        b.get_slot(0);
        b.emit(Op::Inc);
        b.set_slot(0);
        b.get_slot(0);
        let inner = b.end_block(inner);
        b.op(ops::run { body: inner });
        b.op(ops::run { body: inner });
        b.emit(Op::Add);
        let outer = b.end_block(outer);
        b.op(ops::run { body: outer });
        b.get_slot(0);
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", values.unwrap()), "[23, 12]");
    let error = eval(&mut vm, |b| {
        returning(b, "f", &[], |b| {
            let body = b.begin_block();
            b.line(5).load(1);
            b.load(0);
            b.op(core_ops::idiv {});
            let body = b.end_block(body);
            b.line(2).op(ops::run { body });
        });
        b.line(1).call("f", 0);
    });
    let error = error.unwrap_err();
    assert_eq!(kind(&error), TrapKind::ZeroDivision);
    assert_eq!(
        error.render(),
        "chunk:5: division by zero in `idiv`\n  at chunk:5 in f()\n  at chunk:2 in f()\n  at chunk:1 in the main program"
    );
}

/// Evaluates a program that replaces the function that is running, and calls it.
fn replaces(vm: &mut VM, _: u8) -> Value {
    let program = chunk::<Nested>(|b| {
        returning(b, "caller", &["x"], |b| b.load("the new one"));
        b.load(1);
        b.call("caller", 1);
    });
    vm.eval(program).unwrap_or_else(|e| e.to_string().into())
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
    let both = eval(&mut vm, |b| {
        returning(b, "caller", &[], |b| {
            b.load("the old one");
            b.call_builtin(0, 0);
            b.make_array(2);
        });
        b.call("caller", 0);
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
        let result = eval(&mut vm, |b| {
            returning(b, "f", &["a", "b"], |b| {
                b.get_slot(0);
                b.get_slot(1);
                b.call_builtin(0, 0);
                b.get_slot(1);
                b.make_array(4);
            });
            b.load(1);
            b.load(2);
            b.load(3);
            b.call("f", 2);
            b.make_array(2);
        });
        // Whatever came out, no harm was done.
        drop(result);
        let mut b = ChunkBuilder::new();
        b.emit(Op::LoadInt(42), 1);
        assert_eq!(vm.eval(b.build()).unwrap(), Value::Int(42));
    }
}
