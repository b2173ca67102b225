//! Ops that jump, with and without values on their ways, and ops that write slots of their caller: in every tier they
//! go the same ways and leave the same.

use fusevm::prelude::*;
use std::fmt;
use std::sync::Arc;

#[derive(Language)]
#[language(name = "ways", host = Count, ops(ops::OPS))]
struct Ways;

#[derive(Debug, Default)]
struct Count(i64);

#[derive(Debug, Object)]
struct Cell(i64);

#[derive(FuseValue, Clone, Debug, PartialEq)]
struct Token(Arc<i64>);

#[derive(Debug)]
struct Refused(i64);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused", self.0)
    }
}

impl std::error::Error for Refused {}

#[ops(Ways)]
mod ops {
    use super::*;

    /// Numbers alone.
    #[ext_op(fast)]
    pub fn unless(#[imm] _to: Label, is: bool) -> Branch {
        Branch::when(!is)
    }

    /// Of any kind, and may fail.
    #[ext_op(fast)]
    pub fn if_plain(#[imm] _to: Label, x: &Value, bad: i64) -> Result<Branch, Refused> {
        match x {
            Value::Int(n) if *n == bad => Err(Refused(*n)),
            x => Ok(Branch::when(x.as_str().is_none())),
        }
    }

    /// A value on both ways, of different types.
    #[ext_op(fast)]
    pub fn half(#[imm] _to: Label, n: i64) -> Branch<i64, Str> {
        match n % 2 {
            0 => Branch::Fall(n / 2),
            _ => Branch::Jump(Str::from("odd")),
        }
    }

    /// A value on the way that jumps, which was moved in.
    #[ext_op(fast)]
    pub fn or_jump(#[imm] _to: Label, x: Value) -> Branch<(), Value> {
        match x {
            Value::Undef | Value::Bool(false) => Branch::Fall(()),
            x => Branch::Jump(x),
        }
    }

    /// An object on one way: it is there already, and a new one is not for machine code.
    #[ext_op(fast)]
    pub fn cell_or(#[imm] _to: Label, cell: Option<Obj<Cell>>) -> Branch<Obj<Cell>, ()> {
        cell.map_or(Branch::Jump(()), Branch::Fall)
    }

    #[ext_op]
    pub fn new_cell(#[imm] _to: Label, n: i64) -> Branch<Cell, i64> {
        match n % 3 {
            0 => Branch::Fall(Cell(n)),
            _ => Branch::Jump(n),
        }
    }

    #[ext_op(fast)]
    pub fn content(cell: &Cell) -> i64 {
        cell.0
    }

    /// A slot, the host, and an error after both are written.
    #[ext_op(fast)]
    pub fn count(
        #[imm] other: Slot,
        #[slot] n: &mut Value,
        #[imm] _to: Label,
        most: i64,
        bad: i64,
        host: &mut Count,
    ) -> Result<Branch, Refused> {
        let next = n.to_int() + 1;
        *n = Value::Int(next);
        host.0 += i64::from(other.0);
        match next == bad {
            true => Err(Refused(next)),
            false => Ok(Branch::when(next < most)),
        }
    }

    /// A slot that is of another kind each time.
    #[ext_op(fast)]
    pub fn turn(#[slot] s: &mut Value) -> i64 {
        let (next, was) = match s {
            Value::Int(n) => (Value::Float(*n as f64 + 0.5), *n),
            Value::Float(x) => (Value::from(format!("{x}").as_str()), 1),
            _ => (Value::Int(7), 2),
        };
        *s = next;
        was
    }

    /// Nothing on the stack, and what the slot holds on one way.
    #[ext_op(fast)]
    pub fn emptied(#[slot] s: &mut Value, #[imm] _to: Label) -> Branch<Value, ()> {
        match std::mem::take(s) {
            Value::Undef => Branch::Jump(()),
            value => Branch::Fall(value),
        }
    }

    /// What is of another kind is dropped.
    #[ext_op(fast)]
    pub fn length(items: Option<Array>) -> i64 {
        items.map_or(-1, |items| items.len() as i64)
    }

    #[ext_op(pure, fast)]
    pub fn join(a: &Value, b: &Value) -> String {
        format!("{a} {b}")
    }
}

fusevm::testing::test_ops!(Ways);

/// Runs the program a few times in every tier: it gives or fails with the same, and the host has counted the same.
#[track_caller]
fn agree(program: &StaticChunk, args: &[Value]) -> String {
    let mut expected: Option<Vec<(String, i64)>> = None;
    for (name, mut vm) in super::native::tiers::<Ways>() {
        vm.eval(program).expect("the chunk is right");
        let run = |_| {
            let told = match vm.call("run", args) {
                Ok(value) => vm.text(&value).unwrap_or_else(|_| format!("{value:?}")),
                Err(error) => error.render(),
            };
            (told, vm.host().0)
        };
        let all: Vec<_> = (0..4).map(run).collect();
        match &expected {
            Some(expected) => assert_eq!(*expected, all, "{name}"),
            None => expected = Some(all),
        }
    }
    expected.expect("there are tiers").swap_remove(0).0
}

#[test]
fn with_nothing_and_with_a_value() {
    let program = chunk! { Ways;
        fn run(n, what, bad) {
            let i; let sum; let last;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
          'next:
            GetSlot(i); LoadInt(5); Mod; LoadInt(2); NumLt; ops::unless('large);
            GetSlot(sum); LoadInt(3); Add; SetSlot(sum);
          'large:
            GetSlot(i); ops::half('odd);
            GetSlot(sum); Add; LoadInt(0xffff); BitAnd; SetSlot(sum); Jump('on);
          'odd:
            SetSlot(last);
          'on:
            GetSlot(what); GetSlot(bad); ops::if_plain('plain);
            GetSlot(sum); LoadInt(1); Add; SetSlot(sum);
          'plain:
            GetSlot(i); GetSlot(bad); ops::if_plain('number);
          'number:
            LoadFalse; ops::or_jump('never);
            GetSlot(what); ops::or_jump('kept);
            GetSlot(last);
          'kept:
            SetSlot(last);
            Jump('test);
          'never:
            Pop;
          'test:
            GetSlot(i); LoadInt(1); Add; SetSlot(i);
            GetSlot(i); GetSlot(n); NumLt; JumpIfTrue('next);
            GetSlot(sum); GetSlot(last); ops::join; ReturnValue;
        }
    };
    for (bad, fails) in [(-1, false), (399, true), (0, true), (77, true)] {
        for what in [Value::from("text"), Value::Undef, Value::Float(2.5)] {
            let told = agree(&program, &[Value::Int(400), what, Value::Int(bad)]);
            assert_eq!(told.contains("is refused"), fails, "{told}");
        }
    }
}

#[test]
fn with_objects() {
    let program = chunk! { Ways;
        fn run(n) {
            let i; let sum; let last;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
          'next:
            GetSlot(i); ops::new_cell('number);
            SetSlot(last); Jump('made);
          'number:
            GetSlot(sum); BitXor; SetSlot(sum);
          'made:
            GetSlot(last); ops::cell_or('none);
            ops::content; GetSlot(sum); Add; SetSlot(sum);
          'none:
            GetSlot(i); LoadInt(7); Mod; LoadInt(0); NumEq; JumpIfFalse('stays);
            LoadUndef; SetSlot(last);
          'stays:
            GetSlot(i); LoadInt(1); Add; SetSlot(i);
            GetSlot(i); GetSlot(n); NumLt; JumpIfTrue('next);
            GetSlot(sum); ReturnValue;
        }
    };
    agree(&program, &[Value::Int(500)]);
}

#[test]
fn slots_that_ops_write() {
    let program = chunk! { Ways;
        fn run(n, bad) {
            let i; let sum; let s;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum); LoadInt(4); SetSlot(s);
          'next:
            GetSlot(i); GetSlot(sum); Add; SetSlot(sum);
            GetSlot(i); LoadInt(3); Mod; LoadInt(0); NumEq; JumpIfFalse('on);
            ops::turn(s); GetSlot(sum); Add; SetSlot(sum);
          'on:
            GetSlot(n); GetSlot(bad); ops::count(s, i, 'next);
            GetSlot(sum); GetSlot(s); ops::join; ReturnValue;
        }
    };
    for (bad, fails) in [(-1, false), (1, true), (299, true)] {
        let told = agree(&program, &[Value::Int(300), Value::Int(bad)]);
        assert_eq!(told.contains("is refused"), fails, "{told}");
    }
}

/// What goes through slots, ways and operands of another kind is dropped once.
#[test]
fn nothing_is_left_and_nothing_goes_twice() {
    let program = chunk! { Ways;
        fn run(n, what) {
            let i; let s; let sum;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
          'next:
            GetSlot(i); LoadInt(3); Mod; LoadInt(0); NumEq; JumpIfTrue('none);
            GetSlot(what); SetSlot(s);
          'none:
            ops::emptied(s, 'nothing);
            ops::length; GetSlot(sum); Add; SetSlot(sum);
            Jump('on);
          'nothing:
            GetSlot(what); ops::length; GetSlot(sum); Add; SetSlot(sum);
          'on:
            GetSlot(i); LoadInt(1); Add; SetSlot(i);
            GetSlot(i); GetSlot(n); NumLt; JumpIfTrue('next);
            GetSlot(sum); ReturnValue;
        }
    };
    let token = Arc::new(7);
    for (name, mut vm) in super::native::tiers::<Ways>() {
        vm.eval(&program).expect("the chunk is right");
        for _ in 0..4 {
            let args = [Value::Int(200), Token(token.clone()).into()];
            let sum = vm.call("run", &args);
            assert_eq!(sum.ok(), Some(Value::Int(-200)), "{name}");
        }
        drop(vm);
        assert_eq!(Arc::strong_count(&token), 1, "{name}");
    }
}

/// A loop of such ops is machine code, and stays in it.
#[test]
#[cfg(feature = "jit")]
fn nothing_is_left_to_the_interpreter() {
    let program = chunk! { Ways;
        fn run(n) {
            let i; let sum;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
          'next:
            GetSlot(i); ops::half('odd);
            GetSlot(sum); Add; LoadInt(0xffff); BitAnd; SetSlot(sum); Jump('on);
          'odd:
            Pop;
          'on:
            GetSlot(n); LoadInt(-1); ops::count(sum, i, 'next);
            GetSlot(sum); ReturnValue;
        }
    };
    let mut vm = Ways::vm(Count::default());
    vm.set_jit(crate::jit::at_once(30));
    vm.eval(&program).expect("the chunk is right");
    for _ in 0..3 {
        vm.call("run", &[Value::Int(40_000)]).expect("it runs");
    }
    let report = vm.jit_report();
    assert!(report.exits < 50, "{} exits", report.exits);
    assert!(report.count > 0, "nothing was compiled");
}
