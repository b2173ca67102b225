//! From the tree to calls of a builder.
//!
//! One walk finds types, reports what is wrong and writes the code. Types of variables without an
//! annotation are the join of all they are assigned, results of functions are what their bodies give:
//! so the walk is repeated until it learns nothing new, and the last one counts.
//!
//! Two numbers are kept exact on the way: the height of the stack, so that a jump out of an expression
//! drops what is on it, and whether the place can be reached, so that nothing is written where it
//! cannot.

mod assign;
mod block;
mod call;
mod control;
mod counted;
mod expression;
mod ext;
mod function;
mod fused;
mod method;
mod number;
mod operator;
mod place;
mod scope;
mod statement;
mod text;

use super::ast::{Block, Capture, Expr, Extent};
use super::types::Ty;
use crate::errors::Errors;
use crate::tokens::local;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use scope::{Facts, Frame, Scope, Signature, Var};
use std::collections::HashSet;
use std::fmt::Display;

/// What the chunk is for.
pub(crate) struct Target {
    pub(crate) krate: TokenStream,
    pub(crate) language: TokenStream,
    /// Whether untyped values are errors.
    pub(crate) typed: bool,
    /// Names whose declarations did not parse.
    pub(crate) lost: Vec<String>,
}

/// The pieces of the expansion.
pub(crate) struct Compiled {
    /// Constants that rustc evaluates.
    pub(crate) checks: TokenStream,
    /// The values of captures.
    pub(crate) captured: TokenStream,
    /// Calls of the builder.
    pub(crate) code: TokenStream,
    pub(crate) label_count: usize,
    /// Where paths stand that are part of the checks.
    pub(crate) named: HashSet<(usize, usize)>,
}

/// What an expression is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    /// What it does.
    Nothing,
    /// Its value on the stack, of that type if there is one.
    Value(Option<Ty>),
}

/// A place that code jumps to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Label(usize);

/// What is known where a label stands.
#[derive(Default)]
struct Arrivals {
    used: bool,
    /// Variables that have a value on every way there.
    given: Vec<usize>,
}

/// Code that is written into one body.
#[derive(Default)]
struct Body {
    code: TokenStream,
    height: usize,
    dead: bool,
    /// Variables declared without a value that have one here.
    given: Vec<usize>,
    /// Line and column of the last op.
    place: (usize, usize),
}

/// One walk over the tree.
struct Walk<'p> {
    target: &'p Target,
    captures: &'p [Capture],
    errors: Errors,
    facts: Facts,
    vars: Vec<Var>,
    statics: Vec<scope::Global>,
    functions: Vec<Signature>,
    labels: Vec<Arrivals>,
    scopes: Vec<Scope>,
    frame: Frame,
    body: Body,
    /// Loops and blocks around, innermost last.
    exits: Vec<control::Exit>,
    /// Where the next op comes from.
    at: Span,
    checks: TokenStream,
    captured: TokenStream,
    /// Functions, which are written before the main program.
    written: TokenStream,
    ops: usize,
    named: HashSet<(usize, usize)>,
    /// Names whose declarations have been reported.
    lost: Vec<String>,
}

/// Walks that may follow one another; types only grow, three times each, so that this is never reached
/// but by chains of functions longer than programs have.
const MAX_WALKS: usize = 64;

pub(crate) fn chunk(
    block: &Block,
    captures: &[Capture],
    target: &Target,
    errors: &mut Errors,
) -> Compiled {
    let mut facts = Facts::default();
    for _ in 0..MAX_WALKS {
        let mut walk = Walk::new(target, captures, facts);
        walk.main(block);
        if !walk.facts.changed {
            return walk.finish(errors);
        }
        facts = std::mem::take(&mut walk.facts);
        facts.changed = false;
    }
    let mut walk = Walk::new(target, captures, facts);
    walk.main(block);
    walk.finish(errors)
}

impl<'p> Walk<'p> {
    fn new(target: &'p Target, captures: &'p [Capture], facts: Facts) -> Self {
        Walk {
            target,
            captures,
            errors: Errors::default(),
            facts,
            vars: Vec::new(),
            statics: Vec::new(),
            functions: Vec::new(),
            labels: Vec::new(),
            scopes: Vec::new(),
            frame: Frame::default(),
            body: Body::default(),
            exits: Vec::new(),
            at: Span::call_site(),
            checks: TokenStream::new(),
            captured: TokenStream::new(),
            written: TokenStream::new(),
            ops: 0,
            named: HashSet::new(),
            lost: target.lost.clone(),
        }
    }

    fn finish(self, errors: &mut Errors) -> Compiled {
        errors.append(self.errors);
        let (functions, main) = (self.written, self.body.code);
        Compiled {
            checks: self.checks,
            captured: self.captured,
            code: quote!(#functions #main),
            label_count: self.labels.len(),
            named: self.named,
        }
    }

    fn wrong(&mut self, at: impl Into<Extent>, text: impl Display) -> Ty {
        let Extent { first, last } = at.into();
        self.errors.between(first, last, text);
        Ty::Wrong
    }

    /// The builder, in the code.
    fn b(&self) -> Ident {
        local("b")
    }

    fn label(&mut self) -> Label {
        self.labels.push(Arrivals::default());
        Label(self.labels.len() - 1)
    }

    /// The label, in the code.
    fn label_code(&self, label: Label) -> TokenStream {
        let (labels, at) = (local("labels"), label.0);
        quote!(#labels[#at])
    }

    /// Writes code that pops and pushes so many values.
    fn write(&mut self, pops: usize, pushes: usize, code: TokenStream) {
        self.body.height = self.body.height.saturating_sub(pops) + pushes;
        if self.body.dead {
            return;
        }
        let (b, start) = (self.b(), self.at.unwrap());
        let place = (start.line(), start.column());
        if self.body.place != place {
            self.body.place = place;
            let (line, column) = (place.0 as u32, place.1 as u32);
            self.body.code.extend(quote!(#b.place(#line, #column);));
        }
        self.body.code.extend(code);
    }

    /// Writes an op without operands.
    fn op(&mut self, name: &str, pops: usize, pushes: usize) {
        self.op_with(name, TokenStream::new(), pops, pushes);
    }

    /// Writes an op with operands: `(3)`.
    fn op_with(&mut self, name: &str, operands: TokenStream, pops: usize, pushes: usize) {
        let (b, k, name) = (
            self.b(),
            &self.target.krate,
            Ident::new(name, Span::mixed_site()),
        );
        let code = quote!(#b.emit(#k::Op::#name #operands););
        self.write(pops, pushes, code);
    }

    /// Writes an op whose operand is a name.
    fn named(&mut self, op: &str, name: &str, pops: usize, pushes: usize) {
        let (b, k, op) = (
            self.b(),
            &self.target.krate,
            Ident::new(op, Span::mixed_site()),
        );
        let code = quote!(#b.with_name(#k::Op::#op, #name););
        self.write(pops, pushes, code);
    }

    /// Writes a core ext op.
    fn core(&mut self, name: &str, fields: TokenStream, pops: usize, pushes: usize) {
        let (b, k, name) = (
            self.b(),
            &self.target.krate,
            Ident::new(name, Span::mixed_site()),
        );
        let code = quote!(#b.op(#k::core_ops::#name { #fields }););
        self.write(pops, pushes, code);
    }

    /// Writes a core ext op on a slot, which pops `pops` values, some of them as its path.
    fn slot_op(&mut self, name: &str, slot: u16, path: Option<usize>, pops: usize, pushes: usize) {
        let k = &self.target.krate;
        let path = path.map(|n| {
            let n = n as u8;
            quote!(, path: #n)
        });
        let fields = quote!(s: #k::Slot(#slot) #path);
        self.core(name, fields, pops, pushes);
    }

    fn get_slot(&mut self, slot: u16) {
        self.op_with("GetSlot", quote!((#slot)), 0, 1);
    }

    fn set_slot(&mut self, slot: u16) {
        self.op_with("SetSlot", quote!((#slot)), 1, 0);
    }

    fn load_int(&mut self, value: i64) {
        self.op_with("LoadInt", quote!((#value)), 0, 1);
    }

    /// Writes an op that jumps; its target in `op` is left open.
    fn branch(&mut self, op: TokenStream, label: Label, pops: usize) {
        let (b, k, to) = (self.b(), &self.target.krate, self.label_code(label));
        let code = quote!(#b.branch(#k::Op::#op, #to););
        self.write(pops, 0, code);
        self.reach(label);
    }

    /// Control goes on behind this op and, with the same variables given, at the label.
    fn reach(&mut self, label: Label) {
        if self.body.dead {
            return;
        }
        let given = &self.body.given;
        let arrivals = &mut self.labels[label.0];
        match arrivals.used {
            true => arrivals.given.retain(|var| given.contains(var)),
            false => arrivals.given.clone_from(given),
        }
        arrivals.used = true;
    }

    fn jump(&mut self, label: Label) {
        self.branch(quote!(Jump(0)), label, 0);
        self.body.dead = true;
    }

    /// Puts the label here.
    fn bind(&mut self, label: Label) {
        let arrivals = &self.labels[label.0];
        if arrivals.used && self.body.dead {
            self.body.given.clone_from(&arrivals.given);
            self.body.dead = false;
        } else if arrivals.used {
            let given = &arrivals.given;
            self.body.given.retain(|var| given.contains(var));
        }
        self.put(label);
    }

    /// Puts the label here, the head of a loop: it is jumped to from below.
    fn put(&mut self, label: Label) {
        if !self.body.dead {
            let (b, label) = (self.b(), self.label_code(label));
            self.body.code.extend(quote!(#b.bind(#label);));
        }
    }

    /// Checks that a value fits where `wanted` belongs.
    fn fits(&mut self, expr: &Expr, found: Ty, wanted: Ty) -> Ty {
        let fits = found == wanted
            || matches!(found, Ty::Wrong | Ty::Never)
            || matches!(wanted, Ty::Wrong | Ty::Any);
        match fits {
            true => wanted,
            false => {
                let text = operator::misfit(expr, found, wanted);
                self.wrong(expr.at, text)
            }
        }
    }
}
