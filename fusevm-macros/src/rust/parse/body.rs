//! Expressions with a body: loops, blocks, `if`, `match`.

use super::statement::broken;
use super::{Parser, from, is_block_before_body, next_span, skip};
use crate::rust::ast::{Arm, Expr, Kind, Label, Pattern, Unary};
use syn::parse::ParseStream;
use syn::{Ident, Lifetime, Lit, Token, braced, token};

impl Parser<'_> {
    /// An expression with a body, if one comes next.
    pub(super) fn with_body(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Expr>> {
        let first = next_span(input);
        let mut label: Label = None;
        if input.peek(Lifetime) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
            label = Some(input.parse()?);
            input.parse::<Token![:]>()?;
        }
        let kind = if input.peek(Token![while]) {
            input.parse::<Token![while]>()?;
            let cond = Box::new(self.head(input, "a condition"));
            let body = self.body(input, Some(&cond))?;
            Kind::While(label, cond, body)
        } else if input.peek(Token![loop]) {
            input.parse::<Token![loop]>()?;
            Kind::Loop(label, self.body(input, None)?)
        } else if input.peek(Token![for]) {
            self.counted(input, label)?
        } else if input.peek(token::Brace)
            && (!self.before_body || label.is_some() || is_block_before_body(input))
        {
            Kind::Block(label, self.braces(input)?)
        } else if let Some(label) = label {
            let text = "a label stands before a loop or a block";
            return Err(syn::Error::new(label.span(), text));
        } else if input.peek(Token![if]) {
            self.conditional(input)?
        } else if input.peek(Token![match]) {
            self.choice(input)?
        } else {
            return Ok(None);
        };
        Ok(Some(Expr {
            kind,
            at: first.into(),
        }))
    }

    fn counted(&mut self, input: ParseStream<'_>, label: Label) -> syn::Result<Kind> {
        input.parse::<Token![for]>()?;
        let pattern = match self.pattern(input) {
            Ok(pattern) => pattern,
            Err(error) => {
                let at = error.span();
                self.errors.push(error);
                while !input.is_empty() && !input.peek(Token![in]) && !input.peek(token::Brace) {
                    if let Some((tree, _)) = input.cursor().token_tree() {
                        self.lose_all(tree.into());
                    }
                    skip(input);
                }
                Pattern {
                    name: None,
                    mutable: false,
                    at,
                }
            }
        };
        let items = match input.parse::<Option<Token![in]>>()? {
            Some(_) => self.head(input, "a range or an array"),
            None => {
                let error = input.error("`in` is missing before this: `for x in a..b`");
                let items = broken(error.span());
                self.errors.push(error);
                items
            }
        };
        let body = self.body(input, Some(&items))?;
        Ok(Kind::For(label, pattern, Box::new(items), body))
    }

    fn conditional(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        input.parse::<Token![if]>()?;
        let cond = Box::new(self.head(input, "a condition"));
        let then = self.body(input, Some(&cond))?;
        let mut otherwise = None;
        if input.parse::<Option<Token![else]>>()?.is_some() {
            let first = next_span(input);
            let kind = match input.peek(Token![if]) {
                true => self.conditional(input)?,
                false => Kind::Block(None, self.braces(input)?),
            };
            otherwise = Some(Box::new(Expr {
                kind,
                at: first.into(),
            }));
        }
        Ok(Kind::If(cond, then, otherwise))
    }

    fn choice(&mut self, input: ParseStream<'_>) -> syn::Result<Kind> {
        input.parse::<Token![match]>()?;
        let value = Box::new(self.head(input, "a value"));
        let content;
        braced!(content in input);
        let outer = std::mem::replace(&mut self.before_body, false);
        let mut arms = Vec::new();
        while !content.is_empty() {
            match self.arm(&content) {
                Ok(arm) => arms.push(arm),
                Err(error) => {
                    let at = error.span();
                    self.errors.push(error);
                    arms.push(Arm {
                        literals: vec![broken(at)],
                        name: None,
                        guard: None,
                        body: broken(at),
                    });
                    while !content.is_empty() && !content.peek(Token![,]) {
                        skip(&content);
                    }
                    content.parse::<Option<Token![,]>>()?;
                }
            }
        }
        self.before_body = outer;
        Ok(Kind::Match(value, arms))
    }

    fn arm(&mut self, input: ParseStream<'_>) -> syn::Result<Arm> {
        let (mut literals, mut name) = (Vec::new(), None);
        if input.parse::<Option<Token![_]>>()?.is_none() {
            if input.peek(Ident) && (input.peek2(Token![=>]) || input.peek2(Token![if])) {
                name = Some(self.pattern(input)?);
            } else {
                input.parse::<Option<Token![|]>>()?;
                literals.push(self.arm_literal(input)?);
                while input.parse::<Option<Token![|]>>()?.is_some() {
                    literals.push(self.arm_literal(input)?);
                }
            }
        }
        let mut guard = None;
        if input.parse::<Option<Token![if]>>()?.is_some() {
            guard = Some(self.value(input)?);
        }
        if !input.peek(Token![=>]) {
            return Err(input.error("`=>` is missing before this: an arm is `1 | 2 => …`"));
        }
        input.parse::<Token![=>]>()?;
        let body = self.expression_statement(input)?;
        if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
            let ends = matches!(
                body.kind,
                Kind::Block(..)
                    | Kind::If(..)
                    | Kind::Loop(..)
                    | Kind::While(..)
                    | Kind::For(..)
                    | Kind::Match(..)
            );
            if !ends {
                return Err(input.error("`,` is missing before this"));
            }
        }
        Ok(Arm {
            literals,
            name,
            guard,
            body,
        })
    }

    fn arm_literal(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        let first = next_span(input);
        let minus = input.parse::<Option<Token![-]>>()?;
        if !input.peek(Lit) {
            let text = "an arm is for literals, `_` or a name: for anything else use `if`";
            return Err(input.error(text));
        }
        let last = next_span(input);
        let kind = self.literal(input)?;
        if input.peek(Token![..]) {
            return Err(
                input.error("an arm is for literals, `_` or a name: compare ranges with `if`")
            );
        }
        let literal = Expr {
            kind,
            at: last.into(),
        };
        Ok(match minus {
            None => literal,
            Some(_) => Expr {
                kind: Kind::Unary(Unary::Neg, first, Box::new(literal)),
                at: from(first, last),
            },
        })
    }
}
