//! Instructions while they are written, and the constant they become.

use super::ty::Kind;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Path;

#[derive(Clone)]
pub(crate) enum Ins {
    Int(u16, i64),
    Float(u16, f64),
    Bool(u16, bool),
    Copy(u16, u16),
    Unary(&'static str, u16, u16),
    Binary(&'static str, u16, u16, u16),
    Call(u16, Path, Vec<u16>),
    Jump(usize),
    JumpIfNot(u16, usize),
    Return(u16),
}

/// What fails for some operands.
const FAIL: [&str; 4] = ["IntDiv", "IntRem", "IntShl", "IntShr"];

/// Most locals and instructions of a body.
const MOST: usize = 1 << 12;

#[derive(Default)]
pub(crate) struct Code {
    locals: Vec<Kind>,
    code: Vec<Ins>,
}

impl Code {
    /// A local more.
    pub(crate) fn local(&mut self, kind: Kind) -> u16 {
        self.locals.push(kind);
        u16::try_from(self.locals.len() - 1).unwrap_or(u16::MAX)
    }

    pub(crate) fn is_too_long(&self) -> bool {
        self.locals.len() > MOST || self.code.len() > MOST
    }

    pub(crate) fn push(&mut self, ins: Ins) {
        self.code.push(ins);
    }

    /// Index of the next instruction.
    pub(crate) fn here(&self) -> usize {
        self.code.len()
    }

    /// Lets the jump at `at` go to `target`.
    pub(crate) fn aim(&mut self, at: usize, target: usize) {
        if let Some(Ins::Jump(to) | Ins::JumpIfNot(_, to)) = self.code.get_mut(at) {
            *to = target;
        }
    }

    /// Whether the instructions from `from` on may as well run when nobody asks for what they give.
    pub(crate) fn is_harmless(&self, from: usize) -> bool {
        self.code[from..].iter().all(|ins| match ins {
            Ins::Int(..) | Ins::Float(..) | Ins::Bool(..) | Ins::Copy(..) | Ins::Unary(..) => true,
            Ins::Binary(op, ..) => !FAIL.contains(op),
            Ins::Call(..) | Ins::Jump(_) | Ins::JumpIfNot(..) | Ins::Return(_) => false,
        })
    }

    /// Takes out `n` instructions at `at`, where no jump leads over them.
    pub(crate) fn remove(&mut self, at: usize, n: usize) {
        self.code.drain(at..at + n);
    }

    /// The constant.
    pub(crate) fn constant(
        &self,
        krate: &TokenStream,
        params: &[(Kind, bool)],
        result: Kind,
    ) -> TokenStream {
        let (mut inputs, mut immediates) = (0u16.., 0u16..);
        let params = params.iter().map(|(kind, immediate)| {
            let from = match (immediate, kind) {
                (true, _) => {
                    let at = immediates.next();
                    quote!(Immediate(#at))
                }
                (false, Kind::Value) => {
                    let at = inputs.next();
                    quote!(Looked(#at))
                }
                (false, _) => {
                    let at = inputs.next();
                    quote!(Input(#at))
                }
            };
            let kind = kind.constant(krate);
            quote!(#krate::inline::InlineParam { kind: #kind, from: #krate::inline::InlineFrom::#from })
        });
        let locals = self.locals.iter().map(|kind| kind.constant(krate));
        let code = self.code.iter().map(|ins| constant(ins, krate));
        let result = result.constant(krate);
        let own = u32::try_from(self.locals.len() + self.code.len()).unwrap_or(u32::MAX);
        let fails = self.code.iter().any(|ins| match ins {
            Ins::Binary(op, ..) => FAIL.contains(op),
            _ => false,
        });
        let callees: Vec<TokenStream> = (self.code.iter())
            .filter_map(|ins| match ins {
                Ins::Call(_, path, _) => Some(super::of_op(path, krate, "CODE")),
                _ => None,
            })
            .collect();
        // A copy for each operand and the result, and a jump.
        let lengths = callees.iter().map(|code| {
            quote! {
                .saturating_add(#code.length)
                .saturating_add(#code.params.len() as ::core::primitive::u32 + 2)
            }
        });
        quote! {
            #krate::inline::Inline {
                params: &[#(#params),*],
                locals: &[#(#locals),*],
                code: &[#(#code),*],
                result: #result,
                length: #own #(#lengths)*,
                fails: #fails #(|| #callees.fails)*,
            }
        }
    }
}

fn constant(ins: &Ins, krate: &TokenStream) -> TokenStream {
    let named = |name: &str| Ident::new(name, Span::call_site());
    let target = |target: usize| u16::try_from(target).unwrap_or(u16::MAX);
    let fields = match ins {
        Ins::Int(to, value) => quote!(Int { to: #to, value: #value }),
        Ins::Float(to, value) => {
            let bits = value.to_bits();
            quote!(Float { to: #to, value: ::core::primitive::f64::from_bits(#bits) })
        }
        Ins::Bool(to, value) => quote!(Bool { to: #to, value: #value }),
        Ins::Copy(to, from) => quote!(Copy { to: #to, from: #from }),
        Ins::Unary(op, to, a) => {
            let op = named(op);
            quote!(Unary { op: #krate::inline::InlineUnary::#op, to: #to, a: #a })
        }
        Ins::Binary(op, to, a, b) => {
            let op = named(op);
            quote!(Binary { op: #krate::inline::InlineBinary::#op, to: #to, a: #a, b: #b })
        }
        Ins::Call(to, path, args) => {
            let code = super::of_op(path, krate, "CODE");
            quote!(Call { to: #to, callee: #code, args: &[#(#args),*] })
        }
        Ins::Jump(to) => {
            let target = target(*to);
            quote!(Jump { target: #target })
        }
        Ins::JumpIfNot(a, to) => {
            let target = target(*to);
            quote!(JumpIfNot { a: #a, target: #target })
        }
        Ins::Return(from) => quote!(Return { from: #from }),
    };
    quote!(#krate::inline::InlineIns::#fields)
}
