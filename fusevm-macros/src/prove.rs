//! Checks that need types: constants of an expansion that fail to evaluate, each on the token to
//! blame, and impls that collide.

use crate::class::Class;
use crate::expand::{Target, inferred};
use crate::model::Op;
use crate::tokens::{referent, respan, span};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The constants.
pub(crate) fn checks(op: &Op, target: &Target<'_>) -> TokenStream {
    let (k, language) = (&target.krate, target.sample());
    let desc = quote!(__FUSEVM_DESC);
    let mut checks = TokenStream::new();
    let mut check = |to_blame: Span, call: TokenStream| {
        let call = respan(call, to_blame);
        checks.extend(quote_spanned!(to_blame=> const _: () = #call;));
    };
    let counted = op.immediates().chain(op.rest());
    for (at, param) in counted.enumerate() {
        check(span(&param.ty), quote!(#k::assert_immediate(#desc, #at)));
    }
    let contexts = op.of(|class| class == Class::Context).map(|param| {
        let ty = referent(&inferred(&param.ty));
        quote!(|| <#ty as #k::Context<#language>>::IS_HEAP)
    });
    let takes_heap = quote!(false #(#contexts)*);
    for (at, (param, _)) in op.inputs().enumerate() {
        check(
            span(&param.ty),
            quote!(#k::assert_heap_use(#desc, #at, #takes_heap)),
        );
    }
    if let Some(param) = op.callee() {
        check(
            span(&param.ty),
            quote!(#k::assert_callee(#desc, #takes_heap)),
        );
    }
    for param in op.of(|class| class == Class::Rules) {
        check(
            span(&param.ty),
            quote!(#k::assert_rules(#desc, #takes_heap)),
        );
    }
    if let Some(ty) = op.function.output() {
        check(span(ty), quote!(#k::assert_jumps(#desc)));
        check(span(ty), quote!(#k::assert_access(#desc)));
    }
    if let Some(pure) = &op.options.pure {
        check(pure.span(), quote!(#k::assert_pure(#desc)));
    }
    if let Some(fast) = &op.options.fast {
        check(fast.span(), quote!(#k::assert_fast(#desc)));
    }
    if let Some(equality) = &op.options.equality {
        check(equality.span(), quote!(#k::assert_equality(#desc)));
    }
    if let Some(alt) = &op.options.alt {
        let alt_desc = quote!(<#alt as #k::ExtOp<#language>>::DESC);
        check(span(alt), quote!(#k::assert_same_effect(#desc, #alt_desc)));
    }
    checks
}

/// The mark by which rustc finds ids that two ops of a language ask for.
pub(crate) fn id(op: &Op, target: &Target<'_>) -> TokenStream {
    let (k, Some(language)) = (&target.krate, target.language) else {
        return TokenStream::new();
    };
    match &op.options.id {
        Some((token, _)) => {
            let language = respan(language.to_token_stream(), token.span());
            quote_spanned!(token.span()=> impl #k::Id<#token> for #language {})
        }
        None => TokenStream::new(),
    }
}
