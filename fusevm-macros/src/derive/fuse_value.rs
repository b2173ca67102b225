//! `#[derive(FuseValue)]`.

use super::{concrete, options, with_errors};
use crate::errors::Errors;
use crate::parse::{flag, krate, path, value};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, LitStr, Path};

const OPTIONS: &[&str] = &["name", "eq", "display", "crate"];

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    eq: Option<Ident>,
    display: Option<Ident>,
    krate: Option<Path>,
}

pub(crate) fn fuse_value(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let mut it = Options::default();
    options(
        input,
        "fuse_value",
        OPTIONS,
        &mut errors,
        |key, input, errors| {
            match key.unraw().to_string().as_str() {
                "name" => {
                    let text: LitStr = value(key, input)?;
                    if text.value().is_empty() {
                        errors.at(&text, "the name of a value type cannot be empty");
                    }
                    it.name = Some(text);
                }
                "eq" => it.eq = Some(flag(key, input)?),
                "display" => it.display = Some(flag(key, input)?),
                _ => it.krate = Some(path(key, input)?),
            }
            Ok(())
        },
    );
    if !concrete(
        input,
        "programs know the type by one name; make a type for each use",
        &mut errors,
    ) {
        return errors.render();
    }
    let k = krate(it.krate.as_ref());
    let value = value_impl(input, &it, &k, &mut errors);
    let passing = passing_impls(input, &it, &k);
    with_errors(quote!(#value #passing), &errors)
}

fn name(input: &DeriveInput, it: &Options) -> String {
    it.name
        .as_ref()
        .map_or_else(|| input.ident.unraw().to_string(), LitStr::value)
}

fn value_impl(
    input: &DeriveInput,
    it: &Options,
    k: &TokenStream,
    errors: &mut Errors,
) -> TokenStream {
    let (ident, name) = (&input.ident, name(input, it));
    let equals = it.eq.is_some().then(|| {
        quote! {
            fn equals(&self, other: &Self) -> ::core::primitive::bool {
                <Self as ::core::cmp::PartialEq>::eq(self, other)
            }
        }
    });
    let text = it.display.is_some().then(|| {
        quote! {
            fn text(&self) -> ::core::option::Option<::std::string::String> {
                ::core::option::Option::Some(<Self as ::std::string::ToString>::to_string(self))
            }
        }
    });
    let into = Ident::new("into", Span::mixed_site());
    let variants: Vec<(TokenStream, &Fields)> = match &input.data {
        Data::Struct(data) => vec![(quote!(Self), &data.fields)],
        Data::Enum(data) => (data.variants.iter())
            .map(|variant| {
                let name = &variant.ident;
                (quote!(Self::#name), &variant.fields)
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
    let arms = |each: Each| -> Vec<TokenStream> {
        let all = variants.iter();
        all.map(|(variant, fields)| arm(variant, fields, k, &into, each))
            .collect()
    };
    let (values, releases) = (arms(Each::Values), arms(Each::Release));
    quote! {
        #[automatically_derived]
        impl #k::FuseValue for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            #equals
            #text
            fn values(&self, #into: &mut ::std::vec::Vec<#k::Value>) {
                #[allow(unused_imports)]
                use #k::HoldsNone as _;
                let _ = &#into;
                match *self { #(#values)* }
            }
            fn release(&mut self, #into: &mut ::std::vec::Vec<#k::Value>) {
                #[allow(unused_imports)]
                use #k::HoldsNone as _;
                let _ = &#into;
                match *self { #(#releases)* }
            }
        }
    }
}

/// What is done with the fields that hold values; which those are, the types say.
#[derive(Clone, Copy)]
enum Each {
    /// They are copied.
    Values,
    /// They are moved out.
    Release,
}

fn arm(
    variant: &TokenStream,
    fields: &Fields,
    k: &TokenStream,
    into: &Ident,
    each: Each,
) -> TokenStream {
    let (mut patterns, mut calls) = (Vec::new(), Vec::new());
    for (i, field) in fields.iter().enumerate() {
        let local = Ident::new(&format!("field{i}"), Span::mixed_site());
        let member = match &field.ident {
            Some(name) => quote!(#name),
            None => {
                let index = syn::Index::from(i);
                quote!(#index)
            }
        };
        match each {
            Each::Values => {
                patterns.push(quote!(#member: ref #local));
                calls.push(quote!(#k::Held(#local).values(#into);));
            }
            Each::Release => {
                patterns.push(quote!(#member: ref mut #local));
                calls.push(quote!(#k::Field(#local).release(#into);));
            }
        }
    }
    quote!(#variant { #(#patterns),* } => { #(#calls)* })
}

/// How ops pass it.
fn passing_impls(input: &DeriveInput, it: &Options, k: &TokenStream) -> TokenStream {
    let (ident, name) = (&input.ident, name(input, it));
    quote! {
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #k::Value {
            fn from(value: #ident) -> Self {
                #k::Value::Host(#k::HostValue::new(value))
            }
        }
        #[automatically_derived]
        impl #k::Borrowed for #ident {
            const TY: #k::Ty = #k::Ty::Host(#name);
            fn accepts(
                value: &#k::Value,
                _: ::core::option::Option<&#k::Heap>,
            ) -> ::core::primitive::bool {
                #k::host_value::<Self>(value).is_some()
            }
            fn of_value(value: &#k::Value) -> ::core::option::Option<&Self> {
                #k::host_value(value)
            }
            fn borrow<'a>(
                value: &'a #k::Value,
                _: &mut #k::Call<'a>,
            ) -> ::core::option::Option<&'a Self> {
                #k::host_value(value)
            }
        }
        #[automatically_derived]
        impl<'a> #k::Input<'a> for #ident
        where
            for<'b> #ident: ::core::clone::Clone,
        {
            const TY: #k::Ty = #k::Ty::Host(#name);
            fn accepts(
                value: &#k::Value,
                _: ::core::option::Option<&#k::Heap>,
                _: ::core::primitive::bool,
            ) -> ::core::primitive::bool {
                #k::host_value::<Self>(value).is_some()
            }
            fn take(
                value: &'a mut #k::Value,
                _: &mut #k::Call<'a>,
                _: ::core::primitive::bool,
            ) -> ::core::result::Result<Self, #k::Mismatch> {
                #k::take_host_value(value)
            }
        }
        #[automatically_derived]
        impl #k::IntoOutput for #ident {
            const TY: #k::Ty = #k::Ty::Host(#name);
            fn into_output(
                self,
                _: &mut #k::Call<'_>,
            ) -> ::core::result::Result<#k::Made, #k::Trap> {
                ::core::result::Result::Ok(::core::convert::From::from(
                    <#k::Value as ::core::convert::From<Self>>::from(self),
                ))
            }
        }
        #[automatically_derived]
        impl #k::Passable for #ident
        where
            for<'b> #ident: ::core::clone::Clone,
        {
            type Raw = &'static mut #k::Value;
            type Place = &'static mut #k::Value;
            type Looked = &'static mut #k::Value;
            fn look(
                raw: &'static mut #k::Value,
                beside: #k::Beside<'_>,
            ) -> ::core::option::Option<&'static mut #k::Value> {
                Self::look_at(raw, beside)
            }
            fn look_at(
                place: &'static mut #k::Value,
                _: #k::Beside<'_>,
            ) -> ::core::option::Option<&'static mut #k::Value> {
                match #k::host_value::<Self>(place) {
                    ::core::option::Option::Some(_) => ::core::option::Option::Some(place),
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }
            fn take(
                looked: &'static mut #k::Value,
                _: #k::Beside<'_>,
            ) -> ::core::option::Option<Self> {
                ::core::result::Result::ok(#k::take_host_value(looked))
            }
        }
        #[automatically_derived]
        impl #k::PassableBack for #ident {
            type Raw = ();
            const BOXED: ::core::primitive::bool = true;
            fn back(self, to: #k::Back<'_>) -> ::core::result::Result<(), #k::Failure> {
                to.leave(self)
            }
        }
    }
}
