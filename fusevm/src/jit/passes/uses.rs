//! What single blocks use and where they lead, for passes that change some of them.

use crate::jit::ir::{B, Exit, Func, Term, V};
use crate::jit::mix::Map;

/// Tells a function of each value that a block uses, exits included.
pub(super) fn each_use(f: &Func, b: B, mut of: impl FnMut(V)) {
    let block = &f.blocks[b.0 as usize];
    let exit = |exit: Option<usize>, of: &mut dyn FnMut(V)| {
        let writes = exit.map_or(&[][..], |exit| &f.exits[exit].writes);
        writes.iter().for_each(|(_, v)| of(*v));
    };
    for v in &block.insts {
        f.inst(*v).each_operand(|v| of(*v));
        exit(f.inst(*v).exit(), &mut of);
    }
    block.term.each_operand(|v| of(*v));
    if let Term::Leave(way) = block.term {
        exit(Some(way), &mut of);
    }
    exit(block.preheader.map(|(_, way)| way), &mut of);
}

/// Replaces each value that a block uses, and its exits: by which of them are known to be the same with the new values,
/// and others are from then on.
pub(super) fn replace(f: &mut Func, b: B, new: impl Fn(V) -> V, exits: &mut Map<usize, usize>) {
    let mut new_exit = |f: &mut Func, exit: usize| -> usize {
        *(exits.entry(exit)).or_insert_with(|| copy_exit(f, exit, &new))
    };
    let at = b.0 as usize;
    for i in 0..f.blocks[at].insts.len() {
        let v = f.blocks[at].insts[i].0 as usize;
        f.insts[v].each_value(|v| *v = new(*v));
        if let Some(exit) = f.insts[v].exit() {
            let new = new_exit(f, exit);
            if let Some(exit) = f.insts[v].exit_mut() {
                *exit = new;
            }
        }
    }
    f.blocks[at].term.each_value(|v| *v = new(*v));
    if let Term::Leave(exit) = f.blocks[at].term {
        f.blocks[at].term = Term::Leave(new_exit(f, exit));
    }
    if let Some((before, exit)) = f.blocks[at].preheader {
        f.blocks[at].preheader = Some((before, new_exit(f, exit)));
    }
}

/// The exit that writes other values; itself if it writes none of them.
fn copy_exit(f: &mut Func, exit: usize, new: impl Fn(V) -> V) -> usize {
    if f.exits[exit].writes.iter().all(|(_, v)| new(*v) == *v) {
        return exit;
    }
    let mut copy: Exit = f.exits[exit].clone();
    copy.writes.iter_mut().for_each(|(_, v)| *v = new(*v));
    f.exits.push(copy);
    f.exits.len() - 1
}

/// Has a block go to another one instead.
pub(super) fn lead(f: &mut Func, b: B, from: B, to: B) {
    match &mut f.blocks[b.0 as usize].term {
        Term::Jump(at, _) if *at == from => *at = to,
        Term::Branch(_, (yes, _), (no, _)) => {
            for at in [yes, no] {
                if *at == from {
                    *at = to;
                }
            }
        }
        _other => {}
    }
}
