//! What scalar ops give, written from the page of the ops alone: nothing of the VM computes here. Integers
//! are computed exactly, in 128 bits, and then made to fit.

use fusevm::{Overflow, Policy, TrapKind, Value, ZeroDiv};

/// What an op gives, or the kind of its trap.
pub(super) type Given = Result<Value, TrapKind>;

/// A number: what every value is to arithmetic.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}
use Number::{Float, Int};

fn number(value: &Value) -> Number {
    match value {
        Value::Int(n) => Int(*n),
        Value::Float(f) => Float(*f),
        Value::Bool(b) => Int((*b).into()),
        Value::Undef => Int(0),
        Value::Str(text) => {
            let text = text
                .as_str()
                .trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
            match (text.parse(), text.parse()) {
                (Ok(n), _) => Int(n),
                (_, Ok(f)) => Float(f),
                _ => Int(0),
            }
        }
        other => panic!("{other:?} is no scalar of the table"),
    }
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Int(n) => n as f64,
            Float(f) => f,
        }
    }

    /// Truncated and saturated; NaN is 0.
    fn int(self) -> i64 {
        const PAST: f64 = 9_223_372_036_854_775_808.0;
        match self {
            Int(n) => n,
            Float(f) if f.is_nan() => 0,
            Float(f) if f >= PAST => i64::MAX,
            Float(f) if f < -PAST => i64::MIN,
            Float(f) => f.trunc() as i64,
        }
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Undef => false,
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::Float(f) => f.is_nan() || *f > 0.0 || *f < 0.0,
        Value::Str(text) => !matches!(text.as_str(), "" | "0"),
        other => panic!("{other:?} is no scalar of the table"),
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Undef | Value::Bool(false) => String::new(),
        Value::Bool(true) => "1".into(),
        Value::Int(n) => n.to_string(),
        Value::Str(text) => text.as_str().into(),
        Value::Float(f) if f.is_nan() => "NaN".into(),
        Value::Float(f) if f.is_infinite() => (if *f > 0.0 { "inf" } else { "-inf" }).into(),
        Value::Float(f) => {
            let far = f.abs() >= 1e16 || (*f != 0.0 && f.abs() < 1e-5);
            if far {
                format!("{f:e}")
            } else {
                format!("{f}")
            }
        }
        other => panic!("{other:?} is no scalar of the table"),
    }
}

/// An integer result, which may be too large for one.
fn fit(policy: Policy, exact: i128, wrapped: i64, float: f64) -> Given {
    match (i64::try_from(exact), policy.overflow) {
        (Ok(n), _) => Ok(Value::Int(n)),
        (_, Overflow::Wrap) => Ok(Value::Int(wrapped)),
        (_, Overflow::Trap) => Err(TrapKind::Overflow),
        (_, Overflow::Promote) => Ok(Value::Float(float)),
    }
}

/// The same, of a result that 128 bits hold.
fn fit_exact(policy: Policy, exact: i128, float: f64) -> Given {
    fit(policy, exact, exact as i64, float)
}

/// The power, by as many products as it takes or until it is larger than any integer; and its low bits.
fn power(base: i64, exponent: i64) -> (i128, i64) {
    let exact = match (base, exponent % 2) {
        (0 | 1, _) | (-1, 1) => i128::from(if exponent == 0 { 1 } else { base }),
        (-1, _) => 1,
        _ => {
            let mut product = 1_i128;
            for _ in 0..exponent {
                product *= i128::from(base);
                if i64::try_from(product).is_err() {
                    product = i128::MAX;
                    break;
                }
            }
            product
        }
    };
    let (mut low, mut square) = (1_u128, u128::from(base.cast_unsigned()));
    for bit in 0..63 {
        if exponent >> bit & 1 == 1 {
            low = low * square % (1 << 64);
        }
        square = square * square % (1 << 64);
    }
    (exact, low as u64 as i64)
}

/// How they compare as numbers; `None` if one is NaN.
fn order(a: &Value, b: &Value) -> Option<i64> {
    let sign = |less: bool, more: bool| i64::from(more) - i64::from(less);
    match (number(a), number(b)) {
        (Int(a), Int(b)) => Some(sign(a < b, a > b)),
        (a, b) => {
            let (a, b) = (a.float(), b.float());
            (!a.is_nan() && !b.is_nan()).then(|| sign(a < b, a > b))
        }
    }
}

/// What a binary op gives.
pub(super) fn binary(policy: Policy, op: &str, a: &Value, b: &Value) -> Given {
    let (x, y) = (number(a), number(b));
    let pair = match (x, y) {
        (Int(a), Int(b)) => Some((i128::from(a), i128::from(b))),
        _ => None,
    };
    let (f, g) = (x.float(), y.float());
    let bits = |of: fn(i64, i64) -> i64| Ok(Value::Int(of(x.int(), y.int())));
    let truths = |is: bool| Ok(Value::Bool(is));
    let texts = || text(a).as_bytes().cmp(text(b).as_bytes()) as i64;
    let arithmetic = |exact: fn(i128, i128) -> i128, float: f64| match pair {
        Some((a, b)) => fit_exact(policy, exact(a, b), float),
        None => Ok(Value::Float(float)),
    };
    match op {
        "Add" => arithmetic(|a, b| a + b, f + g),
        "Sub" => arithmetic(|a, b| a - b, f - g),
        "Mul" => arithmetic(|a, b| a * b, f * g),
        "Div" => match policy.zero_div {
            ZeroDiv::Undef if g == 0.0 => Ok(Value::Undef),
            ZeroDiv::Trap if g == 0.0 => Err(TrapKind::ZeroDivision),
            _ => Ok(Value::Float(f / g)),
        },
        "Mod" => match (pair, policy.zero_div) {
            (_, ZeroDiv::Trap) if g == 0.0 => Err(TrapKind::ZeroDivision),
            (Some((_, 0)), ZeroDiv::Float) => Ok(Value::Float(f64::NAN)),
            (Some((_, 0)), _) => Ok(Value::Int(0)),
            (Some((a, b)), _) => Ok(Value::Int((a - a / b * b) as i64)),
            (None, _) => Ok(Value::Float(f % g)),
        },
        "Pow" => match (x, y) {
            (Int(a), Int(b)) if b >= 0 => {
                let (exact, low) = power(a, b);
                fit(policy, exact, low, f.powf(g))
            }
            _ => Ok(Value::Float(f.powf(g))),
        },
        "BitAnd" => bits(|a, b| a & b),
        "BitOr" => bits(|a, b| a | b),
        "BitXor" => bits(|a, b| a ^ b),
        // The count is the low six bits, whatever its sign.
        "Shl" => bits(|a, b| (i128::from(a) << b.rem_euclid(64)) as i64),
        "Shr" => bits(|a, b| {
            let by = 1_i128 << b.rem_euclid(64);
            i128::from(a).div_euclid(by) as i64
        }),
        "NumEq" => truths(order(a, b) == Some(0)),
        "NumNe" => truths(order(a, b) != Some(0)),
        "NumLt" => truths(order(a, b) == Some(-1)),
        "NumGt" => truths(order(a, b) == Some(1)),
        "NumLe" => truths(matches!(order(a, b), Some(-1 | 0))),
        "NumGe" => truths(matches!(order(a, b), Some(0 | 1))),
        "Spaceship" => Ok(Value::Int(order(a, b).unwrap_or(0))),
        "Concat" => Ok(Value::from(text(a) + &text(b))),
        "StrEq" => truths(texts() == 0),
        "StrNe" => truths(texts() != 0),
        "StrLt" => truths(texts() < 0),
        "StrGt" => truths(texts() > 0),
        "StrLe" => truths(texts() <= 0),
        "StrGe" => truths(texts() >= 0),
        "StrCmp" => Ok(Value::Int(texts())),
        "LogAnd" => truths(truth(a) && truth(b)),
        "LogOr" => truths(truth(a) || truth(b)),
        other => panic!("{other} is not in the table"),
    }
}

/// What an op of one operand gives.
pub(super) fn unary(policy: Policy, op: &str, a: &Value) -> Given {
    let x = number(a);
    let by = |exact: fn(i128) -> i128, float: fn(f64) -> f64| match x {
        Int(n) => fit_exact(policy, exact(n.into()), float(x.float())),
        Float(f) => Ok(Value::Float(float(f))),
    };
    match op {
        "Negate" => by(|n| -n, |f| -f),
        "Inc" => by(|n| n + 1, |f| f + 1.0),
        "Dec" => by(|n| n - 1, |f| f - 1.0),
        "BitNot" => Ok(Value::Int(-1 - x.int())),
        "LogNot" => Ok(Value::Bool(!truth(a))),
        "StringLen" => Ok(Value::Int(text(a).len() as i64)),
        "Truth" => Ok(Value::Bool(truth(a))),
        other => panic!("{other} is not in the table"),
    }
}

/// Results that were worked out by hand: op, operands, and what comes, under the default policy.
#[rustfmt::skip]
const BY_HAND: &[(&str, &str, &str, &str)] = &[
    ("Add", "9223372036854775807", "1", "-9223372036854775808"),
    ("Add", "9007199254740993", "0.0", "9007199254740992.0"),
    ("Add", "-0.0", "-0.0", "-0.0"),
    ("Add", "-0.0", "0", "0.0"),
    ("Add", "inf", "-inf", "NaN"),
    ("Sub", "-9223372036854775808", "1", "9223372036854775807"),
    ("Sub", "0.0", "0.0", "0.0"),
    ("Mul", "-9223372036854775808", "-1", "-9223372036854775808"),
    ("Mul", "4294967296", "4294967296", "0"),
    ("Mul", "0", "-1.5", "-0.0"),
    ("Div", "-9223372036854775808", "-1", "9223372036854775808.0"),
    ("Div", "7", "2", "3.5"),
    ("Div", "6", "2", "3.0"),
    ("Div", "1", "0", "undef"),
    ("Div", "NaN", "-0.0", "undef"),
    ("Mod", "-9223372036854775808", "-1", "0"),
    ("Mod", "-7", "3", "-1"),
    ("Mod", "7", "-3", "1"),
    ("Mod", "7", "0", "0"),
    ("Mod", "7.0", "0", "NaN"),
    ("Mod", "-1.5", "1", "-0.5"),
    ("Mod", "-7.0", "7", "-0.0"),
    ("Mod", "1.5", "inf", "1.5"),
    ("Pow", "2", "63", "-9223372036854775808"),
    ("Pow", "2", "64", "0"),
    ("Pow", "3", "41", "-420491770248316829"),
    ("Pow", "-1", "9223372036854775807", "-1"),
    ("Pow", "0", "0", "1"),
    ("Pow", "2", "-1", "0.5"),
    ("Pow", "NaN", "0", "1.0"),
    ("Shl", "1", "64", "1"),
    ("Shl", "1", "-1", "-9223372036854775808"),
    ("Shl", "1", "9223372036854775807", "-9223372036854775808"),
    ("Shr", "-1", "63", "-1"),
    ("Shr", "-9223372036854775808", "127", "-1"),
    ("Shr", "1e300", "1", "4611686018427387903"),
    ("BitAnd", "NaN", "-1", "0"),
    ("BitOr", "-inf", "1", "-9223372036854775807"),
    ("BitXor", "9223372036854775808.0", "-1", "-9223372036854775808"),
    ("NumEq", "9223372036854775807", "9223372036854775808.0", "true"),
    ("NumEq", "9223372036854775807", "9223372036854775806", "false"),
    ("NumLt", "9007199254740992.0", "9007199254740993", "false"),
    ("NumLt", "9007199254740992", "9007199254740993", "true"),
    ("NumNe", "NaN", "NaN", "true"),
    ("NumGe", "NaN", "NaN", "false"),
    ("Spaceship", "NaN", "1", "0"),
    ("Spaceship", "-0.0", "0.0", "0"),
    ("LogAnd", "NaN", "5e-324", "true"),
    ("LogOr", "-0.0", "0", "false"),
];

/// A number as the table has it.
fn by_hand(text: &str) -> Value {
    match (text, text.parse(), text.parse()) {
        ("undef", ..) => Value::Undef,
        ("true", ..) => Value::Bool(true),
        ("false", ..) => Value::Bool(false),
        (_, Ok(n), _) => Value::Int(n),
        (_, _, Ok(f)) => Value::Float(f),
        _ => panic!("{text} is no number"),
    }
}

#[test]
fn the_reference_says_what_was_worked_out_by_hand() {
    for (op, a, b, result) in BY_HAND {
        let given = binary(Policy::default(), op, &by_hand(a), &by_hand(b));
        let given = given.expect("nothing traps");
        assert!(
            super::edges::same(&given, &by_hand(result)),
            "{op} of {a} and {b} is {given:?}, not {result}"
        );
    }
}
