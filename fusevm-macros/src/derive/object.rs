//! `#[derive(Object)]`.

use super::{concrete, options, trace, with_errors};
use crate::errors::Errors;
use crate::parse::{krate, path, value};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{DeriveInput, LitStr, Path};

pub(crate) fn object(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let (mut name, mut at): (Option<LitStr>, Option<Path>) = (None, None);
    let mut bytes: Option<Path> = None;
    options(
        input,
        "object",
        &["name", "bytes", "crate"],
        &mut errors,
        |key, input, errors| {
            match key.unraw().to_string().as_str() {
                "name" => {
                    let text: LitStr = value(key, input)?;
                    if text.value().is_empty() {
                        errors.at(&text, "the name of an object type cannot be empty");
                    }
                    name = Some(text);
                }
                "bytes" => bytes = Some(path(key, input)?),
                _ => at = Some(path(key, input)?),
            }
            Ok(())
        },
    );
    let why = "the heap has one arena for each type, with one name; make a type for each use";
    if !concrete(input, why, &mut errors) {
        return errors.render();
    }
    let k = krate(at.as_ref());
    let ident = &input.ident;
    let name = name.map_or_else(|| ident.unraw().to_string(), |name| name.value());
    let trace = trace::implement(input, &k, &mut errors);
    let bytes = bytes.map(|bytes| {
        quote! {
            fn bytes(&self) -> ::core::primitive::usize {
                #bytes(self)
            }
        }
    });
    let code = quote! {
        #[automatically_derived]
        impl #k::Object for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            #bytes
        }
        #trace
        #[automatically_derived]
        impl #k::Borrowed for #ident {
            const TY: #k::Ty = #k::Ty::Object(#name);
            const HEAP: #k::HeapUse = #k::HeapUse::Shared;
            fn accepts(
                value: &#k::Value,
                heap: ::core::option::Option<&#k::Heap>,
            ) -> ::core::primitive::bool {
                #k::is_object::<Self>(value, heap)
            }
            fn of_value(_: &#k::Value) -> ::core::option::Option<&Self> {
                ::core::option::Option::None
            }
            fn borrow<'a>(
                value: &'a #k::Value,
                call: &mut #k::Call<'a>,
            ) -> ::core::option::Option<&'a Self> {
                #k::borrow_object(value, call)
            }
        }
        #[automatically_derived]
        impl #k::IntoOutput for #ident {
            const TY: #k::Ty = #k::Ty::Object(#name);
            fn into_output(
                self,
                call: &mut #k::Call<'_>,
            ) -> ::core::result::Result<#k::Made, #k::Trap> {
                #k::allocate(self, call)
            }
        }
        #[automatically_derived]
        impl #k::PassableBack for #ident {
            type Raw = ();
            const BOXED: ::core::primitive::bool = true;
            const ALLOCATES: ::core::primitive::bool = true;
            fn back(self, to: #k::Back<'_>) -> ::core::result::Result<(), #k::Failure> {
                to.leave(self)
            }
        }
    };
    with_errors(code, &errors)
}
