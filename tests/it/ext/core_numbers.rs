//! The core ops on numbers and values, edges included.

use super::eval;
use fusevm::{ErrorKind, ExtOp, TrapKind, prelude::*};
use std::f64::consts::{E, FRAC_PI_2, PI};

const MIN: i64 = i64::MIN;
const MAX: i64 = i64::MAX;
const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// The op on these operands, deepest first.
fn run<X: ExtOp<()>>(op: X, inputs: impl IntoIterator<Item = Value>) -> Result<Value, Error> {
    eval::<()>(&mut Vm::default(), |b| {
        for input in inputs {
            b.load(input);
        }
        b.op(op);
    })
}

fn ok<X: ExtOp<()>>(op: X, inputs: impl IntoIterator<Item = Value>) -> Value {
    run(op, inputs).unwrap_or_else(|error| panic!("{error}"))
}

fn trap<X: ExtOp<()>>(op: X, inputs: impl IntoIterator<Item = Value>) -> TrapKind {
    match run(op, inputs).expect_err("it traps").kind() {
        ErrorKind::Trap(kind) => kind,
        other => panic!("{other:?}"),
    }
}

/// Equal with equal kind, floats by their bits.
fn same(got: Value, expected: impl Into<Value>) {
    let expected = expected.into();
    let bits = |v: &Value| v.as_float().map(f64::to_bits);
    assert!(
        got.kind() == expected.kind()
            && match bits(&got) {
                Some(got) => Some(got) == bits(&expected),
                None => got == expected,
            },
        "got {got:?}, expected {expected:?}"
    );
}

fn two(a: impl Into<Value>, b: impl Into<Value>) -> [Value; 2] {
    [a.into(), b.into()]
}

#[test]
fn integer_division() {
    for (a, b, q, r) in [
        (7, 2, 3, 1),
        (-7, 2, -3, -1),
        (7, -2, -3, 1),
        (-7, -2, 3, -1),
        (0, 5, 0, 0),
        (MIN, 1, MIN, 0),
        (MIN, 2, MIN / 2, 0),
        (MIN + 1, -1, MAX, 0),
        (MAX, MIN, 0, MAX),
        (MIN, MIN, 1, 0),
    ] {
        same(ok(core_ops::idiv {}, two(a, b)), q);
        same(ok(core_ops::irem {}, two(a, b)), r);
    }
    for a in [0, 1, MIN, MAX] {
        assert_eq!(trap(core_ops::idiv {}, two(a, 0)), TrapKind::ZeroDivision);
        assert_eq!(trap(core_ops::irem {}, two(a, 0)), TrapKind::ZeroDivision);
    }
    assert_eq!(trap(core_ops::idiv {}, two(MIN, -1)), TrapKind::Overflow);
    assert_eq!(trap(core_ops::irem {}, two(MIN, -1)), TrapKind::Overflow);
    // What is no whole number is no operand.
    same(ok(core_ops::idiv {}, two("9", 2.0)), 4);
    assert_eq!(trap(core_ops::idiv {}, two(9.5, 2)), TrapKind::Operand);
    assert_eq!(trap(core_ops::irem {}, two(9, "two")), TrapKind::Operand);
}

#[test]
fn euclidean_division() {
    for (a, b) in [(7, 2), (-7, 2), (7, -2), (-7, -2), (MIN, 3), (MAX, MIN)] {
        same(
            ok(core_ops::div_euclid {}, two(a, b)),
            i64::div_euclid(a, b),
        );
        same(
            ok(core_ops::rem_euclid {}, two(a, b)),
            i64::rem_euclid(a, b),
        );
    }
    for (a, b, kind) in [
        (1, 0, TrapKind::ZeroDivision),
        (MIN, -1, TrapKind::Overflow),
    ] {
        assert_eq!(trap(core_ops::div_euclid {}, two(a, b)), kind);
        assert_eq!(trap(core_ops::rem_euclid {}, two(a, b)), kind);
    }
}

#[test]
fn arithmetic_of_no_policy() {
    same(ok(core_ops::wrapping_add {}, two(MAX, 1)), MIN);
    same(ok(core_ops::wrapping_sub {}, two(MIN, 1)), MAX);
    same(ok(core_ops::wrapping_mul {}, two(MIN, -1)), MIN);
    same(ok(core_ops::wrapping_neg {}, [Value::Int(MIN)]), MIN);
    for (a, b) in [
        (7.5, 2.0),
        (-7.5, 2.0),
        (1.0, -0.0),
        (-1.0, 0.0),
        (INF, 2.0),
    ] {
        same(ok(core_ops::fdiv {}, two(a, b)), a / b);
        let (found, expected) = (ok(core_ops::frem {}, two(a, b)).to_float(), a % b);
        assert!(found == expected || found.is_nan() && expected.is_nan());
    }
    assert!(ok(core_ops::fdiv {}, two(0.0, 0.0)).to_float().is_nan());
}

#[test]
fn equality_of_numbers_and_of_all_else() {
    let list = || Value::array(vec![1, 2]);
    for (a, b, equal) in [
        (Value::Int(1), Value::Float(1.0), true),
        (Value::Float(0.0), Value::Float(-0.0), true),
        (Value::Float(NAN), Value::Float(NAN), false),
        (Value::str("abc"), Value::str("abd"), false),
        (Value::str("1"), Value::Int(1), false),
        (Value::Undef, Value::Bool(false), false),
        (Value::Undef, Value::Undef, true),
        (list(), list(), true),
        (list(), Value::Int(2), false),
    ] {
        same(ok(core_ops::eq {}, [a.clone(), b.clone()]), equal);
        same(ok(core_ops::ne {}, [b, a]), !equal);
    }
}

#[test]
fn conversions() {
    for (v, i) in [
        (Value::Float(2.9), 2),
        (Value::Float(-2.9), -2),
        (Value::Float(NAN), 0),
        (Value::Float(INF), MAX),
        (Value::Float(-INF), MIN),
        (Value::Float(1e300), MAX),
        (Value::str("12"), 12),
        (Value::str("-1.5e1"), -15),
        (Value::Undef, 0),
        (Value::Bool(true), 1),
    ] {
        same(ok(core_ops::to_int {}, [v]), i);
    }
    for (v, f) in [
        (Value::Int(MAX), MAX as f64),
        (Value::Int(-3), -3.0),
        (Value::str("2.5"), 2.5),
        (Value::Undef, 0.0),
        (Value::Bool(true), 1.0),
        (Value::Float(-0.0), -0.0),
    ] {
        same(ok(core_ops::to_float {}, [v]), f);
    }
    for (v, text) in [
        (Value::Undef, ""),
        (Value::Bool(true), "1"),
        (Value::Int(MIN), "-9223372036854775808"),
        (Value::Float(1.0), "1.0"),
        (Value::str("as it is"), "as it is"),
        (Value::array(vec![1, 2]), "1 2"),
    ] {
        let text = match v.kind() {
            Kind::Float => v.to_str().into_owned(),
            _ => text.to_owned(),
        };
        same(ok(core_ops::to_str {}, [v]), text);
    }
    let mut vm = Vm::<()>::default();
    let mut limits = Limits::default();
    limits.max_string_len = 3;
    vm.set_limits(limits);
    let long = vm.eval(&chunk! { (); LoadInt(1234); core_ops::to_str; });
    let kind = long.unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Trap(TrapKind::TextTooLong));
}

#[test]
fn the_smaller_and_the_greater() {
    for (a, b, min, max) in [
        (Value::Int(1), Value::Int(2), Value::Int(1), Value::Int(2)),
        (
            Value::Int(1),
            Value::Float(0.5),
            Value::Float(0.5),
            Value::Int(1),
        ),
        (
            Value::Float(NAN),
            Value::Int(3),
            Value::Int(3),
            Value::Int(3),
        ),
        (
            Value::Int(3),
            Value::Float(NAN),
            Value::Int(3),
            Value::Int(3),
        ),
        (
            Value::str("9"),
            Value::str("10"),
            Value::Int(9),
            Value::Int(10),
        ),
        (
            Value::Int(MIN),
            Value::Int(MAX),
            Value::Int(MIN),
            Value::Int(MAX),
        ),
        (
            Value::Float(-INF),
            Value::Int(MIN),
            Value::Float(-INF),
            Value::Int(MIN),
        ),
        (
            Value::Undef,
            Value::Bool(true),
            Value::Int(0),
            Value::Int(1),
        ),
    ] {
        let pair = [a, b];
        same(ok(core_ops::min {}, pair.clone()), min);
        same(ok(core_ops::max {}, pair), max);
    }
    let nans = two(NAN, NAN);
    assert!(ok(core_ops::min {}, nans.clone()).to_float().is_nan());
    assert!(ok(core_ops::max {}, nans).to_float().is_nan());
    // Integers that are one float are still told apart.
    same(ok(core_ops::max {}, two(MAX - 1, MAX)), MAX);
}

#[test]
fn absolute_values() {
    for (v, abs) in [
        (Value::Int(-5), Value::Int(5)),
        (Value::Int(MIN), Value::Int(MIN)),
        (Value::Float(-0.0), Value::Float(0.0)),
        (Value::Float(-INF), Value::Float(INF)),
        (Value::str("-7"), Value::Int(7)),
    ] {
        same(ok(core_ops::abs {}, [v]), abs);
    }
}

#[test]
fn floats_to_whole_numbers() {
    for (x, floor, ceil, trunc, round) in [
        (2.5, 2.0, 3.0, 2.0, 3.0),
        (-2.5, -3.0, -2.0, -2.0, -3.0),
        (-0.2, -1.0, -0.0, -0.0, -0.0),
        (0.49999999999999994, 0.0, 1.0, 0.0, 0.0),
        (1e300, 1e300, 1e300, 1e300, 1e300),
        (INF, INF, INF, INF, INF),
    ] {
        same(ok(core_ops::floor {}, [x.into()]), floor);
        same(ok(core_ops::ceil {}, [x.into()]), ceil);
        same(ok(core_ops::trunc {}, [x.into()]), trunc);
        same(ok(core_ops::round {}, [x.into()]), round);
    }
    same(ok(core_ops::floor {}, [Value::Int(3)]), 3.0);
    same(ok(core_ops::ceil {}, [Value::str("2.1")]), 3.0);
    assert!(ok(core_ops::round {}, [NAN.into()]).to_float().is_nan());
    let text = run(core_ops::floor {}, [Value::str("high")]).unwrap_err();
    assert_eq!(
        text.message(),
        "`core.floor`, operand 1: expected Float, found Str \"high\""
    );
}

#[test]
fn functions_of_floats() {
    fn near(got: Value, expected: f64) {
        let Value::Float(got) = got else {
            panic!("{got:?} is no float")
        };
        assert!((got - expected).abs() <= 1e-15 * expected.abs().max(1.0));
    }
    same(ok(core_ops::sqrt {}, [Value::Int(9)]), 3.0);
    same(ok(core_ops::sqrt {}, [(-0.0).into()]), -0.0);
    assert!(ok(core_ops::sqrt {}, [Value::Int(-1)]).to_float().is_nan());
    near(ok(core_ops::exp {}, [Value::Int(1)]), E);
    same(ok(core_ops::exp {}, [(-INF).into()]), 0.0);
    near(ok(core_ops::ln {}, [E.into()]), 1.0);
    same(ok(core_ops::ln {}, [Value::Int(0)]), -INF);
    assert!(ok(core_ops::ln {}, [Value::Int(-1)]).to_float().is_nan());
    near(ok(core_ops::sin {}, [FRAC_PI_2.into()]), 1.0);
    near(ok(core_ops::cos {}, [PI.into()]), -1.0);
    near(ok(core_ops::atan2 {}, two(1, 0)), FRAC_PI_2);
    near(ok(core_ops::atan2 {}, two(0, -1)), PI);
    near(ok(core_ops::atan2 {}, two(-0.0, -1)), -PI);
}

#[test]
fn names_of_kinds() {
    for v in [
        Value::Undef,
        Value::Bool(false),
        Value::Int(0),
        Value::Float(0.0),
        Value::str(""),
        Value::array(Vec::<Value>::new()),
        Value::hash([("k", 1)]),
    ] {
        let name = v.kind().name();
        same(ok(core_ops::kind_of {}, [v]), name);
    }
}

#[test]
fn a_call_of_a_value() {
    let program = chunk! { (); LoadInt(1); LoadInt(2); core_ops::call_value(1); };
    let error = VM::empty().eval(&program).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::NotCallable));
    assert_eq!(error.message(), "an int is not callable");
}

#[test]
fn every_language_has_the_core_ops_and_documents_them() {
    let core: Vec<_> = <()>::table().ops().collect();
    assert!(core.len() >= 35);
    for (_, op) in core {
        assert!(op.name.starts_with("core."), "{}", op.name);
        assert!(!op.doc.trim().is_empty(), "{} has no text", op.name);
        assert!(op.file.contains("core_ops/") && op.line > 0);
    }
}
