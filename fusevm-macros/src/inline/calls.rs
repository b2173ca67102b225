//! Methods of numbers, and calls of other inline ops.

use super::code::Ins;
use super::expression::{Val, bare, done, has_block};
use super::ty::Kind;
use super::{Walk, Walked, Write, of_op, word};
use crate::errors::unknown;
use crate::tokens::generated_at;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Path};

/// A method: its name, what it computes, and what the function says instead.
pub(super) struct Method {
    name: &'static str,
    op: &'static str,
    /// Whether it takes one more.
    two: bool,
    instead: Option<&'static str>,
}

pub(super) const fn one(name: &'static str, op: &'static str) -> Method {
    Method {
        name,
        op,
        two: false,
        instead: None,
    }
}

const fn two(name: &'static str, op: &'static str) -> Method {
    Method {
        name,
        op,
        two: true,
        instead: None,
    }
}

const INT: &[Method] = &[
    two("wrapping_add", "IntAdd"),
    two("wrapping_sub", "IntSub"),
    two("wrapping_mul", "IntMul"),
    one("wrapping_neg", "IntNeg"),
    one("wrapping_abs", "IntAbs"),
    Method {
        name: "abs",
        op: "IntAbs",
        two: false,
        instead: Some("wrapping_abs"),
    },
    two("min", "IntMin"),
    two("max", "IntMax"),
];

const FLOAT: &[Method] = &[
    one("sqrt", "Sqrt"),
    one("floor", "Floor"),
    one("ceil", "Ceil"),
    one("trunc", "Trunc"),
    one("round", "Round"),
    one("abs", "FloatAbs"),
    Method {
        name: "min",
        op: "FloatMin",
        two: true,
        instead: Some("fmin"),
    },
    Method {
        name: "max",
        op: "FloatMax",
        two: true,
        instead: Some("fmax"),
    },
    one("is_nan", "FloatNe"),
];

fn methods(kind: Kind) -> &'static [Method] {
    match kind {
        Kind::Int => INT,
        Kind::Float => FLOAT,
        Kind::Bool => &[],
        Kind::Value => super::look::METHODS,
    }
}

impl Walk<'_> {
    /// `a.method(b)`.
    pub(super) fn method_call(&mut self, expr: &mut Expr) -> Walked<Val> {
        let span = expr.span();
        let Expr::MethodCall(call) = expr else {
            return self.error(&*expr, "this cannot stand in an inline body");
        };
        if call.turbofish.is_some() {
            return self.error(&*call, "a method of a number has no type arguments");
        }
        let receiver = self.value(&mut call.receiver, None);
        let receiver = receiver.map(|it| Val {
            local: match call.args.iter().any(has_block) {
                true => self.pinned_always(it),
                false => it.local,
            },
            ..it
        });
        let kind = receiver.as_ref().ok().map(|it| it.kind);
        let args: Vec<Walked<Val>> = (call.args.iter_mut())
            .map(|arg| self.value(arg, kind))
            .collect();
        let receiver = receiver?;
        let args: Vec<Val> = args.into_iter().collect::<Walked<_>>()?;
        let places: Vec<Expr> = call.args.iter().cloned().collect();
        let (value, instead) = self.method(&call.method, (receiver, &args), &places)?;
        if let Some(instead) = instead {
            let (a, args) = (bare(&call.receiver), call.args.iter());
            *expr = done(quote_spanned!(generated_at(span)=> #instead(#a #(, #args)*)));
        }
        Ok(value)
    }

    fn pinned_always(&mut self, value: Val) -> u16 {
        self.put(value.kind, |to| Ins::Copy(to, value.local)).local
    }

    /// What a method gives, and the function that is called instead.
    fn method(
        &mut self,
        name: &Ident,
        (receiver, args): (Val, &[Val]),
        places: &[Expr],
    ) -> Walked<(Val, Option<TokenStream>)> {
        let (kind, word) = (receiver.kind, name.to_string());
        let known = methods(kind);
        let Some(method) = known.iter().find(|method| method.name == word) else {
            let names: Vec<&str> = known.iter().map(|method| method.name).collect();
            let what = format!("method of {} in an inline body", kind.name());
            return self.error(name, unknown(&what, &word, &names));
        };
        let wanted = usize::from(method.two);
        if args.len() != wanted {
            let text = format!(
                "`{word}` takes {wanted} {}",
                if wanted == 1 { "argument" } else { "arguments" }
            );
            return self.error(name, text);
        }
        for (arg, place) in args.iter().zip(places) {
            self.expect(arg.kind, kind, place)?;
        }
        let (a, op) = (receiver.local, method.op);
        let value = match args {
            [b] => self.put(kind, |to| Ins::Binary(op, to, a, b.local)),
            _ if op == super::look::IS_UNDEF => self.is_one_of(a, &[0]),
            _ if op == "FloatNe" => self.put(Kind::Bool, |to| Ins::Binary(op, to, a, a)),
            _ => self.put(kind, |to| Ins::Unary(op, to, a)),
        };
        let instead = method
            .instead
            .map(|it| self.function(kind, it, name.span()));
        Ok((value, instead))
    }

    fn function(&self, kind: Kind, name: &str, span: Span) -> TokenStream {
        let (k, at) = (self.krate, generated_at(span));
        let name = Ident::new(name, at);
        match kind {
            Kind::Int => quote_spanned!(at=> ::core::primitive::i64::#name),
            _ => quote_spanned!(at=> #k::inline::#name),
        }
    }

    /// `f(a, b)`: a method in the form of a function, or an inline op.
    pub(super) fn call(&mut self, expr: &mut Expr, want: Option<Kind>) -> Walked<Val> {
        let span = expr.span();
        let Expr::Call(call) = expr else {
            return self.error(&*expr, "this cannot stand in an inline body");
        };
        let path = match &*call.func {
            Expr::Path(path) if path.qself.is_none() => path.path.clone(),
            other => {
                let other = other.clone();
                return self.error(other, "an inline body calls inline ops by their paths");
            }
        };
        let of = |path: &Path| -> Option<(Kind, Ident)> {
            let kind = match (
                path.segments.len(),
                path.segments.first()?.ident.to_string().as_str(),
            ) {
                (2, "i64") => Kind::Int,
                (2, "f64") => Kind::Float,
                _ => return None,
            };
            Some((kind, path.segments.last()?.ident.clone()))
        };
        if let Some((kind, name)) = of(&path) {
            if name == "from" {
                return self.conversion(kind, call);
            }
            let blocks = call.args.iter().any(has_block);
            let args: Vec<Walked<Val>> = call
                .args
                .iter_mut()
                .map(|arg| {
                    let value = self.value(arg, Some(kind))?;
                    let local = if blocks {
                        self.pinned_always(value)
                    } else {
                        value.local
                    };
                    Ok(Val { local, ..value })
                })
                .collect();
            let args: Vec<Val> = args.into_iter().collect::<Walked<_>>()?;
            let places: Vec<Expr> = call.args.iter().cloned().collect();
            let (Some((receiver, rest)), Some((first, others))) =
                (args.split_first(), places.split_first())
            else {
                return self.error(&path, "this method needs a number: `i64::abs(x)`");
            };
            self.expect(receiver.kind, kind, first)?;
            let (value, instead) = self.method(&name, (*receiver, rest), others)?;
            if let Some(instead) = instead {
                let args = &call.args;
                *expr = done(quote_spanned!(generated_at(span)=> #instead(#args)));
            }
            return Ok(value);
        }
        self.call_op(expr, path, want)
    }

    /// `i64::from(x)`.
    fn conversion(&mut self, to: Kind, call: &mut syn::ExprCall) -> Walked<Val> {
        if call.args.len() != 1 {
            return self.error(&*call, "`from` takes 1 argument");
        }
        let arg = &mut call.args[0];
        let from = match self.narrow(arg) {
            Some(var) => Val {
                local: var.local,
                kind: var.kind,
            },
            None => self.value(arg, Some(to))?,
        };
        match (from.kind, self.narrow(arg).is_some()) {
            (Kind::Int, false) if to == Kind::Float => {
                self.error(&*arg, "an f64 has not the bits of an i64: write `as f64`")
            }
            (Kind::Float, _) if to == Kind::Int => {
                self.error(&*arg, "an i64 has not the range of an f64: write `as i64`")
            }
            _ => self.converted(from, to, &*call),
        }
    }

    fn call_op(&mut self, expr: &mut Expr, path: Path, want: Option<Kind>) -> Walked<Val> {
        let span = expr.span();
        let Expr::Call(call) = expr else {
            return self.error(&*expr, "this cannot stand in an inline body");
        };
        let name = word(&path);
        if name.as_deref() == Some(self.own.as_str()) {
            return self.error(
                &path,
                "an inline op cannot call itself: there is no end to what would stand in its place",
            );
        }
        let signatures = self.signatures;
        let signature = name.and_then(|name| signatures.get(&name));
        let blocks = call.args.iter().any(has_block);
        let count = call.args.len();
        let mut args = Vec::with_capacity(count);
        for (at, arg) in call.args.iter_mut().enumerate() {
            let wanted = signature.and_then(|it| it.params.get(at).copied().flatten());
            let value = match wanted {
                Some(kind) => self.typed(arg, kind),
                None => self.value(arg, None),
            };
            args.push(value.map(|value| match blocks {
                true => self.pinned_always(value),
                false => value.local,
            }));
        }
        let args: Vec<u16> = args.into_iter().collect::<Walked<_>>()?;
        if let Some(signature) = signature
            && signature.params.len() != count
        {
            let text = format!(
                "this op takes {} operands, not {count}",
                signature.params.len()
            );
            return self.error(&path, text);
        }
        let Some(kind) = signature.map(|it| it.result).or(want) else {
            return self.error(
                path.to_token_stream(),
                "the op is not of this set, so that nobody says here what it gives: write `let x: i64 = …`, with its type, and use that",
            );
        };
        self.fails = true;
        if self.write == Write::Fails {
            let (args, at) = (call.args.iter(), generated_at(span));
            let checked = of_op(&path, self.krate, "checked");
            *expr = done(quote_spanned!(at=> #checked((#(#args,)*))?));
        }
        Ok(self.put(kind, |to| Ins::Call(to, path, args)))
    }
}
