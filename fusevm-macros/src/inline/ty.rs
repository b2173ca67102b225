//! Types of values, and variables.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Type;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Float,
    Bool,
    /// `&Value`, of which a body asks what kind it is of: its local is the number of that.
    Value,
}

impl Kind {
    pub(crate) fn of(ty: &Type) -> Option<Kind> {
        if let Type::Reference(reference) = ty {
            let is_value = name(&reference.elem).is_some_and(|name| name == "Value");
            return (is_value && reference.mutability.is_none()).then_some(Kind::Value);
        }
        match name(ty)?.as_str() {
            "i64" => Some(Kind::Int),
            "f64" => Some(Kind::Float),
            "bool" => Some(Kind::Bool),
            _ => None,
        }
    }

    /// As Rust spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Int => "i64",
            Kind::Float => "f64",
            Kind::Bool => "bool",
            Kind::Value => "&Value",
        }
    }

    /// The variant of `InlineKind` as code.
    pub(crate) fn constant(self, krate: &TokenStream) -> TokenStream {
        let name = match self {
            Kind::Int | Kind::Value => "Int",
            Kind::Float => "Float",
            Kind::Bool => "Bool",
        };
        let name = Ident::new(name, Span::call_site());
        quote!(#krate::inline::InlineKind::#name)
    }
}

/// A variable.
#[derive(Clone, Copy)]
pub(crate) struct Var {
    pub(crate) local: u16,
    pub(crate) kind: Kind,
    /// In Rust it is an integer of fewer bits: an immediate.
    pub(crate) narrow: bool,
}

/// What a parameter of that type is, if it may be one.
pub(crate) fn parameter(ty: &Type) -> Option<Var> {
    let (kind, narrow) = match (Kind::of(ty), name(ty).as_deref()) {
        (Some(kind), _) => (kind, false),
        (None, Some("u8" | "i8" | "i32" | "u32")) => (Kind::Int, true),
        _ => return None,
    };
    Some(Var {
        local: 0,
        kind,
        narrow,
    })
}

fn name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident().map(ToString::to_string),
        Type::Paren(inner) => name(&inner.elem),
        Type::Group(inner) => name(&inner.elem),
        _ => None,
    }
}
