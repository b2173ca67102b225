//! What nobody wants is not computed.
//!
//! **Invariant**: only instructions go that do nothing but give a value.

use super::graph::reads;
use crate::jit::ir::{B, Func, Term, V};

/// Values that are wanted, and those of them whose operands are still to be.
struct Wanted<'a> {
    f: &'a Func,
    is: Vec<bool>,
    open: Vec<V>,
}

impl Wanted<'_> {
    fn put(&mut self, v: V) {
        if !std::mem::replace(&mut self.is[v.0 as usize], true) {
            self.open.push(v);
        }
    }

    /// What an exit writes.
    fn exit(&mut self, exit: usize) {
        let f = self.f;
        (f.exits[exit].writes.iter()).for_each(|(_, v)| self.put(*v));
    }
}

pub(super) fn run(f: &mut Func, order: &[B]) {
    let mut wanted = Wanted {
        f,
        is: vec![false; f.insts.len()],
        open: Vec::with_capacity(f.insts.len()),
    };
    for b in order {
        let block = &f.blocks[b.0 as usize];
        // A guard may still be moved there.
        if let Some((_, exit)) = block.preheader {
            wanted.exit(exit);
        }
        for v in &block.insts {
            let inst = f.inst(*v);
            if !inst.is_pure() && reads(inst).is_none() {
                wanted.put(*v);
                inst.exit().into_iter().for_each(|exit| wanted.exit(exit));
            }
        }
        if let Term::Leave(exit) = &block.term {
            wanted.exit(*exit);
        }
        // Parameters of blocks keep what they are given.
        block.term.each_operand(|v| wanted.put(*v));
    }
    while let Some(v) = wanted.open.pop() {
        f.inst(v).each_operand(|v| wanted.put(*v));
    }
    let wanted = wanted.is;
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
            |f| run(f, &f.order()),
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
