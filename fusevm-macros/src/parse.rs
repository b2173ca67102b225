//! What stands in the parentheses of the attributes.

use crate::errors::{Errors, near, unknown};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, Ident, LitInt, LitStr, Path, Token};

/// Options of one op, in the order in which they are documented.
pub(crate) const OP_OPTIONS: &[&str] = &[
    "pure", "fast", "equality", "inline", "cost", "was", "version", "id", "alt", "name", "linked",
    "crate",
];
const SET_OPTIONS: &[&str] = &["linked", "prefix", "crate"];

/// What `#[ext_op(…)]` says.
#[derive(Default)]
pub(crate) struct OpOptions {
    pub(crate) language: Option<Path>,
    pub(crate) pure: Option<Ident>,
    pub(crate) fast: Option<Ident>,
    pub(crate) equality: Option<Ident>,
    pub(crate) inline: Option<Ident>,
    pub(crate) cost: Option<Expr>,
    pub(crate) was: Vec<LitStr>,
    pub(crate) version: Option<u32>,
    pub(crate) id: Option<(LitInt, u16)>,
    pub(crate) alt: Option<Path>,
    pub(crate) name: Option<LitStr>,
    pub(crate) linked: Option<Ident>,
    pub(crate) krate: Option<Path>,
}

impl OpOptions {
    /// Options of an op of its own, its language first.
    pub(crate) fn free_standing(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let (language, rest) = language(tokens, OP_OPTIONS, errors);
        options.language = language;
        options.read(rest, OP_OPTIONS, errors);
        options
    }

    /// Options of an op in a set, which has the language.
    pub(crate) fn in_set(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let (language, rest) = language(tokens, OP_OPTIONS, errors);
        if let Some(path) = language {
            errors.at(
                path,
                "the language stands on the set, `#[ops(…)]`, not on its ops",
            );
        }
        options.read(rest, OP_OPTIONS, errors);
        if let Some(key) = options.linked.take() {
            errors.at(key, "`linked` stands on the set: `#[ops(…, linked)]`");
        }
        if let Some(path) = options.krate.take() {
            errors.at(
                path,
                "`crate = …` stands on the set: `#[ops(…, crate = …)]`",
            );
        }
        options
    }

    fn read(&mut self, tokens: TokenStream, known: &[&str], errors: &mut Errors) {
        list(tokens, known, &["was"], errors, |key, input, errors| {
            match key.unraw().to_string().as_str() {
                "pure" => self.pure = Some(flag(key, input)?),
                "fast" => self.fast = Some(flag(key, input)?),
                "equality" => self.equality = Some(flag(key, input)?),
                "inline" => self.inline = Some(flag(key, input)?),
                "linked" => self.linked = Some(flag(key, input)?),
                "cost" => self.cost = Some(value(key, input)?),
                "was" => self.was.push(value(key, input)?),
                "version" => self.version = Some(value::<LitInt>(key, input)?.base10_parse()?),
                "id" => {
                    let id: LitInt = value(key, input)?;
                    match id.base10_parse() {
                        Ok(number) => self.id = Some((id, number)),
                        Err(_) => errors.at(id, "an id is a number from 0 to 65535"),
                    }
                }
                "alt" => self.alt = Some(path(key, input)?),
                "name" => self.name = Some(value(key, input)?),
                _ => self.krate = Some(path(key, input)?),
            }
            Ok(())
        });
    }
}

/// What `#[ops(…)]` says.
#[derive(Default)]
pub(crate) struct SetOptions {
    pub(crate) language: Option<Path>,
    pub(crate) linked: Option<Ident>,
    pub(crate) prefix: Option<LitStr>,
    pub(crate) krate: Option<Path>,
}

impl SetOptions {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let (language, rest) = language(tokens, SET_OPTIONS, errors);
        options.language = language;
        list(rest, SET_OPTIONS, &[], errors, |key, input, errors| {
            match key.unraw().to_string().as_str() {
                "linked" => options.linked = Some(flag(key, input)?),
                "prefix" => {
                    let prefix: LitStr = value(key, input)?;
                    match prefix.value().is_empty() {
                        true => errors.at(prefix, "an empty prefix: leave the option out"),
                        false => options.prefix = Some(prefix),
                    }
                }
                _ => options.krate = Some(path(key, input)?),
            }
            Ok(())
        });
        if let (Some(linked), None) = (&options.linked, &options.language) {
            errors.at(
                linked,
                "a linked set needs its language: `#[ops(Calc, linked)]`",
            );
        }
        options
    }
}

/// Where all generated paths start.
pub(crate) fn krate(path: Option<&Path>) -> TokenStream {
    match path {
        Some(path) => quote!(#path::ext::private),
        None => quote!(::fusevm::ext::private),
    }
}

/// Splits off a path at the start that is not an option: the language.
fn language(
    tokens: TokenStream,
    known: &[&str],
    errors: &mut Errors,
) -> (Option<Path>, TokenStream) {
    let split = |input: ParseStream<'_>| {
        let fork = input.fork();
        let path = Path::parse_mod_style(&fork).ok();
        let ends = fork.is_empty() || fork.peek(Token![,]);
        // A single word that is an option, or nearly one, is left to the options.
        let option = path.as_ref().and_then(Path::get_ident).is_some_and(|word| {
            let word = word.to_string();
            known.contains(&word.as_str())
                || near(&word, known).is_some()
                || LATER.contains(&word.as_str())
        });
        let language = match path {
            Some(_) if ends && !option => {
                let path = Path::parse_mod_style(input)?;
                input.parse::<Option<Token![,]>>()?;
                Some(path)
            }
            _ => None,
        };
        Ok((language, input.parse()?))
    };
    errors.take(split.parse2(tokens)).unwrap_or_default()
}

/// Options that are designed and not built.
const LATER: &[&str] = &["hit"];

/// Reads `key`, `key = value` and `key(…)`, separated by commas. Every option stands once, but for
/// those in `repeated`; after an error the list goes on behind the next comma.
pub(crate) fn list(
    tokens: TokenStream,
    known: &[&str],
    repeated: &[&str],
    errors: &mut Errors,
    mut option: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let mut seen: Vec<String> = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let Ok(key) = input.call(Ident::parse_any) else {
                errors.push(input.error("expected an option"));
                skip(input);
                continue;
            };
            let word = key.unraw().to_string();
            if LATER.contains(&word.as_str()) {
                errors.at(&key, format!("`{word}` is not available yet: leave it out"));
                skip(input);
            } else if !known.contains(&word.as_str()) {
                errors.at(&key, unknown("option", &word, known));
                skip(input);
            } else if seen.contains(&word) && !repeated.contains(&word.as_str()) {
                errors.at(&key, format!("`{word}` stands twice: remove one"));
                skip(input);
            } else {
                seen.push(word);
                let read = option(&key, input, errors);
                let clean = input.is_empty() || input.peek(Token![,]);
                match read {
                    Err(error) => errors.push(error),
                    Ok(()) if !clean => errors.push(input.error("expected `,`")),
                    Ok(()) => {}
                }
                skip(input);
            }
        }
        Ok(())
    };
    // The parser reads to the end and puts its errors into the list.
    let _: syn::Result<()> = parser.parse2(tokens);
}

/// To behind the next comma.
fn skip(input: ParseStream<'_>) {
    while let Ok(tree) = input.parse::<TokenTree>() {
        if matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ',') {
            return;
        }
    }
}

/// An option without a value.
pub(crate) fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    match input.is_empty() || input.peek(Token![,]) {
        true => Ok(key.clone()),
        false => Err(input.error(format!("`{key}` takes no value"))),
    }
}

/// The value of `key = value`.
pub(crate) fn value<T: Parse>(key: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
    assign(key, input)?;
    input.parse()
}

/// The value of `key = path`.
pub(crate) fn path(key: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    assign(key, input)?;
    Path::parse_mod_style(input)
}

fn assign(key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    match input.peek(Token![=]) {
        true => input.parse::<Token![=]>().map(drop),
        false => Err(syn::Error::new(
            key.span(),
            format!("`{key}` needs a value: `{key} = …`"),
        )),
    }
}
