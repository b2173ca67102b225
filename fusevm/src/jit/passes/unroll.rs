//! Loops of a few turns, as many as is known, are written out: turn behind turn, with what is counted as a constant.
//!
//! The turns are put before the loop, which stays for what comes behind them. That is nothing, and numbering finds
//! that control does not come there: so nothing depends on the turns being counted right. A loop around others is
//! written out when those are.
//!
//! Nobody looks for an interrupt in turns that are written out, as in short loops that are over soon (`poll`).
//!
//! **Invariant**: a value that is defined in the loop and used behind it is handed on to the one block that control
//! comes to there, from each turn.

use super::graph::{Graph, Loop};
use super::uses::{each_use, lead, replace};
use crate::jit::ir::{B, Bin, Cond, Func, Inst, Term, V};
use crate::jit::mix::Map;

/// Turns that are written out.
const TURNS: usize = 8;

/// Instructions that a loop becomes.
const MOST: usize = 160;

/// By how many instructions a unit may grow.
pub(super) const GROWTH: usize = 1000;

/// What a call of the host counts as.
const CALL: usize = 8;

/// Instructions of a block behind a loop that belongs to its turns, because it only leads away.
const TAIL: usize = 2;

/// A loop that is written out.
struct Few {
    header: B,
    turns: usize,
    /// Its blocks, and those behind it that only lead away.
    blocks: Vec<B>,
    before: Vec<B>,
    /// Where control goes from there, if it is one block.
    out: Option<B>,
    /// Whether it comes there from nowhere else.
    is_only: bool,
    /// What is defined in it and used elsewhere.
    used: Vec<V>,
}

/// Writes out what it can now; whether there was anything. By how much the unit may still grow is `room`.
pub(super) fn run(f: &mut Func, graph: &Graph, room: &mut usize) -> bool {
    if graph.loops.is_empty() {
        return false;
    }
    let mut all: Vec<Few> = Vec::new();
    // By number of block, the loop that is written out and has it, from 1 on.
    let mut of_block = vec![0; f.blocks.len()];
    for this in &graph.loops {
        let Some(turns) = turns(f, graph, this) else {
            continue;
        };
        let turn: usize = this.blocks.iter().map(|at| size(f, graph, at)).sum();
        let grows = turns * turn;
        if grows > MOST.min(*room) {
            continue;
        }
        let Some(few) = few(f, graph, this, turns) else {
            continue;
        };
        if few.blocks.iter().any(|b| of_block[b.0 as usize] != 0) {
            continue;
        }
        *room -= grows;
        for b in &few.blocks {
            of_block[b.0 as usize] = all.len() + 1;
        }
        all.push(few);
    }
    if all.is_empty() {
        return false;
    }
    hand_on(f, graph, &mut all, &of_block);
    let mut now: Vec<V> = Vec::new();
    let mut changed = false;
    for few in all.iter().filter(|few| few.is_only || few.used.is_empty()) {
        write_out(f, few, &mut now);
        changed = true;
    }
    changed
}

/// Counts the turns of a loop that has no other in it and calls no function.
fn turns(f: &Func, graph: &Graph, this: &Loop) -> Option<usize> {
    let is_in = |other: &Loop| other.header != this.header && this.blocks.has(other.header);
    let is_call = |v: &V| matches!(f.inst(*v), Inst::Call { .. });
    let calls = |at: usize| {
        let block = &f.blocks[graph.order[at].0 as usize];
        block.insts.iter().any(is_call)
    };
    if graph.loops.iter().any(is_in) || this.blocks.iter().any(calls) {
        return None;
    }
    let header = graph.order[this.header];
    let params = &f.blocks[header.0 as usize].params;
    let [latch] = *this.latches.as_slice() else {
        return None;
    };
    // What is counted, as each turn begins.
    let mut values: Map<V, i64> = Map::default();
    let preds = graph.preds(this.header).iter();
    let outside = preds.filter(|pred| **pred != latch);
    for (at, pred) in outside.enumerate() {
        let term = &f.blocks[graph.order[*pred].0 as usize].term;
        for (param, arg) in params.iter().zip(args(term, header)?) {
            match value(f, &Map::default(), *arg, DEEP) {
                Some(n) if at == 0 || values.get(param) == Some(&n) => {
                    values.insert(*param, n);
                }
                _other => {
                    values.remove(param);
                }
            }
        }
    }
    if values.is_empty() {
        return None;
    }
    // The turn ends in a branch: to the head, or to blocks that only lead there.
    let mut last = latch;
    while let Term::Jump(..) = &f.blocks[graph.order[last].0 as usize].term {
        match graph.preds(last) {
            &[before] if this.blocks.has(before) && last != this.header => last = before,
            _other => return None,
        }
    }
    let Term::Branch(is, (yes, _), (no, _)) = &f.blocks[graph.order[last].0 as usize].term else {
        return None;
    };
    let is_inside = |to: &B| graph.place(*to).is_some_and(|at| this.blocks.has(at));
    let goes_on = match (is_inside(yes), is_inside(no)) {
        (true, false) => true,
        (false, true) => false,
        _other => return None,
    };
    let back = args(&f.blocks[graph.order[latch].0 as usize].term, header)?;
    for count in 1..=TURNS {
        if (value(f, &values, *is, DEEP)? != 0) != goes_on {
            return Some(count);
        }
        let next = params.iter().zip(back);
        let next = next.filter_map(|(param, arg)| Some((*param, value(f, &values, *arg, DEEP)?)));
        values = next.collect();
    }
    None
}

/// Instructions that take time.
fn size(f: &Func, graph: &Graph, at: usize) -> usize {
    let insts = &f.blocks[graph.order[at].0 as usize].insts;
    let size = |v: &V| match f.inst(*v) {
        Inst::Int(_) | Inst::Float(_) | Inst::Bool(_) => 0,
        Inst::Lib { .. } | Inst::Native { .. } => CALL,
        _other => 1,
    };
    insts.iter().map(size).sum()
}

/// How far back is looked for what a number comes from.
const DEEP: usize = 4;

/// A number, or a truth, if it follows from what is known.
fn value(f: &Func, known: &Map<V, i64>, v: V, deep: usize) -> Option<i64> {
    if let Some(n) = known.get(&v) {
        return Some(*n);
    }
    let of = |v: V| value(f, known, v, deep.checked_sub(1)?);
    match f.inst(v) {
        Inst::Int(n) => Some(*n),
        Inst::Bin(Bin::Add, a, b) => of(*a)?.checked_add(of(*b)?),
        Inst::Bin(Bin::Sub, a, b) => of(*a)?.checked_sub(of(*b)?),
        Inst::Cmp(cond, a, b) => {
            let (a, b) = (of(*a)?, of(*b)?);
            let is = match cond {
                Cond::Eq => a == b,
                Cond::Ne => a != b,
                Cond::Lt => a < b,
                Cond::Le => a <= b,
                Cond::Gt => a > b,
                Cond::Ge => a >= b,
                Cond::Below => a.cast_unsigned() < b.cast_unsigned(),
            };
            Some(is.into())
        }
        _other => None,
    }
}

/// What a block hands on to another, if it goes there one way.
fn args(term: &Term, to: B) -> Option<&[V]> {
    match term {
        Term::Jump(at, args) if *at == to => Some(args),
        Term::Branch(_, (yes, _), (no, _)) if yes == no => None,
        Term::Branch(_, (at, args), _) | Term::Branch(_, _, (at, args)) if *at == to => Some(args),
        _other => None,
    }
}

/// What there is to write out of a loop; `None` where control goes on behind it in several places.
fn few(f: &Func, graph: &Graph, this: &Loop, turns: usize) -> Option<Few> {
    let block = |at: usize| graph.order[at];
    let mut all = this.blocks.clone();
    let mut out: Option<usize> = None;
    // In order, so that what leads to a block is known before.
    for at in this.header + 1..graph.order.len() {
        let mut preds = graph.preds(at).iter();
        if all.has(at) || !preds.clone().any(|pred| all.has(*pred)) {
            continue;
        }
        let this = &f.blocks[block(at).0 as usize];
        let only_leads_away = match &this.term {
            Term::Leave(_) => true,
            Term::Jump(..) => this.insts.len() <= TAIL,
            _other => false,
        };
        let is_before = |l: &Loop| {
            let preheader = f.blocks[block(l.header).0 as usize].preheader;
            preheader.is_some_and(|(before, _)| before == block(at))
        };
        let is_head = graph.preds(at).iter().any(|pred| *pred >= at);
        match preds.all(|pred| all.has(*pred)) {
            true if only_leads_away && !is_head && !graph.loops.iter().any(is_before) => {
                all.put(at)
            }
            _behind if out.is_some() => return None,
            _behind => out = Some(at),
        }
    }
    let before = graph.preds(this.header).iter();
    Some(Few {
        header: block(this.header),
        turns,
        blocks: all.iter().map(block).collect(),
        before: (before.filter(|pred| !this.blocks.has(**pred)))
            .map(|pred| block(*pred))
            .collect(),
        out: out.map(block),
        is_only: out.is_some_and(|out| graph.preds(out).iter().all(|pred| all.has(*pred))),
        used: Vec::new(),
    })
}

/// Hands what loops define and others use on to the blocks behind them, where that is possible.
fn hand_on(f: &mut Func, graph: &Graph, all: &mut [Few], of_block: &[usize]) {
    // By number of value, the loop that defines it.
    let mut of_value = vec![0; f.insts.len()];
    for (few, number) in all.iter().zip(1..) {
        for b in &few.blocks {
            let block = &f.blocks[b.0 as usize];
            for v in block.params.iter().chain(&block.insts) {
                of_value[v.0 as usize] = number;
            }
        }
    }
    for b in &graph.order {
        each_use(f, *b, |v| {
            let number: usize = of_value[v.0 as usize];
            if number != 0 && number != of_block[b.0 as usize] {
                let used = &mut all[number - 1].used;
                if !used.contains(&v) {
                    used.push(v);
                }
            }
        });
    }
    let mut with: Map<V, V> = Map::default();
    for few in all.iter().filter(|few| few.is_only) {
        let Some(out) = few.out else { continue };
        for v in &few.used {
            let param = f.param(out, f.ty(*v));
            with.insert(*v, param);
        }
        for b in &few.blocks {
            let ways = match &mut f.blocks[b.0 as usize].term {
                Term::Jump(to, args) => [Some((to, args)), None],
                Term::Branch(_, (yes, with), (no, without)) => {
                    [Some((yes, with)), Some((no, without))]
                }
                _other => [None, None],
            };
            for (to, args) in ways.into_iter().flatten() {
                if *to == out {
                    args.extend(&few.used);
                }
            }
        }
    }
    if with.is_empty() {
        return;
    }
    // What exits are where they write what is handed on, by where they are taken.
    let mut exits: Map<usize, Map<usize, usize>> = Map::default();
    for b in &graph.order {
        let here = of_block[b.0 as usize];
        let new = |v: V| match of_value.get(v.0 as usize) {
            Some(number) if *number != here => with.get(&v).copied().unwrap_or(v),
            _here => v,
        };
        replace(f, *b, new, exits.entry(here).or_default());
    }
}

/// Puts the turns before the loop. What each value is in a turn is itself before and afterwards.
fn write_out(f: &mut Func, few: &Few, now: &mut Vec<V>) {
    now.extend((now.len() as u32..f.insts.len() as u32).map(V));
    let mut heads = Vec::with_capacity(few.turns);
    // The block that each turn has in place of one of the loop.
    let mut blocks: Map<B, B> = Map::default();
    let mut turns: Vec<Vec<B>> = Vec::with_capacity(few.turns);
    for _ in 0..few.turns {
        let new: Vec<B> = few.blocks.iter().map(|_| f.block()).collect();
        blocks.clear();
        blocks.extend(few.blocks.iter().copied().zip(new.iter().copied()));
        heads.push(blocks[&few.header]);
        for (b, copy) in few.blocks.iter().zip(&new) {
            let params = f.blocks[b.0 as usize].params.clone();
            for v in params {
                now[v.0 as usize] = f.param(*copy, f.ty(v));
            }
            let insts = f.blocks[b.0 as usize].insts.clone();
            for v in insts {
                let inst = f.inst(v);
                if matches!(inst, Inst::Poll(_)) {
                    continue;
                }
                let copied = f.value(inst.clone(), f.ty(v));
                now[v.0 as usize] = copied;
                f.blocks[copy.0 as usize].insts.push(copied);
            }
            let place = |b: B| blocks.get(&b).copied().unwrap_or(b);
            f.blocks[copy.0 as usize].term = match f.blocks[b.0 as usize].term.clone() {
                Term::Jump(to, args) => Term::Jump(place(to), args),
                Term::Branch(is, (yes, with), (no, without)) => {
                    Term::Branch(is, (place(yes), with), (place(no), without))
                }
                end => end,
            };
            f.blocks[copy.0 as usize].preheader = match f.blocks[b.0 as usize].preheader {
                Some((before, exit)) if *b != few.header => Some((place(before), exit)),
                _none => None,
            };
        }
        let mut exits: Map<usize, usize> = Map::default();
        for b in &new {
            let value = |v: V| now.get(v.0 as usize).copied().unwrap_or(v);
            replace(f, *b, value, &mut exits);
        }
        turns.push(new);
    }
    // Each leads to the next, and the last one to the loop.
    heads.push(few.header);
    for (new, head) in turns.iter().zip(heads.windows(2)) {
        new.iter().for_each(|b| lead(f, *b, head[0], head[1]));
    }
    for b in &few.before {
        lead(f, *b, few.header, heads[0]);
    }
    f.blocks[few.header.0 as usize].preheader = None;
    for b in &few.blocks {
        let block = &f.blocks[b.0 as usize];
        for v in block.params.iter().chain(&block.insts) {
            now[v.0 as usize] = *v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GROWTH, run};
    use crate::jit::ir::Func;
    use crate::jit::passes::golden::check;
    use crate::jit::passes::graph::Graph;
    use crate::jit::passes::{dead, number, params, straight};

    /// Writes out, and finds what is known then.
    fn through(f: &mut Func) {
        let mut room = GROWTH;
        while run(f, &Graph::of(f), &mut room) {
            params::run(f, &f.order());
            number::run(f, &Graph::of(f));
            params::run(f, &f.order());
            let mut order = f.order();
            straight::run(f, &mut order);
            dead::run(f, &order);
        }
    }

    #[test]
    fn turns_are_written_out_and_what_they_leave_is_handed_on() {
        check(
            through,
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Int = 1
                v3: Int = 2
                jump b1(v1, v0)
            b1(v4: Int, v5: Int):
                poll, else @3 Limit [r1=v5 r2=v4]
                v6: Int = Mul v5, v0
                v7: Bool = Lt v6, v0
                guard v7, else @4 Range [r1=v6 r2=v4]
                v8: Int = Add v4, v2
                v9: Bool = Lt v8, v3
                if v9 b2() else b3()
            b2():
                jump b1(v8, v6)
            b3():
                store r1, v6
                leave @9 Planned [r2=v8 r3=v6]
            ",
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Int = 1
                v3: Int = 2
                v15: Int = Mul v0, v0
                v16: Bool = Lt v15, v0
                guard v16, else @4 Range [r1=v15 r2=v1]
                v23: Int = Mul v15, v0
                v24: Bool = Lt v23, v0
                guard v24, else @4 Range [r1=v23 r2=v2]
                store r1, v23
                leave @9 Planned [r2=v3 r3=v23]
            ",
        );
    }

    #[test]
    fn what_only_leads_away_is_part_of_each_turn() {
        check(
            through,
            "
            b0(v0: Int, v1: Bool):
                v2: Int = 0
                v3: Int = 1
                v4: Int = 2
                jump b1(v2, v0)
            b1(v5: Int, v6: Int):
                v7: Int = Mul v6, v0
                if v1 b2() else b3()
            b2():
                leave @5 Planned [r1=v7 r2=v5]
            b3():
                v8: Int = Add v5, v3
                v9: Bool = Lt v8, v4
                if v9 b4() else b5()
            b4():
                jump b1(v8, v7)
            b5():
                jump b6(v7)
            b6(v10: Int):
                return v10
            ",
            "
            b0(v0: Int, v1: Bool):
                v2: Int = 0
                v13: Int = Mul v0, v0
                if v1 b11() else b8()
            b8():
                v18: Int = Mul v13, v0
                return v18
            b11():
                leave @5 Planned [r1=v13 r2=v2]
            ",
        );
    }

    #[test]
    fn a_loop_of_many_turns_or_with_several_ways_on_stays() {
        let stays = |text: &str| {
            check(
                |f| assert!(!run(f, &Graph::of(f), &mut GROWTH.clone())),
                text,
                text,
            );
        };
        stays(
            "
            b0():
                v0: Int = 0
                v1: Int = 1
                v2: Int = 9
                jump b1(v0)
            b1(v3: Int):
                store r1, v3
                v4: Int = Add v3, v1
                v5: Bool = Lt v4, v2
                if v5 b1(v4) else b2()
            b2():
                return
            ",
        );
        stays(
            "
            b0(v0: Bool):
                v1: Int = 0
                v2: Int = 1
                v3: Int = 2
                jump b1(v1)
            b1(v4: Int):
                store r1, v4
                if v0 b3() else b4()
            b4():
                v5: Int = Add v4, v2
                v6: Bool = Lt v5, v3
                if v6 b1(v5) else b2()
            b2():
                return v5
            b3():
                return v4
            ",
        );
    }
}
