//! Fuel is looked at once for all that is paid for on the way to the next place where others pay, or where a
//! loop begins again: what is enough for the dearest way is enough for each.
//!
//! What is paid, and where, stays the same. With too little left for the dearest way machine code is left, and
//! the interpreter goes on to the very op where fuel ends.
//!
//! **Invariant**: on each way to a payment there is a look at fuel that covers it and all other payments in
//! between; what others pay, and heads of loops, end what a look covers.

use super::graph::Graph;
use crate::jit::ir::{Func, Inst, Lib, Ty, V};
use crate::jit::mix::Map;

/// Whether anything is paid for.
pub(super) fn run(f: &mut Func, graph: &Graph) -> bool {
    if !f.any(|inst| matches!(inst, Inst::Charge(..))) {
        return false;
    }
    let order = &graph.order;
    let is_head = |at| graph.preds(at).iter().any(|pred| *pred >= at);
    let heads: Vec<bool> = (0..order.len()).map(is_head).collect();
    // What the dearest way from each payment on costs, itself included.
    let mut needs: Map<V, u32> = Map::default();
    let mut before = vec![0_u32; order.len()];
    for (at, b) in order.iter().enumerate().rev() {
        let block = &f.blocks[b.0 as usize];
        let behind = block.term.succs().map(|to| match graph.place(to) {
            Some(to) if !heads[to] => before[to],
            _head => 0,
        });
        let mut need = behind.max().unwrap_or(0);
        for v in block.insts.iter().rev() {
            match f.inst(*v) {
                Inst::Charge(cost, _) | Inst::Pay(cost) => need = need.saturating_add(*cost),
                inst if others_pay(inst) => need = 0,
                _other => {}
            }
            needs.insert(*v, need);
        }
        before[at] = need;
    }
    let mut covered = vec![false; order.len()];
    for (at, b) in order.iter().enumerate() {
        let is_covered = |pred: &usize| covered[*pred];
        let preds = graph.preds(at);
        let mut now = !heads[at] && !preds.is_empty() && preds.iter().all(is_covered);
        let insts = std::mem::take(&mut f.blocks[b.0 as usize].insts);
        let mut with = Vec::with_capacity(insts.len());
        for v in insts {
            match *f.inst(v) {
                Inst::Charge(cost, exit) => {
                    if !now {
                        with.push(f.value(Inst::Ensure(needs[&v], exit), Ty::None));
                        now = true;
                    }
                    let cost = f.value(Inst::Int(cost.into()), Ty::Int);
                    with.push(cost);
                    f.insts[v.0 as usize] = Inst::Spend(cost);
                }
                Inst::Pay(cost) if now => {
                    // It is there.
                    let cost = f.value(Inst::Int(cost.into()), Ty::Int);
                    let spend = f.value(Inst::Spend(cost), Ty::None);
                    with.extend([cost, spend]);
                    f.insts[v.0 as usize] = Inst::Bool(true);
                }
                ref inst => now &= !others_pay(inst),
            }
            with.push(v);
        }
        f.blocks[b.0 as usize].insts = with;
        covered[at] = now;
    }
    true
}

/// Whether others may pay there.
fn others_pay(inst: &Inst) -> bool {
    match inst {
        Inst::Lib { lib, .. } => matches!(lib, Lib::Step | Lib::Out),
        inst => matches!(inst, Inst::Call { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Graph, run};
    use crate::jit::passes::golden::check;

    #[test]
    fn one_look_covers_both_ways_and_ends_with_the_turn() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Bool):
                charge 2, else @1 Limit []
                jump b1()
            b1():
                charge 3, else @2 Limit []
                if v0 b2() else b3()
            b2():
                charge 5, else @3 Limit []
                jump b4()
            b3():
                charge 7, else @4 Limit []
                jump b4()
            b4():
                charge 1, else @5 Limit []
                if v0 b1() else b5()
            b5():
                charge 4, else @6 Limit []
                lib Step (), else @7 Slow []
                charge 6, else @8 Limit []
                return
            ",
            "
            b0(v0: Bool):
                ensure 2, else @1 Limit []
                v10: Int = 2
                spend v10
                jump b1()
            b1():
                ensure 15, else @2 Limit []
                v12: Int = 3
                spend v12
                if v0 b2() else b3()
            b3():
                v13: Int = 7
                spend v13
                jump b4()
            b2():
                v14: Int = 5
                spend v14
                jump b4()
            b4():
                v15: Int = 1
                spend v15
                if v0 b1() else b5()
            b5():
                v16: Int = 4
                spend v16
                lib Step  (), else @7 Slow []
                ensure 6, else @8 Limit []
                v18: Int = 6
                spend v18
                return
            ",
        );
    }
}
