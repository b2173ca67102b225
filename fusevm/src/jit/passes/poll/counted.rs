//! Which loops count, and what they do in each turn that need not be done there.

use super::STEP;
use crate::jit::ir::{B, Bin, Cond, Field, Func, Inst, Lib, Loc, Term, V};
use crate::jit::passes::graph::{Graph, Loop};

/// Instructions that a loop has at most: in a longer one nobody would notice.
const SHORT: usize = 40;

/// A loop that counts.
pub(super) struct Counted {
    pub(super) header: B,
    /// Which parameter of the header counts, and by how much.
    pub(super) counter: usize,
    pub(super) step: V,
    /// What is looked at in each turn, and left by.
    pub(super) look: V,
    pub(super) exit: usize,
    /// The block that ends the turn, and on what condition the next begins.
    pub(super) last: B,
    pub(super) cond: Cond,
    pub(super) next: V,
    pub(super) end: V,
    /// What the next turn is given.
    pub(super) args: Vec<V>,
    /// The blocks from outside.
    pub(super) before: Vec<B>,
    /// Guards that come in every turn, whatever comes of it, that what is counted is below a length; and the lengths,
    /// each once.
    pub(super) bounds: Vec<(B, V)>,
    pub(super) lens: Vec<V>,
    pub(super) fills: Vec<Fill>,
}

/// An array that gets one element in each turn.
pub(super) struct Fill {
    pub(super) loc: Loc,
    pub(super) header: V,
    /// What was shifted out of it before.
    pub(super) head: V,
    /// The block that asks whether the element is there; the one that appends it, and what does; and the guard that it
    /// is the next one.
    pub(super) asks: B,
    pub(super) appends: B,
    pub(super) push: V,
    pub(super) guard: V,
    /// What asks where the array ends, or for its length, and whether that is behind the new element.
    pub(super) reads: Vec<(V, bool)>,
}

pub(super) fn find(f: &Func, graph: &Graph, defined: &[usize], found: &Loop) -> Option<Counted> {
    let header = graph.order[found.header];
    let &[latch] = found.latches.as_slice() else {
        return None;
    };
    let is_inner = |other: &Loop| other.header != found.header && found.blocks.has(other.header);
    if graph.loops.iter().any(is_inner) || !is_short(f, graph, found) {
        return None;
    }
    let (look, exit) = looked(f, header, |v| found.blocks.has(defined[v.0 as usize]))?;
    // The turn ends in a branch: to the head, or to a block that only jumps there.
    let jumps = &f.blocks[graph.order[latch].0 as usize];
    let (last, args) = match &jumps.term {
        Term::Branch(_, (to, args), _) if *to == header => (latch, args),
        Term::Jump(_, args) if jumps.insts.is_empty() && jumps.params.is_empty() => {
            let &[before] = graph.preds(latch) else {
                return None;
            };
            (before, args)
        }
        _other => return None,
    };
    let last_block = graph.order[last];
    let Term::Branch(is, (yes, _), (no, _)) = &f.blocks[last_block.0 as usize].term else {
        return None;
    };
    let is_back = *yes == header || *yes == graph.order[latch];
    let is_inside = |to: B| graph.place(to).is_some_and(|at| found.blocks.has(at));
    let &Inst::Cmp(cond @ (Cond::Lt | Cond::Le), next, end) = f.inst(*is) else {
        return None;
    };
    let &Inst::Bin(Bin::Add, from, by) = f.inst(next) else {
        return None;
    };
    let params = &f.blocks[header.0 as usize].params;
    let counter = params.iter().position(|param| *param == from)?;
    let fits = f.int(by).is_none_or(|step| (1..=STEP).contains(&step));
    let is_outside = [end, by]
        .iter()
        .all(|v| !found.blocks.has(defined[v.0 as usize]) || f.int(*v).is_some());
    if !fits || !is_back || is_inside(*no) || !is_outside || args.get(counter) != Some(&next) {
        return None;
    }
    let before = graph.preds(found.header).iter();
    let before = before.filter(|pred| **pred != latch);
    // Where a turn may leave the loop, or ends.
    let leaves = |at: usize| {
        let term = &f.blocks[graph.order[at].0 as usize].term;
        term.succs().into_iter().any(|to| !is_inside(to))
    };
    let ends: Vec<usize> = (found.blocks.iter())
        .filter(|at| *at == last || leaves(*at))
        .collect();
    let (mut bounds, mut lens) = (Vec::new(), Vec::new());
    let (mut fills, is_by_one) = (Vec::new(), f.int(by) == Some(1));
    for at in found.blocks.iter() {
        let block = graph.order[at];
        for v in &f.blocks[block.0 as usize].insts {
            if is_by_one {
                fills.extend(fill(f, graph, (found, last), defined, (at, *v), from));
            }
            if let Inst::Guard(is, true, _) = f.inst(*v)
                && let Inst::Cmp(Cond::Below, index, len) = f.inst(*is)
                && *index == from
                && !found.blocks.has(defined[len.0 as usize])
                && ends.iter().all(|end| graph.dominates(at, *end))
            {
                bounds.push((block, *v));
                if !lens.contains(len) {
                    lens.push(*len);
                }
            }
        }
    }
    Some(Counted {
        header,
        counter,
        step: by,
        look,
        exit,
        last: last_block,
        cond,
        next,
        end,
        args: args.clone(),
        before: before.map(|pred| graph.order[*pred]).collect(),
        bounds,
        lens,
        fills,
    })
}

/// What an instruction in that block fills, if that happens once in each turn, at the place that is counted.
fn fill(
    f: &Func,
    graph: &Graph,
    (found, last): (&Loop, usize),
    defined: &[usize],
    (at, push): (usize, V),
    counter: V,
) -> Option<Fill> {
    let Inst::Lib {
        lib: Lib::Push,
        locs: [Some(loc), ..],
        args,
        ..
    } = f.inst(push)
    else {
        return None;
    };
    let &[_, header, index, _] = &args[..] else {
        return None;
    };
    let is_outside = |v: V| !found.blocks.has(defined[v.0 as usize]);
    let [asks] = *graph.preds(at) else {
        return None;
    };
    let block = |at: usize| &f.blocks[graph.order[at].0 as usize];
    let (appends, Term::Jump(done, _)) = (graph.order[at], &block(at).term) else {
        return None;
    };
    let done = graph.place(*done)?;
    let Term::Branch(is, _, (no, _)) = &block(asks).term else {
        return None;
    };
    let &Inst::Cmp(Cond::Below, of, len) = f.inst(*is) else {
        return None;
    };
    let &Inst::Bin(Bin::Sub, _, head) = f.inst(len) else {
        return None;
    };
    let is_next = |v: &&V| match f.inst(**v) {
        Inst::Guard(is, true, _) => *f.inst(*is) == Inst::Cmp(Cond::Eq, counter, len),
        _other => false,
    };
    let guard = *block(at).insts.iter().find(is_next)?;
    let is_head = *f.inst(head) == Inst::Field(Field::Head, header);
    let is_each_turn =
        graph.dominates(asks, last) && graph.dominates(done, last) && !graph.dominates(done, asks);
    if *no != appends || (of, index) != (counter, counter) || !is_head || !is_each_turn {
        return None;
    }
    if !is_outside(header) || !is_outside(head) {
        return None;
    }
    let mut reads = Vec::new();
    for other in found.blocks.iter() {
        for v in &block(other).insts {
            match f.inst(*v) {
                Inst::Field(Field::End | Field::Len, of) if *of == header => {
                    let is_behind = graph.dominates(done, other);
                    if !is_behind && other != asks {
                        return None;
                    }
                    reads.push((*v, is_behind));
                }
                Inst::Lib {
                    lib: Lib::Push,
                    locs,
                    ..
                } if *v != push && locs[0] == Some(*loc) => return None,
                _other => {}
            }
        }
    }
    Some(Fill {
        loc: *loc,
        header,
        head,
        asks: graph.order[asks],
        appends,
        push,
        guard,
        reads,
    })
}

/// The look at the head of a loop and its exit, if it can be made before the turn begins: nothing is done before it,
/// and what it leaves with is there.
fn looked(f: &Func, header: B, is_inside: impl Fn(V) -> bool) -> Option<(V, usize)> {
    let block = &f.blocks[header.0 as usize];
    let mut insts = block.insts.iter();
    let look = *insts.find(|v| !f.inst(**v).is_pure())?;
    let exit = f.inst(look).exit().filter(|_| is_look(f.inst(look)))?;
    let is_there = |v: &V| block.params.contains(v) || !is_inside(*v);
    let mut writes = f.exits[exit].writes.iter();
    writes.all(|(_, v)| is_there(v)).then_some((look, exit))
}

fn is_look(inst: &Inst) -> bool {
    matches!(inst, Inst::Poll(_) | Inst::Ensure(..))
}

/// Whether a turn is short, calls nobody, and looks once.
fn is_short(f: &Func, graph: &Graph, found: &Loop) -> bool {
    let (mut count, mut looks) = (0, 0);
    for at in found.blocks.iter() {
        let block = &f.blocks[graph.order[at].0 as usize];
        count += block.insts.len();
        let calls = |v: &V| {
            let inst = f.inst(*v);
            // What is appended is a number, and seldom moves the others.
            let appends = match inst {
                Inst::Lib { lib, args, .. } => *lib == Lib::Push && args.len() > 1,
                _other => false,
            };
            let leaves = matches!(inst, Inst::Guard(..)) || is_look(inst) || appends;
            inst.exit().is_some() && !leaves
        };
        if count > SHORT || block.insts.iter().any(calls) {
            return false;
        }
        looks += block.insts.iter().filter(|v| is_look(f.inst(**v))).count();
    }
    looks == 1
}
