//! `#[derive(Trace)]`, and the part of `#[derive(Object)]` that traces.

use super::{options, with_errors};
use crate::errors::Errors;
use crate::parse::{krate, path};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Path, parse_quote};

pub(crate) fn trace(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let mut at: Option<Path> = None;
    options(input, "trace", &["crate"], &mut errors, |key, input, _| {
        at = Some(path(key, input)?);
        Ok(())
    });
    let code = implement(input, &krate(at.as_ref()), &mut errors);
    with_errors(code, &errors)
}

/// `impl Trace`, field by field.
pub(crate) fn implement(input: &DeriveInput, k: &TokenStream, errors: &mut Errors) -> TokenStream {
    let tracer = Ident::new("tracer", Span::mixed_site());
    let arms: Vec<TokenStream> = match &input.data {
        Data::Struct(data) => vec![arm(&parse_quote!(Self), &data.fields, k, &tracer, errors)],
        Data::Enum(data) => (data.variants.iter())
            .map(|variant| {
                let name = &variant.ident;
                arm(
                    &parse_quote!(Self::#name),
                    &variant.fields,
                    k,
                    &tracer,
                    errors,
                )
            })
            .collect(),
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "nobody knows which field of a union holds: use an enum",
            );
            return TokenStream::new();
        }
    };
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#k::Trace));
    }
    let (generics, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #k::Trace for #ident #arguments #bounds {
            fn trace(&self, #tracer: &mut #k::Tracer<'_>) {
                let _ = &#tracer;
                // A reference in front, so that an enum without variants has arms enough.
                match *self { #(#arms)* }
            }
        }
    }
}

fn arm(
    variant: &Path,
    fields: &Fields,
    k: &TokenStream,
    tracer: &Ident,
    errors: &mut Errors,
) -> TokenStream {
    let (mut patterns, mut calls) = (Vec::new(), Vec::new());
    for (i, field) in fields.iter().enumerate() {
        if skipped(&field.attrs, errors) {
            continue;
        }
        let (local, ty) = (
            Ident::new(&format!("field{i}"), Span::mixed_site()),
            &field.ty,
        );
        let member = match &field.ident {
            Some(name) => quote!(#name),
            None => {
                let index = syn::Index::from(i);
                quote!(#index)
            }
        };
        patterns.push(quote!(#member: ref #local));
        calls.push(quote!(<#ty as #k::Trace>::trace(#local, #tracer);));
    }
    quote!(#variant { #(#patterns,)* .. } => { #(#calls)* })
}

/// Whether a field is under `#[trace(skip)]`.
fn skipped(attrs: &[Attribute], errors: &mut Errors) -> bool {
    let mut skip = false;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("trace")) {
        match attr.parse_args::<Ident>() {
            Ok(word) if word.unraw() == format_ident!("skip") => skip = true,
            _ => errors.at(
                attr,
                "a field that holds no handles is left out with `#[trace(skip)]`",
            ),
        }
    }
    skip
}
