//! What is done to a unit in the middle, pass by pass. Each leaves a unit that does the same.

mod bounds;
mod dead;
mod fold;
mod fuel;
#[cfg(test)]
mod golden;
mod graph;
mod hoist;
pub(super) mod inline;
mod mask;
mod number;
mod params;
mod poll;
mod room;
mod select;
mod straight;
mod strength;

use super::ir::{B, Func, Term};

/// What the emitter wants to know of a unit.
#[derive(Debug, Default)]
pub(super) struct Facts {
    cold: Vec<bool>,
    /// The head of the first one of the innermost loops.
    hot: Option<B>,
}

impl Facts {
    /// Finds the blocks that only exits come from.
    pub(super) fn of(f: &Func) -> Facts {
        let mut cold = vec![false; f.blocks.len()];
        for at in f.order().into_iter().rev() {
            let term = &f.blocks[at.0 as usize].term;
            let mut succs = term.succs();
            cold[at.0 as usize] = match term {
                Term::Leave(_) => true,
                _other => succs.len() > 0 && succs.all(|to| cold[to.0 as usize]),
            };
        }
        let graph = graph::Graph::of(f);
        let depth = |at: usize| graph.loops.iter().filter(|l| l.blocks.has(at)).count();
        let heads = graph.loops.iter().map(|found| found.header);
        // The first one of those that are as deep.
        let hot = heads.max_by_key(|at| (depth(*at), std::cmp::Reverse(*at)));
        Facts {
            cold,
            hot: hot.map(|at| graph.order[at]),
        }
    }

    pub(super) fn is_hot(&self, at: B) -> bool {
        self.hot == Some(at)
    }

    pub(super) fn is_cold(&self, at: B) -> bool {
        self.cold.get(at.0 as usize).copied().unwrap_or(false)
    }
}

/// Diamonds in diamonds that become selections.
const NESTED: usize = 3;

/// What is done before others may have the unit built into them.
pub(super) fn early(f: &mut Func) {
    params::run(f);
    number::run(f);
    dead::run(f);
}

/// What is done to the whole, which may have `changed` since the early passes; to what is compiled `again`,
/// nothing that hides which guard it was left by.
pub(super) fn late(f: &mut Func, mut changed: bool, again: bool) {
    if !again {
        changed |= mask::run(f);
    }
    if changed {
        params::run(f);
        number::run(f);
    }
    hoist::run(f);
    if !again {
        bounds::run(f);
    }
    strength::run(f);
    room::run(f);
    fuel::run(f);
    // Nothing is moved any more.
    (f.blocks.iter_mut()).for_each(|block| block.preheader = None);
    poll::run(f);
    for _ in 0..NESTED {
        straight::run(f);
        if !select::run(f) {
            break;
        }
    }
    params::run(f);
    number::run(f);
    dead::run(f);
}
