//! The kinds of values, as programs and messages name them.

use std::fmt;

/// What sort of value a [`Value`](super::Value) is; displays as `Int`, `Str` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// Nothing.
    Undef,
    /// A truth.
    Bool,
    /// A whole number.
    Int,
    /// A floating-point number.
    Float,
    /// Text.
    Str,
    /// A list.
    Array,
    /// A map.
    Hash,
    /// An exit status.
    Status,
    /// A reference to a cell.
    Ref,
    /// A builtin function.
    NativeFn,
    /// A function of a chunk.
    Func,
    /// A heap object or a host value.
    Obj,
}

impl Kind {
    /// The name, as `Display` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Undef => "Undef",
            Kind::Bool => "Bool",
            Kind::Int => "Int",
            Kind::Float => "Float",
            Kind::Str => "Str",
            Kind::Array => "Array",
            Kind::Hash => "Hash",
            Kind::Status => "Status",
            Kind::Ref => "Ref",
            Kind::NativeFn => "NativeFn",
            Kind::Func => "Func",
            Kind::Obj => "Obj",
        }
    }

    /// The kind with its article, for messages: "a string", "an array", "undef".
    pub const fn article(self) -> &'static str {
        match self {
            Kind::Undef => "undef",
            Kind::Bool => "a bool",
            Kind::Int => "an int",
            Kind::Float => "a float",
            Kind::Str => "a string",
            Kind::Array => "an array",
            Kind::Hash => "a hash",
            Kind::Status => "a status",
            Kind::Ref => "a reference",
            Kind::NativeFn => "a builtin function",
            Kind::Func => "a function",
            Kind::Obj => "an object",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
