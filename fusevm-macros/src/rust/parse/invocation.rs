//! The macros that mean something in a chunk: texts with values in them, and hashes.

use super::Parser;
use crate::errors::unknown;
use crate::rust::ast::{Expr, Kind, Piece};
use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitStr, Path, Token, braced, bracketed, parenthesized, token};

const MACROS: &[&str] = &["print", "println", "format", "concat", "hash"];

impl Parser<'_> {
    /// What stands behind the path of a macro.
    pub(super) fn invocation(&mut self, input: ParseStream<'_>, path: &Path) -> syn::Result<Kind> {
        input.parse::<Token![!]>()?;
        let content;
        let close = if input.peek(token::Paren) {
            parenthesized!(content in input).span.close()
        } else if input.peek(token::Bracket) {
            bracketed!(content in input).span.close()
        } else if input.peek(token::Brace) {
            braced!(content in input).span.close()
        } else {
            return Err(input.error("the arguments of the macro belong here, in parentheses"));
        };
        let name = path.get_ident().map(Ident::to_string).unwrap_or_default();
        let kind = self.meaning(&content, close, path, &name);
        // What was left behind an error is no second one.
        while !content.is_empty() {
            super::skip(&content);
        }
        kind
    }

    /// What the macro of that name makes of its arguments.
    fn meaning(
        &mut self,
        input: ParseStream<'_>,
        close: Span,
        path: &Path,
        name: &str,
    ) -> syn::Result<Kind> {
        match name {
            "print" | "println" => {
                let line = name == "println";
                let text = self.text(input, close, line)?;
                Ok(Kind::Print { line, text })
            }
            "format" => self.text(input, close, false).map(Kind::Format),
            "concat" => joined(input),
            "hash" => self.hash(input),
            _ => {
                let at = path.segments.last().map_or(close, |it| it.ident.span());
                let text = match name {
                    "vec" => "an array is written without the macro: `[…]`".to_owned(),
                    "write" | "writeln" | "eprintln" | "eprint" => {
                        "a chunk prints to the output of its VM: `println!`".to_owned()
                    }
                    "panic" | "assert" | "assert_eq" | "todo" | "unreachable" => {
                        "a chunk fails by an op of its language that returns an error".to_owned()
                    }
                    _ => unknown("macro", name, MACROS),
                };
                Ok(self.refuse(at, text))
            }
        }
    }

    /// `k => v, …`
    fn hash(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        let mut entries = Vec::new();
        while !input.is_empty() {
            let key = self.value(input)?;
            if !input.peek(Token![=>]) {
                return Err(input.error("`=> value` is missing before this"));
            }
            input.parse::<Token![=>]>()?;
            entries.push([key, self.value(input)?]);
            if !input.is_empty() {
                self.comma(input)?;
            }
        }
        Ok(Kind::Hash(entries))
    }

    /// A text with places, and the values for them.
    fn text(
        &mut self,
        input: ParseStream<'_>,
        close: Span,
        may_lack: bool,
    ) -> syn::Result<Vec<Piece>> {
        if input.is_empty() {
            return match may_lack {
                true => Ok(Vec::new()),
                false => Err(syn::Error::new(close, "a text belongs here: `\"…{}…\"`")),
            };
        }
        if !input.peek(LitStr) {
            return Err(input.error("a text in quotes comes first: `\"{}\", …`"));
        }
        let text: LitStr = input.parse()?;
        if !input.is_empty() {
            self.comma(input)?;
        }
        let values = self.arguments(input);
        self.pieces(&text, values)
    }

    /// The text cut at its places, with the values in them.
    fn pieces(&mut self, text: &LitStr, values: Vec<Expr>) -> syn::Result<Vec<Piece>> {
        let wrong = |message: String| Err(syn::Error::new(text.span(), message));
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let (content, given) = (text.value(), values.len());
        let (mut values, mut places) = (values.into_iter(), 0);
        let mut rest = content.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '{' | '}' if rest.peek() == Some(&c) => {
                    rest.next();
                    plain.push(c);
                }
                '}' => return wrong("`}` stands alone: write `}}` for the character".to_owned()),
                '{' if !rest.clone().any(|c| c == '}') => {
                    return wrong("`{` stands alone: write `{{` for the character".to_owned());
                }
                '{' => {
                    let inside: String = rest.by_ref().take_while(|c| *c != '}').collect();
                    let name = inside.trim();
                    let value = if name.is_empty() {
                        places += 1;
                        values.next()
                    } else if let Ok(name) = syn::parse_str::<Ident>(name) {
                        let name = Ident::new(&name.to_string(), text.span());
                        let at = text.span().into();
                        Some(Expr {
                            kind: Kind::Name(name),
                            at,
                        })
                    } else {
                        return wrong(format!(
                            "`{{{inside}}}` is not here: places are `{{}}` and `{{name}}`, and \
                                compute before the text"
                        ));
                    };
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.extend(value.map(Piece::Value));
                }
                _ => plain.push(c),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        if let Some(extra) = values.next() {
            let text = format!(
                "the text has {}, so nothing takes this",
                count(places, "place")
            );
            self.wrong(extra.at.first, text);
        } else if places > given {
            return wrong(format!(
                "the text has {}, but {}",
                count(places, "place"),
                match given {
                    0 => "no value follows".to_owned(),
                    1 => "1 value follows".to_owned(),
                    _ => format!("{given} values follow"),
                }
            ));
        }
        Ok(pieces)
    }
}

fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what} `{{}}`"),
        1 => format!("1 {what} `{{}}`"),
        _ => format!("{n} {what}s `{{}}`"),
    }
}

/// The text of literals side by side.
fn joined(input: ParseStream<'_>) -> syn::Result<Kind> {
    let mut text = String::new();
    while !input.is_empty() {
        let minus = input.parse::<Option<Token![-]>>()?.map_or("", |_| "-");
        if !input.peek(Lit) {
            return Err(input.error("`concat!` takes literals: use `format!` for other values"));
        }
        text += minus;
        match input.parse::<Lit>()? {
            Lit::Str(piece) => text += &piece.value(),
            Lit::Char(piece) => text.push(piece.value()),
            Lit::Int(piece) => text += piece.base10_digits(),
            Lit::Float(piece) => text += piece.base10_digits(),
            Lit::Bool(piece) => text += if piece.value { "true" } else { "false" },
            other => {
                let message = "`concat!` takes texts and numbers";
                return Err(syn::Error::new(other.span(), message));
            }
        }
        if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
            return Err(input.error("`,` is missing before this"));
        }
    }
    Ok(Kind::Str(text))
}
