//! A short loop that counts is left alone for so many turns: it counts to the nearer of its end and where somebody
//! looks next, and a loop around it looks: whether somebody has interrupted, or for how many turns there is fuel.
//!
//! ```text
//! h(i): poll; …; if i + c < n h(i + c) else out
//!
//! p(i): poll; m = min(n, i + TURNS * c); jump h(i)
//! h(i): …; if i + c < m h(i + c) else if i + c < n p(i + c) else out
//! ```
//!
//! What it counts is often an index, which is compared with a length in every turn. The turns between two looks are so
//! few then that the index stays below the length, and they need not ask; before the first of them the loop asks, and
//! is left at its head where the turn would have left it.
//!
//! Where each turn writes what it counts of an array, and the array ends there when somebody looks, each appends: the look
//! sees to it that there is room for all turns up to the next one, or there are fewer turns. None of them asks for room,
//! or where the array ends. Where it ends elsewhere, the loop is left, and compiled again without this if that goes on.
//!
//! By how much it counts may be known at run time alone; where that is too much or too little, and where the turns
//! would lead over the greatest integer, the look comes in every turn; where it counts an index, by too much or too
//! little, the loop is left.
//!
//! **Invariant**: between two polls there are [`TURNS`] turns of a loop that is short and calls nobody (`counted` says
//! which are), or fewer: nobody who interrupts has to wait longer than a poll in each turn of a long loop would take.
//! What is paid for, and where, stays the same: where fuel is counted, there are no more turns than it is enough for.

mod counted;

use super::graph::Graph;
use super::row::Row;
use crate::jit::ir::{Bin, Cond, Exit, Field, Func, Inst, Lib, Term, Ty, V, Why};
use counted::{Counted, Fill, find};

/// Turns between two polls.
const TURNS: i64 = 8192;

/// Turns after which a loop is over so soon that it is not polled at all: as much may be written in a row.
const FEW: i64 = 64;

/// What a loop counts by at most.
const STEP: i64 = 1 << 20;

/// In what is compiled `again`, guards stay where it can be told which of them it was left by.
/// Whether it has changed anything.
pub(super) fn run(f: &mut Func, graph: &Graph, again: bool) -> bool {
    if graph.loops.is_empty() {
        return false;
    }
    let defined = graph.defined(f);
    let counted: Vec<Counted> = (graph.loops.iter())
        .filter_map(|found| find(f, graph, &defined, found))
        .collect();
    let changed = !counted.is_empty();
    for mut counted in counted {
        let is_over_soon = is_over_soon(f, &counted);
        if is_over_soon && let Inst::Poll(_) = f.inst(counted.look) {
            let header = counted.header.0 as usize;
            f.blocks[header].insts.retain(|v| *v != counted.look);
            continue;
        }
        if is_over_soon || again {
            // To ask in each of few turns takes less.
            (counted.bounds, counted.lens) = Default::default();
            counted.fills.clear();
        }
        split(f, counted);
    }
    changed
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
    let Some(step) = f.int(of.step) else {
        return false;
    };
    let turns = |begin: i64| Some(end.checked_sub(begin)? / step);
    begins.into_iter().all(|begin| {
        let turns = begin.and_then(turns);
        turns.is_some_and(|turns| turns <= FEW)
    })
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
    let out_of_bounds = Exit {
        why: Why::Range,
        ..exit.clone()
    };
    f.exits.push(exit);
    let exit = f.exits.len() - 1;
    let from = params[of.counter];
    let cost = match f.inst(of.look) {
        Inst::Ensure(cost, _) => Some(*cost),
        _poll => None,
    };
    let look = match cost {
        Some(cost) => Inst::Ensure(cost, exit),
        None => Inst::Poll(exit),
    };
    let mut row = Row::default();
    row.put(f, look, Ty::None);
    let reach = match (cost, f.int(of.step)) {
        (None, Some(step)) => row.put(f, Inst::Int(TURNS * step), Ty::Int),
        (cost, step) => {
            let turns = match cost {
                Some(cost) => Inst::Turns(cost, TURNS as u32),
                None => Inst::Int(TURNS),
            };
            let turns = row.put(f, turns, Ty::Int);
            match step {
                Some(1) => turns,
                _ => row.put(f, Inst::Bin(Bin::Mul, of.step, turns), Ty::Int),
            }
        }
    };
    let far = row.put(f, Inst::Bin(Bin::Add, from, reach), Ty::Int);
    let over = row.put(f, Inst::Bin(Bin::AddOver, from, reach), Ty::Bool);
    // The first number that no turn begins with. Where that would be beyond the greatest, a look comes before the last.
    let behind = match of.cond {
        Cond::Lt => of.end,
        _or_equal => {
            let one = row.put(f, Inst::Int(1), Ty::Int);
            let next = row.put(f, Inst::Bin(Bin::Add, of.end, one), Ty::Int);
            let over = row.put(f, Inst::Bin(Bin::AddOver, of.end, one), Ty::Bool);
            row.put(f, Inst::Select(over, of.end, next), Ty::Int)
        }
    };
    let nearer = row.least(f, behind, far);
    // No turn but this one.
    let none = row.put(f, Inst::Int(i64::MIN), Ty::Int);
    let mut end = row.put(f, Inst::Select(over, none, nearer), Ty::Int);
    let asks = !of.lens.is_empty() || !of.fills.is_empty();
    if asks {
        f.exits.push(out_of_bounds);
    }
    let out = f.exits.len() - 1;
    if f.int(of.step).is_none() {
        let (most, one) = (
            row.put(f, Inst::Int(STEP), Ty::Int),
            row.put(f, Inst::Int(1), Ty::Int),
        );
        let before = row.put(f, Inst::Bin(Bin::Sub, of.step, one), Ty::Int);
        let fits = row.put(f, Inst::Cmp(Cond::Below, before, most), Ty::Bool);
        match asks {
            // What goes backwards, or beyond, is no index for long.
            true => drop(row.put(f, Inst::Guard(fits, true, out), Ty::None)),
            false => end = row.put(f, Inst::Select(fits, end, none), Ty::Int),
        }
    }
    for len in of.lens {
        row.guard(f, Inst::Cmp(Cond::Below, from, len), out);
        end = row.least(f, len, end);
    }
    if !of.fills.is_empty() {
        let counter = f.blocks[header].params[of.counter];
        end = fill_up(f, &mut row, of.fills, (from, counter, end), out);
    }
    for (block, guard) in of.bounds {
        f.blocks[block.0 as usize].insts.retain(|v| *v != guard);
    }
    let block = &mut f.blocks[around.0 as usize];
    block.insts = row.0;
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
    let is = f.value(Inst::Cmp(Cond::Lt, of.next, end), Ty::Bool);
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

/// Has each turn append to arrays that end at `from`, where the turns begin, as long as what is counted is below `end`;
/// below what there is room for then. Leaves by `out` where there is none, or an array ends elsewhere.
fn fill_up(
    f: &mut Func,
    row: &mut Row,
    fills: Vec<Fill>,
    (from, counter, mut end): (V, V, V),
    out: usize,
) -> V {
    let one = row.put(f, Inst::Int(1), Ty::Int);
    let turns = row.put(f, Inst::Bin(Bin::Sub, end, from), Ty::Int);
    let any = row.put(f, Inst::Cmp(Cond::Lt, from, end), Ty::Bool);
    let turns = row.put(f, Inst::Select(any, turns, one), Ty::Int);
    let nothing = row.put(f, Inst::Int(0), Ty::Int);
    for fill in fills {
        let reserve = Inst::Lib {
            lib: Lib::Reserve,
            locs: [Some(fill.loc), None, None],
            args: vec![fill.header, turns],
            site: 0,
            exit: out,
        };
        row.put(f, reserve, Ty::None);
        let room = row.put(f, Inst::Field(Field::Room, fill.header), Ty::Int);
        row.guard(f, Inst::Cmp(Cond::Le, one, room), out);
        let full = row.put(f, Inst::Bin(Bin::Add, from, room), Ty::Int);
        end = row.least(f, full, end);
        let len = row.put(f, Inst::Field(Field::Len, fill.header), Ty::Int);
        row.guard(f, Inst::Cmp(Cond::Eq, from, len), out);
        let behind = row.put(f, Inst::Bin(Bin::Add, fill.head, one), Ty::Int);
        for (read, is_behind) in fill.reads {
            let by = match (f.inst(read), is_behind) {
                (Inst::Field(Field::End, _), false) => fill.head,
                (Inst::Field(Field::End, _), true) => behind,
                (_len, true) => one,
                (_len, false) => nothing,
            };
            f.insts[read.0 as usize] = Inst::Bin(Bin::Add, counter, by);
        }
        let asks = &mut f.blocks[fill.asks.0 as usize];
        if let Term::Branch(_, _, no) = &mut asks.term {
            asks.term = Term::Jump(no.0, std::mem::take(&mut no.1));
        }
        let appends = &mut f.blocks[fill.appends.0 as usize];
        appends.insts.retain(|v| *v != fill.guard);
        if let Inst::Lib { lib, .. } = &mut f.insts[fill.push.0 as usize] {
            *lib = Lib::Fill;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::{Graph, run};
    use crate::jit::passes::golden::check;

    #[test]
    fn a_loop_that_counts_is_polled_now_and_then() {
        check(
            |f| run(f, &Graph::of(f), false),
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
                v12: Int = 16384
                v13: Int = Add v9, v12
                v14: Bool = AddOver v9, v12
                v15: Bool = Lt v0, v13
                v16: Int = select v15, v0, v13
                v17: Int = -9223372036854775808
                v18: Int = select v14, v17, v16
                jump b1(v9, v10)
            b1(v3: Int, v4: Int):
                v5: Int = Mul v4, v3
                v6: Int = Add v3, v2
                v7: Bool = Lt v6, v0
                v19: Bool = Lt v6, v18
                if v19 b2() else b5()
            b5():
                v20: Bool = Lt v6, v0
                if v20 b6() else b3()
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
    fn what_gets_an_element_in_each_turn_has_room_for_them() {
        check(
            |f| run(f, &Graph::of(f), false),
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Ptr = counted r1
                v3: Int = Head of v2
                v4: Int = 1
                jump b1(v1)
            b1(v5: Int):
                poll, else @4 Limit [r2=v5]
                v6: Int = End of v2
                v7: Int = Sub v6, v3
                v8: Bool = Below v5, v7
                if v8 b2() else b3()
            b2():
                v9: Ptr = Data(Int) of v2
                v10: Ptr = At8 v9, v5
                set elem v10, v4
                jump b4()
            b3():
                v11: Bool = Eq v5, v7
                guard v11, else @6 Range [r2=v5]
                lib Push r1 (v4, v2, v5, v6), else @6 Slow [r2=v5]
                jump b4()
            b4():
                v12: Int = Len of v2
                v13: Bool = Below v5, v12
                guard v13, else @7 Range [r2=v5]
                v14: Int = Add v5, v4
                v15: Bool = Lt v14, v0
                if v15 b5() else b6()
            b5():
                jump b1(v14)
            b6():
                leave @9 Planned [r2=v14]
            ",
            "
            b0(v0: Int):
                v1: Int = 0
                v2: Ptr = counted r1
                v3: Int = Head of v2
                v4: Int = 1
                jump b7(v1)
            b7(v21: Int):
                poll, else @4 Limit [r2=v21]
                v23: Int = 8192
                v24: Int = Add v21, v23
                v25: Bool = AddOver v21, v23
                v26: Bool = Lt v0, v24
                v27: Int = select v26, v0, v24
                v28: Int = -9223372036854775808
                v29: Int = select v25, v28, v27
                v30: Int = 1
                v31: Int = Sub v29, v21
                v32: Bool = Lt v21, v29
                v33: Int = select v32, v31, v30
                v34: Int = 0
                lib Reserve r1 (v2, v33), else @4 Range [r2=v21]
                v36: Int = Room of v2
                v37: Bool = Le v30, v36
                guard v37, else @4 Range [r2=v21]
                v39: Int = Add v21, v36
                v40: Bool = Lt v39, v29
                v41: Int = select v40, v39, v29
                v42: Int = Len of v2
                v43: Bool = Eq v21, v42
                guard v43, else @4 Range [r2=v21]
                v45: Int = Add v3, v30
                jump b1(v21)
            b1(v5: Int):
                v6: Int = Add v5, v3
                v7: Int = Sub v6, v3
                v8: Bool = Below v5, v7
                jump b3()
            b3():
                v11: Bool = Eq v5, v7
                lib Fill r1 (v4, v2, v5, v6), else @6 Slow [r2=v5]
                jump b4()
            b4():
                v12: Int = Add v5, v30
                v13: Bool = Below v5, v12
                guard v13, else @7 Range [r2=v5]
                v14: Int = Add v5, v4
                v15: Bool = Lt v14, v0
                v46: Bool = Lt v14, v41
                if v46 b5() else b8()
            b8():
                v47: Bool = Lt v14, v0
                if v47 b9() else b6()
            b6():
                leave @9 Planned [r2=v14]
            b9():
                jump b7(v14)
            b5():
                jump b1(v14)
            ",
        );
    }

    #[test]
    fn it_may_count_by_what_is_known_when_it_runs() {
        check(
            |f| run(f, &Graph::of(f), false),
            "
            b0(v0: Int, v1: Int):
                v2: Int = 0
                jump b1(v2)
            b1(v3: Int):
                poll, else @4 Limit [r1=v3]
                v5: Int = Add v3, v1
                v6: Bool = Lt v5, v0
                if v6 b2() else b3()
            b2():
                jump b1(v5)
            b3():
                leave @9 Planned [r1=v5]
            ",
            "
            b0(v0: Int, v1: Int):
                v2: Int = 0
                jump b4(v2)
            b4(v8: Int):
                poll, else @4 Limit [r1=v8]
                v10: Int = 8192
                v11: Int = Mul v1, v10
                v12: Int = Add v8, v11
                v13: Bool = AddOver v8, v11
                v14: Bool = Lt v0, v12
                v15: Int = select v14, v0, v12
                v16: Int = -9223372036854775808
                v17: Int = select v13, v16, v15
                v18: Int = 1048576
                v19: Int = 1
                v20: Int = Sub v1, v19
                v21: Bool = Below v20, v18
                v22: Int = select v21, v17, v16
                jump b1(v8)
            b1(v3: Int):
                v5: Int = Add v3, v1
                v6: Bool = Lt v5, v0
                v23: Bool = Lt v5, v22
                if v23 b2() else b5()
            b5():
                v24: Bool = Lt v5, v0
                if v24 b6() else b3()
            b3():
                leave @9 Planned [r1=v5]
            b6():
                jump b4(v5)
            b2():
                jump b1(v5)
            ",
        );
    }

    #[test]
    fn what_is_counted_stays_below_a_length() {
        check(
            |f| run(f, &Graph::of(f), false),
            "
            b0(v0: Int, v1: Int):
                v2: Int = 0
                v3: Int = 1
                jump b1(v2)
            b1(v4: Int):
                poll, else @4 Limit [r1=v4]
                v6: Bool = Below v4, v1
                guard v6, else @5 Range [r1=v4 r2=v2]
                v8: Int = Add v4, v3
                v9: Bool = Lt v8, v0
                if v9 b2() else b3()
            b2():
                jump b1(v8)
            b3():
                leave @9 Planned [r1=v8]
            ",
            "
            b0(v0: Int, v1: Int):
                v2: Int = 0
                v3: Int = 1
                jump b4(v2)
            b4(v12: Int):
                poll, else @4 Limit [r1=v12]
                v14: Int = 8192
                v15: Int = Add v12, v14
                v16: Bool = AddOver v12, v14
                v17: Bool = Lt v0, v15
                v18: Int = select v17, v0, v15
                v19: Int = -9223372036854775808
                v20: Int = select v16, v19, v18
                v21: Bool = Below v12, v1
                guard v21, else @4 Range [r1=v12]
                v23: Bool = Lt v1, v20
                v24: Int = select v23, v1, v20
                jump b1(v12)
            b1(v4: Int):
                v6: Bool = Below v4, v1
                v8: Int = Add v4, v3
                v9: Bool = Lt v8, v0
                v25: Bool = Lt v8, v24
                if v25 b2() else b5()
            b5():
                v26: Bool = Lt v8, v0
                if v26 b6() else b3()
            b3():
                leave @9 Planned [r1=v8]
            b6():
                jump b4(v8)
            b2():
                jump b1(v8)
            ",
        );
    }

    #[test]
    fn the_end_may_be_counted_itself() {
        check(
            |f| run(f, &Graph::of(f), false),
            "
            b0(v0: Int):
                v1: Int = 1
                jump b1(v1)
            b1(v2: Int):
                poll, else @4 Limit [r1=v2]
                v4: Int = Add v2, v1
                v5: Bool = Le v4, v0
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
            b4(v7: Int):
                poll, else @4 Limit [r1=v7]
                v9: Int = 8192
                v10: Int = Add v7, v9
                v11: Bool = AddOver v7, v9
                v12: Int = 1
                v13: Int = Add v0, v12
                v14: Bool = AddOver v0, v12
                v15: Int = select v14, v0, v13
                v16: Bool = Lt v15, v10
                v17: Int = select v16, v15, v10
                v18: Int = -9223372036854775808
                v19: Int = select v11, v18, v17
                jump b1(v7)
            b1(v2: Int):
                v4: Int = Add v2, v1
                v5: Bool = Le v4, v0
                v20: Bool = Lt v4, v19
                if v20 b3() else b5()
            b5():
                v21: Bool = Le v4, v0
                if v21 b6() else b2()
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
    fn fuel_is_looked_at_for_so_many_turns_and_paid_in_each() {
        check(
            |f| run(f, &Graph::of(f), false),
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
                ensure 7, else @4 Limit [r1=v8]
                v10: Int = turns of 7, 8192 at most
                v11: Int = Add v8, v10
                v12: Bool = AddOver v8, v10
                v13: Bool = Lt v0, v11
                v14: Int = select v13, v0, v11
                v15: Int = -9223372036854775808
                v16: Int = select v12, v15, v14
                jump b1(v8)
            b1(v2: Int):
                spend v1
                v4: Int = Add v2, v1
                v5: Bool = Lt v4, v0
                v17: Bool = Lt v4, v16
                if v17 b3() else b5()
            b5():
                v18: Bool = Lt v4, v0
                if v18 b6() else b2()
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
            |f| run(f, &Graph::of(f), false),
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
        let kept = |of: &str| check(|f| run(f, &Graph::of(f), false), of, of);
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
