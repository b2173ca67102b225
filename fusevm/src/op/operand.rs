//! What the operands of an op may be: kinds, their Rust types, and their bits.

use std::fmt;

/// What an operand of an op means; fixes its Rust type, its check, its text and its wire form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperandKind {
    /// An integer, `i64`.
    Int,
    /// A float, `f64`.
    Float,
    /// Index into the constant pool, `u16`.
    Const,
    /// Index into the name pool, naming a global, `u16`.
    Name,
    /// Index into the name pool, naming a function, `u16`.
    Function,
    /// A slot of the current frame, `u16`.
    Slot,
    /// A jump target: the absolute index of an op, `usize`.
    Target,
    /// Index of a block range, `u16`.
    Block,
    /// A number of stack values, `u16`.
    Count,
    /// A number of arguments or words, `u8`.
    Argc,
    /// The bound of a fused loop, `i32`.
    Limit,
    /// Id of a builtin, `u16`.
    Builtin,
    /// Ext op: index into the import table, or the id given to a raw handler, `u16`.
    Ext,
    /// 8 bits of packed immediates, `u8`.
    Packed,
    /// Up to 64 bits of packed immediates, `usize`.
    PackedWide,
    /// A file descriptor, `u8`.
    Fd,
    /// A code of [`redirect_op`](crate::redirect_op), `u8`.
    RedirectOp,
    /// A code of [`file_test`](crate::file_test), `u8`.
    FileTest,
    /// A code of [`param_mod`](crate::param_mod), `u8`.
    ParamMod,
}

impl OperandKind {
    /// How the reference writes the Rust type.
    pub fn rust_type(self) -> &'static str {
        match self {
            Self::Int => "i64",
            Self::Float => "f64",
            Self::Target | Self::PackedWide => "usize",
            Self::Limit => "i32",
            Self::Const
            | Self::Name
            | Self::Function
            | Self::Slot
            | Self::Block
            | Self::Count
            | Self::Builtin
            | Self::Ext => "u16",
            Self::Argc
            | Self::Packed
            | Self::Fd
            | Self::RedirectOp
            | Self::FileTest
            | Self::ParamMod => "u8",
        }
    }

    /// Whether the operand is a signed number (its bits are then sign-extended to 64).
    pub fn is_signed(self) -> bool {
        matches!(self, Self::Int | Self::Limit)
    }
}

/// One operand of an op as it stands in a chunk: its name in the table, its kind, its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Name in the table.
    pub name: &'static str,
    /// What it means.
    pub kind: OperandKind,
    /// The value as 64 bits: signed kinds sign-extended, floats by their bits.
    pub bits: u64,
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            OperandKind::Float => {
                let mut s = String::new();
                crate::value::write_float(f64::from_bits(self.bits), &mut s);
                f.write_str(&s)
            }
            OperandKind::Target => write!(f, "@{}", self.bits),
            OperandKind::Int | OperandKind::Limit => write!(f, "{}", self.bits.cast_signed()),
            _ => write!(f, "{}", self.bits),
        }
    }
}

/// The Rust type of an operand kind, for the fields of `Op`.
macro_rules! operand_type {
    (Int) => {
        i64
    };
    (Float) => {
        f64
    };
    (Target) => {
        usize
    };
    (PackedWide) => {
        usize
    };
    (Limit) => {
        i32
    };
    (Const) => {
        u16
    };
    (Name) => {
        u16
    };
    (Function) => {
        u16
    };
    (Slot) => {
        u16
    };
    (Block) => {
        u16
    };
    (Count) => {
        u16
    };
    (Builtin) => {
        u16
    };
    (Ext) => {
        u16
    };
    (Argc) => {
        u8
    };
    (Packed) => {
        u8
    };
    (Fd) => {
        u8
    };
    (RedirectOp) => {
        u8
    };
    (FileTest) => {
        u8
    };
    (ParamMod) => {
        u8
    };
}
pub(super) use operand_type;

/// The bits of an operand, in constants.
macro_rules! operand_bits {
    (Float, $f:ident) => {
        $f.to_bits()
    };
    (Limit, $f:ident) => {
        ($f as i64).cast_unsigned()
    };
    ($kind:ident, $f:ident) => {
        $f as u64
    };
}
pub(super) use operand_bits;

/// Conversion of an operand's field to and from 64 bits. `from_bits` refuses what does not fit.
pub(super) trait Bits: Sized {
    fn to_bits(self) -> u64;
    fn from_bits(bits: u64) -> Option<Self>;
}

impl Bits for i64 {
    fn to_bits(self) -> u64 {
        self.cast_unsigned()
    }
    fn from_bits(bits: u64) -> Option<Self> {
        Some(bits.cast_signed())
    }
}

impl Bits for i32 {
    fn to_bits(self) -> u64 {
        i64::from(self).cast_unsigned()
    }
    fn from_bits(bits: u64) -> Option<Self> {
        bits.cast_signed().try_into().ok()
    }
}

impl Bits for f64 {
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }
    fn from_bits(bits: u64) -> Option<Self> {
        Some(f64::from_bits(bits))
    }
}

macro_rules! unsigned_bits {
    ($($t:ty),*) => { $(impl Bits for $t {
        fn to_bits(self) -> u64 {
            self as u64
        }
        fn from_bits(bits: u64) -> Option<Self> {
            bits.try_into().ok()
        }
    })* };
}
unsigned_bits!(u8, u16, usize);
