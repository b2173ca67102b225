//! The row of one op: a core op with its operands, or an ext op with its immediates.

use super::arg::{Arg, Args};
use super::layout::{Fill, Layout, Row, Scope};
use super::operand::{Kind, Operand, immediate, operand};
use super::ops::OPS;
use super::parse::OpItem;
use crate::errors::Errors;
use crate::tokens::respan;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

/// The row of an op. One with errors is a row all the same, of which nothing is known.
pub(crate) fn op(
    item: &OpItem,
    scope: &Scope,
    layout: &mut Layout,
    next: &mut u16,
    errors: &mut Errors,
) -> Row {
    let k = layout.krate();
    let core = item.path.get_ident().and_then(|word| {
        let text = word.to_string();
        OPS.iter().find(|(name, ..)| *name == text)
    });
    let row = match core {
        Some((_, kinds, ends)) => {
            core_op(item, kinds, scope, layout, next, errors).map(|row| Row { ends: *ends, ..row })
        }
        None if is_core_name(item) => {
            // rustc knows all names, and which one is near.
            let word = item.word();
            layout.unknown.push(quote!(let _ = #k::Op::#word;));
            None
        }
        None if is_core_path(item) => {
            let word = item.word();
            errors.at(word, format!("a core op stands without a path: `{word}`"));
            None
        }
        None => ext_op(item, scope, layout, errors),
    };
    row.unwrap_or_else(|| Row::new(quote!(#k::StaticOp::Broken), item.span()))
}

/// Whether the op is written like a core op: one word, upper case first.
fn is_core_name(item: &OpItem) -> bool {
    let word = item.path.get_ident();
    word.is_some_and(|word| word.to_string().starts_with(char::is_uppercase))
}

/// Whether the op is written as a variant of `Op`.
fn is_core_path(item: &OpItem) -> bool {
    let mut words = item.path.segments.iter().rev();
    let (last, before) = (words.next(), words.next());
    last.is_some_and(|last| super::is_core(&last.ident))
        && before.is_some_and(|before| before.ident == "Op")
}

fn core_op(
    item: &OpItem,
    kinds: &[Kind],
    scope: &Scope,
    layout: &mut Layout,
    next: &mut u16,
    errors: &mut Errors,
) -> Option<Row> {
    let (k, word) = (layout.krate(), item.word());
    if let [Kind::Ext, _] = kinds {
        errors.at(word, "an ext op is named by its path: `ops::name(…)`");
        return None;
    }
    let list = match &item.args {
        Args::List(list) => list,
        Args::Named(_) | Args::Wrong => return None,
        Args::Body(items) => {
            let block = layout.block(item.span(), items, scope, next, errors);
            if kinds != [Kind::Block] {
                errors.at(
                    word,
                    format!("`{word}` runs no block: leave the braces out"),
                );
                return None;
            }
            return Some(Row::new(
                quote!(#k::StaticOp::Core(#k::Op::#word(#block))),
                item.span(),
            ));
        }
    };
    if list.len() != kinds.len() {
        errors.at(word, count(word, kinds, list.len()));
    }
    let mut values = Vec::new();
    let (mut fixed, mut later, mut open, mut label) = (Vec::new(), false, false, None);
    for (at, kind) in kinds.iter().enumerate() {
        let found = list.get(at);
        // What is wrong with an operand was reported; the op is known all the same.
        let operand = found.and_then(|arg| operand(*kind, arg, scope, layout, errors));
        let operand = operand.unwrap_or_else(|| Operand::missing(*kind));
        later |= operand.later.is_some();
        open |= operand.open;
        label = operand.label.or(label);
        values.push(operand.later.unwrap_or_else(|| operand.fixed.clone()));
        fixed.push(operand.fixed);
    }
    let how = match open {
        true => format_ident!("Open"),
        false => format_ident!("Core"),
    };
    let with = |operands: &[TokenStream]| match operands.is_empty() {
        true => quote!(#k::Op::#word),
        false => quote!(#k::Op::#word(#(#operands),*)),
    };
    let op = with(&fixed);
    let mut row = Row::new(quote!(#k::StaticOp::#how(#op)), item.span());
    row.label = label;
    if later {
        row.fill.push(Fill::Op(with(&values)));
    }
    Some(row)
}

/// What is said about a wrong number of operands.
fn count(word: &Ident, kinds: &[Kind], got: usize) -> String {
    let wanted: Vec<&str> = kinds.iter().map(|kind| kind.wanted()).collect();
    match wanted.as_slice() {
        [] => format!("`{word}` has no operands: leave the parentheses out"),
        [one] => format!("`{word}` has one operand, {one}, but got {got}"),
        more => format!(
            "`{word}` has {} operands ({}), but got {got}",
            more.len(),
            more.join("; ")
        ),
    }
}

fn ext_op(item: &OpItem, scope: &Scope, layout: &mut Layout, errors: &mut Errors) -> Option<Row> {
    let k = layout.krate();
    let desc = super::expand::desc(layout.ext_op(&item.path));
    let named = match &item.args {
        Args::List(list) => list.iter().map(|arg| (None, arg)).collect(),
        Args::Named(list) => list.iter().map(|(name, arg)| (Some(name), arg)).collect(),
        Args::Wrong => return None,
        // Only behind core ops braces are read as a block.
        Args::Body(_) => Vec::new(),
    };
    let named: Vec<(Option<&Ident>, &Arg)> = named;
    let mut row = Row::new(TokenStream::new(), item.span());
    let (mut names, mut all, mut ok) = (Vec::new(), Vec::new(), true);
    for (at, (name, arg)) in named.iter().enumerate() {
        let Some(immediate) = immediate(arg, scope, layout, errors) else {
            ok = false;
            continue;
        };
        if immediate.label.is_some() && row.label.is_some() {
            errors.push(syn::Error::new(arg.span(), "an op jumps to one label"));
        }
        row.label = immediate.label.or(row.label);
        let (given, span) = (immediate.given, arg.span());
        match name {
            None => {
                row.checks
                    .push(check(span, quote!(#k::assert_given(#desc, #at, #given))));
                row.fill
                    .extend(immediate.later.map(|value| Fill::Immediate(at, value)));
            }
            Some(name) => {
                let text = name.unraw().to_string();
                row.checks
                    .push(check(name.span(), quote!(#k::assert_named(#desc, #text))));
                row.checks.push(check(
                    span,
                    quote!(#k::assert_given_named(#desc, #text, #given)),
                ));
                let fill = |value| Fill::ImmediateNamed(text.clone(), value);
                row.fill.extend(immediate.later.map(fill));
                if names.contains(&text) {
                    errors.at(name, format!("immediate `{text}` is given twice"));
                }
                names.push(text);
            }
        }
        all.push(given);
    }
    if !ok {
        return None;
    }
    row.op = match names.is_empty() {
        true => quote!(#k::StaticOp::Ext(#desc, &[#(#all),*])),
        false => quote!(#k::StaticOp::Ext(#desc, &#k::arranged(#desc, [#(#names),*], [#(#all),*]))),
    };
    Some(row)
}

/// A check, as if it stood where what it checks stands.
fn check(span: Span, call: TokenStream) -> TokenStream {
    let call = respan(call, span);
    quote_spanned!(span=> const _: () = #call;)
}
