//! `#[derive(Immediate)]`.

use super::{concrete, options, with_errors};
use crate::errors::Errors;
use crate::parse::{krate, path};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Path};

pub(crate) fn immediate(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let mut at: Option<Path> = None;
    options(
        input,
        "immediate",
        &["crate"],
        &mut errors,
        |key, input, _| {
            at = Some(path(key, input)?);
            Ok(())
        },
    );
    concrete(input, "an immediate is one byte", &mut errors);
    let Data::Enum(data) = &input.data else {
        errors.at(
            &input.ident,
            "an immediate of your own is an enum without fields; pass other types on the stack",
        );
        return errors.render();
    };
    for variant in data
        .variants
        .iter()
        .filter(|variant| !matches!(variant.fields, Fields::Unit))
    {
        errors.at(
            &variant.fields,
            "an immediate is one byte: a variant cannot have fields",
        );
    }
    if data.variants.is_empty() {
        errors.at(&input.ident, "an immediate needs at least one variant");
    }
    if let Some(variant) = data.variants.iter().nth(256) {
        errors.at(variant, "an immediate is one byte: 256 variants at most");
    }
    if errors.count() > 0 {
        return errors.render();
    }
    let (k, ident) = (krate(at.as_ref()), &input.ident);
    let (mut names, mut encode, mut decode) = (Vec::new(), Vec::new(), Vec::new());
    let mut passed = Vec::new();
    let mut words = Vec::new();
    for (bits, variant) in (0u64..).zip(&data.variants) {
        let name = &variant.ident;
        let word = name.unraw().to_string();
        words.push(quote!(#ident::#name => #k::Given::Word(#word)));
        names.push(word);
        encode.push(quote!(#ident::#name => #bits));
        decode.push(quote!(#bits => ::core::result::Result::Ok(#ident::#name)));
        passed.push(quote!(#bits => ::core::option::Option::Some(#ident::#name)));
    }
    let text = ident.unraw().to_string();
    let code = quote! {
        #[automatically_derived]
        impl<'a> #k::Immediate<'a> for #ident {
            const KIND: #k::ImmKind = #k::ImmKind::Enum(&[#(#names),*]);
            type Field = Self;
            fn encode(field: Self, _: &mut dyn #k::ImmediatePool) -> ::core::primitive::u64 {
                match field { #(#encode),* }
            }
            fn decode(
                bits: ::core::primitive::u64,
                _: &#k::Call<'a>,
            ) -> ::core::result::Result<Self, #k::Trap> {
                match bits {
                    #(#decode,)*
                    _ => ::core::result::Result::Err(#k::bad_immediate(#text)),
                }
            }
            const PASSED: ::core::primitive::bool = true;
            fn of_bits(bits: ::core::primitive::u64) -> ::core::option::Option<Self> {
                match bits {
                    #(#passed,)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        #[automatically_derived]
        impl #k::ToGiven for #ident {
            fn to_given(&self) -> #k::Given<'_> {
                match self { #(#words),* }
            }
        }
    };
    with_errors(code, &errors)
}
