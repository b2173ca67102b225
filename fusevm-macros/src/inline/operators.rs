//! Operators.

use super::code::Ins;
use super::expression::{Out, Val, bare, done, has_block};
use super::ty::Kind;
use super::{Walk, Walked, Write};
use crate::tokens::{generated_at, local};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprBinary, Lit, UnOp};

/// How an operator on two values of a kind is said.
struct Row {
    op: &'static str,
    /// Kind of the result.
    gives: Kind,
    /// Where the operator itself means something else in some builds: what is said instead.
    instead: Instead,
}

#[derive(Clone, Copy)]
enum Instead {
    Nothing,
    /// A method of the integers.
    Wrapping(&'static str),
    /// A function that may fail; the operator stays where Rust panics in every build.
    Fails(&'static str, Shift),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    Yes,
    No,
}

/// The operator on values of a kind, and whether it assigns.
fn row(op: &BinOp, kind: Kind) -> (Option<Row>, bool) {
    use BinOp as B;
    use Kind::{Bool, Float, Int};
    let assigns = matches!(
        op,
        B::AddAssign(_)
            | B::SubAssign(_)
            | B::MulAssign(_)
            | B::DivAssign(_)
            | B::RemAssign(_)
            | B::BitXorAssign(_)
            | B::BitAndAssign(_)
            | B::BitOrAssign(_)
            | B::ShlAssign(_)
            | B::ShrAssign(_)
    );
    let plain = |op, gives| {
        Some(Row {
            op,
            gives,
            instead: Instead::Nothing,
        })
    };
    let wraps = |op, name| {
        Some(Row {
            op,
            gives: Int,
            instead: Instead::Wrapping(name),
        })
    };
    let fails = |op, name, shift| {
        Some(Row {
            op,
            gives: Int,
            instead: Instead::Fails(name, shift),
        })
    };
    let row = match (op, kind) {
        (B::Add(_) | B::AddAssign(_), Int) => wraps("IntAdd", "wrapping_add"),
        (B::Sub(_) | B::SubAssign(_), Int) => wraps("IntSub", "wrapping_sub"),
        (B::Mul(_) | B::MulAssign(_), Int) => wraps("IntMul", "wrapping_mul"),
        (B::Div(_) | B::DivAssign(_), Int) => fails("IntDiv", "div", Shift::No),
        (B::Rem(_) | B::RemAssign(_), Int) => fails("IntRem", "rem", Shift::No),
        (B::Shl(_) | B::ShlAssign(_), Int) => fails("IntShl", "shl", Shift::Yes),
        (B::Shr(_) | B::ShrAssign(_), Int) => fails("IntShr", "shr", Shift::Yes),
        (B::BitAnd(_) | B::BitAndAssign(_), Int) => plain("IntAnd", Int),
        (B::BitOr(_) | B::BitOrAssign(_), Int) => plain("IntOr", Int),
        (B::BitXor(_) | B::BitXorAssign(_), Int) => plain("IntXor", Int),
        (B::Eq(_), Int) => plain("IntEq", Bool),
        (B::Ne(_), Int) => plain("IntNe", Bool),
        (B::Lt(_), Int) => plain("IntLt", Bool),
        (B::Le(_), Int) => plain("IntLe", Bool),
        (B::Gt(_), Int) => plain("IntGt", Bool),
        (B::Ge(_), Int) => plain("IntGe", Bool),
        (B::Add(_) | B::AddAssign(_), Float) => plain("FloatAdd", Float),
        (B::Sub(_) | B::SubAssign(_), Float) => plain("FloatSub", Float),
        (B::Mul(_) | B::MulAssign(_), Float) => plain("FloatMul", Float),
        (B::Div(_) | B::DivAssign(_), Float) => plain("FloatDiv", Float),
        (B::Rem(_) | B::RemAssign(_), Float) => plain("FloatRem", Float),
        (B::Eq(_), Float) => plain("FloatEq", Bool),
        (B::Ne(_), Float) => plain("FloatNe", Bool),
        (B::Lt(_), Float) => plain("FloatLt", Bool),
        (B::Le(_), Float) => plain("FloatLe", Bool),
        (B::Gt(_), Float) => plain("FloatGt", Bool),
        (B::Ge(_), Float) => plain("FloatGe", Bool),
        (B::BitAnd(_) | B::BitAndAssign(_), Bool) => plain("BoolAnd", Bool),
        (B::BitOr(_) | B::BitOrAssign(_), Bool) => plain("BoolOr", Bool),
        (B::BitXor(_) | B::BitXorAssign(_), Bool) => plain("BoolXor", Bool),
        (B::Eq(_), Bool) => plain("BoolEq", Bool),
        (B::Ne(_), Bool) => plain("BoolNe", Bool),
        _ => None,
    };
    (row, assigns)
}

impl Walk<'_> {
    pub(super) fn unary(&mut self, expr: &mut Expr, want: Option<Kind>) -> Walked<Val> {
        let span = expr.span();
        let Expr::Unary(unary) = expr else {
            return self.error(&*expr, "this cannot stand in an inline body");
        };
        // The least integer has no positive counterpart.
        if let (UnOp::Neg(_), Expr::Lit(lit)) = (&unary.op, &mut *unary.expr)
            && let Lit::Int(int) = &mut lit.lit
            && int.suffix() != "f64"
        {
            return self.integer(int, true);
        }
        if let UnOp::Deref(star) = &unary.op {
            return self.error(
                star,
                "a value of an inline body is an i64, f64 or bool, or a &Value that is looked at",
            );
        }
        let value = self.value(&mut unary.expr, want)?;
        let op = match (&unary.op, value.kind) {
            (UnOp::Neg(_), Kind::Int) => "IntNeg",
            (UnOp::Neg(_), Kind::Float) => "FloatNeg",
            (UnOp::Not(_), Kind::Int) => "IntNot",
            (UnOp::Not(_), Kind::Bool) => "BoolNot",
            _ => {
                let text = format!("this operator is not for {}", value.kind.name());
                return self.error(&*expr, text);
            }
        };
        if op == "IntNeg" {
            let (inner, at) = (bare(&unary.expr), generated_at(span));
            *expr = done(quote_spanned!(at=> ::core::primitive::i64::wrapping_neg(#inner)));
        }
        Ok(self.put(value.kind, |to| Ins::Unary(op, to, value.local)))
    }

    pub(super) fn binary(&mut self, expr: &mut Expr, want: Option<Kind>) -> Walked<Out> {
        let span = expr.span();
        let Expr::Binary(binary) = expr else {
            return self.error(&*expr, "this cannot stand in an inline body");
        };
        if let BinOp::And(_) | BinOp::Or(_) = binary.op {
            return self.short(binary).map(Out::Value);
        }
        let (_, assigns) = row(&binary.op, Kind::Int);
        let blocks = has_block(&binary.right);
        let (left, var) = match assigns {
            true => {
                let var = self.place(&binary.left);
                (
                    var.map(|var| Val {
                        local: var.local,
                        kind: var.kind,
                    }),
                    true,
                )
            }
            false => (
                self.value(&mut binary.left, want.filter(|_| is_arithmetic(&binary.op))),
                false,
            ),
        };
        // The right side of an assignment runs first.
        let left = left.map(|left| match var {
            true => left,
            false => Val {
                local: self.pinned(left.local, left.kind, &binary.right),
                ..left
            },
        });
        let kind = left.as_ref().ok().map(|left| left.kind);
        let right = self.value(&mut binary.right, kind);
        let (left, right) = (left?, right?);
        self.expect(right.kind, left.kind, &binary.right)?;
        let (Some(row), _) = row(&binary.op, left.kind) else {
            let text = format!("this operator is not for {}", left.kind.name());
            return self.error(binary.op, text);
        };
        let value = self.put(row.gives, |to| {
            Ins::Binary(row.op, to, left.local, right.local)
        });
        if assigns {
            self.code.push(Ins::Copy(left.local, value.local));
        }
        // The right side of an assignment runs first, and may write what is on the left.
        let mut first = None;
        if assigns && blocks && !matches!(row.instead, Instead::Nothing) {
            let name = local("right");
            let value = std::mem::replace(&mut *binary.right, done(name.to_token_stream()));
            first = Some((name, value));
        }
        let call = self.instead(row.instead, binary, span);
        if let (None, Some((_, value))) = (&call, &first) {
            *binary.right = value.clone();
        }
        if let Some(call) = call {
            let (to, at) = (&binary.left, generated_at(span));
            *expr = done(match (assigns, first) {
                (true, Some((name, value))) => {
                    quote_spanned!(at=> #to = { let #name = #value; #call })
                }
                (true, None) => quote_spanned!(at=> #to = #call),
                (false, _) => call,
            });
        }
        Ok(if assigns {
            Out::Unit
        } else {
            Out::Value(value)
        })
    }

    /// What stands in the function in place of the operator.
    fn instead(
        &mut self,
        instead: Instead,
        binary: &ExprBinary,
        span: proc_macro2::Span,
    ) -> Option<TokenStream> {
        // Operands become arguments, which want no parentheses.
        let (a, b) = (bare(&binary.left), bare(&binary.right));
        let (k, at) = (self.krate, generated_at(span));
        let name = |name: &str| syn::Ident::new(name, at);
        match (instead, self.write) {
            (Instead::Nothing, _) => None,
            (Instead::Wrapping(method), _) => {
                let method = name(method);
                Some(quote_spanned!(at=> ::core::primitive::i64::#method(#a, #b)))
            }
            (Instead::Fails(function, shift), write) => {
                self.fails = true;
                let function = name(function);
                match (write, shift) {
                    (Write::Panics, Shift::No) => None,
                    (Write::Panics, Shift::Yes) => {
                        // A panic names the place of the call, which is not in a macro.
                        let call: TokenStream = quote!(#k::inline::or_panic)
                            .into_iter()
                            .map(|mut tree| {
                                tree.set_span(span);
                                tree
                            })
                            .collect();
                        let shift = quote_spanned!(at=> #k::inline::#function(#a, #b));
                        Some(quote_spanned!(span=> #call(#shift)))
                    }
                    (Write::Fails, _) => Some(quote_spanned!(at=> #k::inline::#function(#a, #b)?)),
                }
            }
        }
    }

    /// `a && b`, `a || b`: the second runs only if it counts, unless nobody can tell.
    fn short(&mut self, binary: &mut ExprBinary) -> Walked<Val> {
        let and = matches!(binary.op, BinOp::And(_));
        let blocks = has_block(&binary.right);
        let left = self.typed(&mut binary.left, Kind::Bool);
        let result = self.code.local(Kind::Bool);
        let before = self.code.here();
        // `a || b`: skip `b` if not (not a).
        let cond = match (&left, and) {
            (Ok(left), false) => {
                let not = self.code.local(Kind::Bool);
                self.code.push(Ins::Unary("BoolNot", not, left.local));
                not
            }
            (Ok(left), true) => left.local,
            (Err(_), _) => 0,
        };
        if let Ok(left) = &left {
            self.code.push(Ins::Copy(result, left.local));
        }
        let skip = self.code.here();
        self.code.push(Ins::JumpIfNot(cond, 0));
        let begin = self.code.here();
        let right = self.typed(&mut binary.right, Kind::Bool);
        let (left, right) = (left?, right?);
        // A block may write variables.
        if !blocks && self.code.is_harmless(begin) {
            self.code.remove(before, begin - before);
            let op = if and { "BoolAnd" } else { "BoolOr" };
            return Ok(self.put(Kind::Bool, |to| {
                Ins::Binary(op, to, left.local, right.local)
            }));
        }
        self.code.push(Ins::Copy(result, right.local));
        self.code.aim(skip, self.code.here());
        Ok(Val {
            local: result,
            kind: Kind::Bool,
        })
    }
}

fn is_arithmetic(op: &BinOp) -> bool {
    use BinOp::{Add, Div, Mul, Rem, Sub};
    matches!(op, Add(_) | Sub(_) | Mul(_) | Div(_) | Rem(_))
}
