//! Places: variables and elements of containers in them, read and written.
//!
//! Containers in slots are written in place. What is assigned is computed first, then the indices, as
//! in Rust.

use super::counted::literal;
use super::scope::Found;
use super::{Walk, Want};
use crate::rust::ast::{Binary, Expr, Kind};
use crate::rust::types::Ty;
use proc_macro2::{Ident, Span};
use quote::quote;

/// A variable and the way to an element inside of it.
pub(super) struct Place<'e> {
    pub(super) name: &'e Ident,
    pub(super) root: Found,
    /// Indices and keys, the outermost first.
    pub(super) keys: Vec<&'e Expr>,
}

impl Walk<'_> {
    /// The place an expression names, if it starts at a variable.
    pub(super) fn place<'e>(&self, expr: &'e Expr) -> Option<Place<'e>> {
        match &expr.kind {
            Kind::Name(name) => match self.find(name) {
                root @ (Found::Var(_) | Found::Static(_)) => Some(Place {
                    name,
                    root,
                    keys: Vec::new(),
                }),
                Found::Outside | Found::Nothing => None,
            },
            Kind::Index(sides) => {
                let mut place = self.place(&sides[0])?;
                place.keys.push(&sides[1]);
                Some(place)
            }
            _ => None,
        }
    }

    pub(super) fn root_ty(&self, root: Found) -> Ty {
        match root {
            Found::Var(var) => self.var_ty(var),
            Found::Static(at) => self.static_ty(at),
            Found::Outside | Found::Nothing => Ty::Wrong,
        }
    }

    /// Checks that what a place starts at may be written.
    pub(super) fn writable(&mut self, place: &Place<'_>) {
        let Place { name, root, keys } = place;
        match root {
            Found::Var(var) if !self.vars[*var].mutable => {
                // The first value of a variable declared without one.
                let first = keys.is_empty() && !self.has_value(*var);
                if !first {
                    let text =
                        format!("`{name}` does not change: declare it with `let mut {name}`");
                    self.wrong(name.span(), text);
                }
            }
            Found::Static(at) if !self.statics[*at].mutable => {
                let text = format!("`{name}` does not change: declare it with `static mut {name}`");
                self.wrong(name.span(), text);
            }
            _ => {}
        }
        if !keys.is_empty() {
            self.must_have_value(name, *root);
        }
    }

    fn must_have_value(&mut self, name: &Ident, root: Found) {
        if let Found::Var(var) = root
            && !self.has_value(var)
            && !self.body.dead
        {
            let text = format!("`{name}` may have no value here: give it one on every way");
            self.wrong(name.span(), text);
        }
    }

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
            Kind::Index(_) => {
                self.expr(target, Want::Nothing);
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

    pub(super) fn learn_root(&mut self, root: Found, ty: Ty) {
        match root {
            Found::Var(var) => self.learn(var, ty),
            Found::Static(at) => self.learn_static(at, ty),
            Found::Outside | Found::Nothing => {}
        }
    }

    /// Puts the keys of a place on the stack.
    pub(super) fn keys(&mut self, place: &Place<'_>) {
        for (i, key) in place.keys.iter().enumerate() {
            let ty = self.argument(key, None);
            if i == 0 {
                self.key_fits(self.root_ty(place.root), key, ty);
            }
        }
    }

    /// Checks an index against the container.
    fn key_fits(&mut self, container: Ty, key: &Expr, ty: Ty) {
        match container {
            Ty::Array if !ty.may_be_int() => {
                let text = format!("an index of an array is i64, and this is {}", ty.name());
                self.wrong(key.at, text);
            }
            Ty::Int | Ty::Float | Ty::Bool | Ty::Str => {
                let text = format!("this is an element of {}, which has none", container.name());
                self.wrong(key.at, text);
            }
            _ => {}
        }
    }

    /// `v k… →`: writes an element.
    pub(super) fn set_element(&mut self, place: &Place<'_>, at: Span) {
        self.at = at;
        let count = place.keys.len();
        match (place.root, self.root_ty(place.root), count) {
            (Found::Var(var), Ty::Array, 1) => {
                let slot = self.vars[var].slot;
                self.op_with("SlotArraySet", quote!((#slot)), 2, 0);
            }
            (Found::Var(var), ..) => {
                let slot = self.vars[var].slot;
                self.slot_op("slot_set_path", slot, Some(count), count + 1, 0);
            }
            (Found::Static(global), Ty::Array, 1) => {
                let name = self.statics[global].name.clone();
                self.named("ArraySet", &name, 2, 0);
            }
            (Found::Static(global), Ty::Hash, 1) => {
                let name = self.statics[global].name.clone();
                self.named("HashSet", &name, 2, 0);
            }
            (Found::Static(global), ..) => {
                self.in_slot(global, |walk, slot| {
                    walk.slot_op("slot_set_path", slot, Some(count), count + 1, 0);
                });
            }
            (Found::Outside | Found::Nothing, ..) => {}
        }
    }

    /// Writes a global by way of a slot.
    pub(super) fn in_slot(&mut self, global: usize, write: impl FnOnce(&mut Self, u16)) {
        let (name, slot) = (self.statics[global].name.clone(), self.temp());
        self.named("GetVar", &name, 0, 1);
        self.set_slot(slot);
        write(self, slot);
        self.get_slot(slot);
        self.named("SetVar", &name, 1, 0);
    }

    /// `k… → v`: reads an element.
    pub(super) fn get_element(&mut self, place: &Place<'_>, at: Span) {
        self.at = at;
        let count = place.keys.len();
        match (place.root, self.root_ty(place.root), count) {
            (Found::Var(var), Ty::Array, 1) => {
                let slot = self.vars[var].slot;
                self.op_with("SlotArrayGet", quote!((#slot)), 1, 1);
            }
            (Found::Var(var), _, 1) => {
                let slot = self.vars[var].slot;
                self.slot_op("slot_get", slot, None, 1, 1);
            }
            (Found::Var(var), ..) => {
                let slot = self.vars[var].slot;
                self.slot_op("slot_get_path", slot, Some(count), count, 1);
            }
            (Found::Static(global), Ty::Array, 1) => {
                let name = self.statics[global].name.clone();
                self.named("ArrayGet", &name, 1, 1);
            }
            (Found::Static(global), Ty::Hash, 1) => {
                let name = self.statics[global].name.clone();
                self.named("HashGet", &name, 1, 1);
            }
            (Found::Static(global), ..) => {
                let (name, slot) = (self.statics[global].name.clone(), self.temp());
                self.named("GetVar", &name, 0, 1);
                self.set_slot(slot);
                self.slot_op("slot_get_path", slot, Some(count), count, 1);
                self.op("LoadUndef", 0, 1);
                self.set_slot(slot);
            }
            (Found::Outside | Found::Nothing, ..) => {}
        }
    }

    pub(super) fn index(&mut self, sides: &[Expr; 2]) -> Ty {
        if let Kind::Range(..) = sides[1].kind {
            return self.wrong(
                sides[1].at,
                "there are no slices: go through the indices with `for`",
            );
        }
        let whole = [&sides[0], &sides[1]];
        if let Some(mut place) = self.place(whole[0]) {
            place.keys.push(whole[1]);
            self.must_have_value(place.name, place.root);
            self.keys(&place);
            self.get_element(&place, whole[0].at.first);
            return Ty::Any;
        }
        let container = self.value(&sides[0], None);
        let key = self.argument(&sides[1], None);
        self.key_fits(container, &sides[1], key);
        self.at = sides[0].at.first;
        self.core("get", quote!(), 2, 1);
        Ty::Any
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

    /// `i += 1` and `a += b` on slots as one op.
    fn fused_step(&mut self, op: Binary, at: Span, var: usize, value: &Expr) -> bool {
        let (slot, ty) = (self.vars[var].slot, self.var_ty(var));
        if op != Binary::Add {
            return false;
        }
        self.at = at;
        if literal(value) == Some(1) && matches!(ty, Ty::Int | Ty::Any) {
            self.op_with("PreIncSlotVoid", quote!((#slot)), 0, 0);
            return true;
        }
        let Kind::Name(name) = &value.kind else {
            return false;
        };
        let Found::Var(other) = self.find(name) else {
            return false;
        };
        let added = self.var_ty(other);
        let adds = matches!(
            (ty, added),
            (Ty::Int, Ty::Int) | (Ty::Float, Ty::Float) | (Ty::Any, Ty::Any | Ty::Int | Ty::Float)
        );
        if adds && self.has_value(other) {
            let other = self.vars[other].slot;
            self.op_with("AddAssignSlotVoid", quote!((#slot, #other)), 0, 0);
        }
        adds && self.has_value(other)
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
