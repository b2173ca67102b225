//! `#[ext_op]` and `#[ops]`: from an item to its expansion.

use crate::errors::Errors;
use crate::expand::{self, Target};
use crate::model::{Function, Op, take_ext_op};
use crate::parse::{OpOptions, SetOptions, krate};
use crate::{check, fallback, inline};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Token, Visibility};

/// `#[ext_op(Calc, …)]` on a function of its own.
pub(crate) fn free_standing(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let is_function = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        let follows = Function::follows(input);
        input.parse::<TokenStream>()?;
        Ok(follows)
    };
    if !is_function.parse2(item.clone()).unwrap_or(false) {
        errors.at(&item, "an op is a function: `#[ext_op]` stands on `fn`");
        return with_errors(item, &errors);
    }
    let Some(function) = errors.take(syn::parse2::<Function>(item.clone())) else {
        return with_errors(item, &errors);
    };
    let options = OpOptions::free_standing(arguments, &mut errors);
    if options.language.is_none() && errors.count() == 0 {
        errors.push(syn::Error::new(
            Span::call_site(),
            "this op has no language: put it into a module under `#[ops(Calc)]`, or name its language here, `#[ext_op(Calc)]`",
        ));
    }
    let mut op = Op::read(function, options, None, &mut errors);
    check::op(&op, false, &mut errors);
    if errors.count() == 0 {
        let krate = krate(op.options.krate.as_ref());
        translate(&mut op, &inline::Signatures::new(), &mut errors, &krate);
    }
    let target = Target {
        krate: krate(op.options.krate.as_ref()),
        language: op.options.language.as_ref(),
    };
    if errors.count() > 0 {
        let (fallback, table) = (
            fallback::op(&op, &target),
            expand::table(op.ident(), &[], &target),
        );
        return with_errors(quote!(#fallback #table), &errors);
    }
    let cfgs = op.function.cfgs();
    let submit = op
        .options
        .linked
        .as_ref()
        .map(|_| expand::submit(op.ident(), &target));
    let (expanded, table) = (
        expand::op(&op, &target),
        expand::table(op.ident(), &[&op], &target),
    );
    quote!(#expanded #(#cfgs)* const _: () = { #table #submit };)
}

/// `#[ops(Calc, …)]` on a module.
pub(crate) fn set(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = SetOptions::parse(arguments, &mut errors);
    let Ok(head) = ModuleHead::parse.parse2(item.clone()) else {
        errors.at(
            &item,
            "`#[ops]` stands on a module: `#[ops(Calc)] pub mod ops { … }`",
        );
        return with_errors(item, &errors);
    };
    let Some(content) = head.content.clone() else {
        errors.at(
            &head.name,
            "rustc does not show `#[ops]` the content of other files: write the module inline, `mod ops { … }`",
        );
        return with_errors(item, &errors);
    };
    // The language is named where the attribute stands, and used inside the module.
    let alias = format_ident!("__FusevmLanguageOf_{}", head.name.unraw());
    let inside: syn::Path = syn::parse_quote!(super::#alias);
    let target = Target {
        krate: krate(options.krate.as_ref()),
        language: options.language.as_ref().map(|_| &inside),
    };
    let prefix = options.prefix.as_ref().map(|prefix| prefix.value());
    let mut parts = Vec::new();
    let mut ops = Vec::new();
    let parsed = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            parts.push(part(
                input,
                prefix.as_deref(),
                target.language.is_none(),
                &mut ops,
                &mut errors,
            )?);
        }
        Ok(())
    })
    .parse2(content);
    if let Err(error) = parsed {
        errors.push(error);
        return with_errors(item, &errors);
    }
    let module = module(&head, &parts, ops, &options, &target, errors);
    let cfgs = head.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let alias = options.language.as_ref().map(|language| {
        quote! {
            #(#cfgs)*
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code)]
            type #alias = #language;
        }
    });
    quote!(#alias #module)
}

fn with_errors(item: TokenStream, errors: &Errors) -> TokenStream {
    let errors = errors.render();
    quote!(#item #errors)
}

/// A module up to its content.
struct ModuleHead {
    attrs: Vec<Attribute>,
    vis: Visibility,
    name: Ident,
    content: Option<TokenStream>,
}

impl Parse for ModuleHead {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        input.parse::<Token![mod]>()?;
        let name = input.parse()?;
        let content = match input.parse()? {
            TokenTree::Group(content) => Some(content.stream()),
            _ => None,
        };
        Ok(Self {
            attrs,
            vis,
            name,
            content,
        })
    }
}

/// A piece of the content of a module.
enum Part {
    /// Tokens that stay as they are.
    Other(TokenStream),
    /// An op, by its index, and whether it is free of errors.
    Op(usize, bool),
}

/// Reads the next piece. Only functions under `#[ext_op]` are parsed; since every attribute of an
/// item stands before it and bodies are single trees, all else passes as it is.
fn part(
    input: ParseStream<'_>,
    prefix: Option<&str>,
    every_language: bool,
    ops: &mut Vec<Op>,
    errors: &mut Errors,
) -> syn::Result<Part> {
    if !input.peek(Token![#]) || input.peek2(Token![!]) {
        let mut tokens = TokenStream::new();
        // The `#` and `!` of an inner attribute are passed together with it.
        let trees = if input.peek(Token![#]) { 3 } else { 1 };
        for _ in 0..trees {
            tokens.append(input.parse::<TokenTree>()?);
        }
        return Ok(Part::Other(tokens));
    }
    let mut attrs = input.call(Attribute::parse_outer)?;
    let mut rest = attrs.clone();
    let Some(attr) = take_ext_op(&mut rest).filter(|_| Function::follows(input)) else {
        return Ok(Part::Other(quote!(#(#attrs)*)));
    };
    while let Some(again) = take_ext_op(&mut rest) {
        errors.at(again, "`#[ext_op]` stands twice: remove one");
    }
    attrs = rest;
    let before = errors.count();
    let arguments = match &attr.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let options = OpOptions::in_set(arguments, errors);
    let function = Function {
        attrs,
        ..input.parse()?
    };
    let op = Op::read(function, options, prefix, errors);
    check::op(&op, every_language, errors);
    ops.push(op);
    Ok(Part::Op(ops.len() - 1, errors.count() == before))
}

/// Translates the body of an op under `inline`; says whether there was no error.
fn translate(
    op: &mut Op,
    signatures: &inline::Signatures,
    errors: &mut Errors,
    krate: &TokenStream,
) -> bool {
    if op.options.inline.is_none() {
        return true;
    }
    op.inline = inline::translate(op, krate, signatures, errors);
    if let Some(translation) = &op.inline {
        op.function.body = translation.body.clone();
    }
    op.inline.is_some()
}

fn module(
    head: &ModuleHead,
    parts: &[Part],
    mut ops: Vec<Op>,
    options: &SetOptions,
    target: &Target<'_>,
    mut errors: Errors,
) -> TokenStream {
    let stays = check::set(&ops, &mut errors);
    let signatures = ops.iter().filter_map(inline::signature).collect();
    let mut content = TokenStream::new();
    let mut clean = vec![true; ops.len()];
    for part in parts {
        if let &Part::Op(index, true) = part
            && stays[index]
        {
            clean[index] = translate(&mut ops[index], &signatures, &mut errors, &target.krate);
        }
    }
    let mut rows = Vec::new();
    for part in parts {
        match part {
            Part::Other(tokens) => content.append_all(tokens.clone()),
            &Part::Op(index, true) if stays[index] && clean[index] => {
                content.extend(expand::op(&ops[index], target));
                rows.push(&ops[index]);
            }
            // A second item of the same name would only be one more error.
            &Part::Op(index, _)
                if !stays[index]
                    && ops[..index]
                        .iter()
                        .any(|op| op.ident() == ops[index].ident()) => {}
            &Part::Op(index, _) => content.extend(fallback::op(&ops[index], target)),
        }
    }
    let set = format_ident!("OPS");
    let (table, errors) = (expand::table(&set, &rows, target), errors.render());
    let submit = options
        .linked
        .as_ref()
        .and(target.language)
        .map(|_| expand::submit(&set, target));
    let (attrs, vis, name) = (&head.attrs, head.vis.to_token_stream(), &head.name);
    quote! {
        #(#attrs)*
        #vis mod #name {
            #content
            #errors
            /// The ops of this module as a set, in the order in which they are declared.
            #[allow(dead_code, unreachable_pub)]
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
            pub struct OPS;
            const _: () = { #table #submit };
        }
    }
}
