//! What an op says to operands of the wrong kind, and what it does with them when it may widen or has
//! an alternative; and what an op costs.

use fusevm::testing::assert_chunk;
use fusevm::{ErrorKind, Loadable, TrapKind, prelude::*};

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

fn message<L: Language<Host: Default>>(program: impl Loadable) -> String {
    let error = Vm::<L>::default().eval(program).expect_err("it traps");
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Operand));
    error.message()
}

#[test]
fn an_operand_of_another_kind_is_named_with_what_was_found() {
    let hypot = |a: Value, b: Value| message::<Strict>(&chunk! { Strict; {a}; {b}; ops::hypot; });
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
    let shout = message::<Strict>(&chunk! { Strict; LoadUndef; ops::shout; });
    assert_eq!(shout, "`shout`, operand 1: expected Str, found Undef undef");
}

#[test]
fn types_of_the_author_are_named_as_he_named_them() {
    let balance = message::<Strict>(&chunk! { Strict; {1}; {2}; ops::balance; });
    assert_eq!(
        balance,
        "`balance`, operand 2: expected Account, found Int 2"
    );
    let deposit = message::<Strict>(&chunk! { Strict; {"x"}; {2}; ops::deposit; });
    assert_eq!(
        deposit,
        "`deposit`, operand 1: expected Account, found Str \"x\""
    );
    let paint = message::<Strict>(&chunk! { Strict; {true}; ops::paint; });
    assert_eq!(
        paint,
        "`paint`, operand 1: expected Colour, found Bool true"
    );
    // The operand beside the object is looked at as well, and the object is as it was.
    let mut vm = Strict::vm(0);
    let much = chunk! { Strict; strict::account; Dup; SetVar(a); {"much"}; ops::deposit; };
    assert_eq!(
        vm.eval(&much).unwrap_err().message(),
        "`deposit`, operand 2: expected Int, found Str \"much\""
    );
    let balance = vm.eval(&chunk! { Strict; LoadInt(0); GetVar(a); ops::balance; });
    assert_eq!(balance.unwrap(), Value::Int(1));
}

#[test]
fn a_long_value_does_not_make_a_long_message() {
    let long = "x".repeat(1_000_000);
    let long = message::<Strict>(&chunk! { Strict; {long}; LoadFloat(1.0); ops::hypot; });
    let start = "`hypot`, operand 1: expected Float, found Str \"xxx";
    assert!(long.starts_with(start) && long.ends_with("x…"), "{long}");
    assert!(long.len() < 200, "{} bytes", long.len());
}

#[test]
fn a_parameter_that_widens() {
    let half = |v: Value| chunk! { Strict; {v}; ops::half; };
    for (v, expected) in [
        (Value::Int(7), 3),
        (Value::Float(8.0), 4),
        (Value::str("10"), 5),
        (Value::Bool(true), 0),
        (Value::Undef, 0),
    ] {
        assert_chunk!(Strict; half(v) => expected);
    }
    for (v, found) in [
        (Value::Float(7.5), "Float 7.5"),
        (Value::str("ten"), "Str \"ten\""),
        (Value::array(vec![1]), "Array [1]"),
        (Value::Float(f64::NAN), "Float NaN"),
        (Value::Float(9.3e18), "Float 9.3e18"),
    ] {
        assert_eq!(
            message::<Strict>(half(v)),
            format!("`half`, operand 1: expected Int, found {found}")
        );
    }
    // The parameter beside it does not.
    let ratio = message::<Strict>(&chunk! { Strict; {1}; {2}; ops::ratio; });
    assert_eq!(ratio, "`ratio`, operand 2: expected Float, found Int 2");
}

#[test]
fn a_language_that_widens_all_parameters() {
    assert_chunk!(Wide; chunk! { Wide; LoadConst("3"); LoadInt(4); ops::hypot; } => 5.0);
    assert_chunk!(Wide; chunk! { Wide; LoadTrue; LoadConst("4.0"); ops::ratio; } => 0.25);
    // Only numbers are widened.
    let shout = message::<Wide>(&chunk! { Wide; {1}; ops::shout; });
    assert_eq!(shout, "`shout`, operand 1: expected Str, found Int 1");
}

#[test]
fn another_op_takes_what_this_one_does_not() {
    let add = |a: Value, b: Value| chunk! { Strict; {a}; {b}; ops::add; };
    assert_chunk!(Strict; add(1.into(), 2.into()) => 3);
    assert_chunk!(Strict; add("a".into(), 2.into()) => "a2");
    assert_chunk!(Strict; add("a".into(), "b".into()) => "ab");
    // What neither takes is the other's to say.
    assert_eq!(
        message::<Strict>(add(Value::Int(1), Value::str("b"))),
        "`join`, operand 1: expected Str, found Int 1"
    );
    // A language that widens tries the numbers first.
    assert_chunk!(Wide; chunk! { Wide; LoadConst("40"); LoadInt(2); ops::add; } => 42);
}

/// Runs with that fuel: the result, what is left, how often an op was run.
fn fueled(fuel: u64, program: impl Loadable) -> (Result<Value, Error>, u64, usize) {
    let mut vm = Strict::vm(0);
    vm.set_fuel(Some(fuel));
    let result = vm.eval(program);
    (result, vm.fuel().unwrap(), *vm.host())
}

#[test]
fn a_fixed_cost_is_taken_before_the_op_runs() {
    static DEAR: StaticChunk = chunk! { Strict; strict::dear; };
    let (result, left, done) = fueled(1000, &DEAR);
    assert!(result.is_ok());
    assert_eq!((left, done), (900, 1));
    let (result, left, done) = fueled(100, &DEAR);
    assert!(result.is_ok());
    assert_eq!((left, done), (0, 1));
    let (result, _, done) = fueled(99, &DEAR);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::OutOfFuel));
    assert_eq!((error.pc(), done), (Some(0), 0));
    // Nothing is cheaper than an op is.
    let (_, left, _) = fueled(10, &chunk! { Strict; strict::free; });
    assert_eq!(left, 9);
}

#[test]
fn a_cost_may_depend_on_the_inputs() {
    static SUM: StaticChunk = chunk! { Strict;
        LoadInt(30); LoadInt(10); LoadInt(2); strict::by_inputs(2);
    };
    let (result, left, done) = fueled(1000, &SUM);
    assert!(result.is_ok());
    assert_eq!((left, done), (1000 - 3 - 42, 1));
    let (result, _, done) = fueled(44, &SUM);
    assert_eq!(
        result.unwrap_err().kind(),
        ErrorKind::Trap(TrapKind::OutOfFuel)
    );
    assert_eq!(done, 0);
    // A price beyond all fuel is no overflow.
    let (result, ..) = fueled(1000, &chunk! { Strict; LoadInt(-1); strict::by_inputs(0); });
    assert_eq!(
        result.unwrap_err().kind(),
        ErrorKind::Trap(TrapKind::OutOfFuel)
    );
    let (result, ..) = fueled(1000, &chunk! { Strict; strict::priceless; });
    assert_eq!(result.unwrap_err().message(), "handler panicked: no price");
}
