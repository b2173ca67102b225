//! One look at the limits is enough for all calls behind it: it is raised to what the others ask for, and
//! they go. Where it fails the interpreter makes the call, which may still be within the limits.
//!
//! **Invariant**: a look goes only if one that dominates it covers its window and its depth. While a function
//! runs, limits do not come nearer: what its callees take they give back.

use super::graph::Graph;
use crate::jit::ir::{Func, Inst, V};

pub(super) fn run(f: &mut Func, graph: &Graph) {
    // Looks that stay, and the places of their blocks.
    let mut stay: Vec<(usize, V)> = Vec::new();
    for (at, b) in graph.order.iter().enumerate() {
        let is_look = |v: &V| matches!(f.inst(*v), Inst::Room { .. });
        if !f.blocks[b.0 as usize].insts.iter().any(is_look) {
            continue;
        }
        let insts = std::mem::take(&mut f.blocks[b.0 as usize].insts);
        let mut kept = Vec::with_capacity(insts.len());
        for v in insts {
            if let Inst::Room { window, deep, .. } = *f.inst(v) {
                let found = stay.iter().find(|(from, _)| graph.dominates(*from, at));
                if let Some((_, first)) = found {
                    if let Inst::Room {
                        window: has,
                        deep: by,
                        ..
                    } = &mut f.insts[first.0 as usize]
                    {
                        (*has, *by) = (window.max(*has), deep.max(*by));
                    }
                    continue;
                }
                stay.push((at, v));
            }
            kept.push(v);
        }
        f.blocks[b.0 as usize].insts = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::{Graph, run};
    use crate::jit::passes::golden::check;

    #[test]
    fn the_first_look_is_for_all_behind_it_and_none_beside() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Bool):
                if v0 b1() else b2()
            b1():
                room r3 1 deep, else @1 Limit []
                call #0 r3 (), else @2 Callee []
                room r5 2 deep, else @3 Limit []
                call #0 r5 (), else @4 Callee []
                return
            b2():
                room r4 1 deep, else @5 Limit []
                call #0 r4 (), else @6 Callee []
                return
            ",
            "
            b0(v0: Bool):
                if v0 b1() else b2()
            b2():
                room r4 1 deep, else @5 Limit []
                call #0 r4 (), else @6 Callee []
                return
            b1():
                room r5 2 deep, else @1 Limit []
                call #0 r3 (), else @2 Callee []
                call #0 r5 (), else @4 Callee []
                return
            ",
        );
    }
}
