//! Ops that have the VM call a function for them.

use super::{eval, returning};
use fusevm::{ErrorKind, TrapKind, prelude::*};

#[derive(Language)]
#[language(name = "invoke", ops(ops::OPS))]
struct Calls;

/// A function with what it has captured.
#[derive(Object)]
struct Closure {
    #[trace(skip)]
    function: Func,
    captured: Value,
}

#[ops(Calls)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    #[ext_op]
    pub fn closure(#[imm] f: Function, captured: Value) -> Closure {
        let function = f.into();
        Closure { function, captured }
    }

    /// Calls a function or a closure; any other value is its own result.
    #[ext_op]
    pub fn apply(callee: &Value, heap: &mut Heap, args: Rest<'_>) -> Result<Invoke, Trap> {
        let _ = args;
        let function = match (callee, heap.downcast::<Closure>(callee)) {
            (_, Some(closure)) => heap.get(closure)?.function.clone(),
            (Value::Func(function), None) => function.clone(),
            (other, None) => return Ok(Invoke::Value(other.clone())),
        };
        Ok(Invoke::Call {
            function,
            callee: callee.clone(),
            first: None,
        })
    }

    /// Calls with the receiver as argument 0.
    #[ext_op]
    pub fn send(receiver: &Value, function: &Func, args: Rest<'_>) -> Invoke {
        let _ = args;
        Invoke::Call {
            function: function.clone(),
            callee: Value::Func(function.clone()),
            first: Some(receiver.clone()),
        }
    }

    /// What the running closure has captured.
    #[ext_op]
    pub fn captured(mut cx: Ctx<'_, Calls>) -> Result<Value, Trap> {
        let callee = cx.callee();
        match cx.heap().downcast::<Closure>(&callee) {
            Some(closure) => Ok(cx.heap().get(closure)?.captured.clone()),
            None => Ok(callee),
        }
    }

    /// Sorts by a closure, which is called back from Rust.
    #[ext_op]
    pub fn sort_by(
        items: Array,
        order: Obj<Closure>,
        mut cx: Ctx<'_, Calls>,
    ) -> Result<Array, Trap> {
        let invoke = Invoke::Call {
            function: cx.heap().get(order)?.function.clone(),
            callee: order.into(),
            first: None,
        };
        let mut sorted: Vec<Value> = Vec::new();
        for item in items.iter() {
            let mut at = sorted.len();
            while at > 0
                && cx
                    .call(&invoke, &[item.clone(), sorted[at - 1].clone()])?
                    .to_int()
                    < 0
            {
                at -= 1;
            }
            sorted.insert(at, item);
        }
        Ok(Array::from(sorted))
    }

    /// Calls back with an argument 0 of its own, or has the result at once.
    #[ext_op]
    pub fn method(receiver: Value, f: Option<Func>, mut cx: Ctx<'_, Calls>) -> Result<Value, Trap> {
        let invoke = match f {
            Some(function) => Invoke::Call {
                callee: receiver.clone(),
                function,
                first: Some(receiver),
            },
            None => Invoke::Value(receiver),
        };
        cx.call(invoke, &[Value::Int(8)])
    }

    /// Has called once from Rust before it has the VM call.
    #[ext_op]
    pub fn call_twice(f: Value, mut cx: Ctx<'_, Calls>, args: Rest<'_>) -> Result<Invoke, Trap> {
        let first = cx.call(&f, args.as_slice())?;
        cx.set_global("first", first);
        match &f {
            Value::Func(function) => Ok(Invoke::Call {
                function: function.clone(),
                callee: f.clone(),
                first: None,
            }),
            other => Err(Trap::NotCallable(other.kind())),
        }
    }
}

/// Functions that the tests call.
fn functions(b: &mut Builder<Calls>) {
    returning(b, "sub", &["a", "b"], |b| {
        b.get_slot(0);
        b.get_slot(1);
        b.emit(Op::Sub);
    });
    returning(b, "captured", &[], |b| b.op(ops::captured {}));
    let f = b.begin_fn("plain", &["x"]);
    b.get_slot(0);
    b.set_var("seen");
    b.end_fn(f);
}

fn run(build: impl FnOnce(&mut Builder<Calls>)) -> Result<Value, Error> {
    eval(&mut Calls::vm(()), |b| {
        functions(b);
        build(b);
    })
}

fn message(build: impl FnOnce(&mut Builder<Calls>)) -> (TrapKind, String) {
    let error = run(build).expect_err("it traps");
    match error.kind() {
        ErrorKind::Trap(kind) => (kind, error.message()),
        other => panic!("{other:?}: {error}"),
    }
}

fn load_fn(b: &mut Builder<Calls>, name: &str) {
    b.op(ops::function { f: name.into() });
}

#[test]
fn a_function_value_gets_the_rest_as_arguments() {
    let stack = run(|b| {
        b.load("below");
        load_fn(b, "sub");
        b.load(50);
        b.load(8);
        b.op(ops::apply { args: 2 });
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", stack.unwrap()), "[\"below\", 42]");
}

#[test]
fn a_first_argument_comes_before_the_rest() {
    let result = run(|b| {
        b.load(50);
        b.op(ops::function { f: "sub".into() });
        b.load(8);
        b.op(ops::send { args: 1 });
    });
    assert_eq!(result.unwrap(), Value::Int(42));
    let result = run(|b| {
        b.load(9);
        b.op(ops::function { f: "plain".into() });
        b.op(ops::send { args: 0 });
        b.emit(Op::Pop);
        b.get_var("seen");
    });
    assert_eq!(result.unwrap(), Value::Int(9));
}

#[test]
fn a_value_instead_of_a_call() {
    let stack = run(|b| {
        b.load("it");
        b.load(2);
        b.load(3);
        b.op(ops::apply { args: 2 });
        b.make_array(1);
    });
    assert_eq!(format!("{:?}", stack.unwrap()), "[\"it\"]");
}

#[test]
fn a_plain_return_leaves_undef() {
    let stack = run(|b| {
        b.load("below");
        load_fn(b, "plain");
        b.load(5);
        b.op(ops::apply { args: 1 });
        b.get_var("seen");
        b.make_array(3);
    });
    assert_eq!(format!("{:?}", stack.unwrap()), "[\"below\", undef, 5]");
}

#[test]
fn a_closure_is_reached_from_its_function() {
    let captured = run(|b| {
        for captured in [1, 2] {
            b.load(captured);
            b.op(ops::closure {
                f: "captured".into(),
            });
        }
        b.op(ops::apply { args: 0 });
        b.set_slot(0);
        b.op(ops::apply { args: 0 });
        b.get_slot(0);
        b.call("captured", 0);
        b.make_array(3);
    });
    let captured = captured.unwrap();
    // A call by name has no value through which it goes.
    assert_eq!(format!("{captured:?}"), "[1, 2, undef]");
}

#[test]
fn a_handler_calls_closures_back() {
    let sorted = run(|b| {
        // By distance from what the closure has captured.
        returning(b, "nearer", &["a", "b"], |b| {
            for slot in [0, 1] {
                b.get_slot(slot);
                b.op(ops::captured {});
                b.emit(Op::Sub);
                b.op(core_ops::abs {});
            }
            b.emit(Op::Sub);
        });
        for item in [1, 9, 4, 6] {
            b.load(item);
        }
        b.make_array(4);
        b.load(5);
        b.op(ops::closure { f: "nearer".into() });
        b.op(ops::sort_by {});
    });
    assert_eq!(format!("{:?}", sorted.unwrap()), "[4, 6, 1, 9]");
    let results = run(|b| {
        b.load(50);
        load_fn(b, "sub");
        b.op(ops::method {});
        b.load(50);
        b.load(());
        b.op(ops::method {});
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", results.unwrap()), "[42, 50]");
}

#[test]
fn a_wrong_number_of_arguments() {
    let (kind, text) = message(|b| {
        load_fn(b, "sub");
        b.load(1);
        b.op(ops::apply { args: 1 });
    });
    assert_eq!(kind, TrapKind::WrongArity);
    assert_eq!(text, "`sub` takes 2 arguments, but got 1");
    // 255 and the first are one more than a call can have.
    let (kind, text) = message(|b| {
        b.load(1);
        b.op(ops::function { f: "sub".into() });
        for i in 0..255 {
            b.load(i);
        }
        b.op(ops::send { args: 255 });
    });
    assert_eq!(kind, TrapKind::WrongArity);
    assert!(text.ends_with("but got 256"), "{text}");
}

#[test]
fn what_cannot_be_called() {
    let (kind, text) = message(|b| {
        b.load("f");
        b.op(core_ops::call_value { args: 0 });
    });
    assert_eq!(kind, TrapKind::NotCallable);
    assert_eq!(text, "a string is not callable");
}

#[test]
fn an_op_may_call_and_then_have_the_vm_call() {
    let both = run(|b| {
        b.op(ops::function { f: "sub".into() });
        b.load(10);
        b.load(3);
        b.op(ops::call_twice { args: 2 });
        b.get_var("first");
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", both.unwrap()), "[7, 7]");
}

#[test]
fn the_error_is_in_the_function_and_the_chain_goes_on_through_the_op() {
    let error = run(|b| {
        returning(b, "bad", &[], |b| {
            b.line(20).load(1);
            b.load(0);
            b.op(core_ops::idiv {});
        });
        b.line(3);
        load_fn(b, "bad");
        b.op(ops::apply { args: 0 });
    });
    let error = error.unwrap_err();
    let chain: Vec<_> = (error.trace().iter())
        .map(|site| {
            (
                site.line,
                site.op.as_str(),
                site.function.as_ref().map(Str::as_str),
            )
        })
        .collect();
    assert_eq!(chain, [(20, "core.idiv", Some("bad")), (3, "apply", None)]);
}
