//! Blocks that only ever follow one another are one.
//!
//! **Invariant**: a block is taken into the one before it only if there is no other way to it.

use super::graph::replace;
use crate::jit::ir::{B, Func, Term, V};

/// Whether a value has taken the place of another. Blocks that are taken in go from the `order`, too.
pub(super) fn run(f: &mut Func, order: &mut Vec<B>) -> bool {
    let mut ways = vec![0; f.blocks.len()];
    for at in &*order {
        for to in f.blocks[at.0 as usize].term.succs() {
            ways[to.0 as usize] += 1;
        }
    }
    let mut given: Vec<(V, V)> = Vec::new();
    for at in &*order {
        while let Term::Jump(to, args) = &mut f.blocks[at.0 as usize].term {
            let (to, args) = (*to, std::mem::take(args));
            let is_head = f.blocks[to.0 as usize].preheader.is_some();
            if ways[to.0 as usize] != 1 || to == order[0] || is_head {
                f.blocks[at.0 as usize].term = Term::Jump(to, args);
                break;
            }
            ways[to.0 as usize] = 0;
            given.extend(f.blocks[to.0 as usize].params.drain(..).zip(args));
            let insts = std::mem::take(&mut f.blocks[to.0 as usize].insts);
            let term = std::mem::replace(&mut f.blocks[to.0 as usize].term, Term::Open);
            let block = &mut f.blocks[at.0 as usize];
            block.insts.extend(insts);
            block.term = term;
        }
    }
    let head = order[0];
    order.retain(|at| ways[at.0 as usize] != 0 || *at == head);
    if given.is_empty() {
        return false;
    }
    let mut with: Vec<V> = (0..f.insts.len() as u32).map(V).collect();
    (given.iter()).for_each(|(param, arg)| with[param.0 as usize] = *arg);
    replace(f, &with);
    true
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn blocks_in_a_row_are_one_and_those_of_two_ways_are_not() {
        check(
            |f| assert!(run(f, &mut f.order())),
            "
            b0(v0: Int, v1: Bool):
                jump b1(v0)
            b1(v2: Int):
                v3: Int = Add v2, v0
                if v1 b2() else b3()
            b2():
                jump b4(v3)
            b3():
                jump b5(v2)
            b5(v4: Int):
                v5: Int = Sub v4, v3
                jump b4(v5)
            b4(v6: Int):
                jump b6()
            b6():
                return v6
            ",
            "
            b0(v0: Int, v1: Bool):
                v3: Int = Add v0, v0
                if v1 b2() else b3()
            b3():
                v5: Int = Sub v0, v3
                jump b4(v5)
            b2():
                jump b4(v3)
            b4(v6: Int):
                return v6
            ",
        );
    }
}
