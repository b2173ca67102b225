//! What the instructions compute where Rust has no function of the same meaning.

use super::{InlineBinary, InlineFault, InlineUnary};

/// `a / b`.
///
/// # Errors
/// Where Rust panics.
#[inline]
pub const fn div(a: i64, b: i64) -> Result<i64, InlineFault> {
    match (b, a.checked_div(b)) {
        (_, Some(c)) => Ok(c),
        (0, None) => Err(InlineFault::ZeroDivision),
        (_, None) => Err(InlineFault::Overflow),
    }
}

/// `a % b`.
///
/// # Errors
/// Where Rust panics.
#[inline]
pub const fn rem(a: i64, b: i64) -> Result<i64, InlineFault> {
    match (b, a.checked_rem(b)) {
        (_, Some(c)) => Ok(c),
        (0, None) => Err(InlineFault::ZeroDivision),
        (_, None) => Err(InlineFault::Overflow),
    }
}

/// `a << b`.
///
/// # Errors
/// For a count that is not from 0 to 63.
#[inline]
pub const fn shl(a: i64, b: i64) -> Result<i64, InlineFault> {
    match b as u64 {
        0..=63 => Ok(a << b),
        _ => Err(InlineFault::Overflow),
    }
}

/// `a >> b`.
///
/// # Errors
/// For a count that is not from 0 to 63.
#[inline]
pub const fn shr(a: i64, b: i64) -> Result<i64, InlineFault> {
    match b as u64 {
        0..=63 => Ok(a >> b),
        _ => Err(InlineFault::Overflow),
    }
}

/// The smaller, the first when they are equal; a NaN loses.
#[inline]
pub const fn fmin(a: f64, b: f64) -> f64 {
    if a.is_nan() || b < a { b } else { a }
}

/// The greater, the first when they are equal; a NaN loses.
#[inline]
pub const fn fmax(a: f64, b: f64) -> f64 {
    if a.is_nan() || b > a { b } else { a }
}

/// The value.
///
/// # Panics
/// For a shift that fails.
#[inline]
#[track_caller]
pub const fn or_panic(shifted: Result<i64, InlineFault>) -> i64 {
    match shifted {
        Ok(value) => value,
        Err(_) => panic!("attempt to shift by a count that is not from 0 to 63"),
    }
}

/// A value of a local.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl InlineUnary {
    /// What it gives; `None` for an operand of another kind.
    pub(crate) fn of(self, a: Scalar) -> Option<Scalar> {
        use Scalar::{Bool, Float, Int};
        Some(match (self, a) {
            (Self::IntNeg, Int(a)) => Int(a.wrapping_neg()),
            (Self::IntAbs, Int(a)) => Int(a.wrapping_abs()),
            (Self::IntNot, Int(a)) => Int(!a),
            (Self::BoolNot, Bool(a)) => Bool(!a),
            (Self::FloatNeg, Float(a)) => Float(-a),
            (Self::FloatAbs, Float(a)) => Float(a.abs()),
            (Self::Sqrt, Float(a)) => Float(a.sqrt()),
            (Self::Floor, Float(a)) => Float(a.floor()),
            (Self::Ceil, Float(a)) => Float(a.ceil()),
            (Self::Trunc, Float(a)) => Float(a.trunc()),
            (Self::Round, Float(a)) => Float(a.round()),
            (Self::IntToFloat, Int(a)) => Float(a as f64),
            (Self::FloatToInt, Float(a)) => Int(a as i64),
            (Self::BoolToInt, Bool(a)) => Int(i64::from(a)),
            _ => return None,
        })
    }
}

impl InlineBinary {
    /// What it gives; `None` for operands of other kinds.
    pub(crate) fn of(self, a: Scalar, b: Scalar) -> Option<Result<Scalar, InlineFault>> {
        Some(Ok(match (a, b) {
            (Scalar::Int(a), Scalar::Int(b)) => return self.of_ints(a, b),
            (Scalar::Float(a), Scalar::Float(b)) => self.of_floats(a, b)?,
            (Scalar::Bool(a), Scalar::Bool(b)) => Scalar::Bool(match self {
                Self::BoolAnd => a & b,
                Self::BoolOr => a | b,
                Self::BoolXor => a ^ b,
                Self::BoolEq => a == b,
                Self::BoolNe => a != b,
                _ => return None,
            }),
            _ => return None,
        }))
    }

    fn of_ints(self, a: i64, b: i64) -> Option<Result<Scalar, InlineFault>> {
        use Scalar::{Bool, Int};
        Some(Ok(match self {
            Self::IntAdd => Int(a.wrapping_add(b)),
            Self::IntSub => Int(a.wrapping_sub(b)),
            Self::IntMul => Int(a.wrapping_mul(b)),
            Self::IntDiv => return Some(div(a, b).map(Int)),
            Self::IntRem => return Some(rem(a, b).map(Int)),
            Self::IntAnd => Int(a & b),
            Self::IntOr => Int(a | b),
            Self::IntXor => Int(a ^ b),
            Self::IntShl => return Some(shl(a, b).map(Int)),
            Self::IntShr => return Some(shr(a, b).map(Int)),
            Self::IntMin => Int(a.min(b)),
            Self::IntMax => Int(a.max(b)),
            Self::IntEq => Bool(a == b),
            Self::IntNe => Bool(a != b),
            Self::IntLt => Bool(a < b),
            Self::IntLe => Bool(a <= b),
            Self::IntGt => Bool(a > b),
            Self::IntGe => Bool(a >= b),
            _ => return None,
        }))
    }

    #[allow(clippy::float_cmp)]
    fn of_floats(self, a: f64, b: f64) -> Option<Scalar> {
        use Scalar::{Bool, Float};
        Some(match self {
            Self::FloatAdd => Float(a + b),
            Self::FloatSub => Float(a - b),
            Self::FloatMul => Float(a * b),
            Self::FloatDiv => Float(a / b),
            Self::FloatRem => Float(a % b),
            Self::FloatMin => Float(fmin(a, b)),
            Self::FloatMax => Float(fmax(a, b)),
            Self::FloatEq => Bool(a == b),
            Self::FloatNe => Bool(a != b),
            Self::FloatLt => Bool(a < b),
            Self::FloatLe => Bool(a <= b),
            Self::FloatGt => Bool(a > b),
            Self::FloatGe => Bool(a >= b),
            _ => return None,
        })
    }
}
