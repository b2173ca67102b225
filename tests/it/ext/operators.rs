//! What a language makes of the core's ops: operators for operands that are no numbers, policies, and
//! functions that are reached by value alone.

use super::{chunk, eval, returning};
use fusevm::{ErrorKind, TrapKind, prelude::*};

#[derive(Language)]
#[language(
    name = "strict",
    ops(ops::OPS),
    operators(
        Add = ops::join,
        Negate = ops::not,
        NumEq = ops::same,
        NumLt = ops::before,
        Inc = ops::next
    ),
    operands = strict,
    zero_div = float,
    unset = strict
)]
struct Strict;

/// Has operators and coerces all else.
#[derive(Language)]
#[language(name = "loose", operators(Add = ops::join))]
struct Loose;

#[ops]
mod ops {
    use super::*;

    #[ext_op(cost = 5)]
    pub fn join(a: &Value, b: &Value) -> Result<String, String> {
        match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => Ok(format!("{a}{b}")),
            _ => Err(format!("cannot add {} and {}", a.kind(), b.kind())),
        }
    }

    #[ext_op]
    pub fn not(a: bool) -> bool {
        !a
    }

    #[ext_op]
    pub fn same(a: &Value, b: &Value) -> bool {
        a == b
    }

    #[ext_op]
    pub fn before(a: &str, b: &str) -> bool {
        a < b
    }

    #[ext_op]
    pub fn next(a: &str) -> String {
        format!("{a}+")
    }

    #[ext_op]
    pub fn closure(#[imm] f: Function) -> Func {
        f.into()
    }
}

fn binary(op: Op, a: impl Into<Value>, b: impl Into<Value>) -> Result<Value, String> {
    let (a, b) = (a.into(), b.into());
    let result = eval(&mut Strict::vm(()), |chunk| {
        chunk.load(a);
        chunk.load(b);
        chunk.emit(op);
    });
    result.map_err(|error| error.message())
}

fn unary(op: Op, a: impl Into<Value>) -> Result<Value, String> {
    let a = a.into();
    let result = eval(&mut Strict::vm(()), |chunk| {
        chunk.load(a);
        chunk.emit(op);
    });
    result.map_err(|error| error.message())
}

#[test]
fn operators_take_what_is_no_number() {
    assert_eq!(binary(Op::Add, 1, 2.5), Ok(3.5.into()));
    assert_eq!(binary(Op::Add, "a", "b"), Ok("ab".into()));
    assert_eq!(
        binary(Op::Add, "a", 1),
        Err("cannot add Str and Int".into())
    );
    assert_eq!(binary(Op::NumEq, 1, 1.0), Ok(true.into()));
    assert_eq!(binary(Op::NumEq, "1", 1), Ok(false.into()));
    assert_eq!(binary(Op::NumEq, (), ()), Ok(true.into()));
    assert_eq!(binary(Op::NumLt, "a", "b"), Ok(true.into()));
    assert_eq!(unary(Op::Negate, true), Ok(false.into()));
    assert_eq!(unary(Op::Negate, 2), Ok((-2).into()));
    let text = "`before`, operand 2: expected Str, found Int 1";
    assert_eq!(binary(Op::NumLt, "a", 1), Err(text.into()));
}

#[test]
fn other_ops_on_numbers_trap_when_strict() {
    for op in [
        Op::Sub,
        Op::Mul,
        Op::Div,
        Op::Mod,
        Op::Pow,
        Op::NumGe,
        Op::Spaceship,
        Op::BitOr,
        Op::Shl,
    ] {
        let text = |n| {
            format!(
                "`{}`, operand {n}: expected a number, found Str \"2\"",
                op.name()
            )
        };
        assert_eq!(binary(op, 7, "2"), Err(text(2)));
        assert_eq!(binary(op, "2", ()), Err(text(1)));
        assert!(binary(op, 7, 2).is_ok(), "{op:?}");
    }
    let text = "`BitNot`, operand 1: expected a number, found Bool true";
    assert_eq!(unary(Op::BitNot, true), Err(text.into()));
    // Ops that are not about numbers are as they are.
    assert_eq!(binary(Op::Concat, 7, "2"), Ok("72".into()));
    assert_eq!(binary(Op::LogAnd, "a", 0), Ok(false.into()));
    assert_eq!(unary(Op::StringLen, 100), Ok(3.into()));
}

#[test]
fn operators_alone_leave_the_rest_to_be_coerced() {
    let run = |op: Op| {
        eval(&mut Loose::vm(()), |b| {
            b.load("4");
            b.load("2");
            b.emit(op);
        })
    };
    assert_eq!(run(Op::Add).unwrap(), Value::str("42"));
    assert_eq!(run(Op::Sub).unwrap(), Value::Int(2));
}

#[test]
fn fused_or_not_operators_run_and_cost_the_same() {
    let words = |b: &mut Builder<Strict>| {
        b.load("a");
        b.set_slot(0);
        b.load("b");
        b.set_slot(1);
    };
    let parts = chunk(|b: &mut Builder<Strict>| {
        words(b);
        for op in [Op::GetSlot(0), Op::GetSlot(1), Op::Add, Op::SetSlot(0)] {
            b.emit(op);
        }
        for op in [Op::GetSlot(0), Op::Inc, Op::SetSlot(0), Op::GetSlot(0)] {
            b.emit(op);
        }
    });
    let whole = chunk(|b: &mut Builder<Strict>| {
        words(b);
        b.emit(Op::AddAssignSlotVoid(0, 1));
        b.emit(Op::PreIncSlot(0));
    });
    let mut fuel = Vec::new();
    for (chunk, fusion) in [
        (&parts, true),
        (&parts, false),
        (&whole, true),
        (&whole, false),
    ] {
        let mut vm = Strict::vm(());
        vm.set_fusion(fusion);
        vm.set_fuel(Some(1_000));
        assert_eq!(vm.eval(chunk).unwrap(), Value::str("ab+"));
        fuel.push(vm.fuel());
    }
    // Four ops to begin with, eight more, and four beyond the first unit for `join`.
    assert_eq!(fuel, [Some(1_000 - 4 - 8 - 4); 4]);
}

#[test]
fn chunks_of_no_language_have_no_operators() {
    let mut b = fusevm::ChunkBuilder::new();
    for op in [Op::LoadTrue, Op::LoadInt(1), Op::Add] {
        b.emit(op, 1);
    }
    assert_eq!(Strict::vm(()).eval(b.build()).unwrap(), Value::Int(2));
}

#[test]
fn division_by_zero_as_floats_do_it() {
    assert_eq!(binary(Op::Div, 1, 0), Ok(f64::INFINITY.into()));
    assert_eq!(binary(Op::Div, -1.0, 0), Ok(f64::NEG_INFINITY.into()));
    let nan = |value: Result<Value, String>| value.unwrap().as_float().unwrap().is_nan();
    assert!(nan(binary(Op::Div, 0, 0)) && nan(binary(Op::Mod, 1, 0)));
}

#[test]
fn globals_have_to_be_declared_before_they_are_set() {
    let mut vm = Strict::vm(());
    let set = |b: &mut Builder<Strict>| {
        b.load(1);
        b.set_var("x");
    };
    let error = eval(&mut vm, set).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::UnsetVariable));
    assert!(eval(&mut vm, |b| b.get_var("x")).is_err(), "it was not set");
    let declared = eval(&mut vm, |b| {
        b.load(());
        b.declare_var("x");
        set(b);
        b.get_var("x");
    });
    assert_eq!(declared.unwrap(), Value::Int(1));
}

#[test]
fn functions_that_are_reached_by_value_share_names() {
    let mut vm = Strict::vm(());
    let chunk = chunk(|b: &mut Builder<Strict>| {
        returning(b, "f", &[], |b| b.load("f by name"));
        for text in ["one", "two"] {
            let f = b.begin_inner_fn::<&str>("f", &[]);
            b.load(text);
            b.emit(Op::ReturnValue);
            let name = b.inner_fn(&f);
            b.end_fn(f);
            b.op(ops::closure { f: name });
            b.op(core_ops::call_value { args: 0 });
        }
        b.call("f", 0);
        b.make_array(3);
        let f = b.begin_inner_fn("bad", &["x"]);
        b.get_slot(0);
        b.emit(Op::BitNot);
        b.emit(Op::ReturnValue);
        let name = b.inner_fn(&f);
        b.end_fn(f);
        b.op(ops::closure { f: name });
        b.declare_var("bad");
    });
    let again = Chunk::parse(&chunk.to_string()).unwrap();
    assert_eq!(again, chunk);
    assert_eq!(vm.eval(&chunk).unwrap().to_str(), "one two f by name");
    assert_eq!(vm.function_names().collect::<Vec<_>>(), ["f"]);
    let bad = vm.global("bad");
    let error = vm.call(&bad, &[]).unwrap_err();
    assert_eq!(error.message(), "`bad` takes 1 argument, but got 0");
    let error = vm.call(&bad, &[Value::Undef]).unwrap_err();
    assert_eq!(error.trace()[0].function, Some(Str::from("bad")));
    assert_eq!(vm.text(&bad).unwrap(), "(fn bad)");
}
