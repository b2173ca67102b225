//! Value numbering: what was computed before, is not computed again.
//!
//! An instruction is what it does to its operands, and for one that reads memory, to the state of the part
//! that it reads: each write begins a new state. The same instruction with the same operands and state, in
//! a block that dominates, has the same value. A guard that was passed need not be passed again, and
//! behind a branch its condition is known. What was just written is what is read.
//!
//! **Invariant**: a value is replaced only by one whose definition dominates all its uses.

use super::fold::{Simple, fold};
use super::graph::{Graph, Part, Writes, reads, replace, seen_through};
use crate::jit::ir::{B, Func, Inst, Lib, Loc, Term, Ty, V};
use crate::jit::mix::Map;
use std::collections::hash_map::Entry;

/// The state of memory: a number for each part, which is another one when the part was written.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory(Vec<u32>);

/// Parts of memory that a unit names: headers, elements, counts and shapes, and then its locations, in order.
struct Parts(Vec<Part>);

impl Parts {
    fn of(f: &Func) -> Parts {
        let parts = [Part::Headers, Part::Elems, Part::Counts, Part::Shapes];
        Parts(
            parts
                .into_iter()
                .chain(locs(f).into_iter().map(Part::Loc))
                .collect(),
        )
    }

    fn index(&self, part: Part) -> usize {
        match part {
            Part::Headers => 0,
            Part::Elems => 1,
            Part::Counts => 2,
            Part::Shapes => 3,
            Part::Loc(loc) => {
                let place = self.0[4..].binary_search_by_key(&Some(loc), |part| match part {
                    Part::Loc(loc) => Some(*loc),
                    _other => None,
                });
                debug_assert!(place.is_ok(), "the unit names {loc}");
                4 + place.unwrap_or(0)
            }
        }
    }
}

/// One or more, of which there are seldom more.
struct Few<T>(T, Vec<T>);

impl<T> Few<T> {
    /// Puts one behind those that are there.
    fn put<K>(entry: Entry<'_, K, Few<T>>, one: T) {
        match entry {
            Entry::Occupied(mut few) => few.get_mut().1.push(one),
            Entry::Vacant(none) => {
                none.insert(Few(one, Vec::new()));
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.0).chain(&self.1)
    }
}

struct Numbering<'a> {
    f: &'a mut Func,
    graph: Graph,
    with: Vec<V>,
    /// Values by what they are: the block, by place, where each is there from.
    known: Map<(Inst, u32), Few<(usize, V)>>,
    /// Conditions whose truth is known, from the block on.
    truths: Map<V, Few<(usize, bool)>>,
    /// Arrays that nobody shares, in a state of memory.
    unshared: Map<(Loc, u32, u32), Vec<usize>>,
    /// Locations in a state in which they are a copy of another, in a state of that.
    copies: Map<(Loc, u32), (Loc, u32)>,
    /// Numbers for states of several parts together.
    looks: Map<Vec<u32>, u32>,
    /// Numbers that the instruction on its way needs before it.
    made: Vec<V>,
    parts: Parts,
    states: u32,
}

pub(super) fn run(f: &mut Func) {
    let (graph, parts) = (Graph::of(f), Parts::of(f));
    let with = (0..f.insts.len() as u32).map(V).collect();
    let mut numbering = Numbering {
        f,
        graph,
        with,
        known: Map::default(),
        truths: Map::default(),
        unshared: Map::default(),
        copies: Map::default(),
        looks: Map::default(),
        made: Vec::new(),
        parts,
        states: 0,
    };
    numbering.walk();
    let with = std::mem::take(&mut numbering.with);
    replace(f, &with);
}

impl Numbering<'_> {
    fn walk(&mut self) {
        let order = self.graph.order.clone();
        let mut ends: Vec<Option<Memory>> = vec![None; order.len()];
        for (at, b) in order.iter().enumerate() {
            let mut memory = self.begin(at, &ends);
            self.learn(at, *b);
            let insts = std::mem::take(&mut self.f.blocks[b.0 as usize].insts);
            let mut kept = Vec::with_capacity(insts.len());
            for v in insts {
                let stays = self.inst(at, v, &mut memory);
                kept.append(&mut self.made);
                if stays {
                    kept.push(v);
                }
            }
            self.f.blocks[b.0 as usize].insts = kept;
            let mut term = std::mem::replace(&mut self.f.blocks[b.0 as usize].term, Term::Open);
            term.each_value(|v| *v = self.find(*v));
            if let Term::Branch(is, yes, no) = &term
                && let Some(truth) = self.truth(at, *is)
            {
                let (to, args) = if truth { yes } else { no };
                term = Term::Jump(*to, args.clone());
            }
            self.f.blocks[b.0 as usize].term = term;
            ends[at] = Some(memory);
        }
    }

    fn find(&self, mut v: V) -> V {
        while self.with[v.0 as usize] != v {
            v = self.with[v.0 as usize];
        }
        v
    }

    fn fresh(&mut self) -> u32 {
        self.states += 1;
        self.states
    }

    /// Memory at the beginning of a block.
    fn begin(&mut self, at: usize, ends: &[Option<Memory>]) -> Memory {
        let done = |pred: &usize| ends[*pred].as_ref();
        let mut memory = match self.graph.preds[at].iter().find_map(done) {
            Some(first) => first.clone(),
            None => Memory(vec![0; self.parts.0.len()]),
        };
        for i in 0..memory.0.len() {
            let mut others = self.graph.preds[at].iter().filter_map(done);
            if others.any(|other| other.0[i] != memory.0[i]) {
                memory.0[i] = self.fresh();
            }
        }
        // What a loop writes is not known at its head.
        let written: Vec<Writes> = (self.graph.loops.iter())
            .filter(|l| l.header == at)
            .map(|l| l.writes.clone())
            .collect();
        for writes in written {
            self.write(&mut memory, &writes);
        }
        memory
    }

    fn write(&mut self, memory: &mut Memory, writes: &Writes) {
        if writes.is_empty() {
            return;
        }
        let state = self.fresh();
        for (of, part) in memory.0.iter_mut().zip(&self.parts.0) {
            if writes.has(*part) {
                *of = state;
            }
        }
    }

    /// The state of a part.
    fn state(&self, memory: &Memory, part: Part) -> u32 {
        memory.0[self.parts.index(part)]
    }

    /// What is known behind a branch.
    fn learn(&mut self, at: usize, b: B) {
        let [pred] = self.graph.preds[at][..] else {
            return;
        };
        let before = self.graph.order[pred];
        if let Term::Branch(is, (yes, _), (no, _)) = &self.f.blocks[before.0 as usize].term
            && yes != no
        {
            let (is, truth) = (self.find(*is), *yes == b);
            Few::put(self.truths.entry(is), (at, truth));
        }
    }

    fn truth(&self, at: usize, is: V) -> Option<bool> {
        if let Inst::Bool(is) = self.f.inst(is) {
            return Some(*is);
        }
        let known = self.truths.get(&is)?;
        let found = known
            .iter()
            .find(|(from, _)| self.graph.dominates(*from, at));
        found.map(|(_, truth)| *truth)
    }

    /// Numbers an instruction; whether it stays.
    fn inst(&mut self, at: usize, v: V, memory: &mut Memory) -> bool {
        let mut inst = self.f.inst(v).clone();
        inst.each_value(|v| *v = self.find(*v));
        if let Inst::Tag(loc)
        | Inst::Load(loc)
        | Inst::Counted(loc)
        | Inst::Handle(loc)
        | Inst::Salt(loc)
        | Inst::Copy(loc, _)
        | Inst::CopyTo(loc, _) = &mut inst
        {
            *loc = self.original(*loc, memory);
        }
        for _ in 0..4 {
            match fold(self.f, &inst) {
                Some(Simple::Is(other)) => {
                    self.with[v.0 as usize] = self.find(other);
                    return false;
                }
                Some(Simple::Inst(simpler)) => inst = simpler,
                Some(Simple::By(op, of, n)) => {
                    let by = self.f.value(Inst::Int(n), Ty::Int);
                    self.with.push(by);
                    self.made.push(by);
                    inst = Inst::Bin(op, self.find(of), by);
                }
                None => break,
            }
        }
        self.f.insts[v.0 as usize] = inst.clone();
        let part = reads(&inst);
        if inst.is_pure() || part.is_some() {
            let state = part.map_or(0, |part| 1 + self.state(memory, part));
            return self.value(at, v, (inst, state));
        }
        match &inst {
            // The same op on the same, which did not fail then.
            Inst::Native {
                pure: true, places, ..
            } => {
                let state = self.looked_at(places, memory);
                let mut same = inst.clone();
                if let Inst::Native { exit, .. } = &mut same {
                    *exit = 0;
                }
                return self.value(at, v, (same, state));
            }
            Inst::Guard(is, want, _) => {
                if self.truth(at, *is) == Some(*want) {
                    return false;
                }
                Few::put(self.truths.entry(*is), (at, *want));
                return true;
            }
            Inst::Lib {
                lib: Lib::Unshare,
                locs: [Some(loc), ..],
                ..
            } => {
                let state = self.unshared_state(*loc, memory);
                let known = self.unshared.get(&state);
                if known.is_some_and(|all| all.iter().any(|from| self.graph.dominates(*from, at))) {
                    return false;
                }
                self.write(memory, &Writes::of(&inst));
                let state = self.unshared_state(*loc, memory);
                self.unshared.entry(state).or_default().push(at);
                return true;
            }
            _other => {}
        }
        self.write(memory, &Writes::of(&inst));
        if let Inst::Copy(from, to) = &inst
            && from != to
        {
            self.copied(at, (*from, *to), memory);
        }
        // What was written is what is read next.
        let (read, of) = match &inst {
            Inst::SetElem(to, of) => (Inst::Elem(*to), *of),
            Inst::Store(loc, of) => (Inst::Load(*loc), *of),
            _other => return true,
        };
        if let Some(part) = reads(&read) {
            let key = (read, 1 + self.state(memory, part));
            Few::put(self.known.entry(key), (at, of));
        }
        true
    }

    /// The state of all that an op may see through these places.
    fn looked_at(&mut self, places: &[Option<Loc>], memory: &Memory) -> u32 {
        let seen = seen_through(places).into_iter();
        let state: Vec<u32> = seen.map(|part| self.state(memory, part)).collect();
        let next = 1 + self.looks.len() as u32;
        *self.looks.entry(state).or_insert(next)
    }

    /// What an array being unshared depends on.
    fn unshared_state(&self, loc: Loc, memory: &Memory) -> (Loc, u32, u32) {
        let of = |part| self.state(memory, part);
        (loc, of(Part::Loc(loc)), of(Part::Counts))
    }

    /// Takes note of a copy: what was known of the one is known of the other.
    fn copied(&mut self, at: usize, (from, to): (Loc, Loc), memory: &Memory) {
        let of = |loc: Loc| self.state(memory, Part::Loc(loc));
        let (from_state, to_state) = (of(from), of(to));
        self.copies.insert((to, to_state), (from, from_state));
        let parts: [fn(Loc) -> Inst; 5] = [
            Inst::Tag,
            Inst::Load,
            Inst::Handle,
            Inst::Salt,
            Inst::Counted,
        ];
        for part in parts {
            let known = self.known.get(&(part(from), 1 + from_state));
            let found = (known.into_iter().flat_map(Few::iter))
                .find(|(from, _)| self.graph.dominates(*from, at))
                .copied();
            if let Some((_, v)) = found {
                let key = (part(to), 1 + to_state);
                Few::put(self.known.entry(key), (at, v));
            }
        }
    }

    /// The location that another is a copy of, now.
    fn original(&self, mut loc: Loc, memory: &Memory) -> Loc {
        if self.copies.is_empty() {
            return loc;
        }
        let of = |loc: Loc| self.state(memory, Part::Loc(loc));
        while let Some((from, state)) = self.copies.get(&(loc, of(loc)))
            && of(*from) == *state
        {
            loc = *from;
        }
        loc
    }

    /// Whether the value is not there yet.
    fn value(&mut self, at: usize, v: V, key: (Inst, u32)) -> bool {
        let ty = self.f.ty(v);
        let entry = self.known.entry(key);
        let graph = &self.graph;
        let f = &*self.f;
        let known = match &entry {
            Entry::Occupied(known) => Some(known.get()),
            Entry::Vacant(_) => None,
        };
        let found = (known.into_iter().flat_map(Few::iter))
            .find(|(from, of)| f.ty(*of) == ty && graph.dominates(*from, at))
            .map(|(_, of)| *of);
        match found {
            Some(other) => {
                self.with[v.0 as usize] = self.find(other);
                false
            }
            None => {
                Few::put(entry, (at, v));
                true
            }
        }
    }
}

/// Locations that a unit names, in order.
fn locs(f: &Func) -> Vec<Loc> {
    let mut locs: Vec<Loc> = Vec::new();
    for inst in &f.insts {
        match inst {
            Inst::Tag(loc) | Inst::Load(loc) | Inst::Counted(loc) | Inst::Store(loc, _) => {
                locs.push(*loc);
            }
            Inst::Handle(loc) | Inst::Salt(loc) | Inst::CopyFrom(_, loc) | Inst::CopyTo(loc, _) => {
                locs.push(*loc);
            }
            Inst::Given(loc) => locs.push(*loc),
            Inst::Copy(from, to) => locs.extend([from, to]),
            Inst::Peek { locs: looked, .. } => locs.extend(looked),
            Inst::Native { places, .. } => locs.extend(places.iter().flatten()),
            Inst::Lib { locs: named, .. } => locs.extend(named.iter().flatten()),
            _other => {}
        }
    }
    locs.sort_unstable();
    locs.dedup();
    locs
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::jit::passes::golden::check;

    #[test]
    fn the_same_is_computed_read_and_checked_once() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = tag r1
                v2: Int = 5
                v3: Bool = Eq v1, v2
                guard v3, else @1 Kind []
                v4: Int = Add v0, v2
                v5: Int = tag r1
                v6: Bool = Eq v5, v2
                guard v6, else @2 Kind []
                v7: Int = Add v0, v2
                v8: Int = Mul v4, v7
                return v8
            ",
            "
            b0(v0: Int):
                v1: Int = tag r1
                v2: Int = 5
                v3: Bool = Eq v1, v2
                guard v3, else @1 Kind []
                v4: Int = Add v0, v2
                v8: Int = Mul v4, v4
                return v8
            ",
        );
    }

    #[test]
    fn what_was_written_is_read_anew_but_for_what_it_was() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = load r1
                store r1, v0
                v2: Int = load r1
                v3: Int = load r2
                v4: Int = load r2
                lib Step (), else @1 Slow []
                v5: Int = load r2
                v6: Int = Add v4, v5
                v7: Int = Add v2, v6
                return v7
            ",
            "
            b0(v0: Int):
                v1: Int = load r1
                store r1, v0
                v3: Int = load r2
                lib Step  (), else @1 Slow []
                v5: Int = load r2
                v6: Int = Add v3, v5
                v7: Int = Add v0, v6
                return v7
            ",
        );
    }

    #[test]
    fn what_is_pure_runs_once_while_it_sees_the_same() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = pure native (v0, &r1), else @1 Op(0) []
                v2: Int = pure native (v0, &r1), else @2 Op(0) []
                store r1, v0
                v3: Int = pure native (v0, &r1), else @3 Op(0) []
                v4: Int = native (v0), else @4 Op(0) []
                v5: Int = native (v0), else @5 Op(0) []
                v6: Int = Add v1, v2
                v7: Int = Add v3, v4
                v8: Int = Add v5, v6
                v9: Int = Add v7, v8
                return v9
            ",
            "
            b0(v0: Int):
                v1: Int = pure native (v0, &r1), else @1 Op(0) []
                store r1, v0
                v3: Int = pure native (v0, &r1), else @3 Op(0) []
                v4: Int = native (v0), else @4 Op(0) []
                v5: Int = native (v0), else @5 Op(0) []
                v6: Int = Add v1, v1
                v7: Int = Add v3, v4
                v8: Int = Add v5, v6
                v9: Int = Add v7, v8
                return v9
            ",
        );
    }

    #[test]
    fn numbers_go_together() {
        check(
            run,
            "
            b0(v0: Int):
                v1: Int = 5
                v2: Int = Add v0, v1
                v3: Int = Add v2, v1
                v4: Int = And v3, v1
                return v4
            ",
            "
            b0(v0: Int):
                v1: Int = 5
                v2: Int = Add v0, v1
                v5: Int = 10
                v3: Int = Add v0, v5
                v4: Int = And v3, v1
                return v4
            ",
        );
    }

    #[test]
    fn an_op_that_is_given_the_world_may_change_shapes_and_leaves_what_it_gives() {
        check(
            run,
            "
            b0(v0: Int, v1: Int):
                v2: Int = shape v0 of v1, 3
                v3: Int = load r2
                native (v0) in the world, else @1 Op(0) []
                given to r2
                v5: Int = shape v0 of v1, 3
                v6: Int = load r2
                native (v0), else @2 Op(0) []
                v7: Int = shape v0 of v1, 3
                v8: Int = load r2
                v9: Int = Add v2, v3
                v10: Int = Add v5, v6
                v11: Int = Add v7, v8
                v12: Int = Add v9, v10
                v13: Int = Add v12, v11
                return v13
            ",
            "
            b0(v0: Int, v1: Int):
                v2: Int = shape v0 of v1, 3
                v3: Int = load r2
                native (v0) in the world, else @1 Op(0) []
                given to r2
                v5: Int = shape v0 of v1, 3
                v6: Int = load r2
                native (v0), else @2 Op(0) []
                v9: Int = Add v2, v3
                v10: Int = Add v5, v6
                v12: Int = Add v9, v10
                v13: Int = Add v12, v10
                return v13
            ",
        );
    }

    #[test]
    fn behind_a_branch_its_condition_is_known() {
        check(
            run,
            "
            b0(v0: Bool):
                if v0 b1() else b2()
            b1():
                guard v0, else @1 Kind []
                if v0 b3() else b2()
            b2():
                return
            b3():
                return
            ",
            "
            b0(v0: Bool):
                if v0 b1() else b2()
            b2():
                return
            b1():
                jump b3()
            b3():
                return
            ",
        );
    }
}
