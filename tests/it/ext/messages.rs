//! What an op says to operands of the wrong kind, and what it does with them when it may widen or has
//! an alternative; and what an op costs.

use super::eval;
use fusevm::{ErrorKind, TrapKind, prelude::*};

#[derive(Language)]
#[language(name = "strict", host = usize, ops(ops::OPS, strict::OPS))]
struct Strict;

/// The same ops, with operands that are widened.
#[derive(Language)]
#[language(name = "wide", ops(ops::OPS), coerce)]
struct Wide;

#[derive(Object)]
struct Account {
    balance: i64,
}

#[derive(FuseValue)]
#[fuse_value(name = "Colour")]
struct Color;

/// Ops of both languages.
#[ops]
mod ops {
    use super::*;

    #[ext_op(pure)]
    pub fn hypot(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    #[ext_op(pure)]
    pub fn half(#[coerce] n: i64) -> i64 {
        n / 2
    }

    #[ext_op(pure)]
    pub fn ratio(#[coerce] a: f64, b: f64) -> f64 {
        a / b
    }

    #[ext_op(pure)]
    pub fn shout(s: &str) -> String {
        s.to_uppercase()
    }

    #[ext_op]
    pub fn balance(n: i64, account: &Account) -> i64 {
        account.balance + n
    }

    #[ext_op]
    pub fn deposit(mut account: ObjMut<'_, Account>, n: i64) {
        account.balance += n;
    }

    #[ext_op]
    pub fn paint(color: &Color) {
        let _ = color;
    }

    /// Adds numbers; anything else is put side by side.
    #[ext_op(pure, alt = join)]
    pub fn add(a: i64, b: i64) -> Value {
        Value::Int(a.wrapping_add(b))
    }

    #[ext_op(pure)]
    pub fn join(a: &str, b: &Value) -> Value {
        format!("{a}{b}").into()
    }
}

#[ops(Strict)]
mod strict {
    use super::*;

    #[ext_op]
    pub fn account() -> Account {
        Account { balance: 1 }
    }

    #[ext_op(cost = 100)]
    pub fn dear(done: &mut usize) {
        *done += 1;
    }

    #[ext_op(cost = 0)]
    pub fn free(done: &mut usize) {
        *done += 1;
    }

    #[ext_op(cost = |inputs| inputs.iter().map(|v| v.to_int() as u64).sum())]
    pub fn by_inputs(n: i64, done: &mut usize, more: Rest<'_>) {
        let _ = (n, more);
        *done += 1;
    }

    #[ext_op(cost = |_| panic!("no price"))]
    pub fn priceless() {}
}

fn message<L: Language<Host: Default>>(build: impl FnOnce(&mut Builder<L>)) -> String {
    let error = eval(&mut Vm::default(), build).expect_err("it traps");
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Operand));
    error.message()
}

fn value<L: Language<Host: Default>>(build: impl FnOnce(&mut Builder<L>)) -> Value {
    eval(&mut Vm::default(), build).unwrap_or_else(|error| panic!("{}", error.render()))
}

#[test]
fn an_operand_of_another_kind_is_named_with_what_was_found() {
    let hypot = |a: Value, b: Value| {
        message::<Strict>(|out| {
            out.load(a);
            out.load(b);
            out.op(ops::hypot {});
        })
    };
    assert_eq!(
        hypot(Value::Float(4.0), Value::str("3")),
        "`hypot`, operand 2: expected Float, found Str \"3\""
    );
    assert_eq!(
        hypot(Value::Int(4), Value::str("3")),
        "`hypot`, operand 1: expected Float, found Int 4"
    );
    assert_eq!(
        hypot(Value::Float(1.0), Value::array(vec![1, 2])),
        "`hypot`, operand 2: expected Float, found Array [1, 2]"
    );
    let shout = message::<Strict>(|b| {
        b.load(Value::Undef);
        b.op(ops::shout {});
    });
    assert_eq!(shout, "`shout`, operand 1: expected Str, found Undef undef");
}

#[test]
fn types_of_the_author_are_named_as_he_named_them() {
    let balance = message::<Strict>(|b| {
        b.load(1);
        b.load(2);
        b.op(ops::balance {});
    });
    assert_eq!(
        balance,
        "`balance`, operand 2: expected Account, found Int 2"
    );
    let deposit = message::<Strict>(|b| {
        b.load("x");
        b.load(2);
        b.op(ops::deposit {});
    });
    assert_eq!(
        deposit,
        "`deposit`, operand 1: expected Account, found Str \"x\""
    );
    let paint = message::<Strict>(|b| {
        b.load(true);
        b.op(ops::paint {});
    });
    assert_eq!(
        paint,
        "`paint`, operand 1: expected Colour, found Bool true"
    );
    // The operand beside the object is looked at as well, and the object is as it was.
    let mut vm = Strict::vm(0);
    let error = eval(&mut vm, |b| {
        b.op(strict::account {});
        b.emit(Op::Dup);
        b.set_var("a");
        b.load("much");
        b.op(ops::deposit {});
    });
    assert_eq!(
        error.unwrap_err().message(),
        "`deposit`, operand 2: expected Int, found Str \"much\""
    );
    let balance = eval(&mut vm, |b| {
        b.load(0);
        b.get_var("a");
        b.op(ops::balance {});
    });
    assert_eq!(balance.unwrap(), Value::Int(1));
}

#[test]
fn a_long_value_does_not_make_a_long_message() {
    let long = message::<Strict>(|b| {
        b.load("x".repeat(1_000_000));
        b.load(1.0);
        b.op(ops::hypot {});
    });
    let start = "`hypot`, operand 1: expected Float, found Str \"xxx";
    assert!(long.starts_with(start) && long.ends_with("x…"), "{long}");
    assert!(long.len() < 200, "{} bytes", long.len());
}

#[test]
fn a_parameter_that_widens() {
    let half = |v: Value| {
        eval::<Strict>(&mut Vm::default(), |b| {
            b.load(v);
            b.op(ops::half {});
        })
    };
    for (v, expected) in [
        (Value::Int(7), 3),
        (Value::Float(8.0), 4),
        (Value::str("10"), 5),
        (Value::Bool(true), 0),
        (Value::Undef, 0),
    ] {
        assert_eq!(half(v).unwrap(), Value::Int(expected));
    }
    for (v, found) in [
        (Value::Float(7.5), "Float 7.5"),
        (Value::str("ten"), "Str \"ten\""),
        (Value::array(vec![1]), "Array [1]"),
        (Value::Float(f64::NAN), "Float NaN"),
        (Value::Float(9.3e18), "Float 9.3e18"),
    ] {
        let message = half(v).unwrap_err().message();
        assert_eq!(
            message,
            format!("`half`, operand 1: expected Int, found {found}")
        );
    }
    // The parameter beside it does not.
    let ratio = message::<Strict>(|b| {
        b.load(1);
        b.load(2);
        b.op(ops::ratio {});
    });
    assert_eq!(ratio, "`ratio`, operand 2: expected Float, found Int 2");
}

#[test]
fn a_language_that_widens_all_parameters() {
    let length = value::<Wide>(|b| {
        b.load("3");
        b.load(4);
        b.op(ops::hypot {});
    });
    assert_eq!(length, Value::Float(5.0));
    let quarter = value::<Wide>(|b| {
        b.load(true);
        b.load("4.0");
        b.op(ops::ratio {});
    });
    assert_eq!(quarter, Value::Float(0.25));
    // Only numbers are widened.
    let shout = message::<Wide>(|b| {
        b.load(1);
        b.op(ops::shout {});
    });
    assert_eq!(shout, "`shout`, operand 1: expected Str, found Int 1");
}

#[test]
fn another_op_takes_what_this_one_does_not() {
    let add = |a: Value, b: Value| {
        eval::<Strict>(&mut Vm::default(), |out| {
            out.load(a);
            out.load(b);
            out.op(ops::add {});
        })
    };
    let add_ok = |a: Value, b: Value| add(a, b).unwrap();
    assert_eq!(add_ok(1.into(), 2.into()), Value::Int(3));
    assert_eq!(add_ok("a".into(), 2.into()), Value::str("a2"));
    assert_eq!(add_ok("a".into(), "b".into()), Value::str("ab"));
    // What neither takes is the other's to say.
    let error = add(Value::Int(1), Value::str("b")).unwrap_err();
    assert_eq!(
        error.message(),
        "`join`, operand 1: expected Str, found Int 1"
    );
    // A language that widens tries the numbers first.
    let wide = value::<Wide>(|b| {
        b.load("40");
        b.load(2);
        b.op(ops::add {});
    });
    assert_eq!(wide, Value::Int(42));
}

/// Runs with that fuel: the result, what is left, how often an op was run.
fn fueled(
    fuel: u64,
    build: impl FnOnce(&mut Builder<Strict>),
) -> (Result<Value, Error>, u64, usize) {
    let mut vm = Strict::vm(0);
    vm.set_fuel(Some(fuel));
    let result = eval(&mut vm, build);
    (result, vm.fuel().unwrap(), *vm.host())
}

#[test]
fn a_fixed_cost_is_taken_before_the_op_runs() {
    let dear = |fuel| fueled(fuel, |b| b.op(strict::dear {}));
    let (result, left, done) = dear(1000);
    assert!(result.is_ok());
    assert_eq!((left, done), (900, 1));
    let (result, left, done) = dear(100);
    assert!(result.is_ok());
    assert_eq!((left, done), (0, 1));
    let (result, _, done) = dear(99);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::OutOfFuel));
    assert_eq!((error.pc(), done), (Some(0), 0));
    // Nothing is cheaper than an op is.
    let (_, left, _) = fueled(10, |b| b.op(strict::free {}));
    assert_eq!(left, 9);
}

#[test]
fn a_cost_may_depend_on_the_inputs() {
    let run = |fuel| {
        fueled(fuel, |b| {
            for n in [30, 10, 2] {
                b.load(n);
            }
            b.op(strict::by_inputs { more: 2 });
        })
    };
    let (result, left, done) = run(1000);
    assert!(result.is_ok());
    assert_eq!((left, done), (1000 - 3 - 42, 1));
    let (result, _, done) = run(44);
    assert_eq!(
        result.unwrap_err().kind(),
        ErrorKind::Trap(TrapKind::OutOfFuel)
    );
    assert_eq!(done, 0);
    // A price beyond all fuel is no overflow.
    let (result, ..) = fueled(1000, |b| {
        b.load(-1);
        b.op(strict::by_inputs { more: 0 });
    });
    assert_eq!(
        result.unwrap_err().kind(),
        ErrorKind::Trap(TrapKind::OutOfFuel)
    );
    let (result, ..) = fueled(1000, |b| b.op(strict::priceless {}));
    assert_eq!(result.unwrap_err().message(), "handler panicked: no price");
}
