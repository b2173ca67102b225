//! Ops on numbers: integers, floats, and those of either kind.

/// Integer division, conversions, and numbers of either kind.
#[fusevm::ops(prefix = "core")]
pub mod number {
    use crate::semantics::{Rules, Trap, core};
    use crate::value::Value;

    /// `a / b` towards zero; traps for zero and for the one quotient that does not fit.
    #[ext_op(inline)]
    pub fn idiv(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        a / b
    }

    /// The remainder of `idiv`, with the sign of `a`.
    #[ext_op(inline)]
    pub fn irem(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        a % b
    }

    /// The quotient that leaves a remainder from 0; traps where `idiv` does.
    #[ext_op(inline)]
    pub fn div_euclid(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        let quotient = a / b;
        if a % b >= 0 {
            quotient
        } else if b > 0 {
            quotient - 1
        } else {
            quotient + 1
        }
    }

    /// The remainder of `div_euclid`, never negative.
    #[ext_op(inline)]
    pub fn rem_euclid(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        let rest = a % b;
        if rest < 0 { rest + b.abs() } else { rest }
    }

    /// `a + b` in 64 bits, whatever the policy.
    #[ext_op(inline)]
    pub fn wrapping_add(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        a.wrapping_add(b)
    }

    /// `a - b` in 64 bits, whatever the policy.
    #[ext_op(inline)]
    pub fn wrapping_sub(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        a.wrapping_sub(b)
    }

    /// `a * b` in 64 bits, whatever the policy.
    #[ext_op(inline)]
    pub fn wrapping_mul(#[coerce] a: i64, #[coerce] b: i64) -> i64 {
        a.wrapping_mul(b)
    }

    /// `-a` in 64 bits, whatever the policy.
    #[ext_op(inline)]
    pub fn wrapping_neg(#[coerce] a: i64) -> i64 {
        a.wrapping_neg()
    }

    /// The number of `v` as an integer: truncated and saturated, NaN 0.
    #[ext_op(pure)]
    pub fn to_int(v: &Value) -> i64 {
        v.to_int()
    }

    /// The number of `v` as a float.
    #[ext_op(pure)]
    pub fn to_float(v: &Value) -> f64 {
        v.to_float()
    }

    /// The text of `v`.
    #[ext_op]
    pub fn to_str(v: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        core::to_str(&rules, v)
    }

    /// Absolute value of the number of `v`.
    #[ext_op(pure)]
    pub fn abs(v: &Value) -> Value {
        core::abs(v)
    }

    /// The smaller number; a NaN loses.
    #[ext_op(pure)]
    pub fn min(a: &Value, b: &Value) -> Value {
        core::min(a, b)
    }

    /// The greater number; a NaN loses.
    #[ext_op(pure)]
    pub fn max(a: &Value, b: &Value) -> Value {
        core::max(a, b)
    }
}

/// Functions of floats.
#[fusevm::ops(prefix = "core")]
pub mod float {
    /// `a / b`, whatever the policy: by zero an infinity or NaN.
    #[ext_op(inline)]
    pub fn fdiv(#[coerce] a: f64, #[coerce] b: f64) -> f64 {
        a / b
    }

    /// The remainder of `a / b` with the sign of `a`, whatever the policy: by zero NaN.
    #[ext_op(inline)]
    pub fn frem(#[coerce] a: f64, #[coerce] b: f64) -> f64 {
        a % b
    }

    /// The greatest whole number not above `x`.
    #[ext_op(inline)]
    pub fn floor(#[coerce] x: f64) -> f64 {
        x.floor()
    }

    /// The least whole number not below `x`.
    #[ext_op(inline)]
    pub fn ceil(#[coerce] x: f64) -> f64 {
        x.ceil()
    }

    /// `x` without its fraction.
    #[ext_op(inline)]
    pub fn trunc(#[coerce] x: f64) -> f64 {
        x.trunc()
    }

    /// The nearest whole number; halves away from zero.
    #[ext_op(inline)]
    pub fn round(#[coerce] x: f64) -> f64 {
        x.round()
    }

    /// The square root.
    #[ext_op(inline)]
    pub fn sqrt(#[coerce] x: f64) -> f64 {
        x.sqrt()
    }

    /// e to the power `x`.
    #[ext_op(pure)]
    pub fn exp(#[coerce] x: f64) -> f64 {
        x.exp()
    }

    /// The natural logarithm.
    #[ext_op(pure)]
    pub fn ln(#[coerce] x: f64) -> f64 {
        x.ln()
    }

    /// The sine of `x` radians.
    #[ext_op(pure)]
    pub fn sin(#[coerce] x: f64) -> f64 {
        x.sin()
    }

    /// The cosine of `x` radians.
    #[ext_op(pure)]
    pub fn cos(#[coerce] x: f64) -> f64 {
        x.cos()
    }

    /// The angle of the point (`x`, `y`), in radians.
    #[ext_op(pure)]
    pub fn atan2(#[coerce] y: f64, #[coerce] x: f64) -> f64 {
        y.atan2(x)
    }
}
