//! Places: variables and elements of containers in them, read and written.
//!
//! Containers in slots are written in place.

use super::Walk;
use super::scope::Found;
use crate::rust::ast::{Expr, Kind};
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

    pub(super) fn must_have_value(&mut self, name: &Ident, root: Found) {
        if let Found::Var(var) = root
            && !self.has_value(var)
            && !self.body.dead
        {
            let text = format!("`{name}` may have no value here: give it one on every way");
            self.wrong(name.span(), text);
        }
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
    pub(super) fn key_fits(&mut self, container: Ty, key: &Expr, ty: Ty) {
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
}
