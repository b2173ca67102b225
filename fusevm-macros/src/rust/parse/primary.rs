//! Expressions that stand for themselves: literals, names, captures, and what has a body.

use super::{Parser, from, next_span, skip};
use crate::rust::ast::{Capture, Expr, Kind, Pattern, Unary};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lifetime, Lit, Path, Token, bracketed, parenthesized, token};

impl Parser<'_> {
    pub(super) fn primary(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        if let Some(expr) = self.with_body(input)? {
            return Ok(expr);
        }
        let first = next_span(input);
        let kind = if input.peek(Lit) {
            self.literal(input)?
        } else if input.peek(Token![#]) {
            self.capture(input)?
        } else if input.peek(Lifetime) {
            Kind::Label(input.parse()?)
        } else if input.peek(token::Paren) {
            return self.parentheses(input);
        } else if input.peek(token::Bracket) {
            self.array(input)?
        } else if input.peek(Token![|]) || input.peek(Token![||]) {
            self.closure(input)?
        } else if input.peek(Token![return]) {
            input.parse::<Token![return]>()?;
            Kind::Return(self.result(input)?)
        } else if input.peek(Token![break]) {
            input.parse::<Token![break]>()?;
            let label = input.parse()?;
            Kind::Break(label, self.result(input)?)
        } else if input.peek(Token![continue]) {
            input.parse::<Token![continue]>()?;
            Kind::Continue(input.parse()?)
        } else if let Some(text) = refused(input) {
            return Err(syn::Error::new(first, text));
        } else if input.peek(Ident::peek_any) || input.peek(Token![::]) {
            return self.name(input);
        } else {
            let text = match input.is_empty() {
                true => "an expression is missing here",
                false => "an expression belongs here",
            };
            return Err(input.error(text));
        };
        Ok(Expr {
            kind,
            at: first.into(),
        })
    }

    /// The value behind `return` or `break`, if there is one.
    fn result(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Box<Expr>>> {
        let none = input.is_empty()
            || input.peek(Token![;])
            || input.peek(Token![,])
            || (self.before_body && input.peek(token::Brace));
        match none {
            true => Ok(None),
            false => self.value(input).map(Box::new).map(Some),
        }
    }

    pub(super) fn literal(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        let literal: Lit = input.parse()?;
        let text = match &literal {
            Lit::Int(int) => match int.suffix() {
                "" | "i64" => match int.base10_parse::<u64>() {
                    Ok(value) if value <= 1 << 63 => return Ok(Kind::Int(value)),
                    _ => "this number does not fit 64 bits".to_owned(),
                },
                "f64" => return Ok(Kind::Float(int.base10_parse()?)),
                _ => format!("whole numbers are i64: write `{}`", int.base10_digits()),
            },
            Lit::Float(float) => match float.suffix() {
                "" | "f64" => return Ok(Kind::Float(float.base10_parse()?)),
                _ => format!(
                    "floating-point numbers are f64: write `{}`",
                    float.base10_digits()
                ),
            },
            Lit::Bool(value) => return Ok(Kind::Bool(value.value)),
            Lit::Str(text) => return Ok(Kind::Str(text.value())),
            Lit::Char(c) => {
                let text = c.value().to_string();
                format!("a character is a text of its own: write `{text:?}`")
            }
            Lit::Byte(b) => format!("a byte is a number: write `{}`", b.value()),
            _ => "this kind of literal is not here: write a text in quotes".to_owned(),
        };
        Ok(self.refuse(literal.span(), text))
    }

    /// `#name` or `#(expression)`.
    fn capture(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        let hash = input.parse::<Token![#]>()?;
        let (tokens, at): (TokenStream, Span) = match input.cursor().token_tree() {
            Some((TokenTree::Ident(name), _)) => {
                (TokenTree::Ident(name.clone()).into(), name.span())
            }
            Some((TokenTree::Group(group), _)) if input.peek(token::Paren) => {
                (group.stream(), group.span_open())
            }
            _ => {
                let text = "a capture is `#name` or `#(expression)`";
                return Err(syn::Error::new(hash.span, text));
            }
        };
        skip(input);
        if tokens.is_empty() {
            return Err(syn::Error::new(at, "an expression is missing here"));
        }
        self.captures.push(Capture { tokens, at });
        Ok(Kind::Capture(self.captures.len() - 1))
    }

    fn parentheses(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        let content;
        let paren = parenthesized!(content in input);
        if content.is_empty() {
            let text = "there is no value `()` here: leave it out";
            return Err(syn::Error::new(paren.span.open(), text));
        }
        let mut inner = self.value(&content)?;
        if content.peek(Token![,]) {
            let at = next_span(&content);
            skip(&content);
            self.arguments(&content);
            inner.kind = self.refuse(at, "tuples are not here: use an array, `[a, b]`");
        }
        if !content.is_empty() {
            return Err(content.error("an operator is missing before this"));
        }
        inner.at = from(paren.span.open(), paren.span.close());
        Ok(inner)
    }

    fn array(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        let content;
        bracketed!(content in input);
        if content.is_empty() {
            return Ok(Kind::Array(Vec::new()));
        }
        let ahead = content.fork();
        let mut count = ahead.cursor();
        while let Some((tree, rest)) = count.token_tree() {
            if matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ';') {
                let value = self.value(&content)?;
                content.parse::<Token![;]>()?;
                let len = self.whole(&content)?;
                return Ok(Kind::Repeat(Box::new([value, len])));
            }
            count = rest;
        }
        Ok(Kind::Array(self.arguments(&content)))
    }

    fn closure(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        let mut params: Vec<Pattern> = Vec::new();
        if input.peek(Token![||]) {
            input.parse::<Token![||]>()?;
        } else {
            input.parse::<Token![|]>()?;
            while !input.peek(Token![|]) {
                params.push(self.pattern(input)?);
                if input.peek(Token![:]) {
                    return Err(input.error("what a block gets is untyped: leave the type out"));
                }
                if !input.peek(Token![|]) {
                    input.parse::<Token![,]>()?;
                }
            }
            input.parse::<Token![|]>()?;
        }
        let body = self.value(input)?;
        Ok(Kind::Closure(params, Box::new(body)))
    }

    /// A name, a path, or a macro.
    fn name(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        let first = next_span(input);
        let path: Path = input.call(Path::parse_mod_style)?;
        let last = path.segments.last().map_or(first, |it| it.ident.span());
        let at = from(first, last);
        if input.peek(Token![!]) && !input.peek(Token![!=]) {
            let kind = self.invocation(input, &path)?;
            return Ok(Expr { kind, at });
        }
        if input.peek(Token![::]) {
            return Err(input.error("a name is missing behind `::`"));
        }
        if input.peek(token::Brace) && !self.before_body {
            let text = "values with fields are hashes here: `hash!{ \"field\" => … }`";
            let kind = self.refuse(first, text);
            skip(input);
            return Ok(Expr { kind, at });
        }
        let kind = match path.get_ident() {
            Some(name) => Kind::Name(name.clone()),
            None => constant(&path).unwrap_or_else(|| {
                self.paths.push(path.clone());
                Kind::Path(path)
            }),
        };
        Ok(Expr { kind, at })
    }
}

/// The constants of numbers that Rust has.
fn constant(path: &Path) -> Option<Kind> {
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|it| it.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Some(match names[..] {
        ["i64", "MAX"] => Kind::Int(i64::MAX as u64),
        ["i64", "MIN"] => {
            let at = path.segments.first()?.ident.span();
            let kind = Kind::Int(1 << 63);
            let least = Expr {
                kind,
                at: at.into(),
            };
            Kind::Unary(Unary::Neg, at, Box::new(least))
        }
        ["f64", "NAN"] => Kind::Float(f64::NAN),
        ["f64", "INFINITY"] => Kind::Float(f64::INFINITY),
        ["f64", "NEG_INFINITY"] => Kind::Float(f64::NEG_INFINITY),
        ["f64", "MAX"] => Kind::Float(f64::MAX),
        ["f64", "MIN"] => Kind::Float(f64::MIN),
        ["f64", "EPSILON"] => Kind::Float(f64::EPSILON),
        ["f64", "MIN_POSITIVE"] => Kind::Float(f64::MIN_POSITIVE),
        _ => return None,
    })
}

/// What to write instead of a word that starts an expression elsewhere.
fn refused(input: ParseStream<'_>) -> Option<&'static str> {
    let (word, _) = input.cursor().ident()?;
    Some(match word.to_string().as_str() {
        "unsafe" => "nothing is unsafe here: leave `unsafe` out",
        "async" | "await" => "nothing is async here: leave it out",
        "move" => "a block shares the variables around it: leave `move` out",
        "let" => "`let` is a statement: put it before this one",
        "fn" => "a function is declared on its own, and called by its name",
        "self" | "Self" if !input.peek2(Token![::]) => "functions of a chunk have no `self`",
        "else" => "this `else` has no `if`",
        "in" | "as" | "mut" | "ref" | "where" | "const" | "static" | "yield" => {
            "an expression belongs here"
        }
        _ => return None,
    })
}
