//! Statements: declarations, and blocks as a whole.

use super::scope::{Found, plain};
use super::{Walk, Want};
use crate::rust::ast::{Block, Expr, Kind, Let, Pattern, Static, Stmt};
use crate::rust::types::Ty;
use proc_macro2::Span;
use quote::quote;

impl Walk<'_> {
    /// The main program: what its last expression gives stays on the stack.
    pub(super) fn main(&mut self, block: &Block) {
        self.open();
        self.declare_items(block, true);
        self.statements(&block.stmts);
        if let Some(tail) = &block.tail {
            self.expr(tail, Want::Value(None));
        }
        self.close();
    }

    /// A block with names of its own. Its value is left if one is wanted and there is one.
    pub(super) fn scoped(&mut self, block: &Block, want: Want) -> Ty {
        let base = self.body.height;
        self.open();
        self.declare_items(block, false);
        self.statements(&block.stmts);
        let ty = match &block.tail {
            Some(tail) => self.given_value(tail, want),
            None if self.body.dead => Ty::Never,
            None => Ty::Unit,
        };
        self.close();
        self.body.height = base + usize::from(want != Want::Nothing && ty != Ty::Unit);
        ty
    }

    pub(super) fn statements(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            match stmt {
                Stmt::Let(declared) => self.variable(declared),
                Stmt::Pair(patterns, value) => self.pair(patterns, value),
                Stmt::Static(global) => self.global(global),
                Stmt::Fn(function) => self.define(function),
                Stmt::Expr(expr) => {
                    self.expr(expr, Want::Nothing);
                }
            }
        }
    }

    fn variable(&mut self, declared: &Let) {
        let Let { pattern, ty, value } = declared;
        if let Some(Ty::Unit) = ty {
            self.wrong(
                pattern.at,
                "there is no value `()` here: leave the variable out",
            );
        }
        let Some(value) = value else {
            if pattern.name.is_none() {
                self.wrong(pattern.at, "a value belongs behind `_`: `let _ = …`");
            }
            self.declare(pattern, *ty, false);
            return;
        };
        if pattern.name.is_none() {
            self.expr(value, Want::Nothing);
            return;
        }
        let found = self.value(value, *ty);
        let var = self.declare(pattern, *ty, true);
        self.learn(var, found);
        self.at = pattern.at;
        self.set_slot(self.vars[var].slot);
    }

    /// `let (a, b) = ops::two(x);`: the second is on top.
    fn pair(&mut self, patterns: &[Pattern; 2], value: &Expr) {
        match &value.kind {
            Kind::Call(callee, arguments) if self.is_ext(callee) => {
                self.ext(callee, arguments, super::ext::Results::Two);
            }
            Kind::Broken => {}
            _ => {
                self.expr(value, Want::Nothing);
                let text =
                    "only an op gives two values: an array is taken apart by its indices, `a[0]`";
                self.wrong(value.at, text);
            }
        }
        let vars = [0, 1].map(|i| self.declare(&patterns[i], None, true));
        for (var, pattern) in vars.into_iter().zip(patterns).rev() {
            self.learn(var, Ty::Any);
            self.at = pattern.at;
            self.set_slot(self.vars[var].slot);
        }
    }

    fn global(&mut self, global: &Static) {
        let Found::Static(at) = self.find(&global.name) else {
            if let Some(value) = &global.value {
                self.expr(value, Want::Nothing);
            }
            return;
        };
        let name = plain(&global.name);
        let Some(value) = &global.value else { return };
        let empty = match &value.kind {
            Kind::Array(items) if items.is_empty() => Some((Ty::Array, "DeclareArray")),
            Kind::Hash(entries) if entries.is_empty() => Some((Ty::Hash, "DeclareHash")),
            _ => None,
        };
        self.at = global.name.span();
        if let Some((ty, op)) = empty {
            self.fits(value, ty, global.ty.unwrap_or(ty));
            self.named(op, &name, 0, 0);
            return self.learn_static(at, ty);
        }
        let ty = self.value(value, global.ty);
        self.learn_static(at, ty);
        self.at = global.name.span();
        self.named("DeclareVar", &name, 1, 0);
    }

    /// Writes a value into a variable.
    pub(super) fn store(&mut self, found: Found, at: Span) {
        self.at = at;
        match found {
            Found::Var(var) => self.set_slot(self.vars[var].slot),
            Found::Static(global) => {
                let name = self.statics[global].name.clone();
                self.named("SetVar", &name, 1, 0);
            }
            Found::Outside | Found::Nothing => self.drop_value(),
        }
    }

    /// Drops the value on top.
    pub(super) fn drop_value(&mut self) {
        self.op("Pop", 1, 0);
    }

    /// Writes a core op that makes text of the value on top.
    pub(super) fn make_text(&mut self) {
        self.core("to_str", quote!(), 1, 1);
    }
}
