//! What nobody wants is not computed; and what is in no block any more is kept nowhere.
//!
//! **Invariant**: only instructions go that do nothing but give a value, and exits that nothing leaves by.

use super::graph::reads;
use crate::jit::ir::{B, Func, Inst, Term, V};

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

/// Takes out what nobody wants; by number, which values somebody does.
pub(super) fn run(f: &mut Func, order: &[B]) -> Vec<bool> {
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
    wanted
}

/// The same, and numbers values and exits anew: of hundreds that a unit is built with, tens may be left, and it is
/// kept for as long as it may be built into others, as exits are for as long as there is its code.
pub(super) fn compact(f: &mut Func, order: &[B]) {
    let mut stays = run(f, order);
    let mut reached = vec![false; f.blocks.len()];
    for b in order {
        reached[b.0 as usize] = true;
    }
    let mut leaves = vec![false; f.exits.len()];
    for (block, reached) in f.blocks.iter_mut().zip(reached) {
        if !reached {
            (block.params, block.insts) = (Vec::new(), Vec::new());
            (block.term, block.preheader) = (Term::Open, None);
        }
        (block.params.iter()).for_each(|v| stays[v.0 as usize] = true);
        let exits = (block.insts.iter()).filter_map(|v| f.insts[v.0 as usize].exit());
        let before = block.preheader.map(|(_, exit)| exit);
        let last = match &block.term {
            Term::Leave(exit) => Some(*exit),
            _goes_on => None,
        };
        for exit in exits.chain(before).chain(last) {
            leaves[exit] = true;
        }
    }
    let (values, exits) = (numbers(&stays), numbers(&leaves));
    let value = |v: &mut V| v.0 = values[v.0 as usize];
    let exit = |exit: &mut usize| *exit = exits[*exit] as usize;
    keep(&mut f.insts, &stays);
    keep(&mut f.types, &stays);
    keep(&mut f.exits, &leaves);
    f.each_use(value);
    let leaving = f.insts.iter_mut().filter_map(Inst::exit_mut);
    leaving.for_each(exit);
    for block in &mut f.blocks {
        block.params.iter_mut().for_each(value);
        block.insts.iter_mut().for_each(value);
        if let Term::Leave(by) = &mut block.term {
            exit(by);
        }
        if let Some((_, by)) = &mut block.preheader {
            exit(by);
        }
    }
}

/// The numbers of those that stay.
fn numbers(stays: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let number = |stays: &bool| {
        let number = next;
        next += u32::from(*stays);
        number
    };
    stays.iter().map(number).collect()
}

fn keep<T>(all: &mut Vec<T>, stays: &[bool]) {
    let mut stays = stays.iter();
    all.retain(|_| stays.next().is_none_or(|stays| *stays));
    all.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::{compact, run};
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

    #[test]
    fn what_is_left_is_numbered_anew() {
        check(
            |f| {
                let order = f.order();
                compact(f, &order);
                assert_eq!(
                    (f.insts.len(), f.exits.len()),
                    (5, 1),
                    "of eight, and of two"
                );
            },
            "
            b0(v0: Int, v1: Int):
                v2: Int = Add v0, v1
                v3: Int = 7
                v4: Bool = Lt v1, v3
                guard v4, else @5 Kind [r1=v0]
                return v3
            b1():
                v5: Bool = Lt v0, v1
                guard v5, else @6 Kind []
                return
            ",
            "
            b0(v0: Int, v1: Int):
                v2: Int = 7
                v3: Bool = Lt v1, v2
                guard v3, else @5 Kind [r1=v0]
                return v2
            ",
        );
    }
}
