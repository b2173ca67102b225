//! From tokens to the tree: blocks and how they go on after a mistake.
//!
//! An error ends its statement and no more: parsing goes on behind the next `;`, or at the next word
//! that starts a statement. A variable whose value does not parse is still declared. Nothing is
//! skipped in silence.

mod body;
mod expression;
mod invocation;
mod primary;
mod statement;

use super::ast::{Block, Capture, Expr, Extent, Kind, Pattern};
use super::types::{NAMES, Ty};
use crate::errors::{Errors, unknown};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser as _};
use syn::{Ident, Path, Token, braced, token};

/// Words before the names of a declaration.
const DECLARE: &[&str] = &["let", "fn", "static", "const", "use"];

/// Words that start a statement: after a mistake, parsing goes on there.
const STARTS: &[&str] = &[
    "let", "fn", "static", "while", "for", "loop", "return", "break", "continue", "struct", "enum",
    "impl", "use", "mod", "const", "trait", "type",
];

pub(crate) struct Parser<'e> {
    pub(crate) errors: &'e mut Errors,
    pub(crate) captures: Vec<Capture>,
    /// All paths that stand where a value does.
    pub(crate) paths: Vec<Path>,
    /// Names of declarations that did not parse.
    lost: Vec<String>,
    /// Whether a brace starts the body of the statement around: in conditions.
    before_body: bool,
}

const NO_BLOCK: &str = "a block in braces belongs here: `{ … }`";

/// A chunk, and what in it is Rust's.
pub(crate) struct Parsed {
    pub(crate) block: Block,
    pub(crate) captures: Vec<Capture>,
    /// Paths, also of statements that did not parse.
    pub(crate) paths: Vec<Path>,
    /// Names of declarations that did not parse: that they are unknown is no second error.
    pub(crate) lost: Vec<String>,
}

/// Reads a whole chunk, behind the language and its `;`.
pub(crate) fn chunk(tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut parser = Parser {
        errors,
        captures: Vec::new(),
        paths: Vec::new(),
        lost: Vec::new(),
        before_body: false,
    };
    let mut block = None;
    let parsed = |input: ParseStream<'_>| {
        block = Some(parser.block(input, Span::call_site()));
        Ok(())
    };
    let result = parsed.parse2(tokens);
    // What was skipped after an error is no second one.
    if let (0, Err(error)) = (parser.errors.count(), result) {
        parser.errors.push(error);
    }
    let empty = || Block {
        stmts: Vec::new(),
        tail: None,
        close: Span::call_site(),
    };
    Parsed {
        block: block.unwrap_or_else(empty),
        captures: parser.captures,
        paths: parser.paths,
        lost: parser.lost,
    }
}

/// The next token.
fn next_span(input: ParseStream<'_>) -> Span {
    match input.cursor().token_tree() {
        Some((tree, _)) => tree.span(),
        None => input.span(),
    }
}

impl Parser<'_> {
    fn wrong(&mut self, at: Span, text: impl std::fmt::Display) {
        self.errors.push(syn::Error::new(at, text));
    }

    /// Reports what is understood and not here; parsing goes on behind it.
    fn refuse(&mut self, at: Span, text: impl std::fmt::Display) -> Kind {
        self.wrong(at, text);
        Kind::Broken
    }

    /// The statements of a block until its end.
    fn block(&mut self, input: ParseStream<'_>, close: Span) -> Block {
        let outer = std::mem::replace(&mut self.before_body, false);
        let (mut stmts, mut tail) = (Vec::new(), None);
        while !input.is_empty() {
            let start = input.cursor();
            match self.statement(input) {
                Ok(Some(statement::Read::Stmt(stmt))) => stmts.push(stmt),
                Ok(Some(statement::Read::Tail(expr))) => tail = Some(Box::new(expr)),
                Ok(None) => {}
                Err(error) => {
                    self.errors.push(error);
                    self.lose(start);
                    recover(input, input.cursor() == start);
                }
            }
        }
        self.before_body = outer;
        Block { stmts, tail, close }
    }

    /// Notes the names that a declaration would have declared: all before its value or its body.
    fn lose(&mut self, mut from: Cursor<'_>) {
        let declares = |(word, _): (Ident, _)| DECLARE.iter().any(|it| word == it);
        if !from.ident().is_some_and(declares) {
            return;
        }
        while let Some((tree, rest)) = from.token_tree() {
            match tree {
                TokenTree::Punct(punct) if "=;".contains(punct.as_char()) => return,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && rest.eof() => {
                    return;
                }
                tree => self.lose_all(tree.into()),
            }
            from = rest;
        }
    }

    /// Notes all names among the tokens.
    fn lose_all(&mut self, tokens: TokenStream) {
        for tree in tokens {
            match tree {
                TokenTree::Ident(name) => self.lost.push(name.unraw().to_string()),
                TokenTree::Group(group) => self.lose_all(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// A block in braces.
    fn braces(&mut self, input: ParseStream<'_>) -> syn::Result<Block> {
        if !input.peek(token::Brace) {
            return Err(input.error(NO_BLOCK));
        }
        let content;
        let brace = braced!(content in input);
        Ok(self.block(&content, brace.span.close()))
    }

    /// A block in braces behind a head, which may not have parsed: then nothing more is said.
    fn body(&mut self, input: ParseStream<'_>, head: Option<&Expr>) -> syn::Result<Block> {
        let missing = input.error(NO_BLOCK);
        let at_once = input.peek(token::Brace);
        while !input.is_empty() && !input.peek(token::Brace) && !input.peek(Token![;]) {
            skip(input);
        }
        if !input.peek(token::Brace) {
            return Err(missing);
        }
        if !at_once && !head.is_some_and(|head| matches!(head.kind, Kind::Broken)) {
            self.errors.push(missing);
        }
        self.braces(input)
    }

    /// A name that gets a value: `x`, `mut x`, `_`.
    fn pattern(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        if let Some(wild) = input.parse::<Option<Token![_]>>()? {
            return Ok(Pattern {
                name: None,
                mutable: false,
                at: wild.span,
            });
        }
        if input.peek(Token![&]) || input.peek(Token![ref]) {
            return Err(input.error("values are copied: write the name alone"));
        }
        let mutable = input.parse::<Option<Token![mut]>>()?.is_some();
        let name: Ident = match input.peek(Ident) {
            true => input.parse()?,
            false => return Err(input.error("a plain name belongs here")),
        };
        let at = name.span();
        Ok(Pattern {
            name: Some(name),
            mutable,
            at,
        })
    }

    /// `: T`, if it is there.
    fn type_of(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Ty>> {
        match input.parse::<Option<Token![:]>>()? {
            Some(_) => self.ty(input).map(Some),
            None => Ok(None),
        }
    }

    /// A type. One that is not known is reported and fits everywhere.
    fn ty(&mut self, input: ParseStream<'_>) -> syn::Result<Ty> {
        if input.parse::<Option<Token![_]>>()?.is_some() {
            return Ok(Ty::Any);
        }
        let at = next_span(input);
        if input.peek(token::Paren) || input.peek(Token![!]) {
            let unit = input.peek(Token![!])
                || input
                    .fork()
                    .parse::<syn::TypeTuple>()
                    .is_ok_and(|it| it.elems.is_empty());
            skip(input);
            return match unit {
                true => Ok(Ty::Unit),
                false => Ok(self.no_type(at)),
            };
        }
        let reference = input.parse::<Option<Token![&]>>()?.is_some();
        if reference && input.peek(Token![mut]) {
            skip(input);
            self.ty(input)?;
            let text = "what is called gets a copy: leave `&mut` out, and give the value back";
            self.wrong(at, text);
            return Ok(Ty::Wrong);
        }
        if !input.peek(Ident) && !input.peek(Token![::]) {
            if input.peek(token::Bracket) || input.peek(Token![impl]) || input.peek(Token![dyn]) {
                skip(input);
                return Ok(self.no_type(at));
            }
            return Err(input.error("a type belongs here"));
        }
        let path = input.call(Path::parse_mod_style)?;
        let name = path
            .segments
            .last()
            .map(|last| last.ident.unraw().to_string());
        let name = name.unwrap_or_default();
        if reference && name != "str" {
            self.wrong(at, "values are copied: leave `&` out");
            return Ok(Ty::Wrong);
        }
        if let Some(ty) = Ty::named(&name) {
            return Ok(ty);
        }
        skip_generics(input);
        let text = match name.as_str() {
            "i8" | "i16" | "i32" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" | "i128"
            | "u128" => "whole numbers are `i64`".to_owned(),
            "f32" => "floating-point numbers are `f64`".to_owned(),
            "char" => "a character is a text of its own: `String`".to_owned(),
            "Vec" => "arrays are `Array`, whatever is in them".to_owned(),
            "HashMap" | "BTreeMap" => "hashes are `Hash`, whatever is in them".to_owned(),
            "Option" => "what may be missing is `Value`, and Undef when it is".to_owned(),
            _ => unknown("type", &name, NAMES),
        };
        self.wrong(at, text);
        Ok(Ty::Wrong)
    }

    fn no_type(&mut self, at: Span) -> Ty {
        let text = "this type is not known here: `Array`, `Hash`, or `Value` for any value";
        self.wrong(at, text);
        Ty::Wrong
    }
}

/// Skips `<…>`.
fn skip_generics(input: ParseStream<'_>) {
    let mut open = 0;
    while !input.is_empty() {
        if input.peek(Token![<]) {
            open += 1;
        } else if open == 0 {
            return;
        } else if input.peek(Token![>]) {
            open -= 1;
        }
        skip(input);
        if open == 0 {
            return;
        }
    }
}

/// Skips one token.
fn skip(input: ParseStream<'_>) {
    let _ = input.step(|cursor| match cursor.token_tree() {
        Some((_, rest)) => Ok(((), rest)),
        None => Ok(((), *cursor)),
    });
}

/// Goes to where the next statement starts; at least one token on if `stuck`.
fn recover(input: ParseStream<'_>, mut stuck: bool) {
    while !input.is_empty() {
        if input.peek(Token![;]) {
            skip(input);
            return;
        }
        if !stuck && starts_statement(input) {
            return;
        }
        stuck = false;
        skip(input);
    }
}

fn starts_statement(input: ParseStream<'_>) -> bool {
    STARTS.iter().any(|it| next_is(input, it))
}

/// Whether the braces that come next, before the body of a statement, are a block that gives a value:
/// an operator, or the body, is behind them. Otherwise they are the body, and what belongs before it is missing.
fn is_block_before_body(input: ParseStream<'_>) -> bool {
    let braces = input.cursor().group(Delimiter::Brace);
    braces.is_some_and(|(_, _, behind)| match behind.token_tree() {
        Some((TokenTree::Group(group), _)) => group.delimiter() == Delimiter::Brace,
        Some((TokenTree::Punct(punct), _)) => !";,#'".contains(punct.as_char()),
        _ => behind.ident().is_some_and(|(word, _)| word == "as"),
    })
}

/// Whether that word comes next.
fn next_is(input: ParseStream<'_>, word: &str) -> bool {
    input.cursor().ident().is_some_and(|(next, _)| next == word)
}

/// An extent from a token to the one before the cursor.
fn from(first: Span, last: Span) -> Extent {
    Extent { first, last }
}
