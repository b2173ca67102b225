//! What kind a `&Value` is of: `matches!` with patterns of kinds, `is_undef`.
//!
//! A body has a number for it, which is that of the kind in memory; of the two truths each has its own.
//! `looked`, in `ext/inline`, says the same of a value.

use super::calls::{Method, one};
use super::code::Ins;
use super::expression::{Val, bare};
use super::ty::Kind;
use super::{Walk, Walked, word};
use crate::errors::unknown;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit, Macro, Pat, Token};

/// What a method computes that says whether a value is Undef.
pub(super) const IS_UNDEF: &str = "IsUndef";

pub(super) const METHODS: &[Method] = &[one("is_undef", IS_UNDEF)];

const FALSE: i64 = 1;
const TRUE: i64 = 16;

/// Variants of `Value` and their numbers, but for those of truths.
const KINDS: [(&str, i64); 12] = [
    ("Undef", 0),
    ("Int", 2),
    ("Float", 3),
    ("Status", 4),
    ("Ref", 5),
    ("NativeFn", 6),
    ("Obj", 7),
    ("Str", 8),
    ("Array", 9),
    ("Hash", 10),
    ("Func", 11),
    ("Host", 12),
];

/// What stands in `matches!`.
struct Matches {
    of: Expr,
    pattern: Pat,
    guard: Option<Token![if]>,
}

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let of = input.parse()?;
        input.parse::<Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        let guard = input.parse()?;
        match guard {
            // The guard itself, of which nobody asks.
            Some(_) => drop(input.parse::<proc_macro2::TokenStream>()?),
            None => drop(input.parse::<Option<Token![,]>>()?),
        }
        Ok(Self { of, pattern, guard })
    }
}

impl Walk<'_> {
    /// `matches!(v, Value::Undef | Value::Bool(false))`.
    pub(super) fn matches(&mut self, mac: &Macro) -> Walked<Val> {
        let Matches { of, pattern, guard } = match mac.parse_body() {
            Ok(parsed) => parsed,
            Err(error) => return self.error(mac, error),
        };
        if let Some(guard) = guard {
            return self.error(
                guard,
                "`matches!` of an inline body has no `if`: write `&&` behind it",
            );
        }
        const TEXT: &str = "`matches!` of an inline body looks at a parameter that is a &Value";
        let Some(name) = path_of(&of) else {
            return self.error(&of, TEXT);
        };
        let var = self.variable(&name, &of)?;
        if var.kind != Kind::Value {
            return self.error(&of, TEXT);
        }
        let mut numbers = Vec::new();
        self.kinds(&pattern, &mut numbers)?;
        Ok(self.is_one_of(var.local, &numbers))
    }

    /// Whether the number in a local is one of these.
    pub(super) fn is_one_of(&mut self, local: u16, numbers: &[i64]) -> Val {
        let mut is: Option<Val> = None;
        for number in numbers {
            let number = self.put(Kind::Int, |to| Ins::Int(to, *number));
            let same = self.put(Kind::Bool, |to| {
                Ins::Binary("IntEq", to, local, number.local)
            });
            is = Some(match is {
                Some(before) => self.put(Kind::Bool, |to| {
                    Ins::Binary("BoolOr", to, before.local, same.local)
                }),
                None => same,
            });
        }
        match is {
            Some(is) => is,
            None => self.put(Kind::Bool, |to| Ins::Bool(to, false)),
        }
    }

    /// The numbers of the kinds that a pattern is for.
    fn kinds(&mut self, pattern: &Pat, numbers: &mut Vec<i64>) -> Walked<()> {
        const TEXT: &str = "a pattern of an inline body is a kind of value: `Value::Int(_)`, `Value::Undef`, `Value::Bool(true)`";
        let (path, inner) = match pattern {
            Pat::Or(any) => {
                return any
                    .cases
                    .iter()
                    .try_for_each(|case| self.kinds(case, numbers));
            }
            Pat::Paren(inner) => return self.kinds(&inner.pat, numbers),
            Pat::Path(path) => (&path.path, None),
            Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => (&tuple.path, tuple.elems.first()),
            _ => return self.error(pattern, TEXT),
        };
        let mut names = path
            .segments
            .iter()
            .rev()
            .map(|segment| segment.ident.to_string());
        let (Some(kind), Some("Value")) = (names.next(), names.next().as_deref()) else {
            return self.error(pattern, TEXT);
        };
        match (kind.as_str(), inner) {
            ("Bool", Some(Pat::Wild(_) | Pat::Rest(_))) => numbers.extend([FALSE, TRUE]),
            ("Bool", Some(Pat::Lit(lit))) if let Lit::Bool(is) = &lit.lit => {
                numbers.push(if is.value { TRUE } else { FALSE });
            }
            (name, None | Some(Pat::Wild(_) | Pat::Rest(_))) => {
                let Some((_, number)) = KINDS.iter().find(|(known, _)| *known == name) else {
                    let known: Vec<&str> = (KINDS.iter().map(|(name, _)| *name))
                        .chain(["Bool"])
                        .collect();
                    return self.error(path, unknown("kind of value", name, &known));
                };
                numbers.push(*number);
            }
            _ => return self.error(pattern, TEXT),
        }
        Ok(())
    }
}

fn path_of(expr: &Expr) -> Option<String> {
    match bare(expr) {
        Expr::Path(path) if path.qself.is_none() => word(&path.path),
        _ => None,
    }
}
