//! What stands beside an op under `inline`: its body as a constant, the function that every tier is
//! measured by, and the test that compares the two.

use super::Translation;
use crate::class::with_lifetime;
use crate::expand::{Target, lifetime};
use crate::model::Op;
use crate::tokens::local;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Lifetime;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// The implementation of `InlineOp`.
pub(crate) fn implementation(op: &Op, body: &Translation, target: &Target<'_>) -> TokenStream {
    let (k, ident) = (&target.krate, op.ident());
    let Translation {
        checked,
        constant,
        output,
        ..
    } = body;
    let types = |lifetime: &Lifetime| {
        let types = (body.params.iter()).map(|(_, ty)| with_lifetime(ty, lifetime));
        quote!((#(#types,)*))
    };
    let value = lifetime("'value");
    let (any, named) = (types(&lifetime("'_")), types(&value));
    let looked = (body.params.iter()).filter_map(|(_, ty)| match ty {
        syn::Type::Reference(reference) => {
            let ty = &reference.elem;
            Some(quote_spanned!(ty.span()=> #k::inline::is_value::<#ty>();))
        }
        _number => None,
    });
    // There may be another type of that name.
    let looked = quote!(const _: () = { #(#looked)* };);
    // As the author wrote them, `mut` included.
    let names = (op.function.sig.inputs.iter()).filter_map(|input| match input {
        syn::FnArg::Typed(param) => Some(&param.pat),
        syn::FnArg::Receiver(_) => None,
    });
    quote! {
        #looked
        const __FUSEVM_INLINE: &#k::inline::Inline = &#constant;
        #[automatically_derived]
        impl #k::inline::InlineOp for #ident {
            type Args<#value> = #named;
            type Output = #output;
            const CODE: &'static #k::inline::Inline = __FUSEVM_INLINE;
            #[allow(warnings, clippy::all)]
            #[inline]
            fn checked(
                (#(#names,)*): #any,
            ) -> ::core::result::Result<#output, #k::inline::InlineFault> {
                #checked
            }
        }
    }
}

/// An implementation without content, for an op with errors.
pub(crate) fn stub(op: &Op, target: &Target<'_>) -> Option<TokenStream> {
    let (k, ident, cfgs) = (&target.krate, op.ident(), op.function.cfgs());
    op.options.inline.as_ref()?;
    let value = lifetime("'value");
    let known = |ty: &syn::Type| {
        let known = super::ty::parameter(ty).is_some();
        known.then(|| with_lifetime(ty, &value))
    };
    let types: Vec<syn::Type> = op
        .params
        .iter()
        .map(|param| known(&param.ty))
        .collect::<Option<_>>()?;
    let output = op.function.output()?;
    super::ty::Kind::of(output).filter(|kind| *kind != super::ty::Kind::Value)?;
    Some(quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #k::inline::InlineOp for #ident {
            type Args<#value> = (#(#types,)*);
            type Output = #output;
            const CODE: &'static #k::inline::Inline = #k::inline::STUB;
            fn checked(
                _: Self::Args<'_>,
            ) -> ::core::result::Result<Self::Output, #k::inline::InlineFault> {
                ::core::result::Result::Err(#k::inline::InlineFault::Overflow)
            }
        }
    })
}

/// The test, a function beside the op.
pub(crate) fn test(op: &Op, body: &Translation, target: &Target<'_>) -> TokenStream {
    let (k, ident, sample) = (&target.krate, op.ident(), target.sample());
    let cfgs = op.function.cfgs();
    let name = format_ident!(
        "__fusevm_inline_{}",
        ident.unraw(),
        span = Span::call_site()
    );
    let args = local("args");
    let values: Vec<Ident> = (0..body.params.len())
        .map(|at| local(&format!("value{at}")))
        .collect();
    let get: Vec<TokenStream> = (body.params.iter().enumerate())
        .map(|(at, (_, ty))| quote!(<#ty as #k::inline::Checked<'_>>::of(&#args[#at])))
        .collect();
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[test]
        #[allow(unnameable_test_items, non_snake_case)]
        fn #name() {
            #k::inline::check(
                <#ident as #k::ExtOp<#sample>>::DESC,
                |#args| {
                    #(let #values = #get;)*
                    ::core::convert::From::from(#ident(#(#values),*))
                },
                |#args| {
                    #(let #values = #get;)*
                    ::core::result::Result::map(
                        <#ident as #k::inline::InlineOp>::checked((#(#values,)*)),
                        ::core::convert::From::from,
                    )
                },
            );
        }
    }
}
