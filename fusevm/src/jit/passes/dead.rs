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
        block.term.clone().each_value(|v| open.push(*v));
    }
    while let Some(v) = open.pop() {
        if !std::mem::replace(&mut wanted[v.0 as usize], true) {
            open.extend(f.inst(v).values());
        }
    }
    for b in order {
        f.blocks[b.0 as usize]
            .insts
            .retain(|v| wanted[v.0 as usize]);
    }
}
