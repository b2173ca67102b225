//! What straight code has said and no word has taken yet.
//!
//! It waits, deepest first: first what was computed, which is on the VM's stack already, then what can be
//! said at any time. A word that finds all it takes here is written as its twin, which works on operands; any
//! other word has all of it put onto the data stack first, and so does whatever is not straight.

use super::compile::Compiler;
use super::flow::{control, names};
use super::numbers::Twin;
use fusevm::prelude::*;

/// Operands that wait at most once one is computed: there are ops that put so many onto the data stack.
const MOST: usize = 3;

/// What waits.
#[derive(Clone)]
pub enum Pending {
    Number(i64),
    /// What a slot holds.
    Held(u16),
    /// What a name stands for.
    Named(String),
    /// It is on the VM's stack.
    Computed,
}

impl Compiler<'_> {
    /// Lets something wait.
    pub fn wait(&mut self, pending: Pending) {
        if self.has_computed() && self.pending.len() == MOST {
            self.flush();
        }
        self.pending.push((pending, self.span.clone()));
    }

    fn has_computed(&self) -> bool {
        matches!(self.pending.first(), Some((Pending::Computed, _)))
    }

    /// Puts what waits onto the data stack; what follows comes from the word at hand.
    pub fn flush(&mut self) {
        if self.has_computed() {
            self.load();
            match self.pending.len() {
                1 => self.b.op(names::push {}),
                2 => self.b.op(names::push_two {}),
                _ => self.b.op(names::push_three {}),
            }
            self.pending.clear();
        }
        self.give(self.pending.len());
        self.b.at(self.span.clone());
    }

    /// Puts the deepest of what waits onto the data stack; none of it is computed.
    fn give(&mut self, count: usize) {
        for (pending, span) in self.pending.drain(..count) {
            self.b.at(span);
            match pending {
                Pending::Number(n) => match i32::try_from(n) {
                    Ok(n) => self.b.op(names::literal { n }),
                    Err(_) => {
                        self.b.load(n);
                        self.b.op(names::push {});
                    }
                },
                Pending::Held(slot) => self.b.op(control::held { s: Slot(slot) }),
                Pending::Named(name) => self.b.op(names::named {
                    name: name.as_str().into(),
                }),
                Pending::Computed => {}
            }
        }
    }

    /// Makes operands of all that waits.
    fn load(&mut self) {
        for (pending, span) in &mut self.pending {
            self.b.at(span.clone());
            match std::mem::replace(pending, Pending::Computed) {
                Pending::Number(n) => self.b.load(n),
                Pending::Held(slot) => self.b.emit(Op::GetSlot(slot)),
                Pending::Named(name) => self.b.op(names::meaning {
                    name: name.as_str().into(),
                }),
                Pending::Computed => {}
            }
        }
        self.b.at(self.span.clone());
    }

    /// Writes the twin of a word, if all that it takes waits.
    pub fn twin(&mut self, twin: &Twin) -> bool {
        let waits = self.pending.len();
        if waits < twin.takes {
            return false;
        }
        if waits > MOST {
            self.give(waits - twin.takes);
        }
        self.load();
        (twin.write)(self.b);
        self.pending.truncate(self.pending.len() - twin.takes);
        let computed = (Pending::Computed, self.span.clone());
        self.pending
            .extend(std::iter::repeat_n(computed, twin.gives));
        true
    }

    /// Leaves the last `count` of what waits as operands, which nothing knows of any more, and puts all else
    /// onto the data stack; `false`, and all is there, where less waits or what lies below is an operand.
    pub fn operands(&mut self, count: usize) -> bool {
        let below = self.pending.len().checked_sub(count);
        match below {
            Some(below) if below == 0 || !self.has_computed() => {
                self.give(below);
                self.load();
                self.pending.clear();
                true
            }
            _ => {
                self.flush();
                false
            }
        }
    }

    /// The last two numbers, if they wait and `fits` makes something of them.
    pub fn take_numbers<T>(&mut self, fits: fn(i64, i64) -> Option<T>) -> Option<T> {
        let taken = match self.pending.as_slice() {
            [.., (Pending::Number(a), _), (Pending::Number(b), _)] => fits(*a, *b)?,
            _ => return None,
        };
        self.pending.truncate(self.pending.len() - 2);
        Some(taken)
    }
}
