//! Expressions: operators by precedence, and what stands behind a value.

use super::statement::broken;
use super::{Parser, from, next_span};
use crate::rust::ast::{Binary, Expr, Kind, Unary};
use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Ident, LitFloat, LitInt, Token, bracketed, parenthesized, token};

/// How close an operator binds.
const RANGE: u8 = 2;
const COMPARE: u8 = 5;
const CAST: u8 = 12;
const UNARY: u8 = 13;

impl Parser<'_> {
    /// An expression that stands as a statement: one with a body ends behind it.
    pub(super) fn expression_statement(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        match self.with_body(input)? {
            Some(expr) if input.peek(Token![.]) && !input.peek(Token![..]) => {
                self.postfix(input, expr)
            }
            Some(expr) => Ok(expr),
            None => self.value(input),
        }
    }

    /// An expression where braces are part of it.
    pub(super) fn value(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        let outer = std::mem::replace(&mut self.before_body, false);
        let expr = self.assignment(input);
        self.before_body = outer;
        expr
    }

    /// An expression before the body of a statement. What does not parse is reported.
    pub(super) fn head(&mut self, input: ParseStream<'_>, what: &str) -> Expr {
        let outer = std::mem::replace(&mut self.before_body, true);
        let head = if input.peek(Token![let]) {
            Err(input.error("`let` is no condition here: compare, or use `match`"))
        } else if input.peek(token::Brace) && !super::is_block_before_body(input) {
            Err(input.error(format!("{what} is missing before this")))
        } else {
            self.assignment(input)
        };
        self.before_body = outer;
        head.unwrap_or_else(|error| {
            let at = error.span();
            self.errors.push(error);
            broken(at)
        })
    }

    fn assignment(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        let place = self.binary(input, 0)?;
        if input.peek(Token![=]) && !input.peek(Token![==]) && !input.peek(Token![=>]) {
            input.parse::<Token![=]>()?;
            let value = self.assignment(input)?;
            let at = place.at.to(value.at);
            let kind = assigned(place, value);
            return Ok(Expr { kind, at });
        }
        if let Some((op, span)) = compound(input)? {
            let value = self.assignment(input)?;
            let at = place.at.to(value.at);
            let kind = Kind::Compound(op, span, Box::new([place, value]));
            return Ok(Expr { kind, at });
        }
        Ok(place)
    }

    /// Operators that bind at least as close as `least`.
    fn binary(&mut self, input: ParseStream<'_>, least: u8) -> syn::Result<Expr> {
        let mut left = match input.peek(Token![..]) {
            true => return Err(input.error("a range has both bounds here: `a..b`")),
            false => self.unary(input)?,
        };
        loop {
            if CAST >= least && input.peek(Token![as]) {
                input.parse::<Token![as]>()?;
                let last = next_span(input);
                let ty = self.ty(input)?;
                let at = from(left.at.first, last);
                left = Expr {
                    kind: Kind::Cast(Box::new(left), ty),
                    at,
                };
                continue;
            }
            if RANGE >= least && input.peek(Token![..]) {
                left = self.range(input, left)?;
                continue;
            }
            let Some((op, close)) = peek(input).filter(|(_, close)| *close >= least) else {
                return Ok(left);
            };
            let span = take(input, op)?;
            if ["let", "fn", "static", "while", "for"]
                .iter()
                .any(|it| super::next_is(input, it))
            {
                return Err(input.error("an expression is missing before this"));
            }
            let right = self.binary(input, close + 1)?;
            if close == COMPARE && peek(input).is_some_and(|(_, next)| next == COMPARE) {
                return Err(input.error("comparisons do not chain: join two of them by `&&`"));
            }
            let at = left.at.to(right.at);
            left = Expr {
                kind: Kind::Binary(op, span, Box::new([left, right])),
                at,
            };
        }
    }

    fn range(&mut self, input: ParseStream<'_>, start: Expr) -> syn::Result<Expr> {
        let inclusive = input.peek(Token![..=]);
        match inclusive {
            true => drop(input.parse::<Token![..=]>()?),
            false => drop(input.parse::<Token![..]>()?),
        }
        if input.is_empty() || input.peek(token::Brace) {
            return Err(input.error("a range has both bounds here: `a..b`"));
        }
        let end = self.binary(input, RANGE + 1)?;
        let at = start.at.to(end.at);
        let kind = Kind::Range(Box::new([start, end]), inclusive);
        Ok(Expr { kind, at })
    }

    fn unary(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        let first = next_span(input);
        let op = if input.peek(Token![-]) {
            Unary::Neg
        } else if input.peek(Token![!]) {
            Unary::Not
        } else if input.peek(Token![&]) {
            return self.reference(input, first);
        } else if input.peek(Token![*]) {
            super::skip(input);
            self.wrong(
                first,
                "values are copied, there is nothing to follow: leave `*` out",
            );
            return self.unary(input);
        } else {
            let value = self.primary(input)?;
            return self.postfix(input, value);
        };
        super::skip(input);
        let inner = self.binary(input, UNARY)?;
        let at = from(first, inner.at.last);
        Ok(Expr {
            kind: Kind::Unary(op, first, Box::new(inner)),
            at,
        })
    }

    fn reference(&mut self, input: ParseStream<'_>, first: Span) -> syn::Result<Expr> {
        if input.peek(Token![&&]) {
            input.parse::<Token![&&]>()?;
        } else {
            input.parse::<Token![&]>()?;
        }
        if input.peek(Token![mut]) {
            return Err(input
                .error("what is called gets a copy: let it give the value back, and assign that"));
        }
        let inner = self.unary(input)?;
        let at = from(first, inner.at.last);
        Ok(Expr {
            kind: Kind::Ref(Box::new(inner)),
            at,
        })
    }

    /// Calls, indices and methods behind a value.
    pub(super) fn postfix(&mut self, input: ParseStream<'_>, mut value: Expr) -> syn::Result<Expr> {
        loop {
            let (first, last) = (value.at.first, next_span(input));
            let kind = if input.peek(Token![.]) && !input.peek(Token![..]) {
                self.method(input, value)?
            } else if input.peek(token::Bracket) {
                let content;
                bracketed!(content in input);
                let index = self.whole(&content)?;
                Kind::Index(Box::new([value, index]))
            } else if input.peek(token::Paren) {
                let content;
                parenthesized!(content in input);
                let arguments = self.arguments(&content);
                Kind::Call(Box::new(value), arguments)
            } else if input.peek(Token![?]) {
                super::skip(input);
                let text = "errors are traps, which end the program by themselves: leave `?` out";
                self.wrong(last, text);
                continue;
            } else {
                return Ok(value);
            };
            let last = match &kind {
                Kind::Method(_, name, _) => name.span(),
                _ => last,
            };
            value = Expr {
                kind,
                at: from(first, last),
            };
        }
    }

    fn method(&mut self, input: ParseStream<'_>, value: Expr) -> syn::Result<Kind> {
        input.parse::<Token![.]>()?;
        let at = next_span(input);
        if input.peek(LitInt) || input.peek(LitFloat) {
            super::skip(input);
            return Ok(self.refuse(at, "tuples are not here: use an array, `x[0]`"));
        }
        if input.peek(Token![await]) {
            super::skip(input);
            return Ok(self.refuse(at, "nothing is async here: leave `.await` out"));
        }
        let name: Ident = match input.peek(Ident) {
            true => input.parse()?,
            false => return Err(input.error("the name of a method belongs behind `.`")),
        };
        if input.peek(Token![::]) {
            return Err(input.error("methods are not generic: leave this out"));
        }
        if !input.peek(token::Paren) {
            let text = format!(
                "fields are not here: `[\"{name}\"]` for an element of a hash, `.{name}()` for a method"
            );
            return Ok(self.refuse(at, text));
        }
        let content;
        parenthesized!(content in input);
        let arguments = self.arguments(&content);
        Ok(Kind::Method(Box::new(value), name, arguments))
    }

    /// The `,` between two of a list.
    pub(super) fn comma(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        match input.parse::<Option<Token![,]>>()? {
            Some(_) => Ok(()),
            None => Err(input.error("`,` is missing before this")),
        }
    }

    /// One expression that fills what it stands in.
    pub(super) fn whole(&mut self, input: ParseStream<'_>) -> syn::Result<Expr> {
        if input.is_empty() {
            return Err(input.error("an expression is missing here"));
        }
        let value = self.value(input)?;
        match input.is_empty() {
            true => Ok(value),
            false => Err(input.error("an operator is missing before this")),
        }
    }

    /// Expressions separated by commas. One that does not parse is reported and broken.
    pub(super) fn arguments(&mut self, input: ParseStream<'_>) -> Vec<Expr> {
        let mut list = Vec::new();
        while !input.is_empty() {
            let value = self.value(input).and_then(|value| {
                match input.is_empty() || input.peek(Token![,]) {
                    true => Ok(value),
                    false => Err(input.error("`,` is missing before this, or an operator")),
                }
            });
            list.push(value.unwrap_or_else(|error| {
                let at = error.span();
                self.errors.push(error);
                while !input.is_empty() && !input.peek(Token![,]) {
                    super::skip(input);
                }
                broken(at)
            }));
            if input.peek(Token![,]) {
                super::skip(input);
            }
        }
        list
    }
}

/// An assignment; `x = x + 1` is `x += 1`, where the order of evaluation does not tell them apart.
fn assigned(place: Expr, value: Expr) -> Kind {
    let Kind::Binary(op, span, sides) = value.kind else {
        return Kind::Assign(Box::new([place, value]));
    };
    let same = match (&place.kind, &sides[0].kind) {
        (Kind::Name(a), Kind::Name(b)) => a == b,
        _ => false,
    };
    let plain = matches!(
        sides[1].kind,
        Kind::Int(_) | Kind::Float(_) | Kind::Str(_) | Kind::Name(_)
    );
    if same && plain && op.computes() {
        let [_, right] = *sides;
        return Kind::Compound(op, span, Box::new([place, right]));
    }
    let (kind, at) = (Kind::Binary(op, span, sides), value.at);
    Kind::Assign(Box::new([place, Expr { kind, at }]))
}

/// The operator that comes next, and how close it binds.
fn peek(input: ParseStream<'_>) -> Option<(Binary, u8)> {
    macro_rules! first {
        ($($token:tt $op:ident $close:expr;)*) => {
            $(if input.peek(Token![$token]) { return Some((Binary::$op, $close)); })*
        };
    }
    // Signs that assign start like others.
    if compound_sign(input).is_some() || input.peek(Token![=>]) || input.peek(Token![->]) {
        return None;
    }
    first! {
        || Or 3; && And 4; == Eq COMPARE; != Ne COMPARE; <= Le COMPARE; >= Ge COMPARE;
        << Shl 9; >> Shr 9; < Lt COMPARE; > Gt COMPARE; | BitOr 6; ^ BitXor 7; & BitAnd 8;
        + Add 10; - Sub 10; * Mul 11; / Div 11; % Rem 11;
    }
    None
}

/// Takes the operator off the input; where it stands.
fn take(input: ParseStream<'_>, op: Binary) -> syn::Result<Span> {
    let first = next_span(input);
    for _ in op.sign().chars() {
        super::skip(input);
    }
    Ok(first)
}

fn compound_sign(input: ParseStream<'_>) -> Option<Binary> {
    macro_rules! first {
        ($($token:tt $op:ident;)*) => {
            $(if input.peek(Token![$token]) { return Some(Binary::$op); })*
        };
    }
    first! {
        += Add; -= Sub; *= Mul; /= Div; %= Rem; <<= Shl; >>= Shr; |= BitOr; ^= BitXor; &= BitAnd;
    }
    None
}

/// A sign that computes and assigns, if one comes next.
fn compound(input: ParseStream<'_>) -> syn::Result<Option<(Binary, Span)>> {
    let Some(op) = compound_sign(input) else {
        return Ok(None);
    };
    let span = take(input, op)?;
    super::skip(input);
    Ok(Some((op, span)))
}
