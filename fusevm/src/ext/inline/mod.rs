//! Ops that every tier can put in the place where they stand: what `#[ext_op(inline)]` makes of a body.
//!
//! An [`Inline`] is a body as instructions on numbered locals, each of one kind for good: `i64`, `f64` or
//! `bool`. Its first locals are the op's parameters, in the order of the function. Instructions run
//! one after the other but for those that name where to go on, by index; every path ends in
//! [`InlineIns::Return`], and no path reads a local that it has not written. What [`InlineUnary`] and [`InlineBinary`] compute
//! does not depend on policy, build or processor, but for which NaN a NaN is.
//!
//! Two things are made of the same tokens: these instructions, for those who translate them, and a Rust
//! function, [`InlineOp::checked`], for those who call it. A test that `#[ext_op(inline)]` writes beside
//! the op compares them.

mod compute;
mod flat;

pub(crate) use compute::Scalar;
pub use compute::{div, fmax, fmin, or_panic, rem, shl, shr};

use super::{ImmDesc, ImmKind};
use crate::semantics::Trap;
use crate::value::Value;
use std::borrow::Cow;
use std::fmt;

/// Kind of a local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InlineKind {
    /// `i64`.
    Int,
    /// `f64`.
    Float,
    /// `bool`.
    Bool,
}

/// Where the value of a parameter is when the op begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineFrom {
    /// It is input `n` of the op, counted from the deepest.
    Input(u16),
    /// It is what [`looked`] says of input `n`: of what kind that is.
    Looked(u16),
    /// It is immediate `n` of the op; see [`immediate`].
    Immediate(u16),
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct InlineParam {
    /// Its kind. An immediate that is a number of fewer bits has been widened.
    pub kind: InlineKind,
    /// Where it is.
    pub from: InlineFrom,
}

/// The body of an op.
#[derive(Clone, Copy, Debug)]
pub struct Inline {
    /// Parameters: the locals `0..params.len()`.
    pub params: &'static [InlineParam],
    /// Kinds of all locals, those of the parameters first.
    pub locals: &'static [InlineKind],
    /// The instructions.
    pub code: &'static [InlineIns],
    /// Kind of the result.
    pub result: InlineKind,
    /// Instructions and locals, with those of what it calls, each time it does.
    pub length: u32,
    /// Whether there are operands for which it fails.
    pub fails: bool,
}

/// Most instructions and locals of a body that stands in the place of its op.
const MOST: u32 = 1 << 12;

/// An instruction. Locals are numbers; `to` is the one that is written. Targets are indices of
/// instructions.
#[derive(Clone, Copy, Debug)]
pub enum InlineIns {
    /// `to = value`.
    Int {
        /// Written.
        to: u16,
        /// The number.
        value: i64,
    },
    /// `to = value`.
    Float {
        /// Written.
        to: u16,
        /// The number.
        value: f64,
    },
    /// `to = value`.
    Bool {
        /// Written.
        to: u16,
        /// The truth.
        value: bool,
    },
    /// `to = from`.
    Copy {
        /// Written.
        to: u16,
        /// Read; of the same kind.
        from: u16,
    },
    /// `to = op a`.
    Unary {
        /// What is computed.
        op: InlineUnary,
        /// Written.
        to: u16,
        /// Read.
        a: u16,
    },
    /// `to = a op b`.
    Binary {
        /// What is computed.
        op: InlineBinary,
        /// Written.
        to: u16,
        /// Read.
        a: u16,
        /// Read.
        b: u16,
    },
    /// `to =` what another op gives; [`Inline::flat`] puts its body here.
    Call {
        /// Written.
        to: u16,
        /// The other op.
        callee: &'static Inline,
        /// The locals that its parameters are.
        args: &'static [u16],
    },
    /// Goes on at `target`.
    Jump {
        /// Index of an instruction.
        target: u16,
    },
    /// Goes on at `target` if `a` is false, else at the next.
    JumpIfNot {
        /// Read; a `bool`.
        a: u16,
        /// Index of an instruction.
        target: u16,
    },
    /// Ends with the value of `from`.
    Return {
        /// Read.
        from: u16,
    },
}

/// What is computed of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InlineUnary {
    /// `-a`, wrapping.
    IntNeg,
    /// The absolute value; that of the least integer is itself.
    IntAbs,
    /// `!a`, bit by bit.
    IntNot,
    /// `!a`.
    BoolNot,
    /// `-a`: the other sign, of a NaN too.
    FloatNeg,
    /// The absolute value.
    FloatAbs,
    /// The square root.
    Sqrt,
    /// The next integer below.
    Floor,
    /// The next integer above.
    Ceil,
    /// The next integer towards zero.
    Trunc,
    /// The nearest integer, halves away from zero.
    Round,
    /// `a as f64`.
    IntToFloat,
    /// `a as i64`: towards zero, the nearest there is, 0 for NaN.
    FloatToInt,
    /// `a as i64`: 0 or 1.
    BoolToInt,
}

/// What is computed of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InlineBinary {
    /// Wrapping.
    IntAdd,
    /// Wrapping.
    IntSub,
    /// Wrapping.
    IntMul,
    /// Towards zero; fails for a divisor of 0, and for the least integer by -1.
    IntDiv,
    /// The sign of `a`; fails as [`IntDiv`](InlineBinary::IntDiv) does.
    IntRem,
    /// Bit by bit.
    IntAnd,
    /// Bit by bit.
    IntOr,
    /// Bit by bit.
    IntXor,
    /// Fails for a count that is not from 0 to 63.
    IntShl,
    /// Keeps the sign; fails for a count that is not from 0 to 63.
    IntShr,
    /// The smaller.
    IntMin,
    /// The greater.
    IntMax,
    /// A comparison.
    IntEq,
    /// A comparison.
    IntNe,
    /// A comparison.
    IntLt,
    /// A comparison.
    IntLe,
    /// A comparison.
    IntGt,
    /// A comparison.
    IntGe,
    /// IEEE 754.
    FloatAdd,
    /// IEEE 754.
    FloatSub,
    /// IEEE 754.
    FloatMul,
    /// IEEE 754.
    FloatDiv,
    /// As Rust's `%`, C's `fmod`.
    FloatRem,
    /// `b` if `a` is NaN or `b < a`, else `a`.
    FloatMin,
    /// `b` if `a` is NaN or `b > a`, else `a`.
    FloatMax,
    /// A comparison; false for NaN.
    FloatEq,
    /// A comparison; true for NaN.
    FloatNe,
    /// A comparison; false for NaN.
    FloatLt,
    /// A comparison; false for NaN.
    FloatLe,
    /// A comparison; false for NaN.
    FloatGt,
    /// A comparison; false for NaN.
    FloatGe,
    /// Both, each computed before.
    BoolAnd,
    /// One or both, each computed before.
    BoolOr,
    /// Not the same.
    BoolXor,
    /// A comparison.
    BoolEq,
    /// A comparison.
    BoolNe,
}

impl InlineUnary {
    /// Kind of what it takes, and of what it gives.
    pub const fn kinds(self) -> (InlineKind, InlineKind) {
        use InlineKind::{Bool, Float, Int};
        match self {
            Self::IntNeg | Self::IntAbs | Self::IntNot => (Int, Int),
            Self::BoolNot => (Bool, Bool),
            Self::FloatNeg | Self::FloatAbs | Self::Sqrt => (Float, Float),
            Self::Floor | Self::Ceil | Self::Trunc | Self::Round => (Float, Float),
            Self::IntToFloat => (Int, Float),
            Self::FloatToInt => (Float, Int),
            Self::BoolToInt => (Bool, Int),
        }
    }
}

impl InlineBinary {
    /// Kind of what it takes, and of what it gives.
    pub const fn kinds(self) -> (InlineKind, InlineKind) {
        use InlineKind::{Bool, Float, Int};
        match self {
            Self::IntAdd | Self::IntSub | Self::IntMul | Self::IntDiv | Self::IntRem => (Int, Int),
            Self::IntAnd | Self::IntOr | Self::IntXor | Self::IntShl | Self::IntShr => (Int, Int),
            Self::IntMin | Self::IntMax => (Int, Int),
            Self::IntEq | Self::IntNe => (Int, Bool),
            Self::IntLt | Self::IntLe | Self::IntGt | Self::IntGe => (Int, Bool),
            Self::FloatAdd | Self::FloatSub | Self::FloatMul => (Float, Float),
            Self::FloatDiv | Self::FloatRem | Self::FloatMin | Self::FloatMax => (Float, Float),
            Self::FloatEq | Self::FloatNe => (Float, Bool),
            Self::FloatLt | Self::FloatLe | Self::FloatGt | Self::FloatGe => (Float, Bool),
            Self::BoolAnd | Self::BoolOr | Self::BoolXor => (Bool, Bool),
            Self::BoolEq | Self::BoolNe => (Bool, Bool),
        }
    }

    /// Whether there are operands for which it fails.
    pub const fn can_fail(self) -> bool {
        matches!(
            self,
            Self::IntDiv | Self::IntRem | Self::IntShl | Self::IntShr
        )
    }
}

impl Inline {
    /// Whether there are operands for which it fails.
    pub const fn can_fail(&self) -> bool {
        self.fails
    }

    /// Whether it is short enough, with all it calls, to stand in the place of its op.
    pub const fn is_short(&self) -> bool {
        self.length <= MOST
    }
}

/// Why a body fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineFault {
    /// A divisor of 0.
    ZeroDivision,
    /// The quotient is past 64 bits, or the count of a shift is not from 0 to 63.
    Overflow,
}

impl InlineFault {
    /// The trap of the op of that name.
    #[cold]
    pub const fn trap(self, op: &'static str) -> Trap {
        match self {
            InlineFault::ZeroDivision => Trap::ZeroDivision { op },
            InlineFault::Overflow => Trap::Overflow { op },
        }
    }
}

impl fmt::Display for InlineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InlineFault::ZeroDivision => "division by zero",
            InlineFault::Overflow => "integer overflow",
        })
    }
}

/// An op under `#[ext_op(inline)]`, whatever its language.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an inline op",
    label = "not an inline op",
    note = "the body of an inline op calls ops under `#[ext_op(inline)]` only: each tier has to know what they compute"
)]
pub trait InlineOp {
    /// Its parameters as a tuple.
    type Args<'value>;
    /// Its result.
    type Output;
    /// Its body.
    const CODE: &'static Inline;

    /// What it computes.
    ///
    /// # Errors
    /// Why it fails.
    fn checked(args: Self::Args<'_>) -> Result<Self::Output, InlineFault>;
}

/// What an inline body may look at behind a reference.
#[diagnostic::on_unimplemented(
    message = "an inline body looks at a `&fusevm::Value`, not at a `&{Self}`",
    label = "another type of that name"
)]
pub trait LookedAt {}

impl LookedAt for Value {}

/// Checks that a parameter is what an inline body takes it for.
pub const fn is_value<T: LookedAt>() {}

/// What a value that is true is to a body: no kind, so that the two truths are told apart.
pub const TRUE: i64 = 16;

/// The number that a body has for a value that it looks at: that of its kind, as it stands in memory; but for true
/// it is [`TRUE`].
pub const fn looked(value: &Value) -> i64 {
    match value {
        Value::Undef => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => TRUE,
        Value::Int(_) => 2,
        Value::Float(_) => 3,
        Value::Status(_) => 4,
        Value::Ref(_) => 5,
        Value::NativeFn(_) => 6,
        Value::Obj(_) => 7,
        Value::Str(_) => 8,
        Value::Array(_) => 9,
        Value::Hash(_) => 10,
        Value::Func(_) => 11,
        Value::Host(_) => 12,
    }
}

/// Stands for the body of an op with errors.
pub const STUB: &Inline = &Inline {
    params: &[],
    locals: &[InlineKind::Bool],
    code: &[
        InlineIns::Bool {
            to: 0,
            value: false,
        },
        InlineIns::Return { from: 0 },
    ],
    result: InlineKind::Bool,
    length: 3,
    fails: false,
};

/// The value of an immediate as 64 bits; that of a `bool` is 0 or 1. `None` where it is no number.
pub const fn immediate(desc: &ImmDesc, packed: u64) -> Option<i64> {
    let bits = desc.extract(packed);
    Some(match desc.kind {
        ImmKind::U8 | ImmKind::U32 | ImmKind::Bool => bits as i64,
        ImmKind::I8 => bits as u8 as i8 as i64,
        ImmKind::I32 => bits as u32 as i32 as i64,
        _ => return None,
    })
}

/// A body without calls: its locals and instructions.
#[derive(Clone, Debug)]
pub struct InlineFlat {
    /// Kinds of all locals, those of the parameters first.
    pub locals: Cow<'static, [InlineKind]>,
    /// The instructions, none of them a [`InlineIns::Call`].
    pub code: Cow<'static, [InlineIns]>,
}
