//! Where one index goes into several arrays in each turn of a loop, one comparison is enough: with the length
//! of the shortest one, which is found before the loop.
//!
//! Where it fails, one of the arrays is too short, if perhaps not the first: the interpreter finds out which.
//!
//! **Invariant**: a guard goes only if the one that takes over always comes before it, and it always comes
//! behind that one, or the unit is left; so that nothing leaves that would not have left in the same turn.

use super::graph::Graph;
use crate::jit::ir::{Cond, Func, Inst, Term, Ty, V};

/// Guards of one index that all come where one of them does.
struct Group {
    index: V,
    /// The first of the blocks in a row that they are in.
    row: usize,
    /// The first one, and the place of its block.
    first: (usize, V),
    others: Vec<(usize, V)>,
    /// Lengths, each once.
    lens: Vec<V>,
}

/// Whether it has changed anything.
pub(super) fn run(f: &mut Func, graph: &Graph) -> bool {
    let mut changed = false;
    if graph.loops.is_empty() || !f.any_of(|v| bound(f, v).is_some()) {
        return changed;
    }
    let defined = graph.defined(f);
    let rows = rows(f, graph);
    let mut taken = vec![false; graph.order.len()];
    for found in &graph.loops {
        // Inner loops come first, and keep theirs.
        let own: Vec<usize> = (found.blocks.iter()).filter(|at| !taken[*at]).collect();
        own.iter().for_each(|at| taken[*at] = true);
        let header = graph.order[found.header];
        let Some((before, _)) = f.blocks[header.0 as usize].preheader else {
            continue;
        };
        let target = graph.place(before);
        if target.is_none_or(|target| found.blocks.has(target)) {
            continue;
        }
        let mut groups: Vec<Group> = Vec::new();
        for at in own {
            let row = rows[at];
            for v in &f.blocks[graph.order[at].0 as usize].insts {
                let Some((index, len)) = bound(f, *v) else {
                    continue;
                };
                if found.blocks.has(defined[len.0 as usize]) {
                    continue;
                }
                let mut all = groups.iter_mut();
                match all.find(|group| group.index == index && group.row == row) {
                    Some(group) => {
                        group.others.push((at, *v));
                        if !group.lens.contains(&len) {
                            group.lens.push(len);
                        }
                    }
                    None => groups.push(Group {
                        index,
                        row,
                        first: (at, *v),
                        others: Vec::new(),
                        lens: vec![len],
                    }),
                }
            }
        }
        // The shortest of the same lengths is the same.
        let mut shortest: Vec<(Vec<V>, V)> = Vec::new();
        for group in groups.iter().filter(|group| group.lens.len() > 1) {
            let mut lens = group.lens.clone();
            lens.sort_unstable();
            let known = shortest.iter().find(|(of, _)| *of == lens);
            let least = match known.map(|(_, least)| *least) {
                Some(least) => least,
                None => {
                    let least = least(f, before.0 as usize, &lens);
                    shortest.push((lens, least));
                    least
                }
            };
            merge(f, graph, group, least);
            changed = true;
        }
    }
    changed
}

/// For each block the first one of those of which one always follows the other.
fn rows(f: &Func, graph: &Graph) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..graph.order.len()).collect();
    for at in 0..rows.len() {
        if let [pred] = *graph.preds(at)
            && let Term::Jump(..) = f.blocks[graph.order[pred].0 as usize].term
        {
            rows[at] = rows[pred];
        }
    }
    rows
}

/// The index and the length that a guard compares.
fn bound(f: &Func, v: V) -> Option<(V, V)> {
    match f.inst(v) {
        Inst::Guard(is, true, _) => match f.inst(*is) {
            Inst::Cmp(Cond::Below, index, len) => Some((*index, *len)),
            _other => None,
        },
        _other => None,
    }
}

/// The least of some lengths, found at the end of a block.
fn least(f: &mut Func, block: usize, lens: &[V]) -> V {
    let mut least = lens[0];
    for len in &lens[1..] {
        let is = f.value(Inst::Cmp(Cond::Below, *len, least), Ty::Bool);
        least = f.value(Inst::Select(is, *len, least), Ty::Int);
        f.blocks[block].insts.extend([is, least]);
    }
    least
}

/// Has the first guard of a group compare with the least length, for all of them.
fn merge(f: &mut Func, graph: &Graph, group: &Group, least: V) {
    let is = f.value(Inst::Cmp(Cond::Below, group.index, least), Ty::Bool);
    let (at, first) = group.first;
    let insts = &mut f.blocks[graph.order[at].0 as usize].insts;
    let place = insts.iter().position(|v| *v == first).unwrap_or(0);
    insts.insert(place, is);
    if let Inst::Guard(of, ..) = &mut f.insts[first.0 as usize] {
        *of = is;
    }
    for (at, guard) in &group.others {
        let insts = &mut f.blocks[graph.order[*at].0 as usize].insts;
        insts.retain(|v| v != guard);
    }
}

#[cfg(test)]
mod tests {
    use super::{Graph, run};
    use crate::jit::passes::golden::check;

    #[test]
    fn an_index_is_compared_with_the_least_length() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Ptr = counted r1
                v3: Int = Len of v2
                v4: Ptr = counted r2
                v5: Int = Len of v4
                jump b1(v1)
            b1(v6: Int): before b0, else @3 Range []
                poll, else @3 Limit [r3=v6]
                v7: Bool = Below v6, v3
                guard v7, else @4 Range [r3=v6]
                v8: Int = Add v6, v0
                v9: Bool = Below v8, v3
                guard v9, else @5 Range [r3=v6]
                v10: Bool = Below v6, v5
                guard v10, else @6 Range [r3=v6]
                jump b2()
            b2():
                v12: Bool = Below v8, v5
                guard v12, else @7 Range [r3=v6]
                v11: Bool = Lt v8, v0
                if v11 b1(v8) else b3()
            b3():
                return
            ",
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Ptr = counted r1
                v3: Int = Len of v2
                v4: Ptr = counted r2
                v5: Int = Len of v4
                v18: Bool = Below v5, v3
                v19: Int = select v18, v5, v3
                jump b1(v1)
            b1(v6: Int):
                poll, else @3 Limit [r3=v6]
                v7: Bool = Below v6, v3
                v20: Bool = Below v6, v19
                guard v20, else @4 Range [r3=v6]
                v8: Int = Add v6, v0
                v9: Bool = Below v8, v3
                v21: Bool = Below v8, v19
                guard v21, else @5 Range [r3=v6]
                v10: Bool = Below v6, v5
                jump b2()
            b2():
                v12: Bool = Below v8, v5
                v11: Bool = Lt v8, v0
                if v11 b1(v8) else b3()
            b3():
                return
            ",
        );
    }

    #[test]
    fn what_may_not_come_is_not_asked_for_before() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int, v20: Int, v21: Int):
                jump b1(v0)
            b1(v6: Int): before b0, else @3 Range []
                v7: Bool = Below v6, v20
                guard v7, else @4 Range [r3=v6]
                v11: Bool = Lt v6, v0
                if v11 b2() else b3()
            b2():
                v12: Bool = Below v6, v21
                guard v12, else @7 Range [r3=v6]
                jump b3()
            b3():
                jump b1(v6)
            ",
            "
            b0(v0: Int, v20: Int, v21: Int):
                jump b1(v0)
            b1(v6: Int):
                v7: Bool = Below v6, v20
                guard v7, else @4 Range [r3=v6]
                v11: Bool = Lt v6, v0
                if v11 b2() else b3()
            b2():
                v12: Bool = Below v6, v21
                guard v12, else @7 Range [r3=v6]
                jump b3()
            b3():
                jump b1(v6)
            ",
        );
    }
}
