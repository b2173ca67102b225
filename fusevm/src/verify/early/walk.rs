//! Where control goes: through bodies in order, to labels and from there on.

use super::reach::{Scan, returns};
use super::types::{State, Types, same_scopes};
use super::{Checked, Fault, operand};
use crate::chunk::fixed::{BodyKind, StaticBody, StaticCode, StaticOp};
use crate::op::{Op, OperandKind};

/// The walk over constant code.
pub(super) struct Walk<'c, const N: usize, const M: usize, const B: usize, const C: usize> {
    pub(super) code: &'c StaticCode,
    pub(super) found: Checked<N, M, B>,
    pub(super) types: Types<C>,
    /// What is known at each label, once control has got there.
    at: [State; M],
    pub(super) state: State,
    /// Whether the function that is body `i` returns a value.
    pub(super) returns: [bool; N],
    body: usize,
    /// The label that comes next.
    label: usize,
    /// Whether control has got from behind to a label that it had not got to before.
    again: bool,
}

impl<'c, const N: usize, const M: usize, const B: usize, const C: usize> Walk<'c, N, M, B, C> {
    /// At the start of the code.
    pub(super) const fn new(code: &'c StaticCode) -> Self {
        Self {
            code,
            found: Checked {
                ops: [Fault::None; N],
                labels: [Fault::None; M],
                blocks: [Fault::None; B],
            },
            types: Types::new(),
            at: [State::DEAD; M],
            state: State::at(0),
            returns: [false; N],
            body: 0,
            label: 0,
            again: false,
        }
    }

    /// Goes through all bodies.
    pub(super) const fn run(&mut self) {
        let bodies = self.code.bodies;
        let mut scan = Scan::<N>::new();
        let mut i = 0;
        while i < bodies.len() {
            if matches!(bodies[i].kind, BodyKind::Function { .. }) && bodies[i].start < N {
                self.returns[i] = returns(self.code, i, &mut scan);
            }
            i += 1;
        }
        while self.body < bodies.len() {
            let first = self.label;
            self.walk(bodies[self.body]);
            // Once more for each loop around others that is entered at its test.
            while self.again {
                self.label = first;
                self.walk(bodies[self.body]);
            }
            self.body += 1;
        }
    }

    /// Goes through a body.
    const fn walk(&mut self, body: StaticBody) {
        self.again = false;
        self.enter(body.kind);
        let mut pc = body.start;
        while pc < body.end {
            self.pass_labels(pc);
            self.operands(pc);
            if self.state.live {
                self.step(pc);
            }
            pc += 1;
        }
        self.pass_labels(body.end);
        self.leave(body.kind);
    }

    /// What a body starts with.
    const fn enter(&mut self, kind: BodyKind) {
        self.state = match kind {
            BodyKind::Main => State::at(0),
            BodyKind::Function { arity, .. } => State::at(arity as u32),
            BodyKind::Block => match self.usage() {
                Some((inputs, _)) => State::at(inputs),
                None => State {
                    known: false,
                    ..State::at(0)
                },
            },
        };
    }

    /// What the op that runs this block puts onto the stack for it, and what it takes off; `None` when
    /// only an ext op runs it, or none.
    const fn usage(&self) -> Option<(u32, u32)> {
        let mut pc = 0;
        while pc < N {
            if let StaticOp::Core(op) = self.code.ops[pc]
                && let Some(block) = operand(op, OperandKind::Block)
                && self.code.blocks[block as usize] == self.body
            {
                return match op {
                    Op::MapBlock(_) | Op::GrepBlock(_) => Some((1, 1)),
                    Op::SortBlock(_) => Some((2, 1)),
                    Op::ForEachBlock(_) => Some((1, 0)),
                    // The rest are the shell's, which take any number.
                    _other => None,
                };
            }
            pc += 1;
        }
        None
    }

    const fn leave(&mut self, kind: BodyKind) {
        if !matches!(kind, BodyKind::Block) || !self.state.live {
            return;
        }
        let fault = match self.usage() {
            _ if self.state.scope != 0 => Fault::BlockScope,
            Some((_, wants)) if self.state.known && wants != self.state.height => {
                Fault::BlockHeight {
                    wants,
                    holds: self.state.height,
                }
            }
            _ => return,
        };
        let mut block = 0;
        while block < B {
            if self.code.blocks[block] == self.body {
                self.found.blocks[block] = fault;
            }
            block += 1;
        }
    }

    /// Control gets to the labels at `pc`.
    const fn pass_labels(&mut self, pc: usize) {
        while self.label < M {
            let label = self.code.labels[self.label];
            if label.body != self.body || label.pc != pc {
                return;
            }
            if self.state.live {
                let fault = self.arrive(self.label, self.state, pc.saturating_sub(1));
                if !matches!(fault, Fault::None) {
                    self.found.labels[self.label] = fault;
                }
            }
            self.state = self.at[self.label];
            if label.back {
                // Whatever comes from behind is not known yet.
                self.state.top = 0;
            }
            self.label += 1;
        }
    }

    /// Control gets to a label in this state: what is wrong with that.
    pub(super) const fn arrive(&mut self, label: usize, state: State, from: usize) -> Fault {
        let seen = self.at[label];
        if !seen.live {
            self.at[label] = State { from, ..state };
            self.again |= label < self.label;
            return Fault::None;
        }
        if !same_scopes(&self.types, seen.scope, state.scope) {
            return Fault::Scopes { label };
        }
        if !seen.known || !state.known {
            self.at[label].known = false;
            return Fault::None;
        }
        if seen.height != state.height {
            // Which is right nobody knows: what follows is not to blame.
            self.at[label].known = false;
            return Fault::Heights {
                label,
                here: state.height,
                there: seen.height,
                from: seen.from,
            };
        }
        self.at[label].top = self.types.merged(seen.top, state.top);
        Fault::None
    }
}
