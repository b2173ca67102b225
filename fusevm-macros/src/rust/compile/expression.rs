//! Expressions by kind: values that stand for themselves, names, captures, casts.

use super::scope::Found;
use super::{Walk, Want};
use crate::rust::ast::{Expr, Kind};
use crate::rust::types::Ty;
use crate::tokens::local;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

impl Walk<'_> {
    /// Writes an expression. When a value is wanted and there is one, it is left on the stack: for every
    /// type but `()`.
    pub(super) fn expr(&mut self, expr: &Expr, want: Want) -> Ty {
        let base = self.body.height;
        let ty = self.kind(expr, want);
        if want == Want::Nothing && self.body.height > base && !self.body.dead {
            self.drop_value();
        }
        let left = want != Want::Nothing && ty != Ty::Unit;
        self.body.height = base + usize::from(left);
        if left && self.target.typed && matches!(ty, Ty::Any | Ty::Str | Ty::Array | Ty::Hash) {
            let text = match ty {
                Ty::Any => "this is untyped: `both!` takes i64, f64 and bool".to_owned(),
                ty => format!("this is {}: `both!` takes i64, f64 and bool", ty.name()),
            };
            return self.wrong(expr.at, text);
        }
        ty
    }

    /// Writes an expression that has a value, of that type if one is wanted.
    pub(super) fn value(&mut self, expr: &Expr, wanted: Option<Ty>) -> Ty {
        let found = self.hinted(expr, wanted.filter(|ty| !ty.is_open()));
        match wanted {
            Some(wanted) if found != Ty::Never => self.fits(expr, found, wanted),
            _ => found,
        }
    }

    /// Writes an expression that has a value: of the type `hint` where it could be of any.
    pub(super) fn hinted(&mut self, expr: &Expr, hint: Option<Ty>) -> Ty {
        let found = self.expr(expr, Want::Value(hint));
        if found == Ty::Unit {
            self.body.height += 1;
            return self.wrong(expr.at, no_value(expr));
        }
        found
    }

    fn kind(&mut self, expr: &Expr, want: Want) -> Ty {
        self.at = expr.at.first;
        match &expr.kind {
            Kind::Int(value) => self.integer(expr, *value, false),
            Kind::Float(value) => self.float(*value),
            Kind::Bool(value) => {
                self.op(if *value { "LoadTrue" } else { "LoadFalse" }, 0, 1);
                Ty::Bool
            }
            Kind::Str(text) => {
                self.load_text(text);
                Ty::Str
            }
            Kind::Name(name) => self.name(name),
            Kind::Path(path) => {
                let absolute = path.segments.len() < 2;
                let text = if absolute {
                    "a variable belongs here"
                } else {
                    super::ext::NO_CONSTANT
                };
                self.wrong(expr.at, text)
            }
            Kind::Capture(at) => self.capture(*at, want),
            Kind::Label(label) => {
                let text =
                    "a label stands behind `break` and `continue`, and where an op takes one";
                self.wrong(label.span(), text)
            }
            Kind::Ref(_) => {
                let text = "values are copied, in constant time: leave `&` out";
                self.wrong(expr.at.first, text)
            }
            Kind::Unary(op, at, inner) => self.unary(*op, *at, inner, want),
            Kind::Binary(op, at, sides) => self.binary(*op, *at, sides, want),
            Kind::Assign(sides) => self.assign(sides),
            Kind::Compound(op, at, sides) => self.compound(*op, *at, sides),
            Kind::Cast(inner, ty) => self.cast(expr, inner, *ty),
            Kind::Call(callee, arguments) => self.call(expr, callee, arguments, want),
            Kind::Method(receiver, name, arguments) => self.method(receiver, name, arguments, want),
            Kind::Closure(..) => {
                let text = "a closure stands in `map`, `filter`, `for_each` and `sort_by`: \
                    elsewhere write a function";
                self.wrong(expr.at, text)
            }
            Kind::Index(sides) => self.index(sides),
            Kind::Array(items) => self.array(expr, items),
            Kind::Repeat(sides) => {
                self.argument(&sides[0], None);
                self.value(&sides[1], Some(Ty::Int));
                self.core("fill", TokenStream::new(), 2, 1);
                Ty::Array
            }
            Kind::Hash(entries) => self.hash(expr, entries),
            Kind::Range(..) => {
                let text = "a range stands in `for x in a..b`, and nowhere else";
                self.wrong(expr.at, text)
            }
            Kind::Block(label, block) => self.block_expr(label, block, want),
            Kind::If(cond, then, otherwise) => {
                self.conditional(cond, then, otherwise.as_deref(), want)
            }
            Kind::While(label, cond, body) => self.while_loop(label, cond, body),
            Kind::Loop(label, body) => self.endless(label, body, want),
            Kind::For(label, pattern, items, body) => self.for_loop(label, pattern, items, body),
            Kind::Match(value, arms) => self.choice(expr, value, arms, want),
            Kind::Break(label, value) => self.break_expr(expr, label, value.as_deref()),
            Kind::Continue(label) => self.continue_expr(expr, label),
            Kind::Return(value) => self.return_expr(expr, value.as_deref()),
            Kind::Print { line, text } => self.print(expr, *line, text),
            Kind::Format(text) => self.format(text),
            Kind::Broken => Ty::Wrong,
        }
    }

    pub(super) fn integer(&mut self, expr: &Expr, value: u64, negative: bool) -> Ty {
        let value = match negative {
            true => Some(value.wrapping_neg().cast_signed()),
            false => i64::try_from(value).ok(),
        };
        let Some(value) = value else {
            return self.wrong(
                expr.at,
                "this number is past the greatest i64, 9223372036854775807",
            );
        };
        self.load_int(value);
        Ty::Int
    }

    fn float(&mut self, value: f64) -> Ty {
        // Bits, because NaN and the infinities have no literal.
        let bits = value.to_bits();
        let load = quote!((::core::primitive::f64::from_bits(#bits)));
        self.op_with("LoadFloat", load, 0, 1);
        Ty::Float
    }

    pub(super) fn load_text(&mut self, text: &str) {
        let b = self.b();
        self.write(0, 1, quote!(#b.load(#text);));
    }

    pub(super) fn name(&mut self, name: &Ident) -> Ty {
        match self.find(name) {
            Found::Var(var) => {
                let it = &self.vars[var];
                let (slot, given) = (it.slot, it.given);
                if !given && !self.body.dead && !self.body.given.contains(&var) {
                    let text = format!("`{name}` may have no value here: give it one on every way");
                    return self.wrong(name.span(), text);
                }
                self.get_slot(slot);
                self.var_ty(var)
            }
            Found::Static(at) => {
                let name = self.statics[at].name.clone();
                self.named("GetVar", &name, 0, 1);
                self.static_ty(at)
            }
            found if self.function(name).is_none() => self.unknown(name, found),
            _ => {
                let text = format!("`{name}` is a function: call it, `{name}(…)`");
                self.wrong(name.span(), text)
            }
        }
    }

    /// The local that holds a capture.
    pub(super) fn captured_as(&self, at: usize) -> Ident {
        local(&format!("capture{at}"))
    }

    fn capture(&mut self, at: usize, want: Want) -> Ty {
        let capture = &self.captures[at];
        let (tokens, span) = (&capture.tokens, capture.at);
        let (b, k, held) = (self.b(), &self.target.krate, self.captured_as(at));
        let ty = match want {
            Want::Value(Some(ty)) => ty,
            Want::Value(None) | Want::Nothing => Ty::Any,
        };
        let rust = match ty {
            Ty::Int => quote!(::core::primitive::i64),
            Ty::Float => quote!(::core::primitive::f64),
            Ty::Bool => quote!(::core::primitive::bool),
            Ty::Str => quote!(#k::Str),
            Ty::Array => quote!(#k::Array),
            Ty::Hash => quote!(#k::Hash),
            _ => quote!(#k::Value),
        };
        let value = match ty.is_scalar() {
            true => quote!(#tokens),
            false => quote_spanned!(span=> ::core::convert::Into::into(#tokens)),
        };
        self.captured.extend(quote!(let #held: #rust = #value;));
        self.write(0, 1, quote!(#b.load(#held);));
        ty
    }

    fn cast(&mut self, expr: &Expr, inner: &Expr, ty: Ty) -> Ty {
        let (op, name) = match ty {
            Ty::Int => ("to_int", "i64"),
            Ty::Float => ("to_float", "f64"),
            Ty::Wrong => {
                self.value(inner, None);
                return Ty::Wrong;
            }
            _ => {
                self.value(inner, None);
                let text = match ty {
                    Ty::Bool => "compare instead of `as bool`: `… != 0`",
                    Ty::Str => "a value becomes text by `format!(\"{}\", …)`",
                    _ => "casts are `as i64` and `as f64`",
                };
                return self.wrong(expr.at, text);
            }
        };
        // A capture and an op need no cast when they are of the type already, which rustc knows.
        let found = self.value(inner, None);
        if matches!(found, Ty::Array | Ty::Hash) {
            let text = format!(
                "{} is no number: `.len()` is that of its elements",
                found.name()
            );
            return self.wrong(inner.at, text);
        }
        if found.name() != name {
            self.at = inner.at.first;
            self.core(op, TokenStream::new(), 1, 1);
        }
        ty
    }

    fn array(&mut self, expr: &Expr, items: &[Expr]) -> Ty {
        for item in items {
            self.argument(item, None);
        }
        if items.len() > usize::from(u16::MAX) {
            return self.wrong(expr.at, "an array has 65535 elements where it is written");
        }
        let (b, n) = (self.b(), items.len());
        self.at = expr.at.first;
        self.write(n, 1, quote!(#b.make_array(#n);));
        Ty::Array
    }

    fn hash(&mut self, expr: &Expr, entries: &[[Expr; 2]]) -> Ty {
        for [key, value] in entries {
            self.argument(key, None);
            self.argument(value, None);
        }
        if entries.len() > usize::from(u16::MAX) / 2 {
            return self.wrong(expr.at, "a hash has 32767 entries where it is written");
        }
        let (b, n) = (self.b(), entries.len());
        self.at = expr.at.first;
        self.write(2 * n, 1, quote!(#b.make_hash(#n);));
        Ty::Hash
    }

    /// A value that is handed on, where `&` means nothing.
    pub(super) fn argument(&mut self, expr: &Expr, wanted: Option<Ty>) -> Ty {
        match &expr.kind {
            Kind::Ref(inner) => self.argument(inner, wanted),
            _ => self.value(expr, wanted),
        }
    }

    /// A constant of the expansion with a name of its own.
    pub(super) fn constant(&mut self) -> Ident {
        self.ops += 1;
        format_ident!("__FUSEVM_OP_{}", self.ops)
    }
}

/// Why an expression gives no value.
pub(super) fn no_value(expr: &Expr) -> &'static str {
    match &expr.kind {
        Kind::If(_, _, None) => "a value belongs here, and an `if` without `else` gives none",
        Kind::While(..) | Kind::For(..) => {
            "a value belongs here, and `while` and `for` give none: use `loop`, or a variable"
        }
        Kind::Assign(_) | Kind::Compound(..) => {
            "a value belongs here, and an assignment gives none: `==` compares"
        }
        Kind::Block(_, block) if !block.stmts.is_empty() => {
            "a value belongs here, and this block gives none: leave its last `;` out"
        }
        _ => "a value belongs here, and this gives none",
    }
}
