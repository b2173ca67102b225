//! From a layout to code: constants with the chunk in them, a constant for each check, and what makes
//! the chunk of it.

use super::layout::{BodyKind, END, Fill, Layout, Row};
use crate::errors::Errors;
use crate::tokens::{generated_at, local};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

/// Past this many ops a chunk is verified when it is loaded, and not before.
const MOST_CHECKED: usize = 2000;

/// The local that what comes later goes into.
pub(crate) fn filling() -> Ident {
    local("filling")
}

/// The constant with the description of an ext op.
pub(crate) fn desc(index: usize) -> Ident {
    format_ident!("__FUSEVM_OP_{index}")
}

/// A label of a body in the table of all.
struct Placed {
    body: usize,
    index: usize,
    name: String,
    pc: usize,
    span: Span,
}

pub(crate) fn expand(layout: &Layout, language: &Type, errors: &Errors) -> TokenStream {
    let k = layout.krate();
    let rows: Vec<(usize, &Row)> = (layout.bodies.iter().enumerate())
        .flat_map(|(body, code)| code.rows.iter().map(move |row| (body, row)))
        .collect();
    let labels = labels(layout);
    let jumps: Vec<u32> = (rows.iter())
        .map(|(body, row)| jump(*body, row, &labels))
        .collect();
    let code = code(layout, language, &rows, &labels, &jumps);
    let descs = layout.ext_ops.iter().enumerate().map(|(i, (_, path))| {
        let (name, span) = (desc(i), crate::tokens::span(path));
        quote_spanned!(span=> const #name: &#k::OpDesc = <#path as #k::ExtOp<#language>>::DESC;)
    });
    // Evaluated once: their mistakes are told once. Lints know the cast to be generated.
    let numbers = layout.numbers.iter().map(|(name, value)| {
        let span = generated_at(crate::tokens::span(value));
        quote_spanned! {span=>
            #[allow(unused_parens)]
            const #name: i64 = #k::saturated(#k::integer(#value) as i128);
        }
    });
    let checks = match rows.len() <= MOST_CHECKED {
        true => checks(layout, &rows, &labels),
        false => TokenStream::new(),
    };
    let (errors, result) = (errors.render(), result(layout, &rows));
    let unknown = &layout.unknown;
    quote! {
        {
            #errors
            #(const _: () = { #unknown };)*
            #(#descs)*
            #(#numbers)*
            const __FUSEVM_CODE: &#k::StaticCode = &#code;
            #checks
            #result
        }
    }
}

/// All labels in the order of bodies and places; the end of the chunk last.
fn labels(layout: &Layout) -> Vec<Placed> {
    let mut labels = Vec::new();
    let mut start = 0;
    for (body, code) in layout.bodies.iter().enumerate() {
        for (index, label) in code.labels.iter().enumerate() {
            labels.push(Placed {
                body,
                index,
                name: label.name.to_string(),
                pc: start + label.at.unwrap_or(code.rows.len()),
                span: label.name.span(),
            });
        }
        start += code.rows.len();
    }
    labels.push(Placed {
        body: END,
        index: END,
        name: "end".to_owned(),
        pc: start,
        span: Span::call_site(),
    });
    labels
}

/// The label that a row jumps to, as the table counts.
fn jump(body: usize, row: &Row, labels: &[Placed]) -> u32 {
    let found = row.label.and_then(|label| {
        let body = if label == END { END } else { body };
        labels
            .iter()
            .position(|placed| placed.body == body && placed.index == label)
    });
    found.map_or(u32::MAX, |label| label as u32)
}

/// Line and column of a place.
fn place(span: Span) -> (u32, u32) {
    let span = span.unwrap();
    (span.line() as u32, span.column() as u32)
}

fn code(
    layout: &Layout,
    language: &Type,
    rows: &[(usize, &Row)],
    labels: &[Placed],
    jumps: &[u32],
) -> TokenStream {
    let k = layout.krate();
    let (names, constants, blocks) = (&layout.names, &layout.constants, &layout.blocks);
    let declared = (layout.declared()).map(|(name, arity)| quote!((#name, #arity)));
    let mut start = 0;
    let bodies = layout.bodies.iter().map(|body| {
        let (from, end) = (start, start + body.rows.len());
        start = end;
        let kind = match body.kind {
            BodyKind::Main => quote!(Main),
            BodyKind::Function { name, arity } => quote!(Function { name: #name, arity: #arity }),
            BodyKind::Block(_) => quote!(Block),
        };
        quote!(#k::StaticBody { kind: #k::BodyKind::#kind, start: #from, end: #end })
    });
    let bodies: Vec<TokenStream> = bodies.collect();
    let labels = labels.iter().enumerate().map(|(index, label)| {
        let Placed { body, name, pc, .. } = label;
        let back = (jumps.iter().enumerate()).any(|(from, to)| *to == index as u32 && from >= *pc);
        quote!(#k::StaticLabel { name: #name, body: #body, pc: #pc, back: #back })
    });
    let ops = rows.iter().map(|(_, row)| &row.op);
    let places = rows.iter().map(|(_, row)| {
        let (line, column) = place(row.span);
        quote!((#line, #column))
    });
    quote! {
        #k::StaticCode {
            source: ::core::file!(),
            language: #k::StaticLanguage::of::<#language>(),
            names: &[#(#names),*],
            constants: &[#(#constants),*],
            bodies: &[#(#bodies),*],
            blocks: &[#(#blocks),*],
            declared: &[#(#declared),*],
            labels: &[#(#labels),*],
            ops: &[#(#ops),*],
            jumps: &[#(#jumps),*],
            places: &[#(#places),*],
        }
    }
}

/// A constant for each place where something may be wrong.
fn checks(layout: &Layout, rows: &[(usize, &Row)], labels: &[Placed]) -> TokenStream {
    let k = layout.krate();
    let immediates = rows.iter().flat_map(|(_, row)| &row.checks);
    let ops = rows.iter().enumerate().map(|(pc, (_, row))| {
        quote_spanned!(row.span=> const _: () = __FUSEVM_FOUND.op(#pc, __FUSEVM_CODE);)
    });
    let places = labels.iter().enumerate().map(|(label, placed)| {
        quote_spanned!(placed.span=> const _: () = __FUSEVM_FOUND.label(#label, __FUSEVM_CODE);)
    });
    let blocks = layout.blocks.iter().enumerate().map(|(block, body)| {
        let span = match layout.bodies[*body].kind {
            BodyKind::Block(span) => span,
            BodyKind::Main | BodyKind::Function { .. } => Span::call_site(),
        };
        quote_spanned!(span=> const _: () = __FUSEVM_FOUND.block(#block, __FUSEVM_CODE);)
    });
    let (n, m, b) = (rows.len(), labels.len(), layout.blocks.len());
    let c = 4 * n + 16;
    quote! {
        const __FUSEVM_FOUND: &#k::Checked<#n, #m, #b> =
            &#k::check::<#n, #m, #b, #c>(__FUSEVM_CODE);
        #(#immediates)*
        #(#ops)*
        #(#places)*
        #(#blocks)*
    }
}

/// A call that puts a value into its place, where the value stands.
fn method(filling: &Ident, name: &str, place: TokenStream, value: &TokenStream) -> TokenStream {
    let span = crate::tokens::span(value);
    let name = Ident::new(name, span);
    quote_spanned!(span=> #filling.#name(#place, #value);)
}

/// The value of the macro.
fn result(layout: &Layout, rows: &[(usize, &Row)]) -> TokenStream {
    let (k, filling) = (layout.krate(), filling());
    let fills = rows.iter().enumerate().flat_map(|(pc, (_, row))| {
        let filling = filling.clone();
        row.fill.iter().map(move |fill| match fill {
            Fill::Load(value) => method(&filling, "load", quote!(#pc), value),
            Fill::Op(op) => quote!({ let op = #op; #filling.op(#pc, op); }),
            Fill::Immediate(at, value) => method(&filling, "immediate", quote!(#pc, #at), value),
            Fill::ImmediateNamed(name, value) => {
                method(&filling, "immediate_named", quote!(#pc, #name), value)
            }
            Fill::Splice(ops) => method(&filling, "splice", quote!(#pc), ops),
        })
    });
    let fills: Vec<TokenStream> = fills.collect();
    match fills.is_empty() {
        true => quote!(#k::StaticChunk::new(__FUSEVM_CODE)),
        false => quote! {
            let mut #filling = #k::Filling::new(__FUSEVM_CODE);
            #(#fills)*
            #filling.finish()
        },
    }
}
