//! What nobody wants is not computed.
//!
//! **Invariant**: only instructions go that do nothing but give a value.

use super::graph::reads;
use crate::jit::ir::{Func, Term, V};

pub(super) fn run(f: &mut Func) {
    let order = f.order();
    let mut wanted = vec![false; f.insts.len()];
    let mut open: Vec<V> = Vec::new();
    for b in &order {
        let block = &f.blocks[b.0 as usize];
        // A guard may still be moved there.
        if let Some((_, exit)) = block.preheader {
            open.extend(f.exits[exit].writes.iter().map(|(_, v)| *v));
        }
        for v in &block.insts {
            let inst = f.inst(*v);
            if !inst.is_pure() && reads(inst).is_none() {
                open.push(*v);
            }
            if let Some(exit) = inst.exit() {
                open.extend(f.exits[exit].writes.iter().map(|(_, v)| *v));
            }
        }
        if let Term::Leave(exit) = &block.term {
            open.extend(f.exits[*exit].writes.iter().map(|(_, v)| *v));
        }
        // Parameters of blocks keep what they are given.
        block.term.each_operand(|v| open.push(*v));
    }
    while let Some(v) = open.pop() {
        if !std::mem::replace(&mut wanted[v.0 as usize], true) {
            f.inst(v).each_operand(|v| open.push(*v));
        }
    }
    for b in order {
        f.blocks[b.0 as usize]
            .insts
            .retain(|v| wanted[v.0 as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn what_an_exit_writes_is_wanted_and_the_rest_is_not() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = 7
                v2: Int = Add v0, v1
                v3: Int = Mul v0, v1
                v4: Int = load r3
                poll, else @4 Limit [r1=v2]
                return v0
            ",
            "
            b0(v0: Int):
                v1: Int = 7
                v2: Int = Add v0, v1
                poll, else @4 Limit [r1=v2]
                return v0
            ",
        );
    }
}
