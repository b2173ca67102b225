//! Ops that have the VM call a function for them.

use fusevm::testing::assert_chunk;
use fusevm::{ErrorKind, Loadable, TrapKind, prelude::*};

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

/// A chunk with functions to call: one with arguments, one that says how it was called, and one
/// without a result.
macro_rules! calls {
    ($($items:tt)*) => {
        chunk! { Calls;
            fn sub(a, b) { GetSlot(a); GetSlot(b); Sub; ReturnValue; }
            fn captured() { ops::captured; ReturnValue; }
            fn plain(x) { GetSlot(x); SetVar(seen); }
            $($items)*
        }
    };
}

fn trap(program: impl Loadable) -> (TrapKind, String) {
    let error = Calls::vm(()).eval(program).expect_err("it traps");
    match error.kind() {
        ErrorKind::Trap(kind) => (kind, error.message()),
        other => panic!("{other:?}: {error}"),
    }
}

#[test]
fn a_function_value_gets_the_rest_as_arguments() {
    static STACK: StaticChunk = calls! {
        LoadConst("below");
        ops::function(sub); LoadInt(50); LoadInt(8); ops::apply(2);
        MakeArray(2);
    };
    assert_chunk!(Calls; STACK => vec![Value::from("below"), 42.into()]);
}

#[test]
fn a_first_argument_comes_before_the_rest() {
    assert_chunk!(Calls; calls! {
        LoadInt(50); ops::function(sub); LoadInt(8); ops::send(1);
    } => 42);
    assert_chunk!(Calls; calls! {
        LoadInt(9); ops::function(plain); ops::send(0); Pop; GetVar(seen);
    } => 9);
}

#[test]
fn a_value_instead_of_a_call() {
    assert_chunk!(Calls; calls! {
        LoadConst("it"); LoadInt(2); LoadInt(3); ops::apply(2); MakeArray(1);
    } => vec!["it"]);
}

#[test]
fn a_plain_return_leaves_undef() {
    static STACK: StaticChunk = calls! {
        LoadConst("below");
        ops::function(plain); LoadInt(5); ops::apply(1);
        GetVar(seen); MakeArray(3);
    };
    assert_chunk!(Calls; STACK => vec!["below".into(), Value::Undef, 5.into()]);
}

#[test]
fn a_closure_is_reached_from_its_function() {
    static CAPTURED: StaticChunk = calls! {
        let two;
        LoadInt(1); ops::closure(captured);
        LoadInt(2); ops::closure(captured);
        ops::apply(0); SetSlot(two);
        ops::apply(0); GetSlot(two);
        // A call by name has no value through which it goes.
        Call(captured, 0);
        MakeArray(3);
    };
    assert_chunk!(Calls; CAPTURED => vec![1.into(), 2.into(), Value::Undef]);
}

#[test]
fn a_handler_calls_closures_back() {
    static SORTED: StaticChunk = chunk! { Calls;
        // By distance from what the closure has captured.
        fn nearer(a, b) {
            GetSlot(a); ops::captured; Sub; core_ops::abs;
            GetSlot(b); ops::captured; Sub; core_ops::abs;
            Sub; ReturnValue;
        }
        LoadInt(1); LoadInt(9); LoadInt(4); LoadInt(6); MakeArray(4);
        LoadInt(5); ops::closure(nearer);
        ops::sort_by;
    };
    assert_chunk!(Calls; SORTED => vec![4, 6, 1, 9]);
    assert_chunk!(Calls; calls! {
        LoadInt(50); ops::function(sub); ops::method;
        LoadInt(50); LoadUndef; ops::method;
        MakeArray(2);
    } => vec![42, 50]);
}

#[test]
fn a_wrong_number_of_arguments() {
    let (kind, text) = trap(&calls! { ops::function(sub); LoadInt(1); ops::apply(1); });
    assert_eq!(kind, TrapKind::WrongArity);
    assert_eq!(text, "`sub` takes 2 arguments, but got 1");
    // 255 and the first are one more than a call can have.
    let (kind, text) = trap(&calls! {
        LoadInt(1); ops::function(sub); ..{(0..255).map(Op::LoadInt)}; ops::send(255);
    });
    assert_eq!(kind, TrapKind::WrongArity);
    assert!(text.ends_with("but got 256"), "{text}");
}

#[test]
fn what_cannot_be_called() {
    let (kind, text) = trap(&chunk! { Calls; LoadConst("f"); core_ops::call_value(0); });
    assert_eq!(kind, TrapKind::NotCallable);
    assert_eq!(text, "a string is not callable");
}

#[test]
fn an_op_may_call_and_then_have_the_vm_call() {
    assert_chunk!(Calls; calls! {
        ops::function(sub); LoadInt(10); LoadInt(3); ops::call_twice(2);
        GetVar(first); MakeArray(2);
    } => vec![7, 7]);
}

#[test]
fn the_error_is_in_the_function_and_the_chain_goes_on_through_the_op() {
    let line = line!() + 2;
    static CHUNK: StaticChunk = chunk! { Calls;
        fn bad() { LoadInt(1); LoadInt(0); core_ops::idiv; ReturnValue; }
        ops::function(bad);
        ops::apply(0);
    };
    let error = Calls::vm(()).eval(&CHUNK).unwrap_err();
    let chain: Vec<_> = (error.trace().iter())
        .map(|site| {
            (
                site.line,
                site.op.as_str(),
                site.function.as_ref().map(Str::as_str),
            )
        })
        .collect();
    let expected = [(line, "core.idiv", Some("bad")), (line + 2, "apply", None)];
    assert_eq!(chain, expected);
}
