//! The macros of `fusevm`.

mod check;
mod derive;
mod errors;
mod expand;
mod fallback;
mod model;
mod ops;
mod parse;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// op
#[proc_macro_attribute]
pub fn ext_op(arguments: TokenStream, item: TokenStream) -> TokenStream {
    ops::free_standing(arguments.into(), item.into()).into()
}

/// set
#[proc_macro_attribute]
pub fn ops(arguments: TokenStream, item: TokenStream) -> TokenStream {
    ops::set(arguments.into(), item.into()).into()
}

/// lang
#[proc_macro_derive(Language, attributes(language))]
pub fn derive_language(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::language(&input).into()
}

/// obj
#[proc_macro_derive(Object, attributes(object, trace))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::object(&input).into()
}

/// trace
#[proc_macro_derive(Trace, attributes(trace))]
pub fn derive_trace(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::trace(&input).into()
}

/// value
#[proc_macro_derive(FuseValue, attributes(fuse_value))]
pub fn derive_fuse_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::fuse_value(&input).into()
}

/// imm
#[proc_macro_derive(Immediate, attributes(immediate))]
pub fn derive_immediate(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::immediate(&input).into()
}
