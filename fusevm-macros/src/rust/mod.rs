//! `fusevm_chunk!`: Rust syntax, compiled to bytecode while rustc runs.
//!
//! Tokens become a tree ([`parse`]), the tree becomes calls of a builder ([`compile`]), and these are
//! the expansion: a chunk is built where the macro stands, at run time, but nothing in it can be wrong
//! then. Types are known or not ([`types`]); where they are known, the ops are those that mean what Rust
//! means. What an ext op takes is not known here: the expansion asks its description, in constants that
//! fail to evaluate on the token to blame.
//!
//! Every mistake is reported, and what is not mistaken is compiled beside it: captured expressions and
//! the paths of ops are part of the expansion whatever else is wrong, so that editors complete them.

mod ast;
mod compile;
mod groups;
mod parse;
mod types;

use crate::errors::Errors;
use crate::tokens::{local, span};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::{Token, Type};

/// What comes from the wrapper: the path of the crate, whether all has to be typed, and the rest.
struct Input {
    krate: TokenStream,
    typed: bool,
    body: TokenStream,
}

fn input(tokens: TokenStream) -> Input {
    let mut trees = tokens.into_iter();
    let mut head = match trees.next() {
        Some(TokenTree::Group(group)) => group.stream().into_iter(),
        _ => TokenStream::new().into_iter(),
    };
    let krate = head.by_ref().take(1).collect();
    Input {
        krate,
        typed: head.next().is_some(),
        body: trees.collect(),
    }
}

/// The language and its `;`, and what stands behind.
fn language(input: ParseStream<'_>) -> syn::Result<(Type, TokenStream)> {
    let missing =
        "the language comes first: `fusevm_chunk! { Calc; … }`, or `();` for the core ops alone";
    let at = input.span();
    let language = match input.fork().parse::<Type>() {
        Ok(_) => input.parse::<Type>()?,
        Err(_) => return Err(syn::Error::new(at, missing)),
    };
    if !input.peek(Token![;]) {
        return Err(syn::Error::new(at, missing));
    }
    input.parse::<Token![;]>()?;
    Ok((language, input.parse()?))
}

/// Line and column, which tell a token from others.
fn place(tokens: &impl ToTokens) -> (usize, usize) {
    let start = span(tokens).unwrap();
    (start.line(), start.column())
}

/// The expansion: an expression of type `Chunk`.
pub(crate) fn chunk(tokens: TokenStream) -> TokenStream {
    let Input { krate, typed, body } = input(tokens);
    let mut errors = Errors::default();
    let (language, body) = match language.parse2(groups::visible(body)) {
        Ok(read) => read,
        Err(error) => {
            errors.push(error);
            let errors = errors.render();
            return quote!({ #errors <#krate::Chunk as ::core::default::Default>::default() });
        }
    };
    let parse::Parsed {
        block,
        captures,
        paths,
        lost,
    } = parse::chunk(body, &mut errors);
    let target = compile::Target {
        krate: krate.clone(),
        language: quote!(#language),
        typed,
        lost,
    };
    let compiled = compile::chunk(&block, &captures, &target, &mut errors);
    let checks = &compiled.checks;
    if errors.count() > 0 {
        errors.sort();
        let errors = errors.render();
        let captured = captures.iter().map(|capture| {
            let tokens = &capture.tokens;
            quote_spanned!(capture.at=> let _ = &(#tokens);)
        });
        let lost = paths
            .iter()
            .filter(|path| !compiled.named.contains(&place(path)));
        let lost = lost.map(|path| quote_spanned!(span(path)=> const _: () = { let _ = #path; };));
        return quote!({
            #errors
            #checks
            #(#lost)*
            #(#captured)*
            <#krate::Chunk as ::core::default::Default>::default()
        });
    }
    let (b, labels) = (local("b"), local("labels"));
    let compile::Compiled {
        captured,
        code,
        label_count,
        ..
    } = &compiled;
    let file = quote_spanned!(Span::call_site()=> ::core::file!());
    quote!({
        #checks
        #captured
        let mut #b = #krate::Builder::<#language>::with_source(#file, "");
        let #labels: [#krate::Label; #label_count] = ::core::array::from_fn(|_| #b.label());
        let _ = &#labels;
        #code
        #krate::expansion::finish(#b)
    })
}
