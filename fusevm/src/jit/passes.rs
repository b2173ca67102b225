//! What is done to a unit in the middle, pass by pass. Each leaves a unit that does the same.

mod bounds;
mod clamp;
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
use graph::Graph;

/// What the emitter wants to know of a unit.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Its blocks, in reverse postorder.
    pub(super) order: Vec<B>,
    cold: Vec<bool>,
    /// The head of the first one of the innermost loops.
    hot: Option<B>,
}

impl Facts {
    /// Finds the blocks that only exits come from.
    pub(super) fn of(f: &Func, order: Vec<B>) -> Facts {
        let mut cold = vec![false; f.blocks.len()];
        for at in order.iter().rev() {
            let term = &f.blocks[at.0 as usize].term;
            let mut succs = term.succs();
            cold[at.0 as usize] = match term {
                Term::Leave(_) => true,
                _other => succs.len() > 0 && succs.all(|to| cold[to.0 as usize]),
            };
        }
        Facts {
            cold,
            hot: innermost(f, &order),
            order,
        }
    }

    pub(super) fn is_hot(&self, at: B) -> bool {
        self.hot == Some(at)
    }

    pub(super) fn is_cold(&self, at: B) -> bool {
        self.cold.get(at.0 as usize).copied().unwrap_or(false)
    }
}

/// The head of the first one of the innermost loops. A loop is what comes, in order, from its head to the last way back.
fn innermost(f: &Func, order: &[B]) -> Option<B> {
    let mut place = vec![usize::MAX; f.blocks.len()];
    for (at, b) in order.iter().enumerate() {
        place[b.0 as usize] = at;
    }
    let mut loops: Vec<(usize, usize)> = Vec::new();
    for (at, b) in order.iter().enumerate() {
        let succs = f.blocks[b.0 as usize].term.succs();
        let back = succs.map(|to| place[to.0 as usize]).filter(|to| *to <= at);
        loops.extend(back.map(|to| (to, at)));
    }
    let depth = |head: usize| {
        loops
            .iter()
            .filter(|(from, to)| (*from..=*to).contains(&head))
            .count()
    };
    let heads = loops.iter().map(|(head, _)| *head);
    let found = heads.max_by_key(|head| (depth(*head), std::cmp::Reverse(*head)))?;
    Some(order[found])
}

/// Diamonds in diamonds that become selections.
const NESTED: usize = 3;

/// What is done before others may have the unit built into them; whether more may be found when it is done again.
pub(super) fn early(f: &mut Func) -> bool {
    let graph = Graph::of(f);
    params::run(f, &graph.order);
    let more = number::run(f, &graph);
    let order = if more { f.order() } else { graph.order };
    dead::run(f, &order);
    more
}

/// What is done to the whole, which may have `changed` since the early passes, or in which they may find `more`; to
/// what is compiled `again`, nothing that hides which guard it was left by. Its blocks, in reverse postorder.
pub(super) fn late(f: &mut Func, (mut changed, mut more): (bool, bool), again: bool) -> Vec<B> {
    if !again {
        changed |= mask::run(f);
    }
    let mut graph = Graph::of(f);
    if changed {
        params::run(f, &graph.order);
        more = number::run(f, &graph);
        if more {
            graph = Graph::of(f);
        }
    }
    more |= hoist::run(f, &graph);
    if !again {
        more |= bounds::run(f, &graph);
    }
    more |= strength::run(f, &graph);
    room::run(f, &graph);
    more |= fuel::run(f, &graph);
    // Nothing is moved any more.
    (f.blocks.iter_mut()).for_each(|block| block.preheader = None);
    let is_split = poll::run(f, &graph, again);
    more |= is_split;
    let mut order = if is_split { f.order() } else { graph.order };
    for _ in 0..NESTED {
        more |= straight::run(f, &mut order);
        if !select::run(f, &order) {
            break;
        }
        more = true;
        order = f.order();
    }
    more |= clamp::run(f);
    more |= params::run(f, &order);
    // What was numbered and has not changed since is as it will be.
    if more && number::run(f, &Graph::of(f)) {
        order = f.order();
    }
    if more || changed {
        dead::run(f, &order);
    }
    order
}
