//! The derives. Each reads the type, reports what is wrong with it, and implements its traits even
//! then, as far as it goes, so that one mistake does not become many.

mod fuse_value;
mod immediate;
mod language;
mod object;
mod trace;

pub(crate) use fuse_value::fuse_value;
pub(crate) use immediate::immediate;
pub(crate) use language::language;
pub(crate) use object::object;
pub(crate) use trace::trace;

use crate::errors::Errors;
use crate::parse::list;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{DeriveInput, Meta};

/// Refuses generics; `why` ends the sentence "`T` cannot be generic: …".
fn concrete(input: &DeriveInput, why: &str, errors: &mut Errors) -> bool {
    let generic = !input.generics.params.is_empty();
    if generic {
        errors.at(
            &input.generics.params,
            format!("`{}` cannot be generic: {why}", input.ident),
        );
    }
    !generic
}

/// Reads the options of all attributes of that name.
fn options(
    input: &DeriveInput,
    attribute: &str,
    known: &[&str],
    errors: &mut Errors,
    mut option: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    for attr in input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident(attribute))
    {
        match &attr.meta {
            Meta::List(meta) => list(meta.tokens.clone(), known, &[], errors, &mut option),
            _ => errors.at(
                attr,
                format!("options are missing: `#[{attribute}({} …)]`", known[0]),
            ),
        }
    }
}

fn with_errors(code: TokenStream, errors: &Errors) -> TokenStream {
    let errors = errors.render();
    quote!(#code #errors)
}
