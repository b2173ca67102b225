//! Methods: on numbers, with Rust's meaning, and on texts, arrays and hashes.

use super::counted::literal;
use super::place::Place;
use super::scope::Found;
use super::{Walk, Want};
use crate::errors::near;
use crate::rust::ast::Expr;
use crate::rust::types::Ty;
use proc_macro2::{Ident, Span};
use quote::quote;

/// All methods, for those that are near to a wrong one.
const METHODS: &[&str] = &[
    "abs",
    "atan2",
    "ceil",
    "clone",
    "cmp",
    "contains_key",
    "cos",
    "div_euclid",
    "exp",
    "filter",
    "floor",
    "for_each",
    "is_empty",
    "is_nan",
    "is_negative",
    "is_positive",
    "keys",
    "len",
    "ln",
    "map",
    "max",
    "min",
    "pop",
    "pow",
    "powf",
    "push",
    "push_str",
    "rem_euclid",
    "remove",
    "repeat",
    "round",
    "signum",
    "sin",
    "sort_by",
    "sqrt",
    "to_string",
    "trunc",
    "values",
    "wrapping_add",
    "wrapping_mul",
    "wrapping_neg",
    "wrapping_shl",
    "wrapping_shr",
    "wrapping_sub",
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
    pub(super) fn method(
        &mut self,
        receiver: &Expr,
        name: &Ident,
        arguments: &[Expr],
        want: Want,
    ) -> Ty {
        let word = name.to_string();
        let count = match word.as_str() {
            "map" | "filter" | "for_each" | "sort_by" => {
                return self.each_method(receiver, name, arguments, want);
            }
            "push" | "push_str" | "remove" | "contains_key" | "repeat" | "cmp" | "min" | "max"
            | "pow" | "powf" | "atan2" | "div_euclid" | "rem_euclid" | "wrapping_add"
            | "wrapping_sub" | "wrapping_mul" | "wrapping_shl" | "wrapping_shr" => 1,
            word if METHODS.contains(&word) => 0,
            _ => {
                self.expr(receiver, Want::Nothing);
                self.spend(arguments);
                return self.wrong(name.span(), no_method(&word));
            }
        };
        if arguments.len() != count {
            let takes = if count == 0 {
                "no argument"
            } else {
                "one argument"
            };
            self.expr(receiver, Want::Nothing);
            self.spend(arguments);
            return self.wrong(name.span(), format!("`{word}` takes {takes}"));
        }
        match word.as_str() {
            "push" | "push_str" | "pop" | "remove" => {
                self.in_place(receiver, name, &word, arguments)
            }
            "len" => self.len(receiver, name),
            "is_empty" => {
                self.len(receiver, name);
                self.at = name.span();
                self.load_int(0);
                self.op("NumEq", 2, 1);
                Ty::Bool
            }
            "contains_key" | "keys" | "values" => {
                self.hash_method(receiver, name, &word, arguments)
            }
            "clone" => self.value(receiver, None),
            "to_string" => {
                self.value(receiver, None);
                self.at = name.span();
                self.make_text();
                Ty::Str
            }
            "cmp" => self.cmp(receiver, name, &arguments[0]),
            _ => self.computed(receiver, name, &word, arguments),
        }
    }

    /// Methods that compute a value of others.
    fn computed(&mut self, receiver: &Expr, name: &Ident, word: &str, arguments: &[Expr]) -> Ty {
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
                return Err(format!("`{word}` of floats leaves open which of two zeros it gives: write `if a < b {{ a }} else {{ b }}`"));
            }
            ("pow", Ty::Int) => match literal(&arguments[0]) {
                Some(exponent) if exponent >= 0 => return whole(Code::Op("Pow")),
                _ => return Err("the exponent of `pow` is a literal from 0; for others write `(x as f64).powf(y)`".to_owned()),
            },
            ("pow", Ty::Any) => (Code::Op("Pow"), Ty::Any, Ty::Any),
            ("powf", Ty::Float) => return float(Code::Op("Pow")),
            ("abs", Ty::Int | Ty::Float | Ty::Any) => (Code::Core("abs"), ty, ty),
            ("is_nan", Ty::Float | Ty::Any) => (Code::NotItself, ty, Ty::Bool),
            ("atan2", Ty::Float) => return float(Code::Core("atan2")),
            ("repeat", Ty::Str) => (Code::Op("StringRepeat"), Ty::Int, Ty::Str),
            ("repeat", Ty::Any) => (Code::Op("StringRepeat"), Ty::Any, Ty::Str),
            ("sqrt" | "floor" | "ceil" | "trunc" | "round" | "exp" | "ln" | "sin" | "cos", Ty::Float | Ty::Any) => {
                let op = METHODS.iter().find(|it| **it == word).copied().unwrap_or("floor");
                (Code::Core(op), Ty::Float, Ty::Float)
            }
            (_, Ty::Any) => {
                let cast = match word {
                    "powf" | "atan2" => "as f64",
                    _ => "as i64",
                };
                return Err(format!("`{name}` needs a type, and this is untyped: write `(… {cast}).{name}(…)`"));
            }
            (_, Ty::Int) if literal(receiver).is_some() => {
                return Err(format!("`{name}` is for f64: write `{}.0`", literal(receiver).unwrap_or(0)));
            }
            (_, Ty::Int) => return Err(format!("`{name}` is for f64, and this is i64: write `(… as f64).{name}(…)`")),
            (_, Ty::Float) => return Err(format!("`{name}` is for i64, and this is f64: write `(… as i64).{name}(…)`")),
            (_, ty) => return Err(format!("`{name}` is for numbers, and this is {}", ty.name())),
        })
    }

    /// `cmp`: −1, 0 or 1, which is what `sort_by` takes.
    fn cmp(&mut self, receiver: &Expr, name: &Ident, other: &Expr) -> Ty {
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

    fn len(&mut self, receiver: &Expr, name: &Ident) -> Ty {
        let place = self.place(receiver).filter(|place| place.keys.is_empty());
        let ty = place.as_ref().map(|place| self.root_ty(place.root));
        match (place.map(|place| place.root), ty) {
            (Some(Found::Static(at)), Some(Ty::Array)) => {
                let global = self.statics[at].name.clone();
                self.at = name.span();
                self.named("ArrayLen", &global, 0, 1);
            }
            (Some(Found::Var(var)), Some(Ty::Array | Ty::Hash | Ty::Any))
                if self.has_value(var) =>
            {
                let slot = self.vars[var].slot;
                self.at = name.span();
                self.slot_op("slot_len", slot, None, 0, 1);
            }
            _ => {
                let ty = self.value(receiver, None);
                self.at = name.span();
                match ty {
                    Ty::Int | Ty::Float | Ty::Bool => {
                        let text = format!(
                            "`{name}` is for texts, arrays and hashes, and this is {}",
                            ty.name()
                        );
                        return self.wrong(name.span(), text);
                    }
                    Ty::Str => self.op("StringLen", 1, 1),
                    _ => self.core("len", quote!(), 1, 1),
                }
            }
        }
        Ty::Int
    }

    fn hash_method(&mut self, receiver: &Expr, name: &Ident, word: &str, arguments: &[Expr]) -> Ty {
        let result = if word == "contains_key" {
            Ty::Bool
        } else {
            Ty::Array
        };
        if let Some(Place {
            root: Found::Static(at),
            keys,
            ..
        }) = self.place(receiver)
            && keys.is_empty()
            && self.static_ty(at) == Ty::Hash
        {
            let op = match word {
                "contains_key" => "HashExists",
                "keys" => "HashKeys",
                _ => "HashValues",
            };
            for argument in arguments {
                self.argument(argument, None);
            }
            let global = self.statics[at].name.clone();
            self.at = name.span();
            self.named(op, &global, arguments.len(), 1);
            return result;
        }
        let ty = self.value(receiver, None);
        if !matches!(ty, Ty::Hash | Ty::Any | Ty::Wrong | Ty::Never) {
            let text = format!("`{word}` is for hashes, and this is {}", ty.name());
            self.wrong(name.span(), text);
        }
        for argument in arguments {
            self.argument(argument, None);
        }
        self.at = name.span();
        self.core(word, quote!(), 1 + arguments.len(), 1);
        result
    }

    /// Methods that change a container, or a text, where it is.
    fn in_place(&mut self, receiver: &Expr, name: &Ident, word: &str, arguments: &[Expr]) -> Ty {
        let Some(place) = self.place(receiver) else {
            self.expr(receiver, Want::Nothing);
            self.spend(arguments);
            let text = format!("`{word}` changes a variable: give this a name with `let mut`");
            return self.wrong(name.span(), text);
        };
        let ty = if place.keys.is_empty() {
            self.root_ty(place.root)
        } else {
            Ty::Any
        };
        let fits = match word {
            "push_str" => ty == Ty::Str,
            "remove" => matches!(ty, Ty::Array | Ty::Hash),
            _ => ty == Ty::Array,
        };
        if !fits && !ty.is_open() {
            let text = match (word, ty) {
                ("push", Ty::Str) => "a text grows by `push_str`".to_owned(),
                ("push_str", _) => format!("`push_str` is for texts, and this is {}", ty.name()),
                ("remove", _) => format!(
                    "`remove` is for hashes and arrays, and this is {}",
                    ty.name()
                ),
                _ => format!("`{word}` is for arrays, and this is {}", ty.name()),
            };
            self.spend(arguments);
            return self.wrong(name.span(), text);
        }
        self.writable(&place);
        if word == "push_str" {
            return self.push_text(&place, receiver, name, &arguments[0]);
        }
        for argument in arguments {
            if word == "push" {
                self.argument(argument, None);
            }
        }
        self.keys(&place);
        if let ("remove", [key]) = (word, arguments) {
            self.argument(key, None);
        }
        self.at = name.span();
        let shift = word == "remove" && literal(&arguments[0]) == Some(0);
        self.change(&place, word, (ty, shift));
        if word == "push" { Ty::Unit } else { Ty::Any }
    }

    /// The op of a method that changes a container: its values are on the stack, then the keys.
    fn change(&mut self, place: &Place<'_>, word: &str, (ty, shift): (Ty, bool)) {
        let (plain, with_path, value, keys) = match word {
            "push" => ("slot_push", "slot_push_path", 1, 0),
            "pop" => ("slot_pop", "slot_pop_path", 0, 0),
            _ => ("slot_delete", "slot_delete_path", 0, 1),
        };
        let path = place.keys.len() + keys;
        let (pops, left) = (value + path, usize::from(word != "push"));
        match place.root {
            Found::Var(var) if place.keys.is_empty() => {
                let slot = self.vars[var].slot;
                self.slot_op(plain, slot, None, pops, left);
            }
            Found::Var(var) => {
                let slot = self.vars[var].slot;
                self.slot_op(with_path, slot, Some(path), pops, left);
            }
            Found::Static(at) => {
                let op = match (word, ty) {
                    ("push", _) => Some("ArrayPush"),
                    ("pop", _) => Some("ArrayPop"),
                    (_, Ty::Hash) => Some("HashDelete"),
                    (_, Ty::Array) if shift => Some("ArrayShift"),
                    _ => None,
                };
                match op.filter(|_| place.keys.is_empty()) {
                    Some(op) => {
                        let global = self.statics[at].name.clone();
                        if op == "ArrayShift" {
                            self.drop_value();
                            return self.named(op, &global, 0, 1);
                        }
                        self.named(op, &global, pops, left);
                    }
                    None => self.in_slot(at, |walk, slot| {
                        walk.slot_op(with_path, slot, Some(path), pops, left);
                    }),
                }
            }
            Found::Outside | Found::Nothing => {}
        }
    }

    fn push_text(&mut self, place: &Place<'_>, receiver: &Expr, name: &Ident, added: &Expr) -> Ty {
        if !place.keys.is_empty() {
            self.argument(added, None);
            let text = "`push_str` is for variables: write `x[k] = format!(\"{}{}\", x[k], …)`";
            return self.wrong(name.span(), text);
        }
        self.value(receiver, None);
        let ty = self.argument(added, None);
        if !matches!(ty, Ty::Str | Ty::Any | Ty::Wrong | Ty::Never) {
            self.fits(added, ty, Ty::Str);
        }
        self.at = name.span();
        self.op("Concat", 2, 1);
        self.learn_root(place.root, Ty::Str);
        self.store(place.root, name.span());
        Ty::Unit
    }
}

/// What to write instead of a method that is not here.
fn no_method(word: &str) -> String {
    let instead = match word {
        "iter" | "into_iter" | "iter_mut" | "collect" | "cloned" | "copied" | "as_str"
        | "to_owned" | "as_ref" | "to_vec" | "borrow" | "unwrap" | "expect" => {
            "values are taken as they are: leave it out"
        }
        "sort" | "sort_unstable" => "write `x = x.sort_by(|a, b| a.cmp(b));`",
        "insert" => "write `x[key] = value`",
        "get" | "get_mut" => "write `x[key]`, which is Undef when there is none",
        "powi" => "write `powf`",
        "partial_cmp" | "total_cmp" => "write `a.cmp(b)`",
        "enumerate" => "write `for i in 0..x.len()`",
        "rev" => "count down with `while`",
        "step_by" => "count with `while`",
        "sum" | "fold" => "add in a `for` loop",
        "extend" | "append" => "push in a `for` loop",
        "checked_add" | "checked_sub" | "checked_mul" | "saturating_add" | "saturating_sub"
        | "overflowing_add" => {
            "`+`, `-`, `*` follow the policy of the language, `wrapping_add` and its kin wrap"
        }
        "clamp" => "write `x.max(least).min(most)`",
        "is_some" | "is_none" => "ask for the key with `contains_key`",
        _ => {
            return match near(word, METHODS) {
                Some(guess) => format!("there is no method `{word}` here; did you mean `{guess}`?"),
                None => format!(
                    "there is no method `{word}` here: an op of the language is called by its path, `ops::{word}(…)`"
                ),
            };
        }
    };
    format!("there is no method `{word}` here: {instead}")
}
