//! One stack height per op: the walk over a unit or a block.

use super::flow::{BlockUse, block_of, shape};
use super::{Broken, Budget, Callee, Unit, VerifyError};
use crate::chunk::Chunk;
use crate::op::Op;
use std::collections::BTreeMap;

/// The height after a raw ext op: anything.
const UNKNOWN: u32 = u32::MAX;

/// What is known where control arrives.
#[derive(Clone, Copy)]
struct State {
    height: u32,
    scope: u32,
}

/// The first arrival at an op in the walk with that epoch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    epoch: u32,
    height: u32,
    scope: u32,
}

/// What is known of a chunk before its units are walked.
#[derive(Clone, Copy)]
pub(super) struct Facts<'c> {
    pub(super) chunk: &'c Chunk,
    pub(super) callees: &'c [Callee],
    /// Whether it has ops whose effect nobody has declared.
    pub(super) raw: bool,
}

/// A table as long as the chunk that walks write, kept between them.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    seen: Vec<Seen>,
    epoch: u32,
}

/// Open scopes as a tree: each has a parent and the height it was opened at. Scope 0 is the frame, the
/// others stand at one less.
#[derive(Default)]
struct Scopes {
    tree: Vec<(u32, u32)>,
    ids: BTreeMap<(u32, u32), u32>,
}

impl Scopes {
    /// Parent of a scope, and height at which it was opened.
    fn get(&self, scope: u32) -> (u32, u32) {
        match scope.checked_sub(1) {
            Some(at) => self.tree[at as usize],
            None => (0, 0),
        }
    }

    fn open(&mut self, parent: u32, base: u32) -> u32 {
        *self.ids.entry((parent, base)).or_insert_with(|| {
            self.tree.push((parent, base));
            self.tree.len() as u32
        })
    }
}

/// Walks units one after the other and collects what is wrong and which units they lead to.
pub(super) struct Heights<'c> {
    chunk: &'c Chunk,
    callees: &'c [Callee],
    /// Whether the chunk has ops whose effect nobody has declared.
    raw: bool,
    seen: Vec<Seen>,
    epoch: u32,
    scopes: Scopes,
    open: Vec<(usize, State)>,
    /// Units that calls and blocks lead to.
    pub(super) found: Vec<(Unit, usize)>,
    /// Block → blocks that its ops run.
    pub(super) nested: Vec<(usize, usize, usize)>,
    pub(super) errors: Vec<VerifyError>,
}

impl<'c> Heights<'c> {
    pub(super) fn new(facts: Facts<'c>, scratch: Scratch) -> Self {
        let Facts {
            chunk,
            callees,
            raw,
        } = facts;
        let Scratch { mut seen, epoch } = scratch;
        seen.resize(chunk.ops.len(), Seen::default());
        Self {
            chunk,
            callees,
            raw,
            seen,
            epoch,
            scopes: Scopes::default(),
            open: Vec::new(),
            found: Vec::new(),
            nested: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The table of the walks, for the next ones.
    pub(super) fn into_scratch(self) -> Scratch {
        let Self { seen, epoch, .. } = self;
        Scratch { seen, epoch }
    }

    fn fail(&mut self, pc: usize, rule: Broken) {
        self.errors.push(VerifyError::at(self.chunk, pc, rule));
    }

    /// Walks `unit`, which the op at `origin` leads to.
    pub(super) fn walk(
        &mut self,
        unit: Unit,
        origin: usize,
        budget: &mut Budget,
    ) -> Result<(), Broken> {
        self.epoch += 1;
        let (start, height) = match unit {
            Unit::Main => (0, 0),
            Unit::Function { index, argc } => (self.chunk.functions[index].pc, argc.into()),
            Unit::Block { index, usage } => (self.chunk.blocks[index].start, usage.inputs()),
        };
        let state = State {
            height: height as u32,
            scope: 0,
        };
        self.arrive(unit, start, state, origin);
        while let Some((pc, state)) = self.open.pop() {
            budget.spend(1)?;
            self.step(unit, pc, state);
        }
        Ok(())
    }

    /// Control arrives at `pc` from the op at `from`.
    fn arrive(&mut self, unit: Unit, pc: usize, state: State, from: usize) {
        let len = self.chunk.ops.len();
        match unit {
            Unit::Main if pc == len => return,
            Unit::Function { index, .. } if pc == len => {
                let name = self.chunk.functions[index].name;
                let function = self.chunk.names[usize::from(name)].clone();
                return self.fail(from, Broken::RunsOff { function });
            }
            Unit::Block { index, usage } => {
                let range = self.chunk.blocks[index].clone();
                if pc == range.end {
                    return self.leave_block(index, usage, state, from);
                }
                if !range.contains(&pc) {
                    let (block, target) = (index, pc);
                    return self.fail(from, Broken::LeavesBlock { block, target });
                }
            }
            Unit::Main | Unit::Function { .. } => {}
        }
        let seen = self.seen[pc];
        if seen.epoch != self.epoch {
            self.seen[pc] = Seen {
                epoch: self.epoch,
                height: state.height,
                scope: state.scope,
            };
            self.open.push((pc, state));
        } else if seen.scope != state.scope {
            self.fail(from, Broken::Scopes { at: pc, from });
        } else if state.height == UNKNOWN && seen.height != UNKNOWN {
            self.seen[pc].height = UNKNOWN;
            self.open.push((pc, state));
        } else if seen.height != state.height && seen.height != UNKNOWN {
            let (height, other) = (state.height as usize, seen.height as usize);
            let at = pc;
            self.fail(
                from,
                Broken::Heights {
                    at,
                    height,
                    from,
                    other,
                },
            );
        }
    }

    fn leave_block(&mut self, block: usize, usage: BlockUse, state: State, from: usize) {
        let holds = state.height as usize;
        if state.scope != 0 {
            self.fail(from, Broken::BlockScope { block });
        } else if let Some(wants) = usage.outputs()
            && state.height != UNKNOWN
            && wants != holds
        {
            self.fail(
                from,
                Broken::BlockHeight {
                    block,
                    wants,
                    holds,
                },
            );
        }
    }

    fn step(&mut self, unit: Unit, pc: usize, state: State) {
        let op = self.chunk.ops[pc];
        let Some(shape) = shape(self.chunk, op) else {
            let height = UNKNOWN;
            return self.arrive(unit, pc + 1, State { height, ..state }, pc);
        };
        let Some(left) = self.pop(pc, state, shape.pops) else {
            return;
        };
        let push = |n: usize| match left {
            UNKNOWN => UNKNOWN,
            left => left.saturating_add(n as u32).min(UNKNOWN - 1),
        };
        if let Some((block, usage)) = block_of(op) {
            let index = block;
            self.found.push((Unit::Block { index, usage }, pc));
            if let Unit::Block { index: outer, .. } = unit {
                self.nested.push((outer, block, pc));
            }
        }
        if let Some((target, n)) = shape.jumps {
            let height = push(n);
            self.arrive(unit, target, State { height, ..state }, pc);
        }
        let next = match op {
            Op::PushFrame => Some(State {
                height: left,
                // Beside ops of unknown effect no height is sure, so that scopes have none.
                scope: self
                    .scopes
                    .open(state.scope, if self.raw { UNKNOWN } else { left }),
            }),
            Op::PopFrame => self.close_scope(pc, state),
            Op::Call(name, argc) => self.call(pc, name, argc).map(|results| State {
                height: push(results),
                ..state
            }),
            _other => shape.falls.map(|n| State {
                height: push(n),
                ..state
            }),
        };
        if let Some(state) = next {
            self.arrive(unit, pc + 1, state, pc);
        }
    }

    /// The height after popping; `None` when the frame or scope has too little.
    fn pop(&mut self, pc: usize, state: State, pops: usize) -> Option<u32> {
        if state.height == UNKNOWN {
            return Some(UNKNOWN);
        }
        let base = self.scopes.get(state.scope).1;
        let floor = if base == UNKNOWN { 0 } else { base };
        let holds = (state.height - floor) as usize;
        if holds >= pops {
            return Some(state.height - pops as u32);
        }
        let scoped = state.scope != 0;
        self.fail(
            pc,
            Broken::Underflow {
                pops,
                holds,
                scoped,
            },
        );
        None
    }

    fn close_scope(&mut self, pc: usize, state: State) -> Option<State> {
        if state.scope == 0 {
            self.fail(pc, Broken::NoScope);
            return None;
        }
        let (scope, height) = self.scopes.get(state.scope);
        Some(State { height, scope })
    }

    /// Number of results of a call; `None` when control does not come back.
    fn call(&mut self, pc: usize, name: u16, got: u8) -> Option<usize> {
        let callee = self.callees[usize::from(name)];
        if let Some(index) = callee.own {
            let index = index as usize;
            match self.chunk.functions[index].arity {
                Some(takes) if takes != got => {
                    let name = self.chunk.names[usize::from(name)].clone();
                    self.fail(pc, Broken::Arity { name, takes, got });
                }
                _ => self.found.push((Unit::Function { index, argc: got }, pc)),
            }
        }
        callee.returns.map(usize::from)
    }
}
