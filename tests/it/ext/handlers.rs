//! Handlers that fail: whatever an op does, the VM is usable after it, and nothing is left behind.

use fusevm::{ErrorKind, TrapKind, prelude::*};
use std::panic::{panic_any, resume_unwind};
use std::sync::Arc;

#[derive(Language)]
#[language(name = "fragile", host = Host, ops(ops::OPS))]
struct Fragile;

/// Counts the runs of ops.
#[derive(Default)]
struct Host {
    runs: usize,
}

/// Its copies are counted.
#[derive(FuseValue, Clone)]
struct Counted(Arc<()>);

#[derive(Object)]
struct Thing(Vec<Value>);

/// Panics without a message on the terminal.
fn fail(how: i64) -> Result<(), Trap> {
    match how {
        0 => resume_unwind(Box::new("a text")),
        1 => resume_unwind(Box::new(String::from("a string"))),
        2 => resume_unwind(Box::new(17)),
        3 => Err(Trap::host(std::fmt::Error)),
        4 => Err(Trap::HandlerBusy),
        _ => Ok(()),
    }
}

#[ops(Fragile)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn leaf(what: &Value, how: i64, host: &mut Host) -> Result<(), Trap> {
        let _ = what;
        host.runs += 1;
        fail(how)
    }

    #[ext_op]
    pub fn owner(what: Value, how: i64, mut cx: Ctx<'_, Fragile>) -> Result<(), Trap> {
        let _ = what;
        cx.host().runs += 1;
        fail(how)
    }

    #[ext_op]
    pub fn through(f: Value, how: i64, mut cx: Ctx<'_, Fragile>) -> Result<Value, Trap> {
        cx.host().runs += 1;
        cx.call(&f, &[Value::Int(how)])
    }

    /// Fails in the middle of writing an object.
    #[ext_op]
    pub fn write(mut thing: ObjMut<'_, Thing>, how: i64) -> Result<(), Trap> {
        thing.0.push(Value::Int(how));
        fail(how)?;
        thing.0.clear();
        Ok(())
    }

    #[ext_op]
    pub fn thing() -> Thing {
        Thing(Vec::new())
    }

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// With its message on the terminal, as panics are.
    #[ext_op]
    pub fn plain_panic(n: i64) -> i64 {
        10 / n
    }

    #[ext_op]
    pub fn odd_panic() {
        panic_any(vec![1, 2, 3])
    }
}

/// Functions that fail with values on the stack and in slots, in a scope, and inside a nested run.
static FAILING: StaticChunk = chunk! { Fragile;
    fn leaf(how) {
        GetVar(counted); GetVar(counted); GetVar(counted); SetSlot(5);
        GetSlot(how); SetVar(how);
        PushFrame;
        GetVar(counted); SetSlot(0);
        GetVar(counted); GetVar(how); ops::leaf;
        PopFrame;
        ReturnValue;
    }
    fn owner(how) {
        GetVar(counted); GetVar(counted); GetSlot(how); ops::owner;
        ReturnValue;
    }
    fn through(how) {
        GetVar(counted); Dup; Pop;
        ops::function(leaf); GetSlot(how); ops::through;
        MakeArray(2); ReturnValue;
    }
    fn write(how) {
        GetVar(thing); GetSlot(how); ops::write;
        LoadInt(1); ReturnValue;
    }
};

#[test]
fn ten_thousand_failures_leave_nothing_behind() {
    let counted = Arc::new(());
    let mut vm = Fragile::vm(Host::default());
    vm.set_global("counted", Counted(counted.clone()));
    vm.set_global("how", 0);
    vm.load(&FAILING).unwrap();
    vm.eval(&chunk! { Fragile; ops::thing; SetVar(thing); })
        .unwrap();
    let held = Arc::strong_count(&counted);
    let (heap, globals) = (vm.heap().stats(), vm.global_names().count());
    let kinds = [
        TrapKind::Panic,
        TrapKind::Panic,
        TrapKind::Panic,
        TrapKind::Host,
        TrapKind::HandlerBusy,
    ];
    for i in 0..10_000 {
        let name = ["leaf", "owner", "through", "write"][i % 4];
        let how = i / 4 % 5;
        let error = vm.call(name, &[Value::Int(how as i64)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Trap(kinds[how]), "{name} {how}");
        let fine = vm.call(name, &[Value::Int(9)]);
        assert!(fine.is_ok(), "after {name} {how}: {fine:?}");
        drop((error, fine));
        assert_eq!(Arc::strong_count(&counted), held, "{name} {how}");
    }
    // `leaf` and `owner` once, `through` with `leaf` inside, and as often again without failing.
    assert_eq!(vm.host().runs, 2 * 2_500 * 4);
    assert_eq!(vm.heap().stats(), heap);
    assert_eq!(vm.global_names().count(), globals);
    assert_eq!(vm.function_names().count(), 4);
}

#[test]
fn programs_that_fail_are_forgotten() {
    let mut vm = Fragile::vm(Host::default());
    let fails = chunk! { Fragile; LoadConst("what"); LoadInt(0); ops::leaf; };
    let program = Arc::new(fails.to_chunk());
    for _ in 0..1_000 {
        assert!(vm.eval(program.clone()).is_err());
        assert_eq!(Arc::strong_count(&program), 1);
    }
}

#[test]
fn the_message_of_a_panic_is_the_message_of_the_trap() {
    let mut vm = Fragile::vm(Host::default());
    let mut message = |program: &StaticChunk| {
        let error = vm.eval(program).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Panic));
        error.to_string()
    };
    let place = |line: u32| format!("{}:{line}: handler panicked: ", file!());
    let line = line!() + 1;
    let text = message(&chunk! { Fragile; LoadInt(0); ops::plain_panic; });
    assert_eq!(text, place(line) + "attempt to divide by zero");
    let text = message(&chunk! { Fragile; ops::odd_panic; });
    assert_eq!(text, place(line + 2) + "no message");
}

#[test]
fn what_a_failing_op_wrote_is_there_and_its_object_is_whole() {
    let mut vm = Fragile::vm(Host::default());
    let program = chunk! { Fragile; ops::thing; Dup; SetVar(thing); LoadInt(0); ops::write; };
    assert!(vm.eval(&program).is_err());
    let thing = vm.heap().downcast::<Thing>(&vm.global("thing")).unwrap();
    assert_eq!(vm.heap().get(thing).unwrap().0, [Value::Int(0)]);
}

#[test]
fn raw_handlers_and_builtins_that_fail() {
    fn fails(vm: &mut VM, argc: u8) -> Value {
        vm.push(Value::str("left over"));
        match argc {
            0 => resume_unwind(Box::new("in a builtin")),
            _ => Value::Int(argc.into()),
        }
    }
    let mut vm = VM::empty();
    vm.register_builtin(3, fails);
    vm.set_extension_handler(Box::new(|vm, id, arg| {
        vm.push(Value::str("left over"));
        if id == 1 {
            resume_unwind(Box::new("in a raw handler"));
        }
        for _ in 0..arg {
            vm.pop();
        }
    }));
    let mut raw = |id: u16, arg: u8| {
        let mut b = ChunkBuilder::new();
        b.emit(Op::LoadInt(1), 1);
        b.emit(Op::Extended(id, arg), 2);
        vm.eval(b.build())
    };
    for _ in 0..100 {
        assert_eq!(raw(0, 0).unwrap(), Value::str("left over"));
        assert_eq!(raw(0, 1).unwrap(), Value::Int(1));
        let panicked = raw(1, 0).unwrap_err();
        assert_eq!(panicked.message(), "handler panicked: in a raw handler");
        let underflow = raw(0, 3).unwrap_err();
        assert_eq!(underflow.kind(), ErrorKind::Trap(TrapKind::StackUnderflow));
    }
    let line = line!() + 4;
    let mut builtin = |argc: u8| {
        vm.eval(&chunk! { ();
            LoadInt(1); ..{vec![Op::LoadInt(2); argc.into()]};
            CallBuiltin(3, {argc});
            MakeArray(2);
        })
    };
    for _ in 0..100 {
        assert_eq!(format!("{:?}", builtin(2).unwrap()), "[1, 2]");
        assert_eq!(
            builtin(0).unwrap_err().to_string(),
            format!("{}:{line}: handler panicked: in a builtin", file!())
        );
    }
}
