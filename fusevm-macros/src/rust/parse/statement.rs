//! Statements and items.

use super::{Parser, next_span, recover, skip, starts_statement};
use crate::rust::ast::{Expr, Function, Kind, Let, Param, Static, Stmt};
use crate::rust::types::Ty;
use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Token, parenthesized, token};

/// What one step through a block has read.
pub(super) enum Read {
    Stmt(Stmt),
    /// The expression at the end.
    Tail(Expr),
}

impl Parser<'_> {
    /// The next statement; `None` for what means nothing.
    pub(super) fn statement(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Read>> {
        if input.parse::<Option<Token![;]>>()?.is_some() {
            return Ok(None);
        }
        if input.peek(Token![#]) && (input.peek2(token::Bracket) || input.peek2(Token![!])) {
            return self.attribute(input);
        }
        if input.peek(Token![let]) {
            return self.variable(input).map(Read::Stmt).map(Some);
        }
        if input.peek(Token![static]) {
            return self.global(input).map(Read::Stmt).map(Some);
        }
        if input.peek(Token![fn]) {
            return self.function(input).map(Read::Stmt).map(Some);
        }
        if let Some(text) = refused(input) {
            let at = next_span(input);
            self.wrong(at, text);
            self.lose(input.cursor());
            skip_item(input);
            return Ok(None);
        }
        let expr = self.expression_statement(input)?;
        if input.is_empty() {
            return Ok(Some(Read::Tail(expr)));
        }
        if input.parse::<Option<Token![;]>>()?.is_none() && !ends_itself(&expr) {
            self.end(input);
        }
        Ok(Some(Read::Stmt(Stmt::Expr(expr))))
    }

    /// Documentation is passed over; other attributes mean nothing.
    fn attribute(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Read>> {
        let at = next_span(input);
        let attrs = match input.peek2(Token![!]) {
            true => input.call(syn::Attribute::parse_inner)?,
            false => input.call(syn::Attribute::parse_outer)?,
        };
        if attrs.iter().any(|attr| !attr.path().is_ident("doc")) {
            self.wrong(at, "attributes mean nothing in a chunk: leave it out");
        }
        Ok(None)
    }

    fn variable(&mut self, input: ParseStream<'_>) -> syn::Result<Stmt> {
        input.parse::<Token![let]>()?;
        if input.peek(token::Paren) {
            return self.pair(input);
        }
        let pattern = self.pattern(input)?;
        if input.peek(token::Paren) || input.peek(token::Brace) || input.peek(Token![::]) {
            return Err(input.error("patterns are not here: a plain name belongs behind `let`"));
        }
        let ty = self.type_of(input);
        let (ty, mut failed) = match ty {
            Ok(ty) => (ty, None),
            Err(error) => (Some(Ty::Wrong), Some(error)),
        };
        let mut value = None;
        if failed.is_none() && input.parse::<Option<Token![=]>>()?.is_some() {
            match self.value(input) {
                Ok(expr) => value = Some(expr),
                Err(error) => failed = Some(error),
            }
        }
        if failed.is_none() && input.peek(Token![else]) {
            failed = Some(input.error("`let … else` is not here: use `if`"));
        }
        if let Some(error) = failed {
            value = Some(broken(error.span()));
            self.errors.push(error);
            recover(input, false);
        } else {
            self.end(input);
        }
        Ok(Stmt::Let(Let { pattern, ty, value }))
    }

    fn pair(&mut self, input: ParseStream<'_>) -> syn::Result<Stmt> {
        let content;
        parenthesized!(content in input);
        let first = self.pattern(&content)?;
        content.parse::<Token![,]>()?;
        let second = self.pattern(&content)?;
        content.parse::<Option<Token![,]>>()?;
        if !content.is_empty() {
            return Err(content.error("an op gives two values at most"));
        }
        input.parse::<Token![=]>()?;
        let value = match self.value(input) {
            Ok(value) => {
                self.end(input);
                value
            }
            Err(error) => {
                let value = broken(error.span());
                self.errors.push(error);
                recover(input, false);
                value
            }
        };
        Ok(Stmt::Pair([first, second], value))
    }

    fn global(&mut self, input: ParseStream<'_>) -> syn::Result<Stmt> {
        input.parse::<Token![static]>()?;
        let mutable = input.parse::<Option<Token![mut]>>()?.is_some();
        let name: Ident = input.parse()?;
        let ty = self.type_of(input)?;
        let mut value = None;
        if input.parse::<Option<Token![=]>>()?.is_some() {
            match self.value(input) {
                Ok(expr) => value = Some(expr),
                Err(error) => {
                    value = Some(broken(error.span()));
                    self.errors.push(error);
                    recover(input, false);
                }
            }
        }
        if !matches!(&value, Some(value) if matches!(value.kind, Kind::Broken)) {
            self.end(input);
        }
        Ok(Stmt::Static(Static {
            name,
            mutable,
            ty,
            value,
        }))
    }

    /// The `;` of a statement that has to have one.
    fn end(&mut self, input: ParseStream<'_>) {
        if input.peek(Token![;]) {
            skip(input);
        } else if input.is_empty() {
            self.wrong(input.span(), "`;` is missing before this");
        } else {
            self.wrong(
                next_span(input),
                "`;` is missing before this, or an operator",
            );
            recover(input, !starts_statement(input));
        }
    }

    fn function(&mut self, input: ParseStream<'_>) -> syn::Result<Stmt> {
        input.parse::<Token![fn]>()?;
        let name: Ident = match input.peek(Ident::peek_any) {
            true => input.call(Ident::parse_any)?,
            false => return Err(input.error("the name of the function belongs here")),
        };
        if input.peek(Token![<]) {
            let text = "functions are not generic: leave the types of parameters out";
            self.wrong(next_span(input), text);
            while !input.is_empty() && !input.peek(token::Paren) {
                skip(input);
            }
        }
        let content;
        parenthesized!(content in input);
        let mut params = Vec::new();
        while !content.is_empty() {
            match self.parameter(&content) {
                Ok(param) => params.push(param),
                Err(error) => {
                    self.errors.push(error);
                    while !content.is_empty() && !content.peek(Token![,]) {
                        skip(&content);
                    }
                }
            }
            if !content.is_empty() {
                self.comma(&content)?;
            }
        }
        let result = match input.parse::<Option<Token![->]>>()? {
            Some(_) => Some(self.ty(input)?),
            None => None,
        };
        if input.peek(Token![where]) {
            self.wrong(
                next_span(input),
                "functions are not generic: leave `where` out",
            );
        }
        let body = match input.parse::<Option<Token![;]>>()? {
            Some(_) => None,
            None => Some(self.body(input, None)?),
        };
        Ok(Stmt::Fn(Function {
            name,
            params,
            result,
            body,
        }))
    }

    fn parameter(&mut self, input: ParseStream<'_>) -> syn::Result<Param> {
        if input.peek(Token![self]) || input.peek2(Token![self]) {
            return Err(input.error("functions of a chunk have no `self`"));
        }
        let pattern = self.pattern(input)?;
        let ty = self.type_of(input)?.unwrap_or(Ty::Any);
        Ok(Param { pattern, ty })
    }
}

/// What stands where an error was.
pub(super) fn broken(at: Span) -> Expr {
    Expr {
        kind: Kind::Broken,
        at: at.into(),
    }
}

/// Whether a statement of this kind needs no `;`.
fn ends_itself(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        Kind::Block(..)
            | Kind::If(..)
            | Kind::While(..)
            | Kind::Loop(..)
            | Kind::For(..)
            | Kind::Match(..)
            | Kind::Broken
    )
}

/// What to write instead of an item that a chunk cannot have.
fn refused(input: ParseStream<'_>) -> Option<&'static str> {
    let (word, rest) = input.cursor().ident()?;
    Some(match word.to_string().as_str() {
        "const" => "a constant of a chunk is a `static`, or a `let` in its function",
        "struct" | "enum" | "union" if rest.ident().is_some() => {
            "types are declared outside of the chunk: values with fields are hashes here, \
                `hash!{ \"field\" => … }`"
        }
        "impl" | "trait" => {
            "methods are not declared here: write a function, or an op of the language"
        }
        "use" | "mod" | "extern" => {
            "names are brought into scope outside of the chunk: move this before the macro"
        }
        "type" => {
            "types are declared outside of the chunk: `i64`, `f64`, `bool`, `String`, `Array`, \
                `Hash`, `Value` are known"
        }
        "pub" => "all functions of a chunk can be called from outside: leave `pub` out",
        "unsafe" => "nothing is unsafe here: leave `unsafe` out",
        "async" => "nothing is async here: leave `async` out",
        "macro_rules" => "macros are declared outside of the chunk: move this before the macro",
        _ => return None,
    })
}

/// Passes over an item: until its `;` or behind its braces. Functions behind a word that is left out
/// are read.
fn skip_item(input: ParseStream<'_>) {
    skip(input);
    while !input.is_empty() && !input.peek(Token![fn]) {
        let last = input.peek(Token![;]) || input.peek(token::Brace);
        skip(input);
        if last {
            return;
        }
    }
}
