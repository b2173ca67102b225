//! Where both ways from a branch do next to nothing and meet again, both are done, and a selection takes
//! what one of them gives: a branch that goes now one way and now the other costs more than a few sums.
//!
//! Ways may differ in what they pay: that is selected too.
//!
//! **Invariant**: what else is done on both ways is pure, and cannot trap in the machine.

use crate::jit::ir::{B, Bin, Func, Inst, Term, Ty, V};

/// Instructions of a way that are done in vain at most.
const MOST: usize = 4;

/// Selects where it can; whether it could anywhere. What is inside comes first, and what is around it when it is
/// run again.
pub(super) fn run(f: &mut Func, order: &[B]) -> bool {
    let mut preds = vec![0; f.blocks.len()];
    for at in order {
        for to in f.blocks[at.0 as usize].term.succs() {
            preds[to.0 as usize] += 1;
        }
    }
    let mut selects = false;
    for at in order.iter().rev() {
        selects |= diamond(f, *at, &preds);
    }
    selects
}

/// What a way does, where it leads, and what it gives there.
fn arm(f: &Func, (to, args): &(B, Vec<V>), preds: &[usize]) -> Option<(Vec<V>, B, Vec<V>)> {
    let block = &f.blocks[to.0 as usize];
    let cheap = |v: &V| {
        let inst = f.inst(*v);
        match inst {
            Inst::Int(_) | Inst::Bool(_) | Inst::Undef => Some(0),
            Inst::Bin(op, ..) => {
                let is_dear = matches!(
                    op,
                    Bin::Rem
                        | Bin::Quot
                        | Bin::MulHigh
                        | Bin::FAdd
                        | Bin::FSub
                        | Bin::FMul
                        | Bin::FDiv
                );
                (!is_dear).then_some(1)
            }
            Inst::Spend(cost) => f.int(*cost).map(|_| 1),
            Inst::Cmp(..) | Inst::Un(crate::jit::ir::Un::Not | crate::jit::ir::Un::BitNot, _) => {
                Some(1)
            }
            Inst::Select(..) => Some(1),
            _other => None,
        }
    };
    let alone = preds[to.0 as usize] == 1 && args.is_empty() && block.preheader.is_none();
    let Term::Jump(on, given) = &block.term else {
        return None;
    };
    if !alone {
        return None;
    }
    let mut cost = 0;
    for v in &block.insts {
        cost += cheap(v)?;
    }
    (cost <= MOST).then(|| (block.insts.clone(), *on, given.clone()))
}

/// What is paid on a way.
fn paid(f: &Func, insts: &[V]) -> i64 {
    let costs = insts.iter().filter_map(|v| match f.inst(*v) {
        Inst::Spend(cost) => f.int(*cost),
        _other => None,
    });
    costs.sum()
}

/// Pays what the one way costs or the other.
fn spend(f: &mut Func, block: usize, is: V, [yes, no]: [i64; 2]) {
    let mut put = |inst: Inst, ty: Ty| {
        let v = f.value(inst, ty);
        f.blocks[block].insts.push(v);
        v
    };
    if yes == 0 && no == 0 {
        return;
    }
    let mut cost = put(Inst::Int(yes), Ty::Int);
    if yes != no {
        let other = put(Inst::Int(no), Ty::Int);
        cost = put(Inst::Select(is, cost, other), Ty::Int);
    }
    put(Inst::Spend(cost), Ty::None);
}

fn diamond(f: &mut Func, at: B, preds: &[usize]) -> bool {
    let Term::Branch(is, yes, no) = &f.blocks[at.0 as usize].term else {
        return false;
    };
    let (first, second) = (arm(f, yes, preds), arm(f, no, preds));
    if first.is_none() && second.is_none() {
        return false;
    }
    let (is, yes, no) = (*is, yes.clone(), no.clone());
    let ((mut insts, more), to, given) = match (first, second) {
        (Some((insts, to, given)), Some((more, other, taken))) if to == other => {
            ((insts, more), to, (given, taken))
        }
        // One way goes straight to where they meet.
        (Some((insts, to, given)), _) if no.0 == to => ((insts, Vec::new()), to, (given, no.1)),
        (_, Some((more, to, taken))) if yes.0 == to => ((Vec::new(), more), to, (yes.1, taken)),
        _other => return false,
    };
    let spent = [paid(f, &insts), paid(f, &more)];
    insts.extend(more);
    insts.retain(|v| !matches!(f.inst(*v), Inst::Spend(_)));
    let fits = |v: &V| matches!(f.ty(*v), Ty::Int | Ty::Bool);
    let differ = given.0.iter().zip(&given.1).filter(|(a, b)| a != b);
    if preds[to.0 as usize] != 2
        || differ.clone().count() > 1
        || !differ.clone().all(|(a, b)| fits(a) && fits(b))
    {
        return false;
    }
    let block = at.0 as usize;
    f.blocks[block].insts.extend(insts);
    spend(f, block, is, spent);
    let mut args = Vec::new();
    for (a, b) in given.0.into_iter().zip(given.1) {
        args.push(match a == b {
            true => a,
            false => {
                let v = f.value(Inst::Select(is, a, b), f.ty(a));
                f.blocks[block].insts.push(v);
                v
            }
        });
    }
    f.blocks[block].term = Term::Jump(to, args);
    true
}

#[cfg(test)]
mod tests {
    use crate::jit::ir::Func;
    use crate::jit::passes::golden::check;

    fn run(f: &mut Func) {
        super::run(f, &f.order());
    }

    #[test]
    fn a_small_diamond_is_a_selection() {
        check(
            run,
            "
            b0(v0: Int, v1: Bool):
                v2: Int = 1
                if v1 b1() else b2()
            b1():
                v3: Int = Shr v0, v2
                jump b3(v3)
            b2():
                v4: Int = Add v0, v2
                jump b3(v4)
            b3(v5: Int):
                return v5
            ",
            "
            b0(v0: Int, v1: Bool):
                v2: Int = 1
                v3: Int = Shr v0, v2
                v4: Int = Add v0, v2
                v6: Int = select v1, v3, v4
                jump b3(v6)
            b3(v5: Int):
                return v5
            ",
        );
    }

    #[test]
    fn what_may_trap_or_is_dear_stays_on_its_way() {
        for dear in ["Quot v0, v0", "Rem v0, v0", "load r1"] {
            let text = format!(
                "
                b0(v0: Int, v1: Bool):
                    if v1 b1() else b2(v0)
                b1():
                    v2: Int = {dear}
                    jump b2(v2)
                b2(v3: Int):
                    return v3
                "
            );
            check(run, &text, &text);
        }
    }
}
