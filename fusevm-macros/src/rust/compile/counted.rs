//! `while` and `for`. A loop that counts up to a literal tests and jumps by one op a turn.

use super::control::ExitKind;
use super::fused::{literal, pair, single, split};
use super::{Label, Walk, Want};
use crate::rust::ast::{Block, Expr, Kind, Label as Name, Pattern};
use crate::rust::types::Ty;
use quote::quote;

impl Walk<'_> {
    pub(super) fn while_loop(&mut self, label: &Name, cond: &Expr, body: &Block) -> Ty {
        let (next, end) = (self.label(), self.label());
        if let Some((slot, limit)) = self.below(cond) {
            self.counting(label, cond, (slot, limit), body, [next, end]);
        } else if let Kind::Bool(true) = cond.kind {
            self.enter(label, ExitKind::Counted, end, Some(next), Want::Nothing);
            self.put(next);
            self.scoped(body, Want::Nothing);
            self.at = body.close;
            if !self.body.dead {
                self.jump(next);
            }
            self.exits.pop();
        } else {
            let head = self.label();
            let dead = self.body.dead;
            self.at = cond.at.first;
            self.jump(next);
            // The test below jumps here.
            self.body.dead = dead;
            self.put(head);
            self.enter(label, ExitKind::Counted, end, Some(next), Want::Nothing);
            self.scoped(body, Want::Nothing);
            self.exits.pop();
            self.bind(next);
            self.cond(cond, true, head);
        }
        self.bind(end);
        if self.body.dead { Ty::Never } else { Ty::Unit }
    }

    /// `while i < 100 { …; i += 1 }`, or without the last statement.
    fn counting(
        &mut self,
        label: &Name,
        cond: &Expr,
        (slot, limit): (u16, i32),
        body: &Block,
        [next, end]: [Label; 2],
    ) {
        if let Some([work, step]) = pair(body)
            && self.counts(step, slot)
            && self.fused(work, slot, limit)
        {
            return;
        }
        let (top, head) = (self.label(), self.label());
        self.put(top);
        self.cond(cond, false, end);
        self.put(head);
        self.enter(label, ExitKind::Counted, end, Some(next), Want::Nothing);
        self.open();
        self.declare_items(body, false);
        let (stmts, step) = split(body);
        self.statements(stmts);
        let back = step.filter(|step| self.counts(step, slot) && !self.labels[next.0].used);
        if let Some(step) = back {
            self.at = step.at.first;
            self.branch(quote!(SlotIncLtIntJumpBack(#slot, #limit, 0)), head, 0);
        } else {
            if let Some(step) = step {
                self.expr(step, Want::Nothing);
            }
            self.bind(next);
            self.at = body.close;
            if !self.body.dead {
                self.jump(top);
            }
        }
        self.close();
        self.exits.pop();
    }

    pub(super) fn for_loop(
        &mut self,
        label: &Name,
        pattern: &Pattern,
        items: &Expr,
        body: &Block,
    ) -> Ty {
        self.open();
        match &items.kind {
            Kind::Range(bounds, inclusive) => self.range(label, pattern, bounds, *inclusive, body),
            Kind::Ref(items) => self.each(label, pattern, items, body),
            _ => self.each(label, pattern, items, body),
        }
        self.close();
        if self.body.dead { Ty::Never } else { Ty::Unit }
    }

    /// A bound of a range, as an integer.
    fn bound(&mut self, expr: &Expr) {
        match self.value(expr, None) {
            Ty::Int | Ty::Never | Ty::Wrong => {}
            Ty::Any => {
                self.at = expr.at.first;
                self.core("to_int", quote!(), 1, 1);
            }
            found => {
                self.fits(expr, found, Ty::Int);
            }
        }
    }

    fn range(
        &mut self,
        label: &Name,
        pattern: &Pattern,
        bounds: &[Expr; 2],
        inclusive: bool,
        body: &Block,
    ) {
        self.bound(&bounds[0]);
        self.at = pattern.at;
        let counter = self.temp();
        self.set_slot(counter);
        let limit = literal(&bounds[1])
            .and_then(|limit| limit.checked_add(inclusive.into()))
            .and_then(|limit| i32::try_from(limit).ok());
        let end = self.label();
        let Some(limit) = limit else {
            return self.open_range(label, pattern, &bounds[1], (counter, inclusive), body, end);
        };
        // The variable is the counter, unless the body may write it.
        if !pattern.mutable {
            self.count_in(pattern, counter);
            if let Some(work) = single(body)
                && self.fused(work, counter, limit)
            {
                return;
            }
        }
        let (head, next) = (self.label(), self.label());
        self.at = bounds[1].at.first;
        self.branch(quote!(SlotLtIntJumpIfFalse(#counter, #limit, 0)), end, 0);
        self.put(head);
        self.turn(label, pattern, counter, body, [end, next]);
        self.at = pattern.at;
        self.branch(quote!(SlotIncLtIntJumpBack(#counter, #limit, 0)), head, 0);
        self.bind(end);
    }

    /// Declares the variable of a loop where its counter is.
    fn count_in(&mut self, pattern: &Pattern, counter: u16) {
        let free = self.frame.slots;
        let var = self.declare(pattern, Some(Ty::Int), true);
        self.vars[var].slot = counter;
        self.frame.slots = free;
    }

    /// One turn: the variable, the body, and the place where `continue` goes.
    fn turn(
        &mut self,
        label: &Name,
        pattern: &Pattern,
        counter: u16,
        body: &Block,
        [end, next]: [Label; 2],
    ) {
        self.enter(label, ExitKind::Counted, end, Some(next), Want::Nothing);
        self.open();
        if pattern.mutable {
            self.at = pattern.at;
            self.get_slot(counter);
            let var = self.declare(pattern, Some(Ty::Int), true);
            self.set_slot(self.vars[var].slot);
        } else {
            self.count_in(pattern, counter);
        }
        self.scoped(body, Want::Nothing);
        self.close();
        self.exits.pop();
        self.bind(next);
    }

    /// A range whose end is a value.
    fn open_range(
        &mut self,
        label: &Name,
        pattern: &Pattern,
        bound: &Expr,
        (counter, inclusive): (u16, bool),
        body: &Block,
        end: Label,
    ) {
        self.bound(bound);
        self.at = bound.at.first;
        let limit = self.temp();
        self.set_slot(limit);
        let (head, next) = (self.label(), self.label());
        let enters = if inclusive { "NumLe" } else { "NumLt" };
        self.compare(counter, limit, enters);
        self.branch(quote!(JumpIfFalse(0)), end, 1);
        self.put(head);
        self.turn(label, pattern, counter, body, [end, next]);
        self.at = pattern.at;
        if inclusive {
            // The last turn is over before the counter would pass the end of i64.
            self.compare(counter, limit, "NumLt");
            self.branch(quote!(JumpIfFalse(0)), end, 1);
            self.op_with("PreIncSlotVoid", quote!((#counter)), 0, 0);
            if !self.body.dead {
                self.jump(head);
            }
        } else {
            self.op_with("PreIncSlotVoid", quote!((#counter)), 0, 0);
            self.compare(counter, limit, "NumLt");
            self.branch(quote!(JumpIfTrue(0)), head, 1);
        }
        self.bind(end);
    }

    fn compare(&mut self, a: u16, b: u16, op: &str) {
        self.get_slot(a);
        self.get_slot(b);
        self.op(op, 2, 1);
    }

    /// The elements of an array as it is when the loop starts.
    fn each(&mut self, label: &Name, pattern: &Pattern, items: &Expr, body: &Block) {
        let ty = self.value(items, None);
        if !matches!(ty, Ty::Array | Ty::Any | Ty::Wrong | Ty::Never) {
            let text = match ty {
                Ty::Hash => {
                    "a loop goes through an array: `.keys()` or `.values()` of the hash".to_owned()
                }
                Ty::Int => "a loop goes through a range: `0..n`".to_owned(),
                ty => format!(
                    "a loop goes through a range or an array, and this is {}",
                    ty.name()
                ),
            };
            self.wrong(items.at, text);
        }
        self.at = items.at.first;
        let (array, index, len) = (self.temp(), self.temp(), self.temp());
        self.set_slot(array);
        self.get_slot(array);
        self.core("array_len", quote!(), 1, 1);
        self.set_slot(len);
        self.load_int(0);
        self.set_slot(index);
        let (head, next, end) = (self.label(), self.label(), self.label());
        self.compare(index, len, "NumLt");
        self.branch(quote!(JumpIfFalse(0)), end, 1);
        self.put(head);
        self.enter(label, ExitKind::Counted, end, Some(next), Want::Nothing);
        self.open();
        self.at = pattern.at;
        self.get_slot(index);
        self.op_with("SlotArrayGet", quote!((#array)), 1, 1);
        let var = self.declare(pattern, Some(Ty::Any), true);
        self.set_slot(self.vars[var].slot);
        self.scoped(body, Want::Nothing);
        self.close();
        self.exits.pop();
        self.bind(next);
        self.at = pattern.at;
        self.op_with("PreIncSlotVoid", quote!((#index)), 0, 0);
        self.compare(index, len, "NumLt");
        self.branch(quote!(JumpIfTrue(0)), head, 1);
        self.bind(end);
        // Held no longer, so that what is written to the array later is written in place.
        self.op("LoadUndef", 0, 1);
        self.set_slot(array);
    }
}
