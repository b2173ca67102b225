//! Tokens: pieces of code and places of messages that expansions share.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Lit, Meta, Type};

/// The text of the doc comment, as an expression.
pub(crate) fn doc(attrs: &[Attribute]) -> TokenStream {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(match &doc.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => {
                    let text = text.value();
                    text.strip_prefix(' ').unwrap_or(&text).to_token_stream()
                }
                other => other.to_token_stream(),
            },
            other => other.to_token_stream(),
        }),
        _ => None,
    });
    let lines: Vec<TokenStream> = lines.collect();
    match lines.split_first() {
        Some((first, rest)) => quote!(::core::concat!(#first #(, "\n", #rest)*)),
        None => quote!(""),
    }
}

/// `Some` or `None`, as code.
pub(crate) fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The type behind `&mut`.
pub(crate) fn referent(ty: &Type) -> TokenStream {
    match ty {
        Type::Reference(reference) => reference.elem.to_token_stream(),
        Type::Paren(inner) => referent(&inner.elem),
        Type::Group(inner) => referent(&inner.elem),
        other => other.to_token_stream(),
    }
}

/// A local of the generated code, out of reach of the names of the user.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The first token, where messages that have no better place go.
pub(crate) fn span(tokens: &impl ToTokens) -> Span {
    tokens
        .to_token_stream()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |tree| tree.span())
}

/// A span for generated code that is shown where `span` is, and that lints know to be generated.
pub(crate) fn generated_at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The tokens as if they stood at `span`.
pub(crate) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    let respanned = tokens.into_iter().map(|mut tree| {
        if let TokenTree::Group(group) = &mut tree {
            let mut inner = Group::new(group.delimiter(), respan(group.stream(), span));
            inner.set_span(span);
            return inner.into();
        }
        let resolved = tree.span().located_at(span);
        tree.set_span(resolved);
        tree
    });
    respanned.collect()
}
