//! Recursion of programs and of handlers, on threads with a small stack.

use fusevm::{ErrorKind, TrapKind, prelude::*};

#[derive(Language)]
#[language(name = "deep", ops(ops::OPS))]
struct Deep;

#[ops(Deep)]
mod ops {
    use super::*;

    /// Has the VM call, with itself as argument 0.
    #[ext_op]
    pub fn apply(f: &Value, args: Rest<'_>) -> Result<Invoke, Trap> {
        let _ = args;
        match f {
            Value::Func(function) => Ok(Invoke::Call {
                function: function.clone(),
                callee: f.clone(),
                first: Some(f.clone()),
            }),
            other => Err(Trap::NotCallable(other.kind())),
        }
    }

    /// Calls from Rust.
    #[ext_op]
    pub fn call_nested(f: Value, n: i64, mut cx: Ctx<'_, Deep>) -> Result<Value, Trap> {
        cx.call(&f, &[Value::Int(n)])
    }

    /// Runs a block from Rust.
    #[ext_op]
    pub fn run_nested(#[imm] body: Block, n: i64, mut cx: Ctx<'_, Deep>) -> Result<Value, Trap> {
        cx.run(body, &[Value::Int(n)])
    }

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }
}

fn on_small_stack(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(256 * 1024);
        let thread = small.spawn_scoped(scope, test).expect("a thread starts");
        if let Err(payload) = thread.join() {
            std::panic::resume_unwind(payload);
        }
    });
}

fn kind(error: &Error) -> TrapKind {
    match error.kind() {
        ErrorKind::Trap(kind) => kind,
        other => panic!("{other:?}: {error}"),
    }
}

/// A VM that lets a million calls be open, and as many nested runs as any.
fn million() -> Vm<Deep> {
    let mut vm = Deep::vm(());
    let mut limits = Limits::default();
    limits.max_call_depth = 1_000_000;
    vm.set_limits(limits);
    vm
}

fn still_works(vm: &mut Vm<Deep>) {
    let sum = vm.eval(&chunk! { Deep;
        fn add(a, b) { GetSlot(a); GetSlot(b); Add; ReturnValue; }
        LoadInt(40); LoadInt(2); Call(add, 2);
    });
    assert_eq!(sum.unwrap(), Value::Int(42));
}

#[test]
fn a_million_calls_by_an_op_that_invokes() {
    on_small_stack(|| {
        let mut vm = million();
        let error = vm.eval(&chunk! { Deep;
            fn forever(f) { GetSlot(f); ops::apply(0); ReturnValue; }
            ops::function(forever); ops::apply(0);
        });
        let error = error.unwrap_err();
        assert_eq!(kind(&error), TrapKind::CallDepth);
        assert_eq!(error.message(), "call depth exceeds 1000000");
        assert_eq!(error.trace().len(), 64, "both ends of the chain");
        assert_eq!(error.trace()[63].function, None);
        still_works(&mut vm);
    });
}

#[test]
fn a_million_calls_by_the_core_op() {
    on_small_stack(|| {
        let mut vm = million();
        let error = vm.eval(&chunk! { Deep;
            fn forever(f) { GetSlot(f); GetSlot(f); core_ops::call_value(1); ReturnValue; }
            ops::function(forever); Dup; core_ops::call_value(1);
        });
        assert_eq!(kind(&error.unwrap_err()), TrapKind::CallDepth);
        still_works(&mut vm);
    });
}

#[test]
fn a_deep_recursion_that_ends_comes_back() {
    on_small_stack(|| {
        let depth = Deep::vm(()).eval(&chunk! { Deep;
            fn count(f, n) {
                GetSlot(n); JumpIfTrue('more);
                LoadInt(0); ReturnValue;
              'more:
                GetSlot(f); GetSlot(n); Dec; ops::apply(1); Inc; ReturnValue;
            }
            ops::function(count); LoadInt(150_000); ops::apply(1);
        });
        assert_eq!(depth.unwrap(), Value::Int(150_000));
    });
}

/// `down(n)` calls itself through Rust until `n` is 0, and counts on the way back.
static DOWN: StaticChunk = chunk! { Deep;
    fn down(n) {
        GetSlot(n); JumpIfTrue('more);
        LoadInt(0); ReturnValue;
      'more:
        ops::function(down); GetSlot(n); Dec; ops::call_nested; Inc; ReturnValue;
    }
};

#[test]
fn nested_runs_up_to_the_limit_fit_a_small_stack() {
    on_small_stack(|| {
        let mut vm = million();
        vm.load(&DOWN).unwrap();
        let limit = vm.limits().max_reentry as i64;
        // The call from here is the first run.
        let most = vm.call("down", &[Value::Int(limit - 1)]);
        assert_eq!(most.unwrap(), Value::Int(limit - 1));
        for n in [limit, limit + 1, 1_000_000] {
            let error = vm.call("down", &[Value::Int(n)]).unwrap_err();
            assert_eq!(kind(&error), TrapKind::ReentryDepth);
            assert_eq!(error.message(), format!("nested runs exceed {limit}"));
        }
        assert_eq!(vm.call("down", &[Value::Int(8)]).unwrap(), Value::Int(8));
        still_works(&mut vm);
    });
}

#[test]
fn blocks_run_from_rust_up_to_the_limit() {
    on_small_stack(|| {
        let mut vm = million();
        vm.load(&chunk! { Deep;
            fn down(n) {
                block body { Call(down, 1); }
                GetSlot(n); Dec; ops::run_nested(body); ReturnValue;
            }
        })
        .unwrap();
        let error = vm.call("down", &[Value::Int(0)]).unwrap_err();
        assert_eq!(kind(&error), TrapKind::ReentryDepth);
        still_works(&mut vm);
    });
}

#[test]
fn programs_loaded_inside_programs_up_to_the_limit() {
    fn again(vm: &mut VM, _: u8) -> Value {
        match vm.eval(&chunk! { Deep; CallBuiltin(0, 0); }) {
            Ok(value) => value,
            Err(error) => error.message().into(),
        }
    }
    on_small_stack(|| {
        let mut vm = million();
        vm.register_builtin(0, again);
        let deepest = vm.eval(&chunk! { Deep; CallBuiltin(0, 0); }).unwrap();
        let limit = vm.limits().max_reentry;
        assert_eq!(deepest, Value::str(format!("nested runs exceed {limit}")));
        still_works(&mut vm);
    });
}
