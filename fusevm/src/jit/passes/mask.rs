//! An index that was masked is not compared each time: it is enough if the mask itself is within the length.
//!
//! That holds for all indices of the mask, so that it is asked for once, and before a loop. Where it does not
//! hold, the index may be in range all the same: the unit is left for nothing, and compiled again without this
//! if that goes on.
//!
//! **Invariant**: what passes the new guard would have passed the old one.

use super::fold::mask;
use super::graph::Graph;
use crate::jit::ir::{B, Cond, Func, Inst, Ty, V};
use crate::jit::mix::Map;

/// Whether it has changed anything.
pub(super) fn run(f: &mut Func) -> bool {
    let masked = |f: &Func| {
        let all = f.blocks.iter().enumerate();
        let all = all.flat_map(|(at, block)| block.insts.iter().map(move |v| (at, *v)));
        all.filter_map(|(at, v)| bound(f, v).map(|found| (at, v, found)))
            .collect::<Vec<_>>()
    };
    let found = masked(f);
    if found.is_empty() {
        return false;
    }
    let mut times: Map<(i64, V), u32> = Map::default();
    for (_, _, bound) in &found {
        *times.entry(*bound).or_default() += 1;
    }
    let mut graph = None;
    let mut in_loop = |f: &Func, at: usize| {
        let graph = graph.get_or_insert_with(|| Graph::of(f));
        let place = graph.place(B(at as u32));
        place.is_some_and(|place| graph.loops.iter().any(|l| l.blocks.has(place)))
    };
    let mut changed = false;
    for (at, guard, bound) in found {
        // One that comes once is as good as the other.
        if times[&bound] < 2 && !in_loop(f, at) {
            continue;
        }
        changed = true;
        let most = f.value(Inst::Int(bound.0), Ty::Int);
        let is = f.value(Inst::Cmp(Cond::Below, most, bound.1), Ty::Bool);
        let insts = &mut f.blocks[at].insts;
        let place = insts.iter().position(|v| *v == guard).unwrap_or(0);
        insts.splice(place..place, [most, is]);
        if let Inst::Guard(of, ..) = &mut f.insts[guard.0 as usize] {
            *of = is;
        }
    }
    changed
}

/// The mask and the length of a guard that compares what was masked.
fn bound(f: &Func, v: V) -> Option<(i64, V)> {
    let Inst::Guard(is, true, _) = f.inst(v) else {
        return None;
    };
    let Inst::Cmp(Cond::Below, index, len) = f.inst(*is) else {
        return None;
    };
    Some((mask(f, *index)?, *len))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn the_mask_is_compared_where_the_index_was() {
        check(
            |f| assert!(run(f)),
            "
            b0(v0: Int, v1: Int, v2: Int):
                v3: Int = 7
                v4: Int = And v0, v3
                v5: Bool = Below v4, v2
                guard v5, else @1 Range []
                v6: Int = And v1, v3
                v7: Bool = Below v6, v2
                guard v7, else @2 Range []
                v8: Int = 15
                v9: Int = And v1, v8
                v10: Bool = Below v9, v2
                guard v10, else @3 Range []
                return v4
            ",
            "
            b0(v0: Int, v1: Int, v2: Int):
                v3: Int = 7
                v4: Int = And v0, v3
                v5: Bool = Below v4, v2
                v14: Int = 7
                v15: Bool = Below v14, v2
                guard v15, else @1 Range []
                v6: Int = And v1, v3
                v7: Bool = Below v6, v2
                v16: Int = 7
                v17: Bool = Below v16, v2
                guard v17, else @2 Range []
                v8: Int = 15
                v9: Int = And v1, v8
                v10: Bool = Below v9, v2
                guard v10, else @3 Range []
                return v4
            ",
        );
    }
}
