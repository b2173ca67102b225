//! From tokens to items. An item with an error is left out and reading goes on behind its `;`, so that
//! a statement that is still being typed hides nothing of what follows.

use super::arg::{Args, args};
use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Lifetime, Path, Token, Type};

/// What stands in `chunk! { … }`.
pub(crate) struct Source {
    pub(crate) language: Type,
    pub(crate) items: Vec<Item>,
}

pub(crate) enum Item {
    /// `'name:`
    Label(Lifetime),
    /// `let x;`
    Let(Ident),
    Fn(Function),
    /// `block name { … }`
    Block(Ident, Vec<Item>),
    Op(OpItem),
    /// `{expr};`
    Load(Group),
    /// `..{ops};`
    Splice(Group),
}

pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) params: Vec<Ident>,
    /// `None` for a function of another program.
    pub(crate) body: Option<Vec<Item>>,
}

/// `Name(…);`, `path::name { … };`
pub(crate) struct OpItem {
    pub(crate) path: Path,
    pub(crate) args: Args,
}

impl OpItem {
    /// The last word of its path, where its errors stand.
    pub(crate) fn word(&self) -> &Ident {
        &self.path.segments[self.path.segments.len() - 1].ident
    }

    pub(crate) fn span(&self) -> Span {
        self.word().span()
    }
}

impl Source {
    /// Reads all of it. `None`, and an error, when not even the language can be read.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Option<Self> {
        let parser = |input: ParseStream<'_>| {
            if input.is_empty() {
                return Err(input.error("expected a language: `chunk! { Calc; … }`"));
            }
            let language = input.parse()?;
            if !input.peek(Token![;]) {
                return Err(input.error("expected `;` behind the language: `chunk! { Calc; … }`"));
            }
            input.parse::<Token![;]>()?;
            let items = items(input, errors);
            Ok(Self { language, items })
        };
        match parser.parse2(tokens) {
            Ok(source) => Some(source),
            Err(error) => {
                errors.push(error);
                None
            }
        }
    }
}

/// Reads items to the end of the input.
fn items(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    while !input.is_empty() {
        if input.parse::<Option<Token![;]>>().ok().flatten().is_some() {
            continue;
        }
        let start = input.span();
        match item(input, errors) {
            Ok(item) => items.push(item),
            // At the end there is no token that could be underlined, but the item's first.
            Err(error) if input.is_empty() => {
                let text = error.to_string();
                let text = text.trim_start_matches("unexpected end of input, ");
                errors.push(syn::Error::new(start, format!("this does not end: {text}")));
            }
            Err(error) => {
                errors.push(error);
                skip(input);
            }
        }
    }
    items
}

/// To behind the next `;`, or behind braces, which end what a `fn` or a block was meant to be.
fn skip(input: ParseStream<'_>) {
    while let Ok(tree) = input.parse::<TokenTree>() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}

fn item(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Item> {
    if input.peek(Lifetime) {
        let label = input.parse()?;
        input.parse::<Token![:]>()?;
        return Ok(Item::Label(label));
    }
    if input.peek(Token![#]) {
        errors.push(input.error("attributes mean nothing here: leave it out"));
        input.parse::<Token![#]>()?;
        input.parse::<TokenTree>()?;
        return match input.is_empty() {
            true => Err(input.error("expected an item behind the attribute")),
            false => item(input, errors),
        };
    }
    if input.peek(Token![fn]) {
        return function(input, errors).map(Item::Fn);
    }
    if input.peek(Token![let]) {
        return slot(input, errors);
    }
    if input.peek(syn::Ident) && input.peek2(syn::Ident) && input.peek3(syn::token::Brace) {
        let word: Ident = input.parse()?;
        if word == "block" {
            let (name, body) = (input.parse()?, braces(input)?);
            return Ok(Item::Block(name, inner(&body, errors)));
        }
        return Err(missing_end(&word));
    }
    if input.peek(syn::Ident)
        && input.peek2(syn::token::Brace)
        && input.fork().parse::<Ident>()? == "block"
    {
        return Err(input.error("a block has a name, or stands behind its op: `block name { … }`"));
    }
    if input.peek(syn::Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let word: Ident = input.parse()?;
        errors.at(&word, format!("a label begins with a quote: `'{word}:`"));
        input.parse::<Token![:]>()?;
        return Ok(Item::Label(Lifetime {
            apostrophe: word.span(),
            ident: word,
        }));
    }
    if input.peek(Token![..]) {
        input.parse::<Token![..]>()?;
        let ops = match input.peek(syn::token::Brace) {
            true => braces(input)?,
            false => {
                errors.push(input.error("the ops stand in braces: `..{ops};`"));
                Group::new(Delimiter::Brace, to_end(input)?)
            }
        };
        end(input, ops.span(), errors);
        return Ok(Item::Splice(ops));
    }
    if input.peek(syn::token::Brace) {
        let value = braces(input)?;
        end(input, value.span(), errors);
        return Ok(Item::Load(value));
    }
    let start = input.fork();
    let Ok(path) = Path::parse_mod_style(input) else {
        return Err(start.error("expected an op, a label, `let`, `fn`, `block` or `{expr}`"));
    };
    let found = args(input, &path, errors);
    let args = errors.take(found).unwrap_or(Args::Wrong);
    let op = OpItem { path, args };
    end(input, op.span(), errors);
    Ok(Item::Op(op))
}

fn missing_end(word: &Ident) -> syn::Error {
    syn::Error::new(word.span(), format!("expected `;` behind `{word}`"))
}

/// The `;` behind an item that ends with what stands at `last`. When it is missing the next item
/// follows all the same.
fn end(input: ParseStream<'_>, last: Span, errors: &mut Errors) {
    if input.parse::<Token![;]>().is_err() {
        errors.push(syn::Error::new(last, "expected `;` behind this"));
    }
}

pub(super) fn braces(input: ParseStream<'_>) -> syn::Result<Group> {
    let mut trees = vec![input.parse()?];
    open(&mut trees);
    match trees.as_slice() {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => Ok(group.clone()),
        other => Err(syn::Error::new(
            other.first().map_or_else(Span::call_site, TokenTree::span),
            "expected `{`",
        )),
    }
}

/// What stands before the next `;`, where something else should.
pub(super) fn to_end(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![;]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}

/// Takes the invisible groups away that stand around what came through another macro.
pub(super) fn open(trees: &mut Vec<TokenTree>) {
    while let [TokenTree::Group(group)] = trees.as_slice()
        && group.delimiter() == Delimiter::None
    {
        *trees = group.stream().into_iter().collect();
    }
}

/// The items in braces.
pub(super) fn inner(group: &Group, errors: &mut Errors) -> Vec<Item> {
    let parser = |input: ParseStream<'_>| Ok(items(input, errors));
    parser.parse2(group.stream()).unwrap_or_default()
}

fn function(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Function> {
    input.parse::<Token![fn]>()?;
    let name = input.parse()?;
    let content;
    syn::parenthesized!(content in input);
    let found = params(&content, errors);
    // What is left over after an error is no error of its own.
    content.parse::<TokenStream>()?;
    let params = errors.take(found).unwrap_or_default();
    if input.peek(Token![->]) {
        errors.push(
            input.error(
                "a function has no result type: it gives what `ReturnValue` finds, or nothing",
            ),
        );
        input.parse::<Token![->]>()?;
        input.parse::<Type>()?;
    }
    let body = match input.peek(Token![;]) {
        true => {
            input.parse::<Token![;]>()?;
            None
        }
        false if input.peek(syn::token::Brace) => Some(inner(&braces(input)?, errors)),
        false => {
            let message = "expected `{ … }`, or `;` for a function of another program";
            return Err(input.error(message));
        }
    };
    Ok(Function { name, params, body })
}

/// The names in the parentheses.
fn params(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<Ident>> {
    let mut params = Vec::new();
    while !input.is_empty() {
        params.push(input.parse()?);
        if input.peek(Token![:]) {
            let error = input.error("a parameter is a slot, which has no type: write its name");
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<TokenTree>()?;
            }
            errors.push(error);
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(params)
}

fn slot(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Item> {
    input.parse::<Token![let]>()?;
    if input.peek(Token![mut]) {
        errors.push(input.error("every slot can be written: leave `mut` out"));
        input.parse::<Token![mut]>()?;
    }
    let name: Ident = input.parse()?;
    if input.peek(Token![=]) || input.peek(Token![:]) {
        errors.push(input.error(format!(
            "`let {name};` names a slot and nothing more: push a value and store it, `SetSlot({name});`"
        )));
        while !input.is_empty() && !input.peek(Token![;]) {
            input.parse::<TokenTree>()?;
        }
    }
    end(input, name.span(), errors);
    Ok(Item::Let(name))
}
