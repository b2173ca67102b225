//! Out of loops: what is the same in every turn is done once, before the first.
//!
//! Guards move too, if every turn passes them: before the loop they leave to its head, where the
//! interpreter finds out what the guard would have. What reads behind an address moves only if nothing that
//! stays behind has to prove the address good.
//!
//! **Invariant**: a value is moved only to a block that dominates the one it was in, and so that what it
//! reads is the same there.

use super::graph::{Graph, Loop, Part, Writes, reads, seen_through};
use crate::jit::ir::{Bin, Field, Func, Inst, Items, Lib, Loc, Term, V};

/// Whether it has moved anything.
pub(super) fn run(f: &mut Func, graph: &Graph) -> bool {
    let mut moved = false;
    if graph.loops.is_empty() {
        return moved;
    }
    let mut defined = graph.defined(f);
    for found in &graph.loops {
        let header = graph.order[found.header];
        let Some((before, exit)) = f.blocks[header.0 as usize].preheader else {
            continue;
        };
        let Some(target) = graph.place(before) else {
            continue;
        };
        if found.blocks.has(target) {
            continue;
        }
        while pass(
            f,
            graph,
            found,
            (before.0 as usize, target, exit),
            &mut defined,
        ) {
            moved = true;
        }
    }
    moved
}

/// Moves what can be moved now; whether anything was.
fn pass(
    f: &mut Func,
    graph: &Graph,
    found: &Loop,
    (before, target, exit): (usize, usize, usize),
    defined: &mut [usize],
) -> bool {
    // What was moved before writes nothing here any more.
    let mut writes = Writes::default();
    let mut unshares: Vec<(Loc, V)> = Vec::new();
    let mut fits: Vec<(Loc, Items, V)> = Vec::new();
    for at in found.blocks.iter() {
        for &v in &f.blocks[graph.order[at].0 as usize].insts {
            match f.inst(v) {
                Inst::Lib {
                    lib: Lib::Unshare,
                    locs: [Some(loc), ..],
                    ..
                } => unshares.push((*loc, v)),
                Inst::Lib {
                    lib: Lib::Fit(items),
                    locs: [Some(loc), ..],
                    ..
                } => fits.push((*loc, *items, v)),
                inst => writes.add(inst),
            }
        }
    }
    let mut all = writes.clone();
    unshares.iter().for_each(|(_, v)| all.add(f.inst(*v)));
    fits.iter().for_each(|(_, _, v)| all.add(f.inst(*v)));
    let mut moved = false;
    let mut moving = Vec::new();
    for at in found.blocks.iter() {
        let b = graph.order[at].0 as usize;
        let always = found
            .latches
            .iter()
            .all(|latch| graph.dominates(at, *latch));
        for i in 0..f.blocks[b].insts.len() {
            let v = f.blocks[b].insts[i];
            let inst = f.inst(v);
            let mut outside = true;
            inst.each_operand(|of| outside &= !found.blocks.has(defined[of.0 as usize]));
            let moves = outside
                && match inst {
                    Inst::Guard(..) | Inst::Room { .. } => always,
                    Inst::Native {
                        pure: true, places, ..
                    } => always && !seen_through(places).into_iter().any(|part| all.has(part)),
                    // Others of its kind do not matter: they do nothing once it has run. Nor does it matter if not
                    // every turn writes the array: some do, and nobody can tell when it was copied.
                    Inst::Lib {
                        lib: Lib::Unshare,
                        locs: [Some(loc), ..],
                        ..
                    } => {
                        !writes.has(Part::Loc(*loc))
                            && !writes.has(Part::Counts)
                            && is_proven(f, found, graph, *loc)
                    }
                    // Nor here, if they are for the same form; and it leaves if it cannot be.
                    Inst::Lib {
                        lib: Lib::Fit(items),
                        locs: [Some(loc), ..],
                        ..
                    } => {
                        let mut same = fits.iter().filter(|(of, ..)| of == loc);
                        always
                            && !writes.has(Part::Loc(*loc))
                            && !writes.has(Part::Forms)
                            && same.all(|(_, form, _)| form == items)
                            && is_proven(f, found, graph, *loc)
                    }
                    // The address is good behind a guard of the shape alone.
                    Inst::Field(Field::Slots | Field::SlotCount, _) => false,
                    Inst::Field(_, address) => {
                        let loc = match f.inst(*address) {
                            Inst::Counted(loc) => Some(*loc),
                            _other => None,
                        };
                        reads(inst).is_none_or(|part| !all.has(part))
                            && loc.is_some_and(|loc| is_proven(f, found, graph, loc))
                    }
                    // What is only copied has the tag it had.
                    Inst::Tag(loc) => !writes.has(Part::Loc(*loc)),
                    Inst::Elem(_) | Inst::ElemTag(_) | Inst::ElemLoad(_) => false,
                    // The machine traps where the guards that stay behind would have left.
                    Inst::Bin(Bin::Rem | Bin::Quot, _, by) => {
                        f.int(*by).is_some_and(|by| by != 0 && by != -1)
                    }
                    inst => match reads(inst) {
                        Some(part) => !all.has(part),
                        None => inst.is_pure(),
                    },
                };
            if !moves {
                continue;
            }
            if let Some(leaves) = f.insts[v.0 as usize].exit_mut() {
                *leaves = exit;
            }
            defined[v.0 as usize] = target;
            moving.push(v);
        }
        // They stay there to be seen until all are looked at.
        if !moving.is_empty() {
            f.blocks[b].insts.retain(|v| !moving.contains(v));
            f.blocks[before].insts.append(&mut moving);
            moved = true;
        }
    }
    moved
}

/// Whether nothing that stays in the loop has to say that there is an array: no guard or branch on its tag,
/// and no guard that is known to fail, behind which anything may be assumed.
fn is_proven(f: &Func, found: &Loop, graph: &Graph, loc: Loc) -> bool {
    let is_of_tag = |is: V| match f.inst(is) {
        Inst::Cmp(_, a, b) => [a, b].iter().any(|v| *f.inst(**v) == Inst::Tag(loc)),
        _other => false,
    };
    for at in found.blocks.iter() {
        let block = &f.blocks[graph.order[at].0 as usize];
        for v in &block.insts {
            if let Inst::Guard(is, want, _) = f.inst(*v)
                && (is_of_tag(*is) || *f.inst(*is) == Inst::Bool(!*want))
            {
                return false;
            }
        }
        if let Term::Branch(is, ..) = &block.term
            && is_of_tag(*is)
        {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Graph, run};
    use crate::jit::passes::golden::check;

    #[test]
    fn what_is_the_same_in_every_turn_is_done_before() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                jump b1(v0)
            b1(v1: Int): before b0, else @3 Range []
                poll, else @3 Limit [r2=v1]
                v2: Int = tag r1
                v3: Int = 5
                v4: Bool = Eq v2, v3
                guard v4, else @4 Kind [r2=v1]
                v5: Ptr = counted r1
                v6: Int = Len of v5
                v7: Bool = Below v1, v6
                guard v7, else @4 Range [r2=v1]
                v8: Int = Add v1, v3
                v9: Bool = Lt v8, v0
                if v9 b2() else b3()
            b2():
                jump b1(v8)
            b3():
                return
            ",
            "
            b0(v0: Int):
                v2: Int = tag r1
                v3: Int = 5
                v4: Bool = Eq v2, v3
                guard v4, else @3 Range []
                v5: Ptr = counted r1
                v6: Int = Len of v5
                jump b1(v0)
            b1(v1: Int):
                poll, else @3 Limit [r2=v1]
                v7: Bool = Below v1, v6
                guard v7, else @4 Range [r2=v1]
                v8: Int = Add v1, v3
                v9: Bool = Lt v8, v0
                if v9 b2() else b3()
            b3():
                return
            b2():
                jump b1(v8)
            ",
        );
    }

    #[test]
    fn an_array_that_is_filled_keeps_the_form_it_took_before() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                jump b1(v0)
            b1(v1: Int): before b0, else @3 Range []
                lib Unshare r1 (), else @4 Slow [r2=v1]
                lib Fit(Int) r1 (), else @4 Kind [r2=v1]
                v2: Ptr = counted r1
                v3: Int = End of v2
                v4: Int = Head of v2
                v5: Int = Sub v3, v4
                lib Push r1 (v1, v2, v5, v3), else @4 Slow [r2=v1]
                v6: Int = Add v1, v0
                v7: Bool = Lt v6, v0
                if v7 b2() else b3()
            b2():
                jump b1(v6)
            b3():
                return
            ",
            "
            b0(v0: Int):
                lib Unshare r1 (), else @3 Range []
                lib Fit(Int) r1 (), else @3 Range []
                v2: Ptr = counted r1
                v4: Int = Head of v2
                jump b1(v0)
            b1(v1: Int):
                v3: Int = End of v2
                v5: Int = Sub v3, v4
                lib Push r1 (v1, v2, v5, v3), else @4 Slow [r2=v1]
                v6: Int = Add v1, v0
                v7: Bool = Lt v6, v0
                if v7 b2() else b3()
            b3():
                return
            b2():
                jump b1(v6)
            ",
        );
    }

    #[test]
    fn ops_that_are_pure_run_before_if_every_turn_runs_them_on_the_same() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int, v1: Bool):
                jump b1()
            b1(): before b0, else @3 Range []
                v2: Int = pure native (v0), else @4 Op(0) []
                v3: Int = pure native (v0, &r1), else @5 Op(0) []
                v4: Int = pure native (v0, &r2), else @6 Op(0) []
                v5: Int = native (v0), else @7 Op(0) []
                store r2, v4
                if v1 b2() else b3()
            b2():
                v6: Int = pure native (v5), else @8 Op(0) []
                v7: Int = pure native (v0, v0), else @9 Op(0) []
                if v1 b1() else b3()
            b3():
                return v2
            ",
            "
            b0(v0: Int, v1: Bool):
                v2: Int = pure native (v0), else @3 Range []
                v3: Int = pure native (v0, &r1), else @3 Range []
                v7: Int = pure native (v0, v0), else @3 Range []
                jump b1()
            b1():
                v4: Int = pure native (v0, &r2), else @6 Op(0) []
                v5: Int = native (v0), else @7 Op(0) []
                store r2, v4
                if v1 b2() else b3()
            b2():
                v6: Int = pure native (v5), else @8 Op(0) []
                if v1 b1() else b3()
            b3():
                return v2
            ",
        );
    }

    #[test]
    fn what_the_loop_writes_or_may_trap_on_stays() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int, v1: Bool):
                jump b1()
            b1(): before b0, else @3 Range []
                v2: Int = load r1
                v3: Int = Quot v0, v2
                v4: Int = Quot v0, v0
                store r1, v3
                if v1 b1() else b2()
            b2():
                return v4
            ",
            "
            b0(v0: Int, v1: Bool):
                jump b1()
            b1():
                v2: Int = load r1
                v3: Int = Quot v0, v2
                v4: Int = Quot v0, v0
                store r1, v3
                if v1 b1() else b2()
            b2():
                return v4
            ",
        );
    }
}
