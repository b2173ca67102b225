//! What stands behind the path of an op: operands and immediates, before anybody knows what they mean.

use super::parse::{Item, braces, inner, open, to_end};
use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Lifetime, Lit, LitBool, LitStr, Path, Token};

pub(crate) enum Args {
    List(Vec<Arg>),
    Named(Vec<(Ident, Arg)>),
    /// What has an error, which was reported.
    Wrong,
    /// The block that the op runs.
    Body(Vec<Item>),
}

/// An operand or an immediate.
pub(crate) enum Arg {
    Label(Lifetime),
    Word(Ident),
    Text(LitStr),
    Bool(LitBool),
    /// A number, with its sign.
    Number(TokenStream),
    /// A path of two words or more.
    Path(Path),
    /// `{expr}`: known when the chunk is built.
    Later(Group),
    /// Any other expression: known while rustc runs.
    Const(TokenStream),
}

/// What stands behind the path of an op.
pub(crate) fn args(input: ParseStream<'_>, path: &Path, errors: &mut Errors) -> syn::Result<Args> {
    if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let found = list(&content);
        // What is left over after an error is no error of its own.
        content.parse::<TokenStream>()?;
        return found.map(Args::List);
    }
    if input.peek(Lit) || input.peek(Token![-]) || input.peek(Lifetime) && !input.peek2(Token![:]) {
        errors.push(input.error("operands stand in parentheses: `Op(…)`"));
        return list.parse2(to_end(input)?).map(Args::List);
    }
    if !input.peek(syn::token::Brace) {
        return Ok(Args::List(Vec::new()));
    }
    let group = braces(input)?;
    if path.get_ident().is_some_and(super::is_core) {
        return Ok(Args::Body(inner(&group, errors)));
    }
    let parser = |input: ParseStream<'_>| {
        let mut named = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            let value = match input.peek(Token![:]) {
                true => {
                    input.parse::<Token![:]>()?;
                    arg(input)?
                }
                false => Arg::Word(name.clone()),
            };
            named.push((name, value));
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                return Err(input.error(
                    "expected `,` and the next immediate; a block is named before: `block b { … }`",
                ));
            }
        }
        Ok(named)
    };
    parser.parse2(group.stream()).map(Args::Named)
}

/// Operands with commas between them.
fn list(input: ParseStream<'_>) -> syn::Result<Vec<Arg>> {
    let mut list = Vec::new();
    while !input.is_empty() {
        list.push(arg(input)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(list)
}

/// Reads an operand, up to the next comma.
fn arg(input: ParseStream<'_>) -> syn::Result<Arg> {
    let mut trees: Vec<TokenTree> = Vec::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        trees.push(input.parse()?);
    }
    open(&mut trees);
    let tokens: TokenStream = trees.iter().cloned().collect();
    if let [TokenTree::Group(group)] = trees.as_slice()
        && group.delimiter() == Delimiter::Brace
    {
        return Ok(Arg::Later(group.clone()));
    }
    if trees.is_empty() {
        return Err(input.error("expected an operand"));
    }
    let whole = |input: ParseStream<'_>| -> syn::Result<Arg> {
        if input.peek(Lifetime) {
            return Ok(Arg::Label(input.parse()?));
        }
        if input.peek(Token![-]) && input.peek2(Lit) || input.peek(Lit) {
            return literal(input, &tokens);
        }
        let path = Path::parse_mod_style(input)?;
        Ok(match path.get_ident() {
            Some(word) => Arg::Word(word.clone()),
            None => Arg::Path(path),
        })
    };
    Ok(whole.parse2(tokens.clone()).unwrap_or(Arg::Const(tokens)))
}

fn literal(input: ParseStream<'_>, tokens: &TokenStream) -> syn::Result<Arg> {
    let minus: Option<Token![-]> = input.parse()?;
    Ok(match (Lit::parse(input)?, minus) {
        (Lit::Str(text), None) => Arg::Text(text),
        (Lit::Bool(value), None) => Arg::Bool(value),
        (Lit::Int(_) | Lit::Float(_), _) => Arg::Number(tokens.clone()),
        _ => Arg::Const(tokens.clone()),
    })
}
