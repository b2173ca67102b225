//! Branches and ways out: `if`, `match`, `loop`, blocks, `break`, `continue`.

use super::{Label, Walk, Want};
use crate::errors::near;
use crate::rust::ast::{Arm, Binary, Block, Expr, Extent, Kind, Label as Name};
use crate::rust::types::Ty;
use quote::quote;
use std::collections::HashSet;
use syn::Lifetime;

/// A loop or block that can be left from inside.
pub(super) struct Exit {
    name: Option<String>,
    kind: ExitKind,
    pub(super) end: Label,
    /// Where the next turn of a loop starts.
    pub(super) next: Option<Label>,
    /// The stack where it ends, without its value.
    pub(super) height: usize,
    want: Want,
    /// The type of the values it is left with.
    ty: Ty,
    /// Whether it is left without a value.
    pub(super) bare: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitKind {
    /// `loop`, which may give a value.
    Loop,
    /// `while` and `for`.
    Counted,
    Block,
    /// Nothing goes out of this; why.
    Closed(&'static str),
}

impl Walk<'_> {
    pub(super) fn enter(
        &mut self,
        name: &Name,
        kind: ExitKind,
        end: Label,
        next: Option<Label>,
        want: Want,
    ) {
        let height = self.body.height;
        let name = name.as_ref().map(|label| label.ident.to_string());
        self.exits.push(Exit {
            name,
            kind,
            end,
            next,
            height,
            want,
            ty: Ty::Never,
            bare: false,
        });
    }

    /// What stands inside cannot be left.
    pub(super) fn close_off(&mut self, why: &'static str) {
        let end = Label(usize::MAX);
        self.enter(&None, ExitKind::Closed(why), end, None, Want::Nothing);
    }

    /// The value of an expression, or what it does.
    pub(super) fn given_value(&mut self, expr: &Expr, want: Want) -> Ty {
        match want {
            Want::Value(Some(wanted)) => self.value(expr, Some(wanted)),
            want => self.expr(expr, want),
        }
    }

    /// The type behind two ways that meet, of which one may never arrive.
    fn meet(&mut self, at: Extent, types: [Ty; 2], want: Want) -> Ty {
        match (want, types) {
            (Want::Nothing, _) if self.body.dead => Ty::Never,
            (Want::Nothing, _) => Ty::Unit,
            (_, [Ty::Unit, Ty::Unit | Ty::Never] | [Ty::Never, Ty::Unit]) => Ty::Unit,
            (_, [Ty::Unit, Ty::Wrong] | [Ty::Wrong, Ty::Unit]) => Ty::Wrong,
            (_, [Ty::Unit, _] | [_, Ty::Unit]) => {
                self.wrong(at, "this gives a value on one way, and none on the other")
            }
            (_, [a, b]) => a.join(b),
        }
    }

    pub(super) fn conditional(
        &mut self,
        cond: &Expr,
        then: &Block,
        otherwise: Option<&Expr>,
        want: Want,
    ) -> Ty {
        let base = self.body.height;
        let (other, end) = (self.label(), self.label());
        let at = self.at;
        self.cond(cond, false, other);
        let Some(otherwise) = otherwise else {
            self.scoped(then, Want::Nothing);
            self.bind(other);
            return if self.body.dead { Ty::Never } else { Ty::Unit };
        };
        let first = self.scoped(then, want);
        if !self.body.dead {
            self.at = then.close;
            self.jump(end);
        }
        self.body.height = base;
        self.bind(other);
        let second = self.given_value(otherwise, want);
        self.bind(end);
        self.meet(at.into(), [first, second], want)
    }

    /// `'a: { … }` and plain blocks.
    pub(super) fn block_expr(&mut self, label: &Name, block: &Block, want: Want) -> Ty {
        if label.is_none() {
            return self.scoped(block, want);
        }
        let (base, end, at) = (self.body.height, self.label(), self.at);
        self.enter(label, ExitKind::Block, end, None, want);
        let tail = self.scoped(block, want);
        let exit = self.exits.pop();
        self.bind(end);
        self.body.height = base;
        let left = exit.map_or(Ty::Never, |exit| if exit.bare { Ty::Unit } else { exit.ty });
        self.meet(at.into(), [tail, left], want)
    }

    pub(super) fn endless(&mut self, label: &Name, body: &Block, want: Want) -> Ty {
        let (head, end) = (self.label(), self.label());
        self.enter(label, ExitKind::Loop, end, Some(head), want);
        self.put(head);
        self.scoped(body, Want::Nothing);
        self.at = body.close;
        if !self.body.dead {
            self.jump(head);
        }
        let exit = self.exits.pop();
        self.bind(end);
        match exit {
            Some(exit) if exit.bare && exit.ty != Ty::Never => Ty::Wrong,
            Some(exit) if exit.bare => Ty::Unit,
            Some(exit) if want != Want::Nothing => exit.ty,
            _ if self.body.dead => Ty::Never,
            _ => Ty::Unit,
        }
    }

    /// The loop or block that a `break` or `continue` means.
    fn exit(&mut self, expr: &Expr, label: Option<&Lifetime>, turn: bool) -> Option<usize> {
        let wanted = label.map(|label| label.ident.to_string());
        for (at, exit) in self.exits.iter().enumerate().rev() {
            let meant = match (&wanted, exit.kind) {
                (_, ExitKind::Closed(why)) => {
                    self.wrong(expr.at, why);
                    return None;
                }
                (Some(name), _) => exit.name.as_ref() == Some(name),
                (None, kind) => kind != ExitKind::Block,
            };
            if meant && turn && exit.next.is_none() {
                self.wrong(
                    expr.at,
                    "`continue` is for loops, and this label is of a block: use `break`",
                );
                return None;
            }
            if meant {
                return Some(at);
            }
        }
        let text = match (label, turn) {
            (Some(label), _) => {
                let names: Vec<&str> = self
                    .exits
                    .iter()
                    .filter_map(|exit| exit.name.as_deref())
                    .collect();
                match near(&label.ident.to_string(), &names) {
                    Some(guess) => {
                        format!("there is no label `{label}` around this; did you mean `'{guess}`?")
                    }
                    None => format!("there is no label `{label}` around this"),
                }
            }
            (None, true) => "`continue` stands in a loop".to_owned(),
            (None, false) => "`break` stands in a loop".to_owned(),
        };
        match label {
            Some(label) => self.wrong(label.span(), text),
            None => self.wrong(expr.at, text),
        };
        None
    }

    /// The exit for a label that an op jumps to.
    pub(super) fn exit_named(&mut self, expr: &Expr, label: &Lifetime) -> Option<usize> {
        let at = self.exit(expr, Some(label), false)?;
        if self.exits[at].height != self.body.height {
            self.wrong(expr.at, "an op that jumps stands as a statement of its own");
            return None;
        }
        Some(at)
    }

    pub(super) fn break_expr(&mut self, expr: &Expr, label: &Name, value: Option<&Expr>) -> Ty {
        let Some(at) = self.exit(expr, label.as_ref(), false) else {
            if let Some(value) = value {
                self.expr(value, Want::Nothing);
            }
            return Ty::Never;
        };
        let base = self.body.height;
        let (kind, want, end) = (self.exits[at].kind, self.exits[at].want, self.exits[at].end);
        let mut left = 0;
        match value {
            Some(value) if kind == ExitKind::Counted => {
                self.expr(value, Want::Nothing);
                let text = "`while` and `for` give no value: use `loop`, or a variable";
                self.wrong(value.at, text);
            }
            Some(value) => match self.given_value(value, want) {
                Ty::Unit => self.exits[at].bare = true,
                ty if want == Want::Nothing || ty == Ty::Never => {}
                ty => {
                    left = 1;
                    let exit = &mut self.exits[at];
                    exit.ty = exit.ty.join(ty);
                }
            },
            None => self.exits[at].bare = true,
        }
        self.one_way(expr, at);
        self.at = expr.at.first;
        self.cut(at, left);
        self.jump(end);
        self.body.height = base;
        Ty::Never
    }

    /// An op leaves the loop or block, without a value.
    pub(super) fn leave_bare(&mut self, expr: &Expr, exit: usize) {
        self.exits[exit].bare = true;
        self.one_way(expr, exit);
    }

    /// Checks that all ways out of a loop or block have a value, or none has.
    fn one_way(&mut self, expr: &Expr, exit: usize) {
        let Exit { bare, ty, .. } = self.exits[exit];
        if bare && ty != Ty::Never {
            let text = "one way out of this loop or block has a value, and another has none";
            self.wrong(expr.at, text);
        }
    }

    /// Drops what an expression around has put on the stack, under `left` values.
    fn cut(&mut self, exit: usize, left: usize) {
        let extra = self
            .body
            .height
            .saturating_sub(self.exits[exit].height + left);
        if extra == 0 {
            return;
        }
        let held = (left > 0).then(|| self.temp());
        if let Some(slot) = held {
            self.set_slot(slot);
        }
        for _ in 0..extra {
            self.drop_value();
        }
        if let Some(slot) = held {
            self.get_slot(slot);
        }
    }

    pub(super) fn continue_expr(&mut self, expr: &Expr, label: &Name) -> Ty {
        let base = self.body.height;
        if let Some(at) = self.exit(expr, label.as_ref(), true)
            && let Some(next) = self.exits[at].next
        {
            self.at = expr.at.first;
            self.cut(at, 0);
            self.jump(next);
            self.body.height = base;
        }
        Ty::Never
    }

    pub(super) fn choice(&mut self, expr: &Expr, value: &Expr, arms: &[Arm], want: Want) -> Ty {
        let base = self.body.height;
        self.open();
        let ty = self.value(value, None);
        self.at = value.at.first;
        let slot = self.temp();
        self.set_slot(slot);
        let end = self.label();
        let mut types = Ty::Never;
        let last = arms
            .iter()
            .position(|arm| arm.literals.is_empty() && arm.guard.is_none());
        let last = last.or_else(|| both_truths(ty, arms).then(|| arms.len() - 1));
        for (i, arm) in arms.iter().enumerate() {
            if last.is_some_and(|last| i > last) {
                self.wrong(
                    arm.body.at,
                    "this arm is never reached: one before it takes everything",
                );
                break;
            }
            let next = self.label();
            self.open();
            if Some(i) != last || arm.literals.is_empty() {
                self.test(arm, value, (slot, ty), next);
            }
            let found = self.given_value(&arm.body, want);
            types = match i {
                0 => found,
                _ => self.meet(arm.body.at, [types, found], want),
            };
            self.close();
            if !self.body.dead {
                self.jump(end);
            }
            self.body.height = base;
            self.bind(next);
        }
        self.close();
        let parsed = |arm: &Arm| {
            !arm.literals
                .iter()
                .any(|it| matches!(it.kind, Kind::Broken))
        };
        if last.is_none() && ty != Ty::Wrong && arms.iter().all(parsed) {
            self.wrong(expr.at, "an arm for all other values is missing: `_ => …`");
        }
        // Behind the last arm nothing arrives.
        self.body.dead = true;
        self.bind(end);
        match want {
            Want::Nothing if self.body.dead => Ty::Never,
            Want::Nothing => Ty::Unit,
            Want::Value(_) => types,
        }
    }

    /// Goes to `next` unless the value in the slot is for this arm.
    fn test(&mut self, arm: &Arm, value: &Expr, (slot, ty): (u16, Ty), next: Label) {
        let body = self.label();
        for (i, literal) in arm.literals.iter().enumerate() {
            self.at = literal.at.first;
            self.get_slot(slot);
            let found = self.value(literal, None);
            self.apply(Binary::Eq, literal.at.first, [value, literal], [ty, found]);
            match i + 1 == arm.literals.len() {
                true => self.branch(quote!(JumpIfFalse(0)), next, 1),
                false => self.branch(quote!(JumpIfTrue(0)), body, 1),
            }
        }
        self.bind(body);
        if let Some(pattern) = &arm.name {
            self.at = pattern.at;
            self.get_slot(slot);
            let var = self.declare(pattern, None, true);
            self.learn(var, ty);
            self.set_slot(self.vars[var].slot);
        }
        if let Some(guard) = &arm.guard {
            self.cond(guard, false, next);
        }
    }
}

/// Whether a bool is matched by both of its values.
fn both_truths(ty: Ty, arms: &[Arm]) -> bool {
    let unguarded = arms.iter().filter(|arm| arm.guard.is_none());
    let literals = unguarded.flat_map(|arm| &arm.literals);
    let truths: HashSet<bool> = literals
        .filter_map(|it| match it.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        })
        .collect();
    let plain = arms.last().is_some_and(|arm| arm.guard.is_none());
    ty == Ty::Bool && truths.len() == 2 && plain
}
