//! Fused ops: what a loop or a step has to look like to be one.
//!
//! A loop whose body is a single sum, append or push is a fused loop as a whole. Everything a fused op
//! stands for is what would be written here without it.

use super::Walk;
use super::scope::{Found, Var};
use crate::rust::ast::{Binary, Block, Expr, Kind, Stmt, Unary};
use crate::rust::types::Ty;
use proc_macro2::Span;
use quote::quote;

impl Walk<'_> {
    /// The slot and the limit of `i < 100`, where a fused op can test it.
    pub(super) fn below(&self, expr: &Expr) -> Option<(u16, i32)> {
        let Kind::Binary(op, _, sides) = &expr.kind else {
            return None;
        };
        let [left, right] = &**sides;
        let (var, limit, included) = match op {
            Binary::Lt => (left, right, false),
            Binary::Gt => (right, left, false),
            Binary::Le => (left, right, true),
            Binary::Ge => (right, left, true),
            _ => return None,
        };
        let var = self.counter(var)?;
        // A number between the limit and the next integer is no integer.
        if included && self.var_ty(var) != Ty::Int {
            return None;
        }
        let limit = literal(limit)?.checked_add(included.into())?;
        Some((self.vars[var].slot, i32::try_from(limit).ok()?))
    }

    /// The variable, if it is one that counts.
    fn counter(&self, expr: &Expr) -> Option<usize> {
        let Kind::Name(name) = &expr.kind else {
            return None;
        };
        match self.find(name) {
            Found::Var(var)
                if matches!(self.var_ty(var), Ty::Int | Ty::Any) && self.has_value(var) =>
            {
                Some(var)
            }
            _ => None,
        }
    }

    /// Whether an expression is `i += 1` for the variable in that slot.
    pub(super) fn counts(&self, expr: &Expr, slot: u16) -> bool {
        let Kind::Compound(Binary::Add, _, sides) = &expr.kind else {
            return false;
        };
        let counts = |var: usize| {
            let Var {
                slot: own, mutable, ..
            } = self.vars[var];
            // `Inc` of a value that is no number may be another op than `Add`.
            own == slot && mutable && self.var_ty(var) == Ty::Int
        };
        literal(&sides[1]) == Some(1) && self.counter(&sides[0]).is_some_and(counts)
    }

    /// Writes a loop as one op, if it is one: the counter is in `slot`.
    pub(super) fn fused(&mut self, work: &Expr, slot: u16, limit: i32) -> bool {
        let (place, added) = match &work.kind {
            Kind::Compound(Binary::Add, _, sides) => (&sides[0], &sides[1]),
            Kind::Method(place, name, arguments) if name == "push_str" || name == "push" => {
                match &arguments[..] {
                    [added] => (&**place, added),
                    _ => return false,
                }
            }
            _ => return false,
        };
        let pushes = matches!(&work.kind, Kind::Method(_, name, _) if name == "push");
        let Kind::Name(name) = &place.kind else {
            return false;
        };
        let counted = self
            .counter(added)
            .is_some_and(|var| self.vars[var].slot == slot);
        self.at = work.at.first;
        match (self.find(name), &added.kind) {
            (Found::Static(at), _) if pushes && counted => {
                let global = &self.statics[at];
                if self.static_ty(at) != Ty::Array || !global.mutable {
                    return false;
                }
                let (b, k, name) = (self.b(), &self.target.krate, global.name.clone());
                let code = quote!(#k::expansion::push_range(&mut #b, #name, #slot, #limit););
                self.write(0, 0, code);
            }
            (Found::Var(sum), Kind::Name(_)) if !pushes && counted => {
                let held = self.counter(place).is_some() && self.vars[sum].mutable;
                let ty = self.var_ty(sum).join(Ty::Int);
                if !held
                    || self.vars[sum]
                        .ty
                        .is_some_and(|declared| declared != ty && declared != Ty::Any)
                {
                    return false;
                }
                let sum_slot = self.vars[sum].slot;
                self.op_with("AccumSumLoop", quote!((#sum_slot, #slot, #limit)), 0, 0);
                self.learn(sum, ty);
            }
            (Found::Var(text), Kind::Str(piece)) if !pushes => {
                let var = &self.vars[text];
                if self.var_ty(text) != Ty::Str || !var.mutable || !self.has_value(text) {
                    return false;
                }
                let (b, k, text_slot) = (self.b(), &self.target.krate, var.slot);
                let code =
                    quote!(#k::expansion::append_loop(&mut #b, #piece, #text_slot, #slot, #limit););
                self.write(0, 0, code);
            }
            _ => return false,
        }
        true
    }

    /// `i += 1` and `a += b` on slots as one op.
    pub(super) fn fused_step(&mut self, op: Binary, at: Span, var: usize, value: &Expr) -> bool {
        let (slot, ty) = (self.vars[var].slot, self.var_ty(var));
        if op != Binary::Add {
            return false;
        }
        self.at = at;
        if literal(value) == Some(1) && ty == Ty::Int {
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
}

/// The integer that a literal stands for.
pub(super) fn literal(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        Kind::Int(value) => i64::try_from(*value).ok(),
        Kind::Unary(Unary::Neg, _, inner) => match inner.kind {
            Kind::Int(value) if value <= 1 << 63 => Some(value.wrapping_neg().cast_signed()),
            _ => None,
        },
        _ => None,
    }
}

/// The statements of a body but the last, and that as an expression.
pub(super) fn split(body: &Block) -> (&[Stmt], Option<&Expr>) {
    match (&body.tail, body.stmts.split_last()) {
        (Some(tail), _) => (&body.stmts, Some(tail)),
        (None, Some((Stmt::Expr(last), rest))) => (rest, Some(last)),
        (None, _) => (&body.stmts, None),
    }
}

/// The one statement of a body.
pub(super) fn single(body: &Block) -> Option<&Expr> {
    match split(body) {
        ([], last) => last,
        _ => None,
    }
}

/// The two statements of a body.
pub(super) fn pair(body: &Block) -> Option<[&Expr; 2]> {
    match split(body) {
        ([Stmt::Expr(work)], Some(step)) => Some([work, step]),
        _ => None,
    }
}
