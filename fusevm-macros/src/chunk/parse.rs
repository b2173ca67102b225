//! From tokens to items. An item with an error is left out and reading goes on behind its `;`, so that
//! a statement that is still being typed hides nothing of what follows.

use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Lifetime, Lit, LitBool, LitStr, Path, Token, Type};

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

pub(crate) enum Args {
    List(Vec<Arg>),
    Named(Vec<(Ident, Arg)>),
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
        match item(input, errors) {
            Ok(item) => items.push(item),
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
        return Err(input.error("attributes mean nothing here: leave it out"));
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
    if input.peek(Token![..]) {
        input.parse::<Token![..]>()?;
        let ops = braces(input).map_err(|_| input.error("expected the ops: `..{ops};`"))?;
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
    let args = args(input, &path, errors)?;
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

fn braces(input: ParseStream<'_>) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        other => Err(syn::Error::new(other.span(), "expected `{`")),
    }
}

/// The items in braces.
fn inner(group: &Group, errors: &mut Errors) -> Vec<Item> {
    let parser = |input: ParseStream<'_>| Ok(items(input, errors));
    parser.parse2(group.stream()).unwrap_or_default()
}

fn function(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Function> {
    input.parse::<Token![fn]>()?;
    let name = input.parse()?;
    let content;
    syn::parenthesized!(content in input);
    let mut params = Vec::new();
    while !content.is_empty() {
        params.push(content.parse()?);
        if content.peek(Token![:]) {
            let error = content.error("a parameter is a slot, which has no type: write its name");
            while !content.is_empty() && !content.peek(Token![,]) {
                content.parse::<TokenTree>()?;
            }
            errors.push(error);
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
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
        false => Some(inner(&braces(input)?, errors)),
    };
    Ok(Function { name, params, body })
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

/// What stands behind the path of an op.
fn args(input: ParseStream<'_>, path: &Path, errors: &mut Errors) -> syn::Result<Args> {
    if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let mut list = Vec::new();
        while !content.is_empty() {
            list.push(arg(&content)?);
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        return Ok(Args::List(list));
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
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(named)
    };
    parser.parse2(group.stream()).map(Args::Named)
}

/// Reads an operand, up to the next comma.
fn arg(input: ParseStream<'_>) -> syn::Result<Arg> {
    let mut trees: Vec<TokenTree> = Vec::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        trees.push(input.parse()?);
    }
    // What came through another macro may have an invisible group around it.
    while let [TokenTree::Group(group)] = trees.as_slice()
        && group.delimiter() == Delimiter::None
    {
        trees = group.stream().into_iter().collect();
    }
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
