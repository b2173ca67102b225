//! What is known of a value while rustc runs.

/// Type of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ty {
    Int,
    Float,
    Bool,
    Str,
    Array,
    Hash,
    /// Untyped: any value.
    Any,
    /// No value at all.
    Unit,
    /// Control never comes back.
    Never,
    /// An error was reported; it fits everywhere, so that it is the only one.
    Wrong,
}

/// Names of types, as messages list them.
pub(crate) const NAMES: &[&str] = &["i64", "f64", "bool", "Value", "String", "Array", "Hash"];

impl Ty {
    /// The type a name stands for.
    pub(crate) fn named(name: &str) -> Option<Ty> {
        Some(match name {
            "i64" => Ty::Int,
            "f64" => Ty::Float,
            "bool" => Ty::Bool,
            "String" | "str" => Ty::Str,
            "Array" => Ty::Array,
            "Hash" => Ty::Hash,
            "Value" => Ty::Any,
            _ => return None,
        })
    }

    /// As messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Ty::Int => "i64",
            Ty::Float => "f64",
            Ty::Bool => "bool",
            Ty::Str => "String",
            Ty::Array => "Array",
            Ty::Hash => "Hash",
            Ty::Any | Ty::Wrong => "untyped",
            Ty::Unit => "()",
            Ty::Never => "!",
        }
    }

    /// Whether it is a number or a truth.
    pub(crate) fn is_scalar(self) -> bool {
        matches!(self, Ty::Int | Ty::Float | Ty::Bool)
    }

    /// Whether it says nothing that could be contradicted.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Ty::Any | Ty::Never | Ty::Wrong)
    }

    /// Whether it is an integer, or may be.
    pub(crate) fn may_be_int(self) -> bool {
        self == Ty::Int || self.is_open()
    }

    /// The type of a value that is of one type or the other.
    pub(crate) fn join(self, other: Ty) -> Ty {
        match (self, other) {
            (a, b) if a == b => a,
            (Ty::Never, ty) | (ty, Ty::Never) => ty,
            (Ty::Wrong, _) | (_, Ty::Wrong) => Ty::Wrong,
            _ => Ty::Any,
        }
    }
}
