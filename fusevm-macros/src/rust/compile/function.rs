//! Functions: bodies with slots of their own, and how they return.

use super::expression::no_value;
use super::scope::Frame;
use super::{Body, Walk, Want};
use crate::rust::ast::{Block, Expr, Function, Kind};
use crate::rust::types::Ty;
use proc_macro2::TokenStream;
use quote::quote;

impl Walk<'_> {
    /// A function where it stands. Those that call it need not stand behind it.
    pub(super) fn define(&mut self, function: &Function) {
        let (Some(body), Some(at)) = (&function.body, self.function(&function.name)) else {
            return;
        };
        let frame = Frame {
            function: Some(at),
            floor: self.scopes.len(),
            ..Frame::default()
        };
        let (outer_frame, outer_body) = (
            std::mem::replace(&mut self.frame, frame),
            std::mem::take(&mut self.body),
        );
        let outer_exits = std::mem::take(&mut self.exits);
        self.open();
        for param in &function.params {
            self.declare(&param.pattern, Some(param.ty), true);
        }
        self.block_tail(body);
        self.close();
        self.exits = outer_exits;
        let inner = std::mem::replace(&mut self.body, outer_body);
        let frame = std::mem::replace(&mut self.frame, outer_frame);
        let returns = self.never_returning(at, &frame);
        let (b, signature) = (self.b(), &self.functions[at]);
        let (entry, code) = (&signature.entry, &inner.code);
        let params = signature.params.iter().map(|(name, _)| name);
        let start = function.name.span().unwrap();
        let (line, column) = (start.line() as u32, start.column() as u32);
        let f = crate::tokens::local("f");
        // One function at a time: those inside another one are written before it.
        self.written.extend(quote! {
            #b.place(#line, #column);
            let #f = #b.begin_fn(#entry, &[#(#params),*] as &[&::core::primitive::str]);
            #returns
            #code
            #b.end_fn(#f);
        });
    }

    /// Code that makes a function return a value for those who only look, when it never does: what is
    /// called for a value leaves one.
    fn never_returning(&mut self, at: usize, frame: &Frame) -> TokenStream {
        if frame.returns || self.result(at) == Ty::Unit {
            return TokenStream::new();
        }
        let label = self.label();
        let (b, k, label) = (self.b(), &self.target.krate, self.label_code(label));
        quote! {
            #b.emit(#k::Op::LoadTrue);
            #b.branch(#k::Op::JumpIfTrue(0), #label);
            #b.emit(#k::Op::LoadUndef);
            #b.emit(#k::Op::ReturnValue);
            #b.bind(#label);
        }
    }

    /// A block that ends its function: each of its ends returns.
    fn block_tail(&mut self, block: &Block) {
        self.open();
        self.declare_items(block, false);
        self.statements(&block.stmts);
        match &block.tail {
            Some(tail) => self.tail(tail),
            None if self.body.dead => {}
            None => {
                if let Some(declared) = self.declared_result().filter(|ty| *ty != Ty::Unit) {
                    let name = self
                        .frame
                        .function
                        .map_or("", |at| &self.functions[at].name);
                    let text = match declared {
                        Ty::Any => format!("`{name}` gives a value, but none is given here"),
                        ty => format!("`{name}` gives {}, but nothing is given here", ty.name()),
                    };
                    self.wrong(block.close, text);
                }
                self.at = block.close;
                self.return_void();
            }
        }
        self.close();
    }

    fn declared_result(&self) -> Option<Ty> {
        self.functions[self.frame.function?].result
    }

    fn tail(&mut self, expr: &Expr) {
        match &expr.kind {
            Kind::Block(None, block) => self.block_tail(block),
            Kind::If(cond, then, Some(otherwise)) => {
                let other = self.label();
                self.cond(cond, false, other);
                self.block_tail(then);
                self.bind(other);
                self.tail(otherwise);
            }
            _ => self.return_value(expr),
        }
    }

    /// Returns what an expression gives, or nothing when it gives nothing.
    pub(super) fn return_value(&mut self, expr: &Expr) {
        let base = self.body.height;
        let (function, declared) = (self.frame.function, self.declared_result());
        let want = match declared {
            Some(Ty::Unit) => Want::Value(None),
            wanted => Want::Value(wanted.filter(|ty| *ty != Ty::Any)),
        };
        let found = self.expr(expr, want);
        match declared {
            Some(Ty::Unit) if !matches!(found, Ty::Unit | Ty::Never | Ty::Wrong) => {
                let text = "this function gives nothing: write `;` behind this, or `->` and a \
                    type behind its parameters";
                self.wrong(expr.at, text);
            }
            Some(Ty::Unit) | None => {}
            Some(_) if found == Ty::Unit => {
                self.wrong(expr.at, no_value(expr));
            }
            Some(wanted) => {
                self.fits(expr, found, wanted);
            }
        }
        self.at = expr.at.first;
        if found == Ty::Unit {
            self.return_void();
        } else if found != Ty::Never {
            if let Some(function) = function {
                self.learn_result(function, Ty::Any);
            }
            self.frame.returns |= !self.body.dead;
            self.op("ReturnValue", 1, 0);
        }
        self.body.dead = true;
        self.body.height = base;
    }

    pub(super) fn return_void(&mut self) {
        self.op("Return", 0, 0);
        self.body.dead = true;
    }

    pub(super) fn return_expr(&mut self, expr: &Expr, value: Option<&Expr>) -> Ty {
        if self.frame.blocks > 0 {
            let text = "a block of an op gives its last value and cannot return: use a loop";
            self.wrong(expr.at, text);
        }
        match value {
            Some(value) => self.return_value(value),
            None => {
                if self.declared_result().is_some_and(|ty| ty != Ty::Unit) {
                    self.wrong(
                        expr.at,
                        "this function gives a value: write it behind `return`",
                    );
                }
                self.at = expr.at.first;
                self.return_void();
            }
        }
        Ty::Never
    }

    /// Starts a body of its own, for code that is placed elsewhere.
    pub(super) fn inner_body(&mut self) -> Body {
        let given = self.body.given.clone();
        let inner = Body {
            given,
            dead: self.body.dead,
            ..Body::default()
        };
        std::mem::replace(&mut self.body, inner)
    }
}
