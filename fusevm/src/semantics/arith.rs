//! Arithmetic on numbers.
//!
//! Each op has its way for two integers and its way for two floats; everything else becomes one
//! of these pairs first.

use super::{Overflow, Rules, Trap, ZeroDiv};
use crate::value::{Number, Value};

/// Two numbers of one kind: floats unless both are integers.
#[derive(Clone, Copy)]
pub(crate) enum Pair {
    Int(i64, i64),
    Float(f64, f64),
}

impl Pair {
    #[inline]
    pub(crate) fn of(a: &Value, b: &Value) -> Self {
        match (a, b) {
            (Value::Int(a), Value::Int(b)) => Self::Int(*a, *b),
            (Value::Float(a), Value::Float(b)) => Self::Float(*a, *b),
            _ => Self::mixed(a, b),
        }
    }

    fn mixed(a: &Value, b: &Value) -> Self {
        match (a.to_number(), b.to_number()) {
            (Number::Int(a), Number::Int(b)) => Self::Int(a, b),
            (Number::Int(a), Number::Float(b)) => Self::Float(a as f64, b),
            (Number::Float(a), Number::Int(b)) => Self::Float(a, b as f64),
            (Number::Float(a), Number::Float(b)) => Self::Float(a, b),
        }
    }
}

/// The number of a value, at once where it is one.
#[inline]
fn one(a: &Value) -> Number {
    match a {
        Value::Int(a) => Number::Int(*a),
        Value::Float(a) => Number::Float(*a),
        other => other.to_number(),
    }
}

/// The integer result, or what the policy makes of one that does not fit.
#[inline]
fn fit(
    rules: &Rules<'_>,
    op: &'static str,
    (wrapped, overflows): (i64, bool),
    promoted: impl FnOnce() -> f64,
) -> Result<Value, Trap> {
    if !overflows {
        return Ok(Value::Int(wrapped));
    }
    match rules.policy.overflow {
        Overflow::Wrap => Ok(Value::Int(wrapped)),
        Overflow::Trap => Err(Trap::Overflow { op }),
        Overflow::Promote => Ok(Value::Float(promoted())),
    }
}

/// `a + b`.
#[inline]
pub(crate) fn add(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    match Pair::of(&a, &b) {
        Pair::Int(a, b) => fit(rules, "Add", a.overflowing_add(b), || a as f64 + b as f64),
        Pair::Float(a, b) => Ok(Value::Float(a + b)),
    }
}

/// `a - b`.
#[inline]
pub(crate) fn sub(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    match Pair::of(&a, &b) {
        Pair::Int(a, b) => fit(rules, "Sub", a.overflowing_sub(b), || a as f64 - b as f64),
        Pair::Float(a, b) => Ok(Value::Float(a - b)),
    }
}

/// `a * b`.
#[inline]
pub(crate) fn mul(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    match Pair::of(&a, &b) {
        Pair::Int(a, b) => fit(rules, "Mul", a.overflowing_mul(b), || a as f64 * b as f64),
        Pair::Float(a, b) => Ok(Value::Float(a * b)),
    }
}

/// `a / b`, a float; by zero of either sign Undef, a trap or what floats give.
#[inline]
pub(crate) fn div(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    let (a, b) = match Pair::of(&a, &b) {
        Pair::Int(a, b) => (a as f64, b as f64),
        Pair::Float(a, b) => (a, b),
    };
    if b != 0.0 {
        return Ok(Value::Float(a / b));
    }
    match rules.policy.zero_div {
        ZeroDiv::Float => Ok(Value::Float(a / b)),
        ZeroDiv::Undef => Ok(Value::Undef),
        ZeroDiv::Trap => Err(Trap::ZeroDivision { op: "Div" }),
    }
}

/// The remainder with the sign of `a`; by zero integer 0 (float: NaN), a trap or NaN.
#[inline]
pub(crate) fn modulo(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    let pair = Pair::of(&a, &b);
    let zero = matches!(pair, Pair::Int(_, 0)) || matches!(pair, Pair::Float(_, b) if b == 0.0);
    if zero && rules.policy.zero_div == ZeroDiv::Trap {
        return Err(Trap::ZeroDivision { op: "Mod" });
    }
    Ok(match pair {
        Pair::Int(_, 0) if rules.policy.zero_div == ZeroDiv::Float => Value::Float(f64::NAN),
        Pair::Int(_, 0) => Value::Int(0),
        Pair::Int(a, b) => Value::Int(a.wrapping_rem(b)),
        Pair::Float(a, b) => Value::Float(a % b),
    })
}

/// `a` to the power `b`: an integer to an integer ≥ 0 is an integer under the policy.
#[inline]
pub(crate) fn pow(rules: &Rules<'_>, [a, b]: [Value; 2]) -> Result<Value, Trap> {
    match Pair::of(&a, &b) {
        Pair::Int(a, b) if b >= 0 => {
            let power = overflowing_pow(a, b.unsigned_abs());
            fit(rules, "Pow", power, || (a as f64).powf(b as f64))
        }
        Pair::Int(a, b) => Ok(Value::Float((a as f64).powf(b as f64))),
        Pair::Float(a, b) => Ok(Value::Float(a.powf(b))),
    }
}

/// Square and multiply, for exponents past the 32 bits of the standard library's.
fn overflowing_pow(mut square: i64, mut exponent: u64) -> (i64, bool) {
    let mut power = 1_i64;
    // The highest bit uses the last square made, so one that overflows makes the result overflow.
    let mut overflows = false;
    loop {
        if exponent & 1 == 1 {
            let (next, over) = power.overflowing_mul(square);
            power = next;
            overflows |= over;
        }
        exponent >>= 1;
        if exponent == 0 {
            return (power, overflows);
        }
        let (next, over) = square.overflowing_mul(square);
        square = next;
        overflows |= over;
    }
}

/// `-a`.
#[inline]
pub(crate) fn negate(rules: &Rules<'_>, [a]: [Value; 1]) -> Result<Value, Trap> {
    match one(&a) {
        Number::Int(a) => fit(rules, "Negate", a.overflowing_neg(), || -(a as f64)),
        Number::Float(a) => Ok(Value::Float(-a)),
    }
}

/// `a + 1`.
#[inline]
pub(crate) fn inc(rules: &Rules<'_>, [a]: [Value; 1]) -> Result<Value, Trap> {
    match one(&a) {
        Number::Int(a) => fit(rules, "Inc", a.overflowing_add(1), || a as f64 + 1.0),
        Number::Float(a) => Ok(Value::Float(a + 1.0)),
    }
}

/// `a - 1`.
#[inline]
pub(crate) fn dec(rules: &Rules<'_>, [a]: [Value; 1]) -> Result<Value, Trap> {
    match one(&a) {
        Number::Int(a) => fit(rules, "Dec", a.overflowing_sub(1), || a as f64 - 1.0),
        Number::Float(a) => Ok(Value::Float(a - 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TrapKind;
    use super::super::testing::{with_float_zero, with_overflow, with_rules, with_zero_trap};
    use super::*;

    const MIN: i64 = i64::MIN;
    const MAX: i64 = i64::MAX;

    type Binary = fn(&Rules<'_>, [Value; 2]) -> Result<Value, Trap>;

    fn get(op: Binary, a: impl Into<Value>, b: impl Into<Value>) -> Value {
        with_rules(|rules| op(rules, [a.into(), b.into()])).unwrap()
    }

    /// Equal; but Miri makes `powf` differ in its last bit, as platforms may.
    fn close(a: f64, b: f64) -> bool {
        a == b || (cfg!(miri) && (a - b).abs() <= b.abs() * 1e-12)
    }

    /// The results of an op that overflows, under each policy.
    fn overflows(op: Binary, a: i64, b: i64, wrapped: i64, promoted: f64) {
        let run = |policy| with_overflow(policy, |rules| op(rules, [a.into(), b.into()]));
        assert_eq!(run(Overflow::Wrap).unwrap(), Value::Int(wrapped));
        let float = run(Overflow::Promote).unwrap().to_float();
        assert!(close(float, promoted), "{float} is not {promoted}");
        assert_eq!(run(Overflow::Trap).unwrap_err().kind(), TrapKind::Overflow);
    }

    #[test]
    fn integers_and_floats() {
        assert_eq!(get(add, 2, 3), Value::Int(5));
        assert_eq!(get(sub, 2, 3.5), Value::Float(-1.5));
        assert_eq!(get(mul, "4", "2.5"), Value::Float(10.0));
        assert_eq!(get(add, "7", true), Value::Int(8));
        assert_eq!(get(add, (), "no number"), Value::Int(0));
        assert_eq!(get(add, vec![1, 2, 3], 1), Value::Int(4));
        assert_eq!(get(div, 1, 2), Value::Float(0.5));
        assert_eq!(get(div, 6, 3), Value::Float(2.0));
        let zero = get(mul, -1.0, 0.0);
        assert!(zero.to_float().is_sign_negative());
    }

    #[test]
    fn overflow_follows_the_policy() {
        overflows(add, MAX, 1, MIN, 9_223_372_036_854_775_808.0);
        overflows(sub, MIN, 1, MAX, -9_223_372_036_854_775_808.0);
        overflows(mul, MIN, -1, MIN, 9_223_372_036_854_775_808.0);
        overflows(pow, 2, 63, MIN, 9_223_372_036_854_775_808.0);
        overflows(pow, 2, 64, 0, 18_446_744_073_709_551_616.0);
        overflows(pow, 3, MAX, pow_by_halves(3, MAX), f64::INFINITY);
        let unary: [fn(&Rules<'_>, [Value; 1]) -> Result<Value, Trap>; 3] = [negate, inc, dec];
        for (op, edge, wrapped) in [
            (unary[0], MIN, MIN),
            (unary[1], MAX, MIN),
            (unary[2], MIN, MAX),
        ] {
            let run = |policy| with_overflow(policy, |rules| op(rules, [edge.into()]));
            assert_eq!(run(Overflow::Wrap).unwrap(), Value::Int(wrapped));
            assert_eq!(run(Overflow::Trap).unwrap_err().kind(), TrapKind::Overflow);
            let promoted = run(Overflow::Promote).unwrap().as_float().unwrap();
            assert_eq!(promoted.abs(), 9_223_372_036_854_775_808.0);
        }
    }

    /// Another way to the wrapped power, to check the first.
    fn pow_by_halves(x: i64, n: i64) -> i64 {
        let (mut result, mut bit) = (1_i64, 62);
        while bit >= 0 {
            result = result.wrapping_mul(result);
            if n >> bit & 1 == 1 {
                result = result.wrapping_mul(x);
            }
            bit -= 1;
        }
        result
    }

    #[test]
    fn powers_that_fit_do_not_overflow() {
        with_overflow(Overflow::Trap, |rules| {
            let pow = |a: i64, b: i64| pow(rules, [a.into(), b.into()]).unwrap();
            assert_eq!(pow(-2, 63), Value::Int(MIN));
            assert_eq!(pow(2, 62), Value::Int(1 << 62));
            assert_eq!(pow(MIN, 1), Value::Int(MIN));
            assert_eq!(pow(MIN, 0), Value::Int(1));
            assert_eq!(pow(0, 0), Value::Int(1));
            assert_eq!(pow(0, MAX), Value::Int(0));
            assert_eq!(pow(1, MAX), Value::Int(1));
            assert_eq!(pow(-1, MAX), Value::Int(-1));
            assert!(close(pow(2, -1).to_float(), 0.5));
            assert_eq!(pow(0, -1), Value::Float(f64::INFINITY));
            for x in -40..=40_i64 {
                for n in 0..70_u32 {
                    assert_eq!(
                        overflowing_pow(x, u64::from(n)),
                        x.overflowing_pow(n),
                        "{x} to the {n}"
                    );
                }
            }
        });
        assert!(close(get(pow, 2.0, 3).to_float(), 8.0));
    }

    #[test]
    fn zero_divisors_follow_the_policy() {
        for zero in [Value::Int(0), Value::Float(0.0), Value::Float(-0.0)] {
            assert_eq!(get(div, 1, zero.clone()), Value::Undef);
            with_zero_trap(|rules| {
                for op in [div as Binary, modulo] {
                    let trap = op(rules, [1.into(), zero.clone()]).unwrap_err();
                    assert_eq!(trap.kind(), TrapKind::ZeroDivision);
                }
            });
        }
        assert_eq!(get(modulo, 7, 0), Value::Int(0));
        with_float_zero(|rules| {
            let get = |op: Binary, a: f64, b: i64| op(rules, [a.into(), b.into()]).unwrap();
            assert_eq!(get(div, 1.0, 0), Value::Float(f64::INFINITY));
            assert_eq!(get(div, -1.0, 0), Value::Float(f64::NEG_INFINITY));
            assert!(get(div, 0.0, 0).to_float().is_nan());
            let int = modulo(rules, [7.into(), 0.into()]).unwrap();
            assert!(int.to_float().is_nan() && int.as_float().is_some());
        });
        assert!(get(modulo, 7, 0.0).to_float().is_nan());
    }

    #[test]
    fn remainders_have_the_sign_of_the_dividend() {
        assert_eq!(get(modulo, 7, 3), Value::Int(1));
        assert_eq!(get(modulo, -7, 3), Value::Int(-1));
        assert_eq!(get(modulo, 7, -3), Value::Int(1));
        assert_eq!(get(modulo, MIN, -1), Value::Int(0));
        assert_eq!(get(modulo, -7.5, 2), Value::Float(-1.5));
        assert_eq!(get(modulo, 1, f64::INFINITY), Value::Float(1.0));
        assert!(get(modulo, f64::INFINITY, 1).to_float().is_nan());
    }

    #[test]
    fn inc_and_dec_keep_floats() {
        with_rules(|rules| {
            assert_eq!(inc(rules, [1.5.into()]).unwrap(), Value::Float(2.5));
            assert_eq!(dec(rules, [Value::Undef]).unwrap(), Value::Int(-1));
            assert_eq!(inc(rules, ["9".into()]).unwrap(), Value::Int(10));
            let zero = negate(rules, [0.0.into()]).unwrap();
            assert!(zero.to_float().is_sign_negative());
        });
    }
}
