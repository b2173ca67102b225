//! Two turns of a loop at once, where each turn does the same with floats of its own: a machine register has room for
//! two.
//!
//! ```text
//! h(i): …; if i + 1 < n h(i + 1) else out
//!
//! a(i): how = if two turns can be done at once n & 1 else 2; jump d(i)
//! d(i): if i & 1 == how b() else h(i)
//! b():  what is the same in all turns, as pairs; jump w(i)
//! w(i): …, for i and i + 1; if i + 2 < n w(i + 2) else out
//! h(i): …; if i + 1 < n d(i + 1) else out
//! ```
//!
//! Where the number of turns that are left is odd, one is done by itself; so what a loop around this one writes in pairs,
//! the next one reads in the same pairs, and the processor need not wait until it has come to memory.
//!
//! What turns hand on, a sum or an element that each of them changes, is done in turn: floats are added in the order in
//! which they were. Guards that compare floats compare both; where one fails, nothing has been written yet, and the turn
//! is done by itself, which finds out what there is to do. So nothing leaves from two turns but by a look at whether
//! somebody has interrupted, or at fuel, as the first one begins.
//!
//! Two turns are done at once if that is known before the loop (`a`): all indices are in range; arrays that are written
//! are none of the others that turns read or write; and what is at one index in all turns is not at one of theirs.
//! What turns are looked for is in `plan`, and how two of them are made in `two`.
//!
//! **Invariant**: between what two turns read and write at once there is no order: neither reads or writes what the
//! other one writes, but for what is done in turn.

mod plan;
mod two;

use super::row::Row;
use super::uses::{each_use, lead, replace};
use crate::jit::ir::{B, Bin, Cond, Func, Inst, Term, Ty, Un, V, WIDE};
use crate::jit::mix::Map;
use plan::Plan;
use two::{Two, end};

/// Whether it has changed anything.
pub(super) fn run(f: &mut Func, order: &[B]) -> bool {
    // What was done for a loop before may be what the next one is about.
    let mut now: Option<Vec<B>> = None;
    for head in order.iter().filter(|_| WIDE) {
        let order = now.as_deref().unwrap_or(order);
        if let Some(plan) = Plan::of(f, order, *head)
            && pair(f, order, &plan)
        {
            now = Some(f.order());
        }
    }
    now.is_some()
}

/// Puts the turns in pairs before the loop; whether that is possible.
fn pair(f: &mut Func, order: &[B], plan: &Plan) -> bool {
    let Some(used) = used_behind(f, order, plan) else {
        return false;
    };
    let types: Vec<Ty> = (f.blocks[plan.head.0 as usize].params.iter())
        .map(|v| f.ty(*v))
        .collect();
    let [around, asks, before, turns, ends] = [(); 5].map(|()| f.block());
    let [first, given, own] = [around, asks, turns].map(|block| {
        let params = types.iter().map(|ty| f.param(block, *ty));
        params.collect::<Vec<V>>()
    });
    let how = conditions(f, order, plan, around, first[plan.counter]);
    order.iter().for_each(|b| lead(f, *b, plan.head, around));
    f.blocks[around.0 as usize].term = Term::Jump(asks, first);
    let mut row = Row::default();
    let one = row.put(f, Inst::Int(1), Ty::Int);
    let odd = row.put(f, Inst::Bin(Bin::And, given[plan.counter], one), Ty::Int);
    let is = row.put(f, Inst::Cmp(Cond::Eq, odd, how), Ty::Bool);
    end(
        f,
        asks,
        row,
        Term::Branch(is, (before, Vec::new()), (plan.head, given.clone())),
    );
    // Two turns at once.
    let mut two = Two::new(f, plan, &given, &own);
    let last = two.turns(turns);
    let (next, limit) = (two.number(2), two.same(plan.end));
    let goes = two.put(Inst::Cmp(Cond::Lt, next, limit), Ty::Bool);
    let back = (plan.back.iter().enumerate()).map(|(at, v)| match at == plan.counter {
        true => next,
        false => two.lane(*v, 1),
    });
    let back = back.collect();
    let row = two.take_row();
    // What is read behind the loop is told there.
    let handed = if used.is_empty() { &plan.out.1 } else { &used };
    let handed = handed.iter().map(|v| two.lane(*v, 1)).collect();
    let (first, told) = two.rows();
    end(f, before, first, Term::Jump(turns, given));
    let (again, out) = ((turns, back), (ends, Vec::new()));
    end(f, last, row, Term::Branch(goes, again, out));
    // One turn.
    let out = match used.is_empty() {
        true => plan.out.clone(),
        false => (hand_on(f, order, plan, &used), used),
    };
    end(f, ends, told, Term::Jump(out.0, handed));
    if let Term::Branch(_, yes, no) = &mut f.blocks[plan.head.0 as usize].term {
        *yes = (asks, plan.back.clone());
        *no = out;
    }
    true
}

/// What the loop defines and others use, if it can be told behind two turns.
fn used_behind(f: &Func, order: &[B], plan: &Plan) -> Option<Vec<V>> {
    let mut used: Vec<V> = Vec::new();
    for b in order.iter().filter(|b| **b != plan.head) {
        if plan.is_way_back(*b) {
            continue;
        }
        each_use(f, *b, |v| {
            if plan.has(v) && !used.contains(&v) {
                used.push(v);
            }
        });
    }
    let is_any = !used.is_empty();
    for v in &plan.out.1 {
        if plan.has(*v) && is_any && !used.contains(v) {
            used.push(*v);
        }
    }
    let mut told = used.iter().chain(&plan.out.1);
    told.all(|v| plan.can_tell(*v)).then_some(used)
}

/// Has what is used behind the loop come there by a block of its own, whose parameters it is.
fn hand_on(f: &mut Func, order: &[B], plan: &Plan, used: &[V]) -> B {
    let meet = f.block();
    let with: Map<V, V> = (used.iter())
        .map(|v| (*v, f.param(meet, f.ty(*v))))
        .collect();
    let new = |v: V| with.get(&v).copied().unwrap_or(v);
    let mut exits: Map<usize, usize> = Map::default();
    for b in order.iter().filter(|b| **b != plan.head) {
        replace(f, *b, new, &mut exits);
    }
    let args = plan.out.1.iter().map(|v| new(*v)).collect();
    f.blocks[meet.0 as usize].term = Term::Jump(plan.out.0, args);
    meet
}

/// Finds in a block whether two turns can be done at once, where the loop begins to count there: what of what is
/// counted is odd or even then, or 2.
fn conditions(f: &mut Func, order: &[B], plan: &Plan, block: B, start: V) -> V {
    let ever = ever(f, order, plan, block);
    // What turns begin behind, they do not come to.
    let others = plan.others.iter().filter(|(by, index)| {
        let is_behind = *by >= 0 && begins_behind(f, order, plan, *index);
        plan.lens.is_empty() || !is_behind
    });
    let others: Vec<(i64, V)> = others.copied().collect();
    let mut row = Row::default();
    let end = outside(f, &mut row, plan.end);
    let mut all = vec![row.put(f, Inst::Cmp(Cond::Lt, start, end), Ty::Bool)];
    if !plan.lens.is_empty() {
        let least = row.put(f, Inst::Int(plan.least), Ty::Int);
        all.push(row.put(f, Inst::Cmp(Cond::Ge, start, least), Ty::Bool));
    }
    for (by, index) in others {
        let by = row.put(f, Inst::Int(by), Ty::Int);
        let begin = row.put(f, Inst::Bin(Bin::Add, start, by), Ty::Int);
        let far = row.put(f, Inst::Bin(Bin::Sub, index, begin), Ty::Int);
        let turns = row.put(f, Inst::Bin(Bin::Sub, end, start), Ty::Int);
        let is = row.put(f, Inst::Cmp(Cond::Below, far, turns), Ty::Bool);
        all.push(row.put(f, Inst::Un(Un::Not, is), Ty::Bool));
    }
    all.extend(ever);
    let all = row.all(f, all);
    let (one, never) = (
        row.put(f, Inst::Int(1), Ty::Int),
        row.put(f, Inst::Int(2), Ty::Int),
    );
    let odd = row.put(f, Inst::Bin(Bin::And, end, one), Ty::Int);
    let how = row.put(f, Inst::Select(all, odd, never), Ty::Int);
    f.blocks[block.0 as usize].insts.extend(row.0);
    how
}

/// What the loop may have made, if it is a number.
fn outside(f: &mut Func, row: &mut Row, v: V) -> V {
    match f.int(v) {
        Some(n) => row.put(f, Inst::Int(n), Ty::Int),
        None => v,
    }
}

/// Whether what has to be so is so wherever the loop begins to count, if anything has: found as soon as all is there, at
/// the end of the block where the last of it is. A loop around it finds that once. Numbers alone are compared in
/// `around`.
fn ever(f: &mut Func, order: &[B], plan: &Plan, around: B) -> Option<V> {
    let lens = plan.lens.iter().flat_map(|(_, len)| [*len, plan.end]);
    let arrays = plan.apart.iter().flat_map(|(a, b)| [*a, *b]);
    let truths = plan.conditions.iter().map(|(is, _)| *is);
    let of: Vec<V> = lens.chain(arrays).chain(truths).collect();
    let defines = |b: &&B| {
        let block = &f.blocks[b.0 as usize];
        let mut defined = block.params.iter().chain(&block.insts);
        **b != plan.head && defined.any(|v| of.contains(v))
    };
    if of.is_empty() {
        return None;
    }
    let block = order.iter().rev().find(defines).copied();
    let block = block.unwrap_or(around);
    let mut row = Row::default();
    let mut all = Vec::new();
    for (most, len) in &plan.lens {
        let [end, len] = [plan.end, *len].map(|v| outside(f, &mut row, v));
        let by = row.put(f, Inst::Int(most - 1), Ty::Int);
        let last = row.put(f, Inst::Bin(Bin::Add, end, by), Ty::Int);
        all.push(row.put(f, Inst::Cmp(Cond::Below, last, len), Ty::Bool));
    }
    for (is, want) in &plan.conditions {
        all.push(match want {
            true => *is,
            false => row.put(f, Inst::Un(Un::Not, *is), Ty::Bool),
        });
    }
    for (a, b) in &plan.apart {
        all.push(row.put(f, Inst::Cmp(Cond::Ne, *a, *b), Ty::Bool));
    }
    let all = row.all(f, all);
    f.blocks[block.0 as usize].insts.extend(row.0);
    Some(all)
}

/// Whether all turns come behind an index, if the first one is no negative one, wherever the loop is come to from.
fn begins_behind(f: &Func, order: &[B], plan: &Plan, index: V) -> bool {
    let is_behind = |(to, args): (&B, &Vec<V>)| {
        *to != plan.head
            || match f.inst(args[plan.counter]) {
                Inst::Bin(Bin::Add, of, by) => *of == index && f.int(*by).is_some_and(|by| by > 0),
                _other => false,
            }
    };
    let mut outside = order.iter().filter(|b| **b != plan.head);
    outside.all(|b| match &f.blocks[b.0 as usize].term {
        Term::Jump(to, args) => plan.is_way_back(*b) || is_behind((to, args)),
        Term::Branch(_, yes, no) => is_behind((&yes.0, &yes.1)) && is_behind((&no.0, &no.1)),
        _other => true,
    })
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::{check, parse};

    #[test]
    fn two_turns_that_do_the_same_are_done_at_once() {
        check(
            |f| run(f, &f.order()),
            "
            b0(v0: Int, v1: Int):
                v2: Ptr = counted r1
                v3: Int = Len of v2
                v4: Ptr = Data(Float) of v2
                v5: Ptr = counted r2
                v6: Ptr = Data(Float) of v5
                v7: Float = 0.5
                jump b1(v0)
            b1(v8: Int):
                poll, else @3 Limit [r3=v8]
                v9: Bool = Below v8, v3
                guard v9, else @4 Range [r3=v8]
                v10: Ptr = At8 v4, v8
                v11: Float = elem v10
                v12: Float = FMul v11, v7
                v13: Ptr = At8 v6, v8
                set elem v13, v12
                v14: Int = 1
                v15: Int = Add v8, v14
                v16: Bool = Lt v15, v1
                if v16 b1(v15) else b2()
            b2():
                return
            ",
            "
            b0(v0: Int, v1: Int):
                v2: Ptr = counted r1
                v3: Int = Len of v2
                v4: Ptr = Data(Float) of v2
                v5: Ptr = counted r2
                v6: Ptr = Data(Float) of v5
                v7: Float = 0.5
                v23: Int = -1
                v24: Int = Add v1, v23
                v25: Bool = Below v24, v3
                v26: Bool = Ne v4, v6
                v27: Bool = And v25, v26
                jump b3(v0)
            b3(v20: Int):
                v28: Bool = Lt v20, v1
                v29: Int = 0
                v30: Bool = Ge v20, v29
                v31: Bool = And v28, v30
                v32: Bool = And v31, v27
                v33: Int = 1
                v34: Int = 2
                v35: Int = And v1, v33
                v36: Int = select v32, v35, v34
                jump b4(v20)
            b4(v21: Int):
                v37: Int = 1
                v38: Int = And v21, v37
                v39: Bool = Eq v38, v36
                if v39 b5() else b1(v21)
            b1(v8: Int):
                poll, else @3 Limit [r3=v8]
                v9: Bool = Below v8, v3
                guard v9, else @4 Range [r3=v8]
                v10: Ptr = At8 v4, v8
                v11: Float = elem v10
                v12: Float = FMul v11, v7
                v13: Ptr = At8 v6, v8
                set elem v13, v12
                v14: Int = 1
                v15: Int = Add v8, v14
                v16: Bool = Lt v15, v1
                if v16 b4(v15) else b2()
            b5():
                v43: Pair = pack v7, v7
                jump b6(v21)
            b6(v22: Int):
                poll, else @3 Limit [r3=v22]
                v41: Ptr = At8 v4, v22
                v42: Pair = elem v41
                v44: Pair = FMul v42, v43
                v45: Ptr = At8 v6, v22
                set elem v45, v44
                v47: Int = 2
                v48: Int = Add v22, v47
                v49: Bool = Lt v48, v1
                if v49 b6(v48) else b7()
            b7():
                jump b2()
            b2():
                return
            ",
        );
    }

    #[test]
    fn what_fails_is_done_by_itself_and_what_is_handed_on_in_turn() {
        check(
            |f| run(f, &f.order()),
            "
            b0(v0: Int, v1: Int, v2: Int, v3: Float):
                v4: Ptr = counted r1
                v5: Ptr = Data(Float) of v4
                v6: Ptr = counted r2
                v7: Ptr = Data(Float) of v6
                v8: Ptr = At8 v5, v2
                v9: Float = 0.0
                jump b1(v0, v3)
            b1(v10: Int, v11: Float):
                v12: Ptr = At8 v7, v10
                v13: Float = elem v12
                v14: Float = FMul v13, v13
                v15: Bool = FEq v14, v9
                guard not v15, else @4 Range [r3=v10 r4=v11]
                v16: Float = FDiv v13, v14
                v24: Float = FMul v16, v14
                v25: Float = FAdd v24, v13
                v17: Float = FMul v25, v16
                set elem v12, v17
                v18: Float = elem v8
                v19: Float = FAdd v18, v16
                set elem v8, v19
                v20: Float = FAdd v11, v16
                v21: Int = 1
                v22: Int = Add v10, v21
                v23: Bool = Lt v22, v1
                if v23 b1(v22, v20) else b2()
            b2():
                store r4, v17
                leave @9 Planned [r3=v22 r5=v20]
            ",
            "
            b0(v0: Int, v1: Int, v2: Int, v3: Float):
                v4: Ptr = counted r1
                v5: Ptr = Data(Float) of v4
                v6: Ptr = counted r2
                v7: Ptr = Data(Float) of v6
                v8: Ptr = At8 v5, v2
                v9: Float = 0.0
                v36: Bool = Ne v5, v7
                jump b3(v0, v3)
            b3(v30: Int, v31: Float):
                v37: Bool = Lt v30, v1
                v38: Bool = And v37, v36
                v39: Int = 1
                v40: Int = 2
                v41: Int = And v1, v39
                v42: Int = select v38, v41, v40
                jump b4(v30, v31)
            b4(v32: Int, v33: Float):
                v43: Int = 1
                v44: Int = And v32, v43
                v45: Bool = Eq v44, v42
                if v45 b5() else b1(v32, v33)
            b5():
                v49: Pair = pack v9, v9
                jump b6(v32, v33)
            b6(v34: Int, v35: Float):
                v46: Ptr = At8 v7, v34
                v47: Pair = elem v46
                v48: Pair = FMul v47, v47
                v50: Bool = either Eq v48, v49
                if v50 b8() else b9()
            b9():
                v51: Pair = FDiv v47, v48
                v52: Pair = FMul v51, v48
                v53: Pair = FAdd v52, v47
                v54: Pair = FMul v53, v51
                set elem v46, v54
                v56: Float = elem v8
                v57: Float = lane 0 of v51
                v58: Float = FAdd v56, v57
                v59: Float = FAdd v35, v57
                v60: Float = lane 1 of v51
                v61: Float = FAdd v58, v60
                set elem v8, v61
                v63: Float = FAdd v59, v60
                v64: Int = 2
                v65: Int = Add v34, v64
                v66: Bool = Lt v65, v1
                if v66 b6(v65, v63) else b7()
            b7():
                v67: Float = lane 1 of v54
                jump b10(v67, v65, v63)
            b8():
                jump b1(v34, v35)
            b1(v10: Int, v11: Float):
                v12: Ptr = At8 v7, v10
                v13: Float = elem v12
                v14: Float = FMul v13, v13
                v15: Bool = FEq v14, v9
                guard not v15, else @4 Range [r3=v10 r4=v11]
                v16: Float = FDiv v13, v14
                v24: Float = FMul v16, v14
                v25: Float = FAdd v24, v13
                v17: Float = FMul v25, v16
                set elem v12, v17
                v18: Float = elem v8
                v19: Float = FAdd v18, v16
                set elem v8, v19
                v20: Float = FAdd v11, v16
                v21: Int = 1
                v22: Int = Add v10, v21
                v23: Bool = Lt v22, v1
                if v23 b4(v22, v20) else b10(v17, v22, v20)
            b10(v68: Float, v69: Int, v70: Float):
                jump b2()
            b2():
                store r4, v68
                leave @9 Planned [r3=v69 r5=v70]
            ",
        );
    }

    /// One of two elements is written through one address, and read through another that may be the same.
    #[test]
    fn what_has_to_be_so_in_all_turns_is_asked_before() {
        check(
            |f| run(f, &f.order()),
            "
            b0(v0: Int, v1: Int, v2: Int, v3: Int, v4: Bool):
                v5: Ptr = counted r1
                v6: Ptr = Data(Float) of v5
                v7: Ptr = At8 v6, v2
                v8: Ptr = At8 v6, v3
                jump b1(v0)
            b1(v9: Int):
                guard not v4, else @3 Range [r3=v9]
                v10: Ptr = At8 v6, v9
                v11: Float = elem v10
                v12: Float = FMul v11, v11
                v13: Float = FMul v12, v11
                v14: Float = FMul v13, v12
                v15: Float = FMul v14, v12
                v16: Float = FMul v15, v12
                set elem v10, v16
                v17: Float = elem v7
                v18: Float = FAdd v17, v16
                set elem v8, v18
                v19: Int = 1
                v20: Int = Add v9, v19
                v21: Bool = Lt v20, v1
                if v21 b1(v20) else b2()
            b2():
                return
            ",
            "
            b0(v0: Int, v1: Int, v2: Int, v3: Int, v4: Bool):
                v5: Ptr = counted r1
                v6: Ptr = Data(Float) of v5
                v7: Ptr = At8 v6, v2
                v8: Ptr = At8 v6, v3
                v28: Bool = Not v4
                jump b3(v0)
            b3(v25: Int):
                v29: Bool = Lt v25, v1
                v30: Int = 0
                v31: Int = Add v25, v30
                v32: Int = Sub v2, v31
                v33: Int = Sub v1, v25
                v34: Bool = Below v32, v33
                v35: Bool = Not v34
                v36: Int = 0
                v37: Int = Add v25, v36
                v38: Int = Sub v3, v37
                v39: Int = Sub v1, v25
                v40: Bool = Below v38, v39
                v41: Bool = Not v40
                v42: Bool = And v29, v35
                v43: Bool = And v42, v41
                v44: Bool = And v43, v28
                v45: Int = 1
                v46: Int = 2
                v47: Int = And v1, v45
                v48: Int = select v44, v47, v46
                jump b4(v25)
            b4(v26: Int):
                v49: Int = 1
                v50: Int = And v26, v49
                v51: Bool = Eq v50, v48
                if v51 b5() else b1(v26)
            b1(v9: Int):
                guard not v4, else @3 Range [r3=v9]
                v10: Ptr = At8 v6, v9
                v11: Float = elem v10
                v12: Float = FMul v11, v11
                v13: Float = FMul v12, v11
                v14: Float = FMul v13, v12
                v15: Float = FMul v14, v12
                v16: Float = FMul v15, v12
                set elem v10, v16
                v17: Float = elem v7
                v18: Float = FAdd v17, v16
                set elem v8, v18
                v19: Int = 1
                v20: Int = Add v9, v19
                v21: Bool = Lt v20, v1
                if v21 b4(v20) else b2()
            b5():
                jump b6(v26)
            b6(v27: Int):
                v52: Ptr = At8 v6, v27
                v53: Pair = elem v52
                v54: Pair = FMul v53, v53
                v55: Pair = FMul v54, v53
                v56: Pair = FMul v55, v54
                v57: Pair = FMul v56, v54
                v58: Pair = FMul v57, v54
                set elem v52, v58
                v60: Float = elem v7
                v61: Float = lane 0 of v58
                v62: Float = FAdd v60, v61
                set elem v8, v62
                v64: Float = elem v7
                v65: Float = lane 1 of v58
                v66: Float = FAdd v64, v65
                set elem v8, v66
                v68: Int = 2
                v69: Int = Add v27, v68
                v70: Bool = Lt v69, v1
                if v70 b6(v69) else b7()
            b7():
                jump b2()
            b2():
                return
            ",
        );
    }

    /// The length and the end may be numbers that only the loop has.
    #[test]
    fn numbers_that_the_loop_makes_are_compared_before_it() {
        let mut f = parse(
            "
            b0(v0: Int):
                v1: Ptr = counted r1
                v2: Ptr = Data(Float) of v1
                jump b1(v0)
            b1(v3: Int):
                v4: Int = 5
                v5: Bool = Below v3, v4
                guard v5, else @4 Range [r3=v3]
                v6: Ptr = At8 v2, v3
                v7: Float = elem v6
                v8: Float = FMul v7, v7
                set elem v6, v8
                v9: Int = 1
                v10: Int = Add v3, v9
                v11: Int = 9
                v12: Bool = Lt v10, v11
                if v12 b1(v10) else b2()
            b2():
                return
            ",
        );
        let order = f.order();
        assert!(run(&mut f, &order));
        let text = f.to_string();
        assert_eq!(text.matches("Bool = Below").count(), 2, "{text}");
    }

    /// It would pay, but one turn reads what another writes, or hands on what is written.
    #[test]
    fn turns_that_depend_on_one_another_stay() {
        let stays = |text: &str| check(|f| assert!(!run(f, &f.order())), text, text);
        let body = |turn: &str| {
            format!(
                "
            b0(v0: Int, v1: Int, v2: Float):
                v3: Ptr = counted r1
                v4: Ptr = Data(Float) of v3
                v5: Int = 1
                jump b1(v0, v2)
            b1(v6: Int, v7: Float):
                v8: Int = Add v6, v5
                v9: Ptr = At8 v4, v6
                v10: Float = elem v9
                v11: Float = FMul v10, v10
                v12: Float = FMul v11, v11
                v13: Float = FAdd v12, v11
                v14: Ptr = At8 v4, v8
                {turn}
                v20: Bool = Lt v8, v1
                if v20 b1(v8, v13) else b2()
            b2():
                return
            "
            )
        };
        let alone = body("set elem v9, v13");
        assert!(run(&mut parse(&alone), &parse(&alone).order()));
        stays(&body("set elem v14, v13"));
        stays(&body("set elem v9, v7"));
        stays(&body(
            "set elem v9, v13\nv15: Float = elem v9\nv16: Float = FMul v15, v7",
        ));
    }
}
