//! Assignments, plain and with an operator.
//!
//! What is assigned is computed first, then the indices, as in Rust.

use super::place::Place;
use super::scope::Found;
use super::{Walk, Want};
use crate::rust::ast::{Binary, Expr, Kind};
use crate::rust::types::Ty;
use proc_macro2::{Ident, Span};

impl Walk<'_> {
    pub(super) fn assign(&mut self, sides: &[Expr; 2]) -> Ty {
        let [target, value] = sides;
        let Some(place) = self.place(target) else {
            return self.no_place(target, value);
        };
        if place.keys.is_empty() {
            let declared = match place.root {
                Found::Var(var) => self.vars[var].ty,
                Found::Static(at) => self.statics[at].ty,
                Found::Outside | Found::Nothing => None,
            };
            let ty = self.value(value, declared);
            self.writable(&place);
            self.learn_root(place.root, ty);
            self.store(place.root, target.at.first);
            if let Found::Var(var) = place.root
                && !self.has_value(var)
            {
                self.body.given.push(var);
            }
        } else {
            self.argument(value, None);
            self.writable(&place);
            self.keys(&place);
            self.set_element(&place, target.at.first);
        }
        Ty::Unit
    }

    /// Reports a target that is no place; its parts are still looked at.
    fn no_place(&mut self, target: &Expr, value: &Expr) -> Ty {
        self.expr(value, Want::Nothing);
        match &target.kind {
            Kind::Name(name) => match self.find(name) {
                found if self.function(name).is_none() => self.unknown(name, found),
                _ => self.wrong(
                    target.at,
                    format!("`{name}` is a function, and is not assigned"),
                ),
            },
            Kind::Broken => Ty::Wrong,
            Kind::Index(sides) => {
                let known = self.errors.count();
                self.expr(target, Want::Nothing);
                // A container that is unknown has been reported.
                if self.errors.count() > known && matches!(sides[0].kind, Kind::Name(_)) {
                    return Ty::Wrong;
                }
                self.wrong(
                    target.at,
                    "an element is written in a variable: give the container a name with `let mut`",
                )
            }
            _ => self.wrong(
                target.at,
                "a variable or an element of one belongs before `=`",
            ),
        };
        Ty::Unit
    }

    pub(super) fn compound(&mut self, op: Binary, at: Span, sides: &[Expr; 2]) -> Ty {
        let [target, value] = sides;
        let Some(place) = self.place(target) else {
            return self.no_place(target, value);
        };
        if !place.keys.is_empty() {
            return self.compound_element(op, at, sides, &place);
        }
        let root = place.root;
        self.must_have_value(place.name, root);
        self.writable(&place);
        if let Found::Var(var) = root
            && self.fused_step(op, at, var, value)
        {
            return Ty::Unit;
        }
        let old = self.root_ty(root);
        if let (Binary::Add, Found::Var(var), Ty::Str) = (op, root, old) {
            self.append(var, value, at);
            return Ty::Unit;
        }
        let ty = if self.is_quiet(value, root, place.name) {
            self.load_root(root, target);
            let added = self.value(value, None);
            self.apply(op, at, [target, value], [old, added])
        } else {
            // What is added is computed first, and may write the variable.
            let added = self.value(value, None);
            self.load_root(root, target);
            self.at = at;
            self.op("Swap", 2, 2);
            self.apply(op, at, [target, value], [old, added])
        };
        let declared = match root {
            Found::Var(var) => self.vars[var].ty,
            Found::Static(at) => self.statics[at].ty,
            Found::Outside | Found::Nothing => None,
        };
        if let Some(declared) = declared {
            self.fits(value, ty, declared);
        }
        self.learn_root(root, ty);
        self.store(root, target.at.first);
        Ty::Unit
    }

    /// Appends to the text in a variable, in place.
    pub(super) fn append(&mut self, var: usize, value: &Expr, at: Span) {
        let added = self.argument(value, None);
        if !matches!(added, Ty::Str | Ty::Any | Ty::Wrong | Ty::Never) {
            self.fits(value, added, Ty::Str);
        }
        self.at = at;
        let slot = self.vars[var].slot;
        self.slot_op("slot_append", slot, None, 1, 0);
    }

    fn load_root(&mut self, root: Found, target: &Expr) {
        self.at = target.at.first;
        match root {
            Found::Var(var) => self.get_slot(self.vars[var].slot),
            Found::Static(at) => {
                let name = self.statics[at].name.clone();
                self.named("GetVar", &name, 0, 1);
            }
            Found::Outside | Found::Nothing => {}
        }
    }

    /// `a[i] += v`: value and indices once, in slots if reading them again could give another value.
    fn compound_element(
        &mut self,
        op: Binary,
        at: Span,
        sides: &[Expr; 2],
        place: &Place<'_>,
    ) -> Ty {
        let [target, value] = sides;
        self.open();
        let added = self.value(value, None);
        self.at = at;
        let slot = self.temp();
        self.set_slot(slot);
        self.writable(place);
        let mut held = Vec::new();
        for (i, key) in place.keys.iter().enumerate() {
            let ty = self.argument(key, None);
            if i == 0 {
                self.key_fits(self.root_ty(place.root), key, ty);
            }
            self.at = key.at.first;
            let slot = self.temp();
            self.set_slot(slot);
            held.push(slot);
        }
        for key in &held {
            self.get_slot(*key);
        }
        self.get_element(place, target.at.first);
        self.at = at;
        self.get_slot(slot);
        self.apply(op, at, [target, value], [Ty::Any, added]);
        for key in &held {
            self.get_slot(*key);
        }
        self.set_element(place, target.at.first);
        self.close();
        Ty::Unit
    }

    /// Whether an expression does not write the place `name`, so that it does not matter when it is
    /// computed. Functions have slots of their own; an op writes those that it is given by name.
    fn is_quiet(&self, expr: &Expr, root: Found, name: &Ident) -> bool {
        let quiet = |expr: &Expr| self.is_quiet(expr, root, name);
        match &expr.kind {
            Kind::Int(_)
            | Kind::Float(_)
            | Kind::Bool(_)
            | Kind::Str(_)
            | Kind::Name(_)
            | Kind::Capture(_) => true,
            Kind::Unary(_, _, inner) | Kind::Cast(inner, _) | Kind::Ref(inner) => quiet(inner),
            Kind::Binary(_, _, sides) | Kind::Index(sides) => sides.iter().all(quiet),
            Kind::Method(receiver, method, arguments) => {
                let writes = ["push", "push_str", "pop", "remove"];
                !writes.iter().any(|it| method == it)
                    && quiet(receiver)
                    && arguments.iter().all(quiet)
            }
            Kind::Call(callee, arguments) => {
                let named = |it: &Expr| matches!(&it.kind, Kind::Name(it) if it == name);
                matches!(root, Found::Var(_))
                    && arguments.iter().all(quiet)
                    && !(self.is_ext(callee) && arguments.iter().any(named))
            }
            _ => false,
        }
    }
}
