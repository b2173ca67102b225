//! A short loop that counts is left alone for so many turns: it counts to the nearer of its end and where somebody
//! looks next, and a loop around it looks: whether somebody has interrupted, or whether there is fuel for as many
//! turns.
//!
//! ```text
//! h(i): poll; …; if i + c < n h(i + c) else out
//!
//! p(i): poll; m = min(n, i + TURNS * c); jump h(i)
//! h(i): …; if i + c < m h(i + c) else if i + c < n p(i + c) else out
//! ```
//!
//! **Invariant**: between two polls there are [`TURNS`] turns of at most [`SHORT`] instructions that call nobody, or
//! fewer: nobody who interrupts has to wait longer than a poll in each turn of a long loop would take. What is paid
//! for, and where, stays the same; with less fuel than [`PAID`], the interpreter goes on.

use super::graph::{Graph, Loop};
use crate::jit::ir::{B, Bin, Cond, Func, Inst, Term, Ty, V};

/// Turns between two polls.
const TURNS: i64 = 1024;

/// Fuel that is looked for at once, about: not too much, so that machine code runs where there is not much of it.
const PAID: u32 = 4096;

/// Turns after which a loop is over so soon that it is not polled at all: as much may be written in a row.
const FEW: i64 = 64;

/// Instructions that a loop has at most: in a longer one nobody would notice.
const SHORT: usize = 40;

pub(super) fn run(f: &mut Func) {
    let graph = Graph::of(f);
    let defined = graph.defined(f);
    let counted: Vec<Counted> = (graph.loops.iter())
        .filter_map(|found| find(f, &graph, &defined, found))
        .collect();
    for counted in counted {
        let polls = matches!(f.inst(counted.look), Inst::Poll(_));
        match polls && is_over_soon(f, &counted) {
            true => {
                let header = counted.header.0 as usize;
                f.blocks[header].insts.retain(|v| *v != counted.look);
            }
            false => split(f, counted),
        }
    }
}

/// Whether it is known to end after a few turns, wherever it comes from.
fn is_over_soon(f: &Func, of: &Counted) -> bool {
    let begins = of.before.iter().map(|before| {
        let args = match &f.blocks[before.0 as usize].term {
            Term::Jump(to, args) if *to == of.header => args,
            _other => return None,
        };
        f.int(args[of.counter])
    });
    let Some(end) = f.int(of.end) else {
        return false;
    };
    let turns = |begin: i64| Some(end.checked_sub(begin)? / of.step);
    begins.into_iter().all(|begin| {
        let turns = begin.and_then(turns);
        turns.is_some_and(|turns| turns <= FEW)
    })
}

/// A loop that counts.
struct Counted {
    header: B,
    /// Which parameter of the header counts, and by how much.
    counter: usize,
    step: i64,
    /// What is looked at in each turn, and left by.
    look: V,
    exit: usize,
    /// The block that ends the turn, and on what condition the next begins.
    last: B,
    cond: Cond,
    next: V,
    end: V,
    /// What the next turn is given.
    args: Vec<V>,
    /// The blocks from outside.
    before: Vec<B>,
}

fn find(f: &Func, graph: &Graph, defined: &[usize], found: &Loop) -> Option<Counted> {
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
            let &[before] = graph.preds[latch].as_slice() else {
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
    let is_out = !found
        .blocks
        .iter()
        .any(|at| graph.order.get(at) == Some(no));
    let &Inst::Cmp(cond @ (Cond::Lt | Cond::Le), next, end) = f.inst(*is) else {
        return None;
    };
    let &Inst::Bin(Bin::Add, from, by) = f.inst(next) else {
        return None;
    };
    let params = &f.blocks[header.0 as usize].params;
    let counter = params.iter().position(|param| *param == from)?;
    let step = f.int(by).filter(|step| (1..=1 << 20).contains(step))?;
    let is_outside = !found.blocks.has(defined[end.0 as usize]);
    if !is_back || !is_out || !is_outside || args.get(counter) != Some(&next) {
        return None;
    }
    let before = graph.preds[found.header]
        .iter()
        .filter(|pred| **pred != latch);
    Some(Counted {
        header,
        counter,
        step,
        look,
        exit,
        last: last_block,
        cond,
        next,
        end,
        args: args.clone(),
        before: before.map(|pred| graph.order[*pred]).collect(),
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
    for at in found.blocks.iter().filter(|at| *at < graph.order.len()) {
        let block = &f.blocks[graph.order[at].0 as usize];
        count += block.insts.len();
        let calls = |v: &V| {
            let inst = f.inst(*v);
            let leaves = matches!(inst, Inst::Guard(..)) || is_look(inst);
            inst.exit().is_some() && !leaves
        };
        if count > SHORT || block.insts.iter().any(calls) {
            return false;
        }
        looks += block.insts.iter().filter(|v| is_look(f.inst(**v))).count();
    }
    looks == 1
}

fn split(f: &mut Func, of: Counted) {
    let header = of.header.0 as usize;
    let types: Vec<Ty> = (f.blocks[header].params.iter()).map(|v| f.ty(*v)).collect();
    let around = f.block();
    let params: Vec<V> = types.iter().map(|ty| f.param(around, *ty)).collect();
    // It leaves with what it has instead of what the head has.
    let mut exit = f.exits[of.exit].clone();
    for (_, v) in &mut exit.writes {
        if let Some(at) = f.blocks[header].params.iter().position(|param| param == v) {
            *v = params[at];
        }
    }
    f.exits.push(exit);
    let exit = f.exits.len() - 1;
    let from = params[of.counter];
    let (look, turns) = match f.inst(of.look) {
        Inst::Ensure(cost, _) => {
            let turns = (PAID / cost.max(&1)).clamp(16, TURNS as u32);
            let all = cost.saturating_mul(turns);
            (Inst::Ensure(all, exit), i64::from(turns))
        }
        _poll => (Inst::Poll(exit), TURNS),
    };
    let look = f.value(look, Ty::None);
    let reach = f.value(Inst::Int(turns * of.step), Ty::Int);
    let far = f.value(Inst::Bin(Bin::Add, from, reach), Ty::Int);
    let over = f.value(Inst::Bin(Bin::AddOver, from, reach), Ty::Bool);
    let less = f.value(Inst::Cmp(Cond::Lt, of.end, far), Ty::Bool);
    let nearer = f.value(Inst::Select(less, of.end, far), Ty::Int);
    let end = f.value(Inst::Select(over, of.end, nearer), Ty::Int);
    let block = &mut f.blocks[around.0 as usize];
    block.insts = vec![look, reach, far, over, less, nearer, end];
    block.term = Term::Jump(of.header, params);
    for before in of.before {
        match &mut f.blocks[before.0 as usize].term {
            Term::Jump(to, _) => *to = around,
            Term::Branch(_, yes, no) => {
                for (to, _) in [yes, no] {
                    if *to == of.header {
                        *to = around;
                    }
                }
            }
            _other => {}
        }
    }
    f.blocks[header].insts.retain(|v| *v != of.look);
    // The end of a turn.
    let (further, again) = (f.block(), f.block());
    let is = f.value(Inst::Cmp(of.cond, of.next, end), Ty::Bool);
    let last = of.last.0 as usize;
    f.blocks[last].insts.push(is);
    let term = std::mem::replace(&mut f.blocks[last].term, Term::Open);
    if let Term::Branch(_, yes, no) = term {
        f.blocks[last].term = Term::Branch(is, yes, (further, Vec::new()));
        let is = f.value(Inst::Cmp(of.cond, of.next, of.end), Ty::Bool);
        f.blocks[further.0 as usize].insts.push(is);
        f.blocks[further.0 as usize].term = Term::Branch(is, (again, Vec::new()), no);
        f.blocks[again.0 as usize].term = Term::Jump(around, of.args);
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn a_loop_that_counts_is_polled_now_and_then() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Int = 2
                jump b1(v1, v1)
            b1(v3: Int, v4: Int):
                poll, else @4 Limit [r1=v3 r2=v4]
                v5: Int = Mul v4, v3
                v6: Int = Add v3, v2
                v7: Bool = Lt v6, v0
                if v7 b2() else b3()
            b2():
                jump b1(v6, v5)
            b3():
                leave @9 Planned [r1=v6]
            ",
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Int = 2
                jump b4(v1, v1)
            b4(v9: Int, v10: Int):
                poll, else @4 Limit [r1=v9 r2=v10]
                v12: Int = 2048
                v13: Int = Add v9, v12
                v14: Bool = AddOver v9, v12
                v15: Bool = Lt v0, v13
                v16: Int = select v15, v0, v13
                v17: Int = select v14, v0, v16
                jump b1(v9, v10)
            b1(v3: Int, v4: Int):
                v5: Int = Mul v4, v3
                v6: Int = Add v3, v2
                v7: Bool = Lt v6, v0
                v18: Bool = Lt v6, v17
                if v18 b2() else b5()
            b5():
                v19: Bool = Lt v6, v0
                if v19 b6() else b3()
            b3():
                leave @9 Planned [r1=v6]
            b6():
                jump b4(v6, v5)
            b2():
                jump b1(v6, v5)
            ",
        );
    }

    #[test]
    fn fuel_is_looked_at_for_a_few_turns_and_paid_in_each() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = 1
                jump b1(v1)
            b1(v2: Int):
                ensure 7, else @4 Limit [r1=v2]
                spend v1
                v4: Int = Add v2, v1
                v5: Bool = Lt v4, v0
                if v5 b3() else b2()
            b3():
                jump b1(v4)
            b2():
                leave @9 Planned [r1=v4]
            ",
            "
            b0(v0: Int):
                v1: Int = 1
                jump b4(v1)
            b4(v8: Int):
                ensure 4095, else @4 Limit [r1=v8]
                v10: Int = 585
                v11: Int = Add v8, v10
                v12: Bool = AddOver v8, v10
                v13: Bool = Lt v0, v11
                v14: Int = select v13, v0, v11
                v15: Int = select v12, v0, v14
                jump b1(v8)
            b1(v2: Int):
                spend v1
                v4: Int = Add v2, v1
                v5: Bool = Lt v4, v0
                v16: Bool = Lt v4, v15
                if v16 b3() else b5()
            b5():
                v17: Bool = Lt v4, v0
                if v17 b6() else b2()
            b2():
                leave @9 Planned [r1=v4]
            b6():
                jump b4(v4)
            b3():
                jump b1(v4)
            ",
        );
    }

    #[test]
    fn a_loop_of_a_few_turns_is_not_polled() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Int = 1
                v3: Int = 64
                jump b1(v1, v0)
            b1(v4: Int, v5: Int):
                poll, else @4 Limit [r1=v4 r2=v5]
                v6: Int = Mul v5, v4
                v7: Int = Add v4, v2
                v8: Bool = Lt v7, v3
                if v8 b2() else b3()
            b2():
                jump b1(v7, v6)
            b3():
                leave @9 Planned [r2=v6]
            ",
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Int = 1
                v3: Int = 64
                jump b1(v1, v0)
            b1(v4: Int, v5: Int):
                v6: Int = Mul v5, v4
                v7: Int = Add v4, v2
                v8: Bool = Lt v7, v3
                if v8 b2() else b3()
            b3():
                leave @9 Planned [r2=v6]
            b2():
                jump b1(v7, v6)
            ",
        );
    }

    #[test]
    fn a_loop_that_calls_or_does_not_count_is_polled_in_each_turn() {
        let kept = |of: &str| check(run, of, of);
        kept(
            "
            b0(v0: Int):
                v1: Int = 1
                jump b1(v1)
            b1(v2: Int):
                poll, else @4 Limit [r1=v2]
                lib Step  (v1), else @5 Slow []
                v4: Int = Add v2, v1
                v5: Bool = Lt v4, v0
                if v5 b2() else b3()
            b3():
                leave @9 Planned [r1=v4]
            b2():
                jump b1(v4)
            ",
        );
        kept(
            "
            b0(v0: Int):
                v1: Int = 1
                jump b1(v1)
            b1(v2: Int):
                poll, else @4 Limit [r1=v2]
                v4: Int = Mul v2, v0
                v5: Bool = Lt v4, v0
                if v5 b2() else b3()
            b3():
                leave @9 Planned [r1=v4]
            b2():
                jump b1(v4)
            ",
        );
    }
}
