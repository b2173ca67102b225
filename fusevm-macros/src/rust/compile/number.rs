//! Methods that compute a value of others, with Rust's meaning.

use super::Walk;
use super::fused::literal;
use crate::rust::ast::Expr;
use crate::rust::types::Ty;
use proc_macro2::{Ident, Span};
use quote::quote;

/// Functions of one float, which core ops are named after.
const FUNCTIONS: &[&str] = &[
    "sqrt", "floor", "ceil", "trunc", "round", "exp", "ln", "sin", "cos",
];

/// What a method becomes.
enum Code {
    /// An op of the table.
    Op(&'static str),
    /// A core op.
    Core(&'static str),
    /// An op of the table that wraps whatever the policy is.
    Wrapping(&'static str),
    /// The op on the value and an integer.
    WithInt(i64, &'static str),
    /// Whether the value differs from itself.
    NotItself,
}

impl Walk<'_> {
    /// Methods that compute a value of others.
    pub(super) fn computed(
        &mut self,
        receiver: &Expr,
        name: &Ident,
        word: &str,
        arguments: &[Expr],
    ) -> Ty {
        let ty = self.value(receiver, None);
        let (code, wanted, result) = match self.meaning(receiver, (name, word), ty, arguments) {
            Ok(found) => found,
            Err(text) => {
                self.spend(arguments);
                return match ty {
                    Ty::Wrong | Ty::Never => ty,
                    _ => self.wrong(name.span(), text),
                };
            }
        };
        for argument in arguments {
            self.argument(argument, Some(wanted));
        }
        let pops = 1 + arguments.len();
        self.at = name.span();
        let (b, k) = (self.b(), &self.target.krate);
        match code {
            Code::Op(op) => self.op(op, pops, 1),
            Code::Core(op) => self.core(op, quote!(), pops, 1),
            Code::Wrapping(op) => {
                let op = Ident::new(op, Span::mixed_site());
                let code = quote!(#k::expansion::wrapping(&mut #b, #k::Op::#op););
                self.write(pops, 1, code);
            }
            Code::WithInt(value, op) => {
                self.load_int(value);
                self.op(op, 2, 1);
            }
            Code::NotItself => {
                self.op("Dup", 1, 2);
                self.op("NumNe", 2, 1);
            }
        }
        result
    }

    /// The code, the type of the argument and that of the result; or what is wrong.
    fn meaning(
        &self,
        receiver: &Expr,
        (name, word): (&Ident, &str),
        ty: Ty,
        arguments: &[Expr],
    ) -> Result<(Code, Ty, Ty), String> {
        let function = FUNCTIONS.iter().find(|it| **it == word);
        if let (Some(op), Ty::Float | Ty::Any) = (function, ty) {
            return Ok((Code::Core(op), Ty::Float, Ty::Float));
        }
        let whole = |code| Ok((code, Ty::Int, Ty::Int));
        let float = |code| Ok((code, Ty::Float, Ty::Float));
        Ok(match (word, ty) {
            ("wrapping_add", Ty::Int) => return whole(Code::Wrapping("Add")),
            ("wrapping_sub", Ty::Int) => return whole(Code::Wrapping("Sub")),
            ("wrapping_mul", Ty::Int) => return whole(Code::Wrapping("Mul")),
            ("wrapping_neg", Ty::Int) => return whole(Code::Wrapping("Negate")),
            ("wrapping_shl", Ty::Int) => return whole(Code::Op("Shl")),
            ("wrapping_shr", Ty::Int) => return whole(Code::Op("Shr")),
            ("div_euclid", Ty::Int) => return whole(Code::Core("div_euclid")),
            ("rem_euclid", Ty::Int) => return whole(Code::Core("rem_euclid")),
            ("signum", Ty::Int) => return whole(Code::WithInt(0, "Spaceship")),
            ("is_positive", Ty::Int) => (Code::WithInt(0, "NumGt"), Ty::Int, Ty::Bool),
            ("is_negative", Ty::Int) => (Code::WithInt(0, "NumLt"), Ty::Int, Ty::Bool),
            ("min", Ty::Int) => return whole(Code::Core("min")),
            ("max", Ty::Int) => return whole(Code::Core("max")),
            ("min", Ty::Any) => (Code::Core("min"), Ty::Any, Ty::Any),
            ("max", Ty::Any) => (Code::Core("max"), Ty::Any, Ty::Any),
            ("min" | "max", Ty::Float) => {
                return Err(format!(
                    "`{word}` of floats leaves open which of two zeros it gives: \
                    write `if a < b {{ a }} else {{ b }}`"
                ));
            }
            ("pow", Ty::Int) => match literal(&arguments[0]) {
                Some(exponent) if exponent >= 0 => return whole(Code::Op("Pow")),
                _ => {
                    return Err(
                        "the exponent of `pow` is a literal from 0; for others write \
                    `(x as f64).powf(y)`"
                            .to_owned(),
                    );
                }
            },
            ("pow", Ty::Any) => (Code::Op("Pow"), Ty::Any, Ty::Any),
            ("powf", Ty::Float) => return float(Code::Op("Pow")),
            ("abs", Ty::Int | Ty::Float | Ty::Any) => (Code::Core("abs"), ty, ty),
            ("is_nan", Ty::Float) => (Code::NotItself, ty, Ty::Bool),
            ("atan2", Ty::Float) => return float(Code::Core("atan2")),
            ("repeat", Ty::Str) => (Code::Op("StringRepeat"), Ty::Int, Ty::Str),
            ("repeat", Ty::Any) => (Code::Op("StringRepeat"), Ty::Any, Ty::Str),
            (_, Ty::Any) => {
                let cast = match word {
                    "powf" | "atan2" | "is_nan" => "as f64",
                    _ => "as i64",
                };
                return Err(format!(
                    "`{name}` needs a type, and this is untyped: write `(… \
                    {cast}).{name}(…)`"
                ));
            }
            (_, Ty::Int) if literal(receiver).is_some() => {
                return Err(format!(
                    "`{name}` is for f64: write `{}.0`",
                    literal(receiver).unwrap_or(0)
                ));
            }
            (_, Ty::Int) => {
                return Err(format!(
                    "`{name}` is for f64, and this is i64: write `(… \
                as f64).{name}(…)`"
                ));
            }
            (_, Ty::Float) => {
                return Err(format!(
                    "`{name}` is for i64, and this is f64: write \
                `(… as i64).{name}(…)`"
                ));
            }
            (_, ty) => {
                return Err(format!(
                    "`{name}` is for numbers, and this is {}",
                    ty.name()
                ));
            }
        })
    }

    /// `cmp`: −1, 0 or 1, which is what `sort_by` takes.
    pub(super) fn cmp(&mut self, receiver: &Expr, name: &Ident, other: &Expr) -> Ty {
        let left = self.value(receiver, None);
        let right = self.argument(other, None);
        self.at = name.span();
        match (left, right) {
            (Ty::Wrong | Ty::Never, _) | (_, Ty::Wrong | Ty::Never) => {}
            (Ty::Str, Ty::Str | Ty::Any) | (Ty::Any, Ty::Str) => self.op("StrCmp", 2, 1),
            (Ty::Int | Ty::Any, Ty::Int | Ty::Any | Ty::Float)
            | (Ty::Float, Ty::Any | Ty::Float) => {
                self.op("Spaceship", 2, 1);
            }
            (a, b) => {
                let text = format!(
                    "`cmp` is for two numbers or two texts, and this is {} and {}",
                    a.name(),
                    b.name()
                );
                return self.wrong(name.span(), text);
            }
        }
        Ty::Int
    }
}
