//! `#[ext_op(inline)]`: a body as typed instructions, and as Rust that computes the same.
//!
//! One walk over the body finds the type of everything, writes instructions, and puts what wraps or
//! fails into words that mean the same in every build: `a + b` of integers is `i64::wrapping_add(a, b)`. A
//! second walk over a copy writes the function that gives an error where the first would panic. What the
//! walk does not know is an error at that expression.

mod calls;
mod code;
pub(crate) mod expand;
mod expression;
mod look;
mod operators;
mod statement;
mod ty;

use crate::class::{Class, Param};
use crate::errors::Errors;
use crate::model::Op;
use crate::tokens::{respan, span};
use code::Code;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use std::collections::HashMap;
use syn::{Block, Type};
use ty::{Kind, Var};

/// What a body has become.
pub(crate) struct Translation {
    /// The body of the function.
    pub(crate) body: TokenTree,
    /// The body of `InlineOp::checked`, an expression.
    pub(crate) checked: TokenStream,
    /// A constant of type `Inline`.
    pub(crate) constant: TokenStream,
    /// Names and types of the parameters.
    pub(crate) params: Vec<(Ident, Type)>,
    pub(crate) output: Type,
}

/// The signature of an inline op, for those of its set that call it.
pub(crate) struct Signature {
    params: Vec<Option<Kind>>,
    result: Kind,
}

/// The inline ops of a set by name.
pub(crate) type Signatures = HashMap<String, Signature>;

/// The signature of an op under `inline`; `None` where something is wrong with it.
pub(crate) fn signature(op: &Op) -> Option<(String, Signature)> {
    op.options.inline.as_ref()?;
    let kind =
        |param: &Param| ty::parameter(&param.ty).and_then(|var| (!var.narrow).then_some(var.kind));
    let signature = Signature {
        params: op.params.iter().map(kind).collect(),
        result: Kind::of(op.function.output()?)?,
    };
    Some((op.ident().to_string(), signature))
}

/// Which of the two functions is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    /// The author's, which panics.
    Panics,
    /// The one that gives an error.
    Fails,
}

/// An error was reported.
struct Reported;

type Walked<T> = Result<T, Reported>;

/// The walk.
struct Walk<'a> {
    write: Write,
    krate: &'a TokenStream,
    signatures: &'a Signatures,
    errors: &'a mut Errors,
    code: Code,
    vars: Vec<(String, Var)>,
    /// Names whose declarations were reported.
    unknown: Vec<String>,
    /// Name of the op.
    own: String,
    /// Result of the function.
    result: Kind,
    /// The loops around, innermost last.
    loops: Vec<Loop>,
    /// Whether something may fail or calls what may.
    fails: bool,
}

struct Loop {
    head: usize,
    /// Jumps to its end.
    breaks: Vec<usize>,
}

/// Translates the body of an op; `None` where errors were reported.
pub(crate) fn translate(
    op: &Op,
    krate: &TokenStream,
    signatures: &Signatures,
    errors: &mut Errors,
) -> Option<Translation> {
    let before = errors.count();
    let params = parameters(op, errors);
    let result = result(op, errors);
    let body: Block = errors.take(syn::parse2(op.function.body.to_token_stream()))?;
    let (params, result) = (params?, result?);
    let walk = |write, errors: &mut Errors| {
        let mut body = body.clone();
        let mut walk = Walk {
            write,
            krate,
            signatures,
            errors,
            code: Code::default(),
            vars: Vec::new(),
            unknown: Vec::new(),
            own: op.ident().to_string(),
            result,
            loops: Vec::new(),
            fails: false,
        };
        for (param, var) in &params {
            let local = walk.code.local(var.kind);
            walk.vars
                .push((param.ident.to_string(), Var { local, ..*var }));
        }
        let _: Walked<()> = walk.body(&mut body);
        (body, walk.code, walk.fails)
    };
    let (panics, code, fails) = walk(Write::Panics, errors);
    if errors.count() > before {
        return None;
    }
    if code.is_too_long() {
        errors.at(
            op.ident(),
            "this body is too long to stand in the place of its op: leave `inline` out",
        );
        return None;
    }
    let names: Vec<Ident> = params
        .iter()
        .map(|(param, _)| param.ident.clone())
        .collect();
    let ident = op.ident();
    let checked = match fails {
        // Errors are those of the first walk.
        true => {
            let (body, ..) = walk(Write::Fails, &mut Errors::default());
            quote!(::core::result::Result::Ok(#body))
        }
        false => quote!(::core::result::Result::Ok(#ident(#(#names),*))),
    };
    let types = params
        .iter()
        .map(|(param, _)| (param.ident.clone(), param.ty.clone()));
    Some(Translation {
        body: first_tree(panics.to_token_stream())?,
        checked,
        constant: code.constant(krate, &sources(&params), result),
        params: types.collect(),
        output: op.function.output()?.clone(),
    })
}

fn first_tree(tokens: TokenStream) -> Option<TokenTree> {
    tokens.into_iter().next()
}

/// Where each parameter is when the op begins, as code needs it.
fn sources(params: &[(&Param, Var)]) -> Vec<(Kind, bool)> {
    let source = |(param, var): &(&Param, Var)| (var.kind, param.class == Class::Immediate);
    params.iter().map(source).collect()
}

fn parameters<'o>(op: &'o Op, errors: &mut Errors) -> Option<Vec<(&'o Param, Var)>> {
    let before = errors.count();
    let fits = |var: Var, class| match class {
        Class::Immediate => var.kind != Kind::Value,
        _operand => !var.narrow,
    };
    let mut params = Vec::new();
    for param in &op.params {
        match param.class {
            Class::Input { .. } | Class::Immediate => match ty::parameter(&param.ty) {
                Some(var) if fits(var, param.class) => params.push((param, var)),
                _ => errors.at(
                    &param.ty,
                    "a parameter of an inline op is i64, f64, bool or &Value, or an immediate that is a number: every tier has to know what is done with it",
                ),
            },
            _ => errors.at(
                &param.ty,
                "an inline op reaches nothing but its operands: leave `inline` out, or the parameter",
            ),
        }
    }
    (errors.count() == before).then_some(params)
}

fn result(op: &Op, errors: &mut Errors) -> Option<Kind> {
    const TEXT: &str = "the result of an inline op is i64, f64 or bool: every tier has to know what is done with it";
    match op.function.output() {
        Some(ty) => {
            let kind = Kind::of(ty).filter(|kind| *kind != Kind::Value);
            if kind.is_none() {
                errors.at(ty, TEXT);
            }
            kind
        }
        None => {
            errors.at(op.ident(), TEXT);
            None
        }
    }
}

impl Walk<'_> {
    /// Reports at all of `tokens`.
    fn error<T>(&mut self, tokens: impl ToTokens, text: impl std::fmt::Display) -> Walked<T> {
        self.errors.at(tokens, text);
        Err(Reported)
    }
}

/// The name of a path that is one word.
fn word(path: &syn::Path) -> Option<String> {
    path.get_ident().map(Ident::to_string)
}

/// Something that an inline op has, by the op's path. All of it is located at the first word: of
/// messages that are the same at the same place, rustc prints one.
fn of_op(path: &syn::Path, krate: &TokenStream, name: &str) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    let tokens = quote!(<#path as #krate::inline::InlineOp>::#name);
    respan(tokens, span(path))
}
