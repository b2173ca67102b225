//! Methods: on numbers, with Rust's meaning, and on texts, arrays and hashes.

use super::fused::literal;
use super::place::Place;
use super::scope::Found;
use super::{Walk, Want};
use crate::errors::near;
use crate::rust::ast::Expr;
use crate::rust::types::Ty;
use proc_macro2::Ident;
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
        if let (Found::Static(at), Ty::Array, "remove") = (place.root, ty, word)
            && literal(&arguments[0]) == Some(0)
        {
            let global = self.statics[at].name.clone();
            self.at = name.span();
            self.named("ArrayShift", &global, 0, 1);
            return Ty::Any;
        }
        if let ("push", [value]) = (word, arguments) {
            self.argument(value, None);
        }
        self.keys(&place);
        if let ("remove", [key]) = (word, arguments) {
            self.argument(key, None);
        }
        self.at = name.span();
        self.change(&place, word, ty);
        if word == "push" { Ty::Unit } else { Ty::Any }
    }

    /// The op of a method that changes a container: its values are on the stack, then the keys.
    fn change(&mut self, place: &Place<'_>, word: &str, ty: Ty) {
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
                    _ => None,
                };
                match op.filter(|_| place.keys.is_empty()) {
                    Some(op) => {
                        let global = self.statics[at].name.clone();
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
        self.learn_root(place.root, Ty::Str);
        if let Found::Var(var) = place.root {
            self.must_have_value(place.name, place.root);
            self.append(var, added, name.span());
            return Ty::Unit;
        }
        self.value(receiver, None);
        let ty = self.argument(added, None);
        if !matches!(ty, Ty::Str | Ty::Any | Ty::Wrong | Ty::Never) {
            self.fits(added, ty, Ty::Str);
        }
        self.at = name.span();
        self.op("Concat", 2, 1);
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
                    "there is no method `{word}` here: an op of the language is called by its \
                        path, `ops::{word}(…)`"
                ),
            };
        }
    };
    format!("there is no method `{word}` here: {instead}")
}
