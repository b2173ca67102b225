//! Ops by path.
//!
//! Here it is not known what an op takes. Arguments that may be immediates are written down as both,
//! what stands in the bytecode and what would go on the stack; the expansion picks by the op's
//! description. Constants beside it prove that all of it fits, on the argument that does not.

use super::block::Leaves;
use super::scope::Found;
use super::{Walk, Want};
use crate::rust::ast::{Expr, Kind, Unary};
use crate::rust::place;
use crate::rust::types::Ty;
use crate::tokens::{respan, span};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The results that are used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Results {
    None,
    One(Option<Ty>),
    Two,
}

/// An argument as it may be an immediate.
struct Immediate {
    /// As the constants see it.
    given: TokenStream,
    /// As the builder gets it.
    built: TokenStream,
    /// Code that makes it, before.
    before: TokenStream,
    /// What is wrong with it as an operand; nothing when it can be one.
    never: Option<String>,
}

impl Walk<'_> {
    pub(super) fn ext_expr(&mut self, callee: &Expr, arguments: &[Expr], want: Want) -> Ty {
        let results = match want {
            Want::Nothing => Results::None,
            Want::Value(wanted) => Results::One(wanted),
        };
        self.ext(callee, arguments, results);
        match results {
            Results::One(wanted) => wanted.unwrap_or(Ty::Any),
            Results::None | Results::Two => Ty::Unit,
        }
    }

    /// Writes an op, and leaves as many results as are used.
    pub(super) fn ext(&mut self, callee: &Expr, arguments: &[Expr], results: Results) {
        let path = match &callee.kind {
            Kind::Path(path) => path.to_token_stream(),
            Kind::Name(name) => name.to_token_stream(),
            _ => return,
        };
        self.named.insert(place(&path));
        let (base, desc, at) = (self.body.height, self.constant(), callee.at.last);
        let (k, language) = (self.target.krate.clone(), self.target.language.clone());
        self.checks.extend(quote_spanned! {span(&path)=>
            const #desc: &#k::OpDesc = <#path as #k::ExtOp<#language>>::DESC;
        });
        let count = arguments.len();
        self.check(at, quote!(#k::expansion::assert_count(#desc, #count)));
        let mut exit = None;
        for argument in arguments {
            if let Kind::Label(label) = &argument.kind {
                exit = self.exit_named(argument, label);
            }
        }
        self.close_off("a way out of an argument of an op: compute it before, with `let`");
        let given: Vec<TokenStream> = arguments
            .iter()
            .enumerate()
            .map(|(i, argument)| self.ext_argument(&desc, i, argument, exit))
            .collect();
        self.exits.pop();
        self.at = callee.at.first;
        let b = self.b();
        let mut code = quote!(#k::expansion::op(&mut #b, #desc, &[#(#given),*]););
        let left = match results {
            Results::None => {
                code.extend(quote!(#k::expansion::drop_results(&mut #b, #desc);));
                0
            }
            Results::One(wanted) => {
                self.check(at, quote!(#k::expansion::assert_results(#desc, 1)));
                if let Some(ty) = wanted {
                    let ty = rust_type(ty);
                    self.check(
                        at,
                        quote!(#k::expansion::assert_type(#desc, #k::ext::Ty::#ty)),
                    );
                }
                1
            }
            Results::Two => {
                self.check(at, quote!(#k::expansion::assert_results(#desc, 2)));
                2
            }
        };
        self.write(0, 0, code);
        if let Some(exit) = exit {
            let end = self.exits[exit].end;
            self.leave_bare(callee, exit);
            self.reach(end);
        }
        self.body.height = base + left;
    }

    /// A constant that does not evaluate when something is wrong there.
    fn check(&mut self, at: Span, call: TokenStream) {
        let call = respan(call, at);
        self.checks
            .extend(quote_spanned!(at=> const _: () = #call;));
    }

    /// Writes an argument; what stands for it in the list of immediates.
    fn ext_argument(
        &mut self,
        desc: &Ident,
        at: usize,
        argument: &Expr,
        exit: Option<usize>,
    ) -> TokenStream {
        let k = self.target.krate.clone();
        let place = argument.at.first;
        let Some(immediate) = self.immediate(desc, at, argument, exit) else {
            self.check(place, quote!(#k::expansion::assert_operand(#desc, #at)));
            let ty = self.argument(argument, None);
            self.check_operand(desc, at, place, ty);
            return quote!(#k::ext::private::Given::Later);
        };
        let Immediate {
            given,
            built,
            before,
            never,
        } = immediate;
        let otherwise = crate::tokens::option(never.as_ref());
        self.check(
            place,
            quote!(#k::expansion::assert_argument(#desc, #at, #given, #otherwise)),
        );
        let outer = std::mem::take(&mut self.body.code);
        self.body.place = (0, 0);
        match (&argument.kind, never) {
            (Kind::Capture(capture), _) => self.load_capture(*capture, desc, at),
            (_, None) => {
                let ty = self.argument(argument, None);
                self.check_operand(desc, at, place, ty);
            }
            (_, Some(_)) => {}
        }
        let operand = std::mem::replace(&mut self.body.code, outer);
        self.body.place = (0, 0);
        if !self.body.dead && !operand.is_empty() {
            let code = quote!(if #k::expansion::is_operand(#desc, #at) { #operand });
            self.body.code.extend(code);
        }
        if !self.body.dead {
            self.body.code.extend(before);
        }
        built
    }

    /// Checks the type of an argument, if it is known, for when it is an operand.
    fn check_operand(&mut self, desc: &Ident, at: usize, place: Span, ty: Ty) {
        if ty.is_open() || ty == Ty::Unit {
            return;
        }
        let (k, language, ty) = (
            self.target.krate.clone(),
            self.target.language.clone(),
            rust_type(ty),
        );
        let coerce = quote!(<#language as #k::Language>::COERCE);
        self.check(
            place,
            quote!(#k::expansion::assert_takes(#desc, #at, #k::ext::Ty::#ty, #coerce)),
        );
    }

    /// An argument of a form that an immediate may have.
    fn immediate(
        &mut self,
        desc: &Ident,
        at: usize,
        argument: &Expr,
        exit: Option<usize>,
    ) -> Option<Immediate> {
        let k = self.target.krate.clone();
        let g = quote!(#k::ext::private::Given);
        let plain = |given: TokenStream, never| Immediate {
            built: given.clone(),
            given,
            before: TokenStream::new(),
            never,
        };
        Some(match &argument.kind {
            Kind::Int(_) | Kind::Unary(Unary::Neg, ..) => {
                let value = super::fused::literal(argument)?;
                plain(quote!(#g::Int(#value)), None)
            }
            Kind::Bool(value) => plain(quote!(#g::Bool(#value)), None),
            Kind::Str(text) => plain(quote!(#g::Text(#text)), None),
            Kind::Name(name) => self.word(desc, at, name),
            Kind::Path(path) => {
                let word = path.segments.last().map(|last| last.ident.to_string());
                let text = NO_CONSTANT.to_owned();
                self.named.insert(place(path));
                // Named in a constant, so that rustc knows of it.
                let given = quote!({ let _ = #path; #g::Word(#word) });
                Immediate {
                    given,
                    ..plain(quote!(#g::Word(#word)), Some(text))
                }
            }
            Kind::Capture(capture) => {
                let (held, tokens) = (self.captured_as(*capture), &self.captures[*capture].tokens);
                self.captured.extend(quote!(let #held = #tokens;));
                let built = quote!(#k::expansion::Captured::<{ !#k::expansion::is_operand(#desc, #at) }>::given(&#held));
                Immediate {
                    built,
                    ..plain(quote!(#g::Later), None)
                }
            }
            Kind::Label(label) => {
                let text = format!("no label belongs here: `{label}`");
                // One that is not there has been reported.
                let Some(exit) = exit else {
                    return Some(plain(quote!(#g::Label(0)), Some(text)));
                };
                let end = self.label_code(self.exits[exit].end);
                self.check(
                    argument.at.first,
                    quote!(#k::expansion::assert_leaves(#desc)),
                );
                let built = quote!(#k::expansion::label(&#end));
                Immediate {
                    built,
                    ..plain(quote!(#g::Label(0)), Some(text))
                }
            }
            Kind::Closure(params, body) => {
                let code = self.block_code(params, body, Leaves::Any);
                let held = crate::tokens::local(&format!("block{at}"));
                Immediate {
                    built: quote!(#g::Block(#held.0)),
                    before: quote!(let #held = #code;),
                    ..plain(
                        quote!(#g::Block(0)),
                        Some("a closure belongs where the op takes a block".to_owned()),
                    )
                }
            }
            _ => return None,
        })
    }

    /// A name: a variable, or a word that means something to the op.
    fn word(&mut self, desc: &Ident, at: usize, name: &Ident) -> Immediate {
        let k = self.target.krate.clone();
        let g = quote!(#k::ext::private::Given);
        let word = super::scope::plain(name);
        let (given, never) = match self.find(name) {
            Found::Var(var) => {
                let (slot, mutable) = (self.vars[var].slot, self.vars[var].mutable);
                let open = self.var_ty(var).is_open();
                let check = quote!(#k::expansion::assert_slot(#desc, #at, #mutable, #open));
                self.check(name.span(), check);
                (quote!(#g::Local(#slot, #word)), None)
            }
            Found::Static(_) => (quote!(#g::Word(#word)), None),
            Found::Outside | Found::Nothing => {
                let entry = self
                    .function(name)
                    .map(|at| self.functions[at].entry.clone());
                let text = match entry {
                    Some(_) => format!("`{word}` is a function: call it, `{word}(…)`"),
                    None => format!("there is no variable `{word}` here"),
                };
                let word = entry.unwrap_or(word);
                (quote!(#g::Word(#word)), Some(text))
            }
        };
        Immediate {
            built: given.clone(),
            given,
            before: TokenStream::new(),
            never,
        }
    }

    /// Puts a captured value on the stack, where it is not an immediate.
    fn load_capture(&mut self, capture: usize, desc: &Ident, at: usize) {
        let (b, k, held) = (
            self.b(),
            self.target.krate.clone(),
            self.captured_as(capture),
        );
        self.at = self.captures[capture].at;
        let value = quote!(#k::expansion::Captured::<{ !#k::expansion::is_operand(#desc, #at) }>::value(&#held));
        self.write(0, 1, quote!(#b.load(#value);));
    }
}

/// What to write instead of a path where a value belongs.
pub(super) const NO_CONSTANT: &str =
    "an op is called, `path(…)`, and a constant of Rust is captured, `#(path)`";

/// The type as the description of an op names it.
fn rust_type(ty: Ty) -> Ident {
    let name = match ty {
        Ty::Int => "Int",
        Ty::Float => "Float",
        Ty::Bool => "Bool",
        Ty::Str => "Str",
        Ty::Array => "Array",
        Ty::Hash => "Hash",
        _ => "Any",
    };
    Ident::new(name, Span::mixed_site())
}
