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
mod pairs;
mod params;
mod poll;
mod room;
mod row;
mod select;
mod straight;
mod strength;
mod unroll;
mod uses;

use super::ir::{B, Func, Term};
use graph::Graph;

/// What the emitter wants to know of a unit.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Its blocks, in reverse postorder.
    pub(super) order: Vec<B>,
    cold: Vec<bool>,
    /// By number of block, the innermost loop that it belongs to.
    inner: Vec<Option<Inner>>,
}

/// A loop without loops in it: which one, and in how many it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Inner {
    pub(super) number: u16,
    pub(super) depth: u16,
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
            inner: innermost(f, &order),
            order,
        }
    }

    pub(super) fn inner(&self, at: B) -> Option<Inner> {
        self.inner.get(at.0 as usize).copied().flatten()
    }

    pub(super) fn is_cold(&self, at: B) -> bool {
        self.cold.get(at.0 as usize).copied().unwrap_or(false)
    }
}

/// By number of block, the innermost loop that it belongs to: what comes, in order, between its head and the last way
/// back, and leads there.
fn innermost(f: &Func, order: &[B]) -> Vec<Option<Inner>> {
    let mut place = vec![usize::MAX; f.blocks.len()];
    for (at, b) in order.iter().enumerate() {
        place[b.0 as usize] = at;
    }
    // The last way back to each head.
    let mut ends: Vec<Option<usize>> = vec![None; order.len()];
    for (at, b) in order.iter().enumerate() {
        let succs = f.blocks[b.0 as usize].term.succs();
        for to in succs.map(|to| place[to.0 as usize]).filter(|to| *to <= at) {
            ends[to] = Some(at);
        }
    }
    let mut inner = vec![None; f.blocks.len()];
    let (mut around, mut number): (Vec<usize>, u16) = (Vec::new(), 0);
    for head in 0..order.len() {
        let Some(end) = ends[head] else { continue };
        around.retain(|end| *end >= head);
        around.push(end);
        if ends[head + 1..=end].iter().all(Option::is_none) {
            let depth = u16::try_from(around.len()).unwrap_or(u16::MAX);
            let this = Some(Inner { number, depth });
            for b in order[head..=end].iter().rev() {
                let mut succs = f.blocks[b.0 as usize].term.succs();
                if succs.any(|to| to == order[head] || inner[to.0 as usize] == this) {
                    inner[b.0 as usize] = this;
                }
            }
            number = number.saturating_add(1);
        }
    }
    inner
}

/// Diamonds in diamonds that become selections.
const NESTED: usize = 3;

/// What is done before others may have the unit built into them; whether more may be found when it is done again.
pub(super) fn early(f: &mut Func) -> bool {
    let graph = Graph::of(f);
    params::run(f, &graph.order);
    let more = number::run(f, &graph);
    let order = if more { f.order() } else { graph.order };
    dead::compact(f, &order);
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
    let mut room = unroll::GROWTH;
    while unroll::run(f, &graph, &mut room) {
        params::run(f, &f.order());
        number::run(f, &Graph::of(f));
        graph = Graph::of(f);
        hoist::run(f, &graph);
        more = true;
    }
    // The shortest length may be found before a loop around, too.
    if !again && bounds::run(f, &graph) {
        hoist::run(f, &graph);
        more = true;
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
    // What is not wanted would seem to be read or written.
    if pairs::run(f, &order) {
        params::run(f, &f.order());
        number::run(f, &Graph::of(f));
        order = f.order();
        straight::run(f, &mut order);
        dead::run(f, &order);
    }
    order
}
