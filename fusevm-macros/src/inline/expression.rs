//! Expressions.

use super::code::Ins;
use super::ty::{Kind, Var};
use super::{Walk, Walked, word};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, ExprCast, ExprLit, Lit, LitFloat, LitInt};

/// A value that was computed.
#[derive(Clone, Copy)]
pub(super) struct Val {
    pub(super) local: u16,
    pub(super) kind: Kind,
}

/// What an expression leaves.
#[derive(Clone, Copy)]
pub(super) enum Out {
    Value(Val),
    Unit,
    /// Control does not come back.
    Never,
}

/// Whether there are braces in it: only there can a variable change.
pub(super) fn has_block(expr: &Expr) -> bool {
    fn look(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Group(group) => {
                group.delimiter() == Delimiter::Brace || look(group.stream())
            }
            _ => false,
        })
    }
    look(expr.to_token_stream())
}

/// An expression without the parentheses around it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

impl Walk<'_> {
    /// An expression; `want` is the type that is known to be wanted, for calls of which nobody says
    /// what they give.
    pub(super) fn expr(&mut self, expr: &mut Expr, want: Option<Kind>) -> Walked<Out> {
        let value = match expr {
            Expr::Lit(lit) => self.literal(lit),
            Expr::Path(path) if path.qself.is_none() => match word(&path.path) {
                Some(name) => self.read(&name, expr),
                None => self.constant(path),
            },
            Expr::Paren(inner) => return self.expr(&mut inner.expr, want),
            Expr::Group(inner) => return self.expr(&mut inner.expr, want),
            Expr::Unary(_) => self.unary(expr, want),
            Expr::Binary(_) => return self.binary(expr, want),
            Expr::Cast(cast) => self.cast(cast),
            Expr::MethodCall(_) => self.method_call(expr),
            Expr::Call(_) => self.call(expr, want),
            Expr::Macro(it) if it.mac.path.is_ident("matches") => self.matches(&it.mac),
            Expr::Assign(assign) => return self.assign(&assign.left, &mut assign.right),
            Expr::If(branch) => return self.if_else(branch, want),
            Expr::Block(block) if block.label.is_none() => {
                return self.block(&mut block.block, want);
            }
            Expr::While(turn) => return self.while_loop(turn),
            Expr::Break(_) | Expr::Continue(_) | Expr::Return(_) => return self.leave(expr),
            other => {
                let text = refused(other);
                self.error(&*other, text)
            }
        };
        value.map(Out::Value)
    }

    /// An expression that has a value.
    pub(super) fn value(&mut self, expr: &mut Expr, want: Option<Kind>) -> Walked<Val> {
        match self.expr(expr, want)? {
            Out::Value(value) => Ok(value),
            Out::Unit => self.error(&*expr, "a value is needed here, and this has none"),
            Out::Never => self.error(
                &*expr,
                "a value is needed here, and control does not come back from this",
            ),
        }
    }

    /// An expression of that type.
    pub(super) fn typed(&mut self, expr: &mut Expr, kind: Kind) -> Walked<Val> {
        let value = self.value(expr, Some(kind))?;
        self.expect(value.kind, kind, &*expr)?;
        Ok(value)
    }

    /// What an instruction gives that `make` makes from the local it writes.
    pub(super) fn put(&mut self, kind: Kind, make: impl FnOnce(u16) -> Ins) -> Val {
        let local = self.code.local(kind);
        self.code.push(make(local));
        Val { local, kind }
    }

    fn literal(&mut self, lit: &mut ExprLit) -> Walked<Val> {
        match &mut lit.lit {
            Lit::Bool(it) => {
                let value = it.value;
                Ok(self.put(Kind::Bool, |to| Ins::Bool(to, value)))
            }
            Lit::Int(it) if it.suffix() == "f64" => {
                self.float(&it.to_string().replace("f64", ""), &*it)
            }
            Lit::Int(it) => self.integer(it, false),
            Lit::Float(it) if ["", "f64"].contains(&it.suffix()) => {
                let (digits, span) = (it.base10_digits().to_owned(), it.span());
                let value = self.float(&digits, &*it);
                *it = LitFloat::new(&format!("{digits}f64"), span);
                value
            }
            other => self.error(
                &*other,
                "a literal of an inline body is a number or a truth, i64, f64 or bool",
            ),
        }
    }

    fn float(&mut self, digits: &str, at: &impl ToTokens) -> Walked<Val> {
        match digits.replace('_', "").parse() {
            Ok(value) => Ok(self.put(Kind::Float, |to| Ins::Float(to, value))),
            Err(_) => self.error(at, "this is no number of f64"),
        }
    }

    /// An integer, or the negative of one.
    pub(super) fn integer(&mut self, lit: &mut LitInt, negative: bool) -> Walked<Val> {
        if !["", "i64"].contains(&lit.suffix()) {
            return self.error(&*lit, "an integer of an inline body is an i64");
        }
        let magnitude = lit.base10_digits().parse::<i128>().unwrap_or(i128::MAX);
        let value = if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        let Ok(value) = i64::try_from(value) else {
            return self.error(&*lit, "this number is past the 64 bits of an i64");
        };
        if lit.suffix().is_empty() {
            *lit = LitInt::new(&format!("{lit}i64"), lit.span());
        }
        Ok(self.put(Kind::Int, |to| Ins::Int(to, value)))
    }

    /// A variable by its name.
    pub(super) fn variable(&mut self, name: &str, at: &impl ToTokens) -> Walked<Var> {
        if let Some((_, var)) = self.vars.iter().rev().find(|(it, _)| it == name) {
            return Ok(*var);
        }
        // Its declaration was reported.
        if self.unknown.iter().any(|it| it == name) {
            return Err(super::Reported);
        }
        self.error(
            at,
            format!(
                "`{name}` is neither a parameter nor a variable of this body, and an inline body sees nothing else: write the number, or make an inline op of it"
            ),
        )
    }

    fn read(&mut self, name: &str, expr: &Expr) -> Walked<Val> {
        let var = self.variable(name, expr)?;
        if var.narrow {
            let text = format!("the immediate `{name}` is not an i64: write `{name} as i64`");
            return self.error(expr, text);
        }
        Ok(Val {
            local: var.local,
            kind: var.kind,
        })
    }

    /// A constant of the primitive types.
    fn constant(&mut self, path: &syn::ExprPath) -> Walked<Val> {
        let text = path.path.to_token_stream().to_string().replace(' ', "");
        let tail = text.trim_start_matches("::");
        let tail = ["std::", "core::", "primitive::"]
            .iter()
            .fold(tail, |tail, root| tail.strip_prefix(root).unwrap_or(tail));
        use std::f64::consts;
        let float = match tail {
            "i64::MAX" => return Ok(self.put(Kind::Int, |to| Ins::Int(to, i64::MAX))),
            "i64::MIN" => return Ok(self.put(Kind::Int, |to| Ins::Int(to, i64::MIN))),
            "f64::MAX" => f64::MAX,
            "f64::MIN" => f64::MIN,
            "f64::MIN_POSITIVE" => f64::MIN_POSITIVE,
            "f64::EPSILON" => f64::EPSILON,
            "f64::INFINITY" => f64::INFINITY,
            "f64::NEG_INFINITY" => f64::NEG_INFINITY,
            "f64::NAN" => f64::NAN,
            "f64::consts::PI" => consts::PI,
            "f64::consts::TAU" => consts::TAU,
            "f64::consts::E" => consts::E,
            "f64::consts::SQRT_2" => consts::SQRT_2,
            "f64::consts::LN_2" => consts::LN_2,
            "f64::consts::LN_10" => consts::LN_10,
            _ => {
                return self.error(
                    path,
                    "an inline body does not see what constants are: write the number",
                );
            }
        };
        Ok(self.put(Kind::Float, |to| Ins::Float(to, float)))
    }

    fn cast(&mut self, cast: &mut ExprCast) -> Walked<Val> {
        let Some(to) = Kind::of(&cast.ty).filter(|kind| *kind != Kind::Bool) else {
            return self.error(
                &cast.ty,
                "an inline body casts to i64 and f64; a truth is a comparison",
            );
        };
        let from = match self.narrow(&cast.expr) {
            Some(var) => Val {
                local: var.local,
                kind: var.kind,
            },
            None => self.value(&mut cast.expr, None)?,
        };
        self.converted(from, to, &*cast)
    }

    /// The immediate of fewer bits that an expression is.
    pub(super) fn narrow(&self, expr: &Expr) -> Option<Var> {
        let Expr::Path(path) = bare(expr) else {
            return None;
        };
        let name = word(&path.path)?;
        let (_, var) = self.vars.iter().rev().find(|(it, _)| *it == name)?;
        var.narrow.then_some(*var)
    }

    /// A number as one of another type.
    pub(super) fn converted(&mut self, from: Val, to: Kind, at: &impl ToTokens) -> Walked<Val> {
        let op = match (from.kind, to) {
            (Kind::Int, Kind::Int) | (Kind::Float, Kind::Float) => return Ok(from),
            (Kind::Int, Kind::Float) => "IntToFloat",
            (Kind::Float, Kind::Int) => "FloatToInt",
            (Kind::Bool, Kind::Int) => "BoolToInt",
            (Kind::Value, _) => {
                return self.error(
                    at,
                    "an inline body asks of a &Value what kind it is of, and no more",
                );
            }
            _ => {
                return self.error(
                    at,
                    "Rust casts a bool to integers only: write `as i64 as f64`",
                );
            }
        };
        Ok(self.put(to, |local| Ins::Unary(op, local, from.local)))
    }
}

/// Why an expression cannot stand in a body.
fn refused(expr: &Expr) -> &'static str {
    match expr {
        Expr::Match(_) => "`match` cannot stand in an inline body: write it with `if`",
        Expr::ForLoop(_) => "`for` cannot stand in an inline body: count with `while`",
        Expr::Loop(_) => "`loop` cannot stand in an inline body: write `while true`",
        Expr::Macro(_) => {
            "a macro cannot stand in an inline body, which is translated as it is written; only `matches!` of a &Value can"
        }
        Expr::Closure(_) => "a closure cannot stand in an inline body: make an inline op of it",
        Expr::Try(_) => {
            "an inline op fails in its arithmetic only: leave `inline` out to return errors"
        }
        Expr::Reference(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Array(_)
        | Expr::Tuple(_)
        | Expr::Struct(_) => {
            "a value of an inline body is an i64, f64 or bool, or a &Value that is looked at"
        }
        Expr::Unsafe(_) => "nothing in an inline body is `unsafe`",
        _ => {
            "this cannot stand in an inline body, which knows arithmetic, comparisons, `if`, `let` and `while`"
        }
    }
}

/// The tokens as an expression that is already done.
pub(super) fn done(tokens: TokenStream) -> Expr {
    Expr::Verbatim(quote!(#tokens))
}
