//! Value numbering: what was computed before, is not computed again.
//!
//! An instruction is what it does to its operands, and for one that reads memory, to the state of the part
//! that it reads: each write begins a new state. The same instruction with the same operands and state, in
//! a block that dominates, has the same value. A guard that was passed need not be passed again, and
//! behind a branch its condition is known. What was just written is what is read.
//!
//! **Invariant**: a value is replaced only by one whose definition dominates all its uses.

use super::fold::{Simple, fold};
use super::graph::{Graph, Part, Writes, reads, seen_through};
use crate::jit::ir::{Field, Func, Inst, Items, Lib, Loc, Term, Ty, V};
use crate::jit::mix::Map;
use crate::value::Value;
use std::sync::Arc;

/// Parts of memory that a unit names: headers, elements, counts and shapes, and then its locations.
struct Parts {
    all: Vec<Part>,
    /// The number of each register's part, and of each global's, where there is one.
    registers: Vec<Option<u32>>,
    globals: Map<u32, u32>,
}

impl Parts {
    fn of(f: &Func) -> Parts {
        let mut parts = Parts {
            all: vec![
                Part::Headers,
                Part::Elems,
                Part::Counts,
                Part::Shapes,
                Part::Forms,
            ],
            registers: Vec::new(),
            globals: Map::default(),
        };
        for inst in &f.insts {
            match inst {
                Inst::Tag(loc) | Inst::Load(loc) | Inst::Counted(loc) | Inst::Store(loc, _) => {
                    parts.name(*loc);
                }
                Inst::Handle(loc) | Inst::Salt(loc) | Inst::Given(loc) => parts.name(*loc),
                Inst::CopyFrom(_, loc) | Inst::CopyTo(loc, _) => parts.name(*loc),
                Inst::Copy(from, to) => {
                    parts.name(*from);
                    parts.name(*to);
                }
                Inst::Peek { locs, .. } => locs.iter().for_each(|loc| parts.name(*loc)),
                Inst::Native { places, .. } => {
                    places.iter().flatten().for_each(|loc| parts.name(*loc));
                }
                Inst::Lib { locs, .. } => locs.iter().flatten().for_each(|loc| parts.name(*loc)),
                _other => {}
            }
        }
        parts
    }

    fn name(&mut self, loc: Loc) {
        let next = self.all.len() as u32;
        let number = match loc {
            Loc::Reg(r) => {
                let r = usize::from(r);
                if self.registers.len() <= r {
                    self.registers.resize(r + 1, None);
                }
                *self.registers[r].get_or_insert(next)
            }
            Loc::Global(g) => *self.globals.entry(g).or_insert(next),
        };
        if number == next {
            self.all.push(Part::Loc(loc));
        }
    }

    fn index(&self, part: Part) -> usize {
        let number = match part {
            Part::Headers => return 0,
            Part::Elems => return 1,
            Part::Counts => return 2,
            Part::Shapes => return 3,
            Part::Forms => return 4,
            Part::Loc(Loc::Reg(r)) => self.registers.get(usize::from(r)).copied().flatten(),
            Part::Loc(Loc::Global(g)) => self.globals.get(&g).copied(),
        };
        debug_assert!(number.is_some(), "the unit names {part:?}");
        number.unwrap_or(0) as usize
    }
}

/// What an instruction is, for those that are done once for the same: what it does, its operands, and the state of
/// what it reads.
#[derive(Clone, Copy, PartialEq)]
struct Key {
    does: u64,
    to: u64,
    state: u32,
}

impl Key {
    /// `None` for one that does something.
    fn of(inst: &Inst, state: u32) -> Option<Key> {
        let one = |v: V| u64::from(v.0);
        let two = |a: V, b: V| one(a) | one(b) << 32;
        let loc = |loc: Loc| match loc {
            Loc::Reg(r) => u64::from(r),
            Loc::Global(g) => 1 << 32 | u64::from(g),
        };
        let (kind, op, more, to) = match *inst {
            Inst::Undef => (0, 0, 0, 0),
            Inst::Bool(is) => (1, 0, 0, is.into()),
            Inst::Int(n) => (2, 0, 0, n.cast_unsigned()),
            Inst::Float(bits) => (3, 0, 0, bits),
            Inst::Bin(op, a, b) => (4, op as u8, 0, two(a, b)),
            Inst::Un(op, a) => (5, op as u8, 0, one(a)),
            Inst::Cmp(cond, a, b) => (6, cond as u8, 0, two(a, b)),
            Inst::FCmp(cond, a, b) => (7, cond as u8, 0, two(a, b)),
            Inst::Select(is, a, b) => (8, 0, is.0, two(a, b)),
            Inst::Tag(at) => (9, 0, 0, loc(at)),
            Inst::Load(at) => (10, 0, 0, loc(at)),
            Inst::Counted(at) => (11, 0, 0, loc(at)),
            Inst::Handle(at) => (12, 0, 0, loc(at)),
            Inst::Salt(at) => (13, 0, 0, loc(at)),
            Inst::Shape(a, b, arena) => (14, 0, arena, two(a, b)),
            Inst::Beside(a, arena) => (15, 0, arena, one(a)),
            Inst::Field(field, a) => {
                let field = match field {
                    Field::Kind => 0,
                    Field::Len => 1,
                    Field::Slots => 2,
                    Field::SlotCount => 3,
                    Field::Data(Items::Int) => 4,
                    Field::Data(Items::Float) => 5,
                    Field::Data(Items::Value) => 6,
                    Field::End => 7,
                    Field::Head => 8,
                    Field::Room => 9,
                };
                (16, field, 0, one(a))
            }
            Inst::Elem(a) => (17, 0, 0, one(a)),
            Inst::ElemTag(a) => (18, 0, 0, one(a)),
            Inst::ElemLoad(a) => (19, 0, 0, one(a)),
            Inst::Pack(a, b) => (20, 0, 0, two(a, b)),
            Inst::Lane(a, n) => (21, n, 0, one(a)),
            Inst::Either(cond, a, b) => (22, cond as u8, 0, two(a, b)),
            Inst::Both(cond, a, b) => (23, cond as u8, 0, two(a, b)),
            _ => return None,
        };
        Some(Key {
            does: u64::from(more) << 32 | u64::from(op) << 8 | kind,
            to,
            state,
        })
    }

    fn hash(&self) -> usize {
        // As `Mix` does.
        let mix =
            |hash: u64, n: u64| (hash.rotate_left(20) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = mix(mix(self.does, self.to), self.state.into());
        (hash >> 32) as usize
    }
}

/// Values by what they are: the block, by place, where each is there from.
struct Known {
    /// For each hash the last one, and for each one the one before; from 1 on.
    last: Vec<u32>,
    all: Vec<(Key, usize, V, u32)>,
}

impl Known {
    /// For about so many.
    fn new(len: usize) -> Known {
        Known {
            last: vec![0; len.next_power_of_two()],
            all: Vec::with_capacity(len),
        }
    }

    fn slot(&self, key: &Key) -> usize {
        key.hash() & (self.last.len() - 1)
    }

    fn put(&mut self, key: Key, at: usize, v: V) {
        let slot = self.slot(&key);
        self.all.push((key, at, v, self.last[slot]));
        self.last[slot] = self.all.len() as u32;
    }

    /// A value that is that, and that fits.
    fn find(&self, key: &Key, fits: impl Fn(usize, V) -> bool) -> Option<V> {
        let mut next = self.last[self.slot(key)];
        while let Some((other, at, v, before)) = self.all.get((next as usize).wrapping_sub(1)) {
            if other == key && fits(*at, *v) {
                return Some(*v);
            }
            next = *before;
        }
        None
    }
}

struct Numbering<'a> {
    f: &'a mut Func,
    graph: &'a Graph,
    with: Vec<V>,
    known: Known,
    /// Ops that are pure, the same way.
    natives: Map<(Inst, u32), Vec<(usize, V)>>,
    /// Conditions whose truth is known, from the block on.
    truths: Map<V, Vec<(usize, bool)>>,
    /// Arrays that nobody shares, and those of a form, in a state of memory.
    unshared: Map<(Loc, u32, u32), Vec<usize>>,
    fitted: Map<(Loc, Items, u32, u32), Vec<usize>>,
    /// Locations in a state in which they are a copy of another, in a state of that.
    copies: Map<(Loc, u32), (Loc, u32)>,
    /// Numbers for states of several parts together.
    looks: Map<Vec<u32>, u32>,
    /// Numbers that the instruction on its way needs before it.
    made: Vec<V>,
    /// What comes right behind it, of which something is known.
    behind: Vec<V>,
    parts: Parts,
    /// The state of memory at the end of each block that was walked: a number for each part, which is another one
    /// when the part was written.
    memory: Vec<u32>,
    /// Where that of the block on its way begins.
    now: usize,
    states: u32,
    more: bool,
}

/// Whether more may be found now: control goes fewer ways, or less is written.
pub(super) fn run(f: &mut Func, graph: &Graph) -> bool {
    let parts = Parts::of(f);
    let numbering = Numbering {
        with: (0..f.insts.len() as u32).map(V).collect(),
        known: Known::new(f.insts.len()),
        natives: Map::default(),
        truths: Map::default(),
        unshared: Map::default(),
        fitted: Map::default(),
        copies: Map::default(),
        looks: Map::default(),
        made: Vec::new(),
        behind: Vec::new(),
        memory: vec![0; graph.order.len() * parts.all.len()],
        now: 0,
        states: 0,
        more: false,
        f,
        graph,
        parts,
    };
    numbering.walk()
}

/// What has taken the place of a value.
fn find(with: &[V], mut v: V) -> V {
    while with[v.0 as usize] != v {
        v = with[v.0 as usize];
    }
    v
}

impl Numbering<'_> {
    fn walk(mut self) -> bool {
        let mut heads: Vec<(usize, Writes)> = (self.graph.loops.iter())
            .map(|l| (l.header, l.writes(self.f, self.graph)))
            .collect();
        let mut kept = Vec::new();
        for at in 0..self.graph.order.len() {
            let b = self.graph.order[at].0 as usize;
            self.begin(at);
            // What a loop writes is not known at its head; the first one comes last.
            if heads.last().is_some_and(|(header, _)| *header == at)
                && let Some((_, writes)) = heads.pop()
            {
                self.write(&writes);
            }
            self.learn(at);
            let mut insts = std::mem::take(&mut self.f.blocks[b].insts);
            for v in insts.drain(..) {
                let stays = self.inst(at, v);
                kept.append(&mut self.made);
                if stays {
                    kept.push(v);
                }
                kept.append(&mut self.behind);
            }
            insts.extend_from_slice(&kept);
            kept.clear();
            self.f.blocks[b].insts = insts;
            let term = &mut self.f.blocks[b].term;
            term.each_value(|v| *v = find(&self.with, *v));
            if let Term::Branch(is, ..) = *term
                && let Some(truth) = self.truth(at, is)
                && let Term::Branch(_, yes, no) = &mut self.f.blocks[b].term
            {
                let (to, args) = if truth { yes } else { no };
                self.f.blocks[b].term = Term::Jump(*to, std::mem::take(args));
                self.more = true;
            }
        }
        // What comes before its uses was replaced in them; exits are not walked.
        let writes = (self.f.exits.iter_mut()).flat_map(|exit| &mut exit.writes);
        writes.for_each(|(_, v)| *v = find(&self.with, *v));
        self.more
    }

    fn fresh(&mut self) -> u32 {
        self.states += 1;
        self.states
    }

    /// Memory at the beginning of a block: what the blocks before it that were walked agree on.
    fn begin(&mut self, at: usize) {
        let len = self.parts.all.len();
        self.now = at * len;
        let done = |pred: &&usize| **pred < at;
        let mut preds = self.graph.preds(at).iter().filter(done);
        let Some(first) = preds.next() else { return };
        self.memory
            .copy_within(first * len..(first + 1) * len, self.now);
        for pred in preds {
            for i in 0..len {
                if self.memory[self.now + i] != self.memory[pred * len + i] {
                    self.states += 1;
                    self.memory[self.now + i] = self.states;
                }
            }
        }
    }

    fn write(&mut self, writes: &Writes) {
        if writes.is_empty() {
            return;
        }
        let state = self.fresh();
        for (of, part) in self.memory[self.now..].iter_mut().zip(&self.parts.all) {
            if writes.has(*part) {
                *of = state;
            }
        }
    }

    /// Takes note of what an instruction writes.
    fn written_by(&mut self, inst: &Inst) {
        match inst {
            Inst::Store(loc, _) => {
                let part = self.parts.index(Part::Loc(*loc));
                self.memory[self.now + part] = self.fresh();
            }
            inst => self.write(&Writes::of(inst)),
        }
    }

    /// The state of a part.
    fn state(&self, part: Part) -> u32 {
        self.memory[self.now + self.parts.index(part)]
    }

    /// What is known behind a branch.
    fn learn(&mut self, at: usize) {
        let [pred] = *self.graph.preds(at) else {
            return;
        };
        let (b, before) = (self.graph.order[at], self.graph.order[pred]);
        if let Term::Branch(is, (yes, _), (no, _)) = &self.f.blocks[before.0 as usize].term
            && yes != no
        {
            let (is, truth) = (find(&self.with, *is), *yes == b);
            self.truths.entry(is).or_default().push((at, truth));
        }
    }

    fn truth(&self, at: usize, is: V) -> Option<bool> {
        if let Inst::Bool(is) = self.f.inst(is) {
            return Some(*is);
        }
        let mut known = self.truths.get(&is)?.iter();
        let found = known.find(|(from, _)| self.graph.dominates(*from, at));
        found.map(|(_, truth)| *truth)
    }

    /// Numbers an instruction; whether it stays.
    fn inst(&mut self, at: usize, v: V) -> bool {
        let inst = &mut self.f.insts[v.0 as usize];
        inst.each_value(|v| *v = find(&self.with, *v));
        if !self.copies.is_empty() {
            self.read_original(v);
        }
        for _ in 0..4 {
            match fold(self.f, self.f.inst(v)) {
                Some(Simple::Is(other)) => {
                    self.with[v.0 as usize] = find(&self.with, other);
                    return false;
                }
                Some(Simple::Inst(simpler)) => self.f.insts[v.0 as usize] = simpler,
                Some(Simple::By(op, of, n)) => {
                    let by = self.value(Inst::Int(n), Ty::Int);
                    self.made.push(by);
                    self.f.insts[v.0 as usize] = Inst::Bin(op, find(&self.with, of), by);
                }
                None => break,
            }
        }
        let inst = self.f.inst(v);
        let state = match reads(inst) {
            Some(part) => 1 + self.state(part),
            None => 0,
        };
        if let Some(key) = Key::of(inst, state) {
            let ty = self.f.ty(v);
            let fits = |from, of| self.f.ty(of) == ty && self.graph.dominates(from, at);
            let found = self.known.find(&key, fits);
            match found {
                Some(other) => self.with[v.0 as usize] = find(&self.with, other),
                None => self.known.put(key, at, v),
            }
            return found.is_none();
        }
        let inst = std::mem::replace(&mut self.f.insts[v.0 as usize], Inst::Param);
        let stays = self.does(at, v, &inst);
        self.f.insts[v.0 as usize] = inst;
        stays
    }

    /// Numbers an instruction that does something; whether it stays.
    fn does(&mut self, at: usize, v: V, inst: &Inst) -> bool {
        match inst {
            Inst::Native {
                pure: true, places, ..
            } => {
                let state = self.looked_at(places);
                return self.native(at, v, (inst.clone(), state));
            }
            Inst::Guard(is, want, _) => {
                if self.truth(at, *is) == Some(*want) {
                    return false;
                }
                self.truths.entry(*is).or_default().push((at, *want));
                return true;
            }
            Inst::Lib {
                lib: Lib::Unshare,
                locs: [Some(loc), ..],
                ..
            } => {
                let state = self.unshared_state(*loc);
                let known = self.unshared.get(&state);
                if known.is_some_and(|all| all.iter().any(|from| self.graph.dominates(*from, at))) {
                    self.more = true;
                    return false;
                }
                let header = self.header(at, *loc);
                self.written_by(inst);
                // Where it was shared it is another one now, a copy.
                self.header_is(at, *loc, header);
                let state = self.unshared_state(*loc);
                self.unshared.entry(state).or_default().push(at);
                return true;
            }
            Inst::Lib {
                lib: Lib::Fit(items),
                locs: [Some(loc), ..],
                ..
            } => {
                let state = self.form_state(*loc, *items);
                let known = self.fitted.get(&state);
                if known.is_some_and(|all| all.iter().any(|from| self.graph.dominates(*from, at))) {
                    self.more = true;
                    return false;
                }
                self.written_by(inst);
                let state = self.form_state(*loc, *items);
                self.fitted.entry(state).or_default().push(at);
                return true;
            }
            Inst::Lib {
                lib: Lib::Share(_),
                locs: [None, Some(to), _],
                args,
                ..
            } if let Inst::Int(address) = *self.f.inst(args[0]) => {
                self.written_by(inst);
                if let Some(known) = self.constant(address) {
                    let [kind, len] =
                        known.map(|n| self.value(Inst::Int(n.cast_signed()), Ty::Int));
                    self.behind.extend([kind, len]);
                    self.header_is(at, *to, [Some(kind), Some(len)]);
                }
                return true;
            }
            _other => {}
        }
        self.written_by(inst);
        if let Inst::Copy(from, to) = inst
            && from != to
        {
            self.copied(at, (*from, *to));
        }
        // What was written is what is read next.
        let (read, of) = match inst {
            Inst::SetElem(to, of) => (Inst::Elem(*to), *of),
            Inst::Store(loc, of) => (Inst::Load(*loc), *of),
            _other => return true,
        };
        self.is_now(at, &read, of);
        true
    }

    /// Numbers an op that is pure: the same on the same did not fail then.
    fn native(&mut self, at: usize, v: V, mut key: (Inst, u32)) -> bool {
        if let Inst::Native { exit, .. } = &mut key.0 {
            *exit = 0;
        }
        let known = self.natives.entry(key).or_default();
        let ty = self.f.ty(v);
        let fits =
            |(from, of): &&(usize, V)| self.f.ty(*of) == ty && self.graph.dominates(*from, at);
        match known.iter().find(fits).map(|(_, other)| *other) {
            Some(other) => {
                self.with[v.0 as usize] = find(&self.with, other);
                self.more = true;
                false
            }
            None => {
                known.push((at, v));
                true
            }
        }
    }

    /// The state of all that an op may see through these places.
    fn looked_at(&mut self, places: &[Option<Loc>]) -> u32 {
        let seen = seen_through(places).into_iter();
        let state: Vec<u32> = seen.map(|part| self.state(part)).collect();
        let next = 1 + self.looks.len() as u32;
        *self.looks.entry(state).or_insert(next)
    }

    /// What an array being unshared depends on.
    fn unshared_state(&self, loc: Loc) -> (Loc, u32, u32) {
        (loc, self.state(Part::Loc(loc)), self.state(Part::Counts))
    }

    /// What an array being of a form depends on.
    fn form_state(&self, loc: Loc, items: Items) -> (Loc, Items, u32, u32) {
        let (of, forms) = (self.state(Part::Loc(loc)), self.state(Part::Forms));
        (loc, items, of, forms)
    }

    /// The form of a constant of that address, by its number, and how many elements it has, if it is an array: nobody
    /// changes it.
    fn constant(&self, address: i64) -> Option<[u64; 2]> {
        let is = |value: &&Arc<Value>| Arc::as_ptr(value).addr() as i64 == address;
        match &**self.f.keeps.iter().find(is)? {
            Value::Array(array) => Some([array.form(), array.len() as u64]),
            _other => None,
        }
    }

    /// A value that was not there before.
    fn value(&mut self, inst: Inst, ty: Ty) -> V {
        let v = self.f.value(inst, ty);
        self.with.push(v);
        v
    }

    /// What is found now where an instruction reads, if that is known.
    fn found(&self, at: usize, inst: &Inst) -> Option<V> {
        let key = Key::of(inst, 1 + self.state(reads(inst)?))?;
        (self.known).find(&key, |from, _| self.graph.dominates(from, at))
    }

    /// Takes note of what is found where an instruction reads.
    fn is_now(&mut self, at: usize, inst: &Inst, v: V) {
        if let Some(part) = reads(inst)
            && let Some(key) = Key::of(inst, 1 + self.state(part))
        {
            self.known.put(key, at, v);
        }
    }

    /// What is known of the form and the length of the array of a location.
    fn header(&self, at: usize, loc: Loc) -> [Option<V>; 2] {
        let header = self.found(at, &Inst::Counted(loc));
        [Field::Kind, Field::Len].map(|field| self.found(at, &Inst::Field(field, header?)))
    }

    /// The array of a location has that form and that length, from here on.
    fn header_is(&mut self, at: usize, loc: Loc, known: [Option<V>; 2]) {
        if known == [None; 2] {
            return;
        }
        let header = self.value(Inst::Counted(loc), Ty::Ptr);
        self.behind.push(header);
        self.is_now(at, &Inst::Counted(loc), header);
        for (field, is) in [Field::Kind, Field::Len].into_iter().zip(known) {
            if let Some(is) = is {
                self.is_now(at, &Inst::Field(field, header), is);
            }
        }
    }

    /// Takes note of a copy: what was known of the one is known of the other.
    fn copied(&mut self, at: usize, (from, to): (Loc, Loc)) {
        let of = |loc: Loc| self.state(Part::Loc(loc));
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
            if let Some(v) = self.found(at, &part(from)) {
                self.is_now(at, &part(to), v);
            }
        }
    }

    /// Has an instruction read what another location is a copy of, now.
    fn read_original(&mut self, v: V) {
        let mut inst = std::mem::replace(&mut self.f.insts[v.0 as usize], Inst::Param);
        if let Inst::Tag(loc)
        | Inst::Load(loc)
        | Inst::Counted(loc)
        | Inst::Handle(loc)
        | Inst::Salt(loc)
        | Inst::Copy(loc, _)
        | Inst::CopyTo(loc, _) = &mut inst
        {
            *loc = self.original(*loc);
        }
        self.f.insts[v.0 as usize] = inst;
    }

    /// The location that another is a copy of, now.
    fn original(&self, mut loc: Loc) -> Loc {
        let of = |loc: Loc| self.state(Part::Loc(loc));
        while let Some((from, state)) = self.copies.get(&(loc, of(loc)))
            && of(*from) == *state
        {
            loc = *from;
        }
        loc
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Field, Func, Graph, Inst, Lib, Loc, Term, Ty, Value, run};
    use crate::jit::ir::Bin;
    use crate::jit::passes::golden::check;

    #[test]
    fn the_same_is_computed_read_and_checked_once() {
        check(
            |f| run(f, &Graph::of(f)),
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
            |f| run(f, &Graph::of(f)),
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
    fn a_copy_has_the_form_and_the_length_of_what_was_shared() {
        check(
            |f| run(f, &Graph::of(f)),
            "
            b0(v0: Int):
                v1: Ptr = counted r1
                v2: Int = Kind of v1
                v3: Int = Len of v1
                v4: Ptr = Data(Int) of v1
                lib Unshare r1 (), else @1 Slow []
                v5: Ptr = counted r1
                v6: Int = Kind of v5
                v7: Int = Len of v5
                v8: Ptr = Data(Int) of v5
                v9: Int = elem v4
                v10: Int = elem v8
                v11: Int = Add v6, v7
                v12: Int = Add v9, v10
                v13: Int = Sub v11, v12
                return v13
            ",
            "
            b0(v0: Int):
                v1: Ptr = counted r1
                v2: Int = Kind of v1
                v3: Int = Len of v1
                v4: Ptr = Data(Int) of v1
                lib Unshare r1 (), else @1 Slow []
                v15: Ptr = counted r1
                v8: Ptr = Data(Int) of v15
                v9: Int = elem v4
                v10: Int = elem v8
                v11: Int = Add v2, v3
                v12: Int = Add v9, v10
                v13: Int = Sub v11, v12
                return v13
            ",
        );
    }

    #[test]
    fn of_a_constant_form_and_length_are_known() {
        let array = Arc::new(Value::array(vec![1i64, 2, 3]));
        let mut f = Func::default();
        let b = f.block();
        let mut put = |inst, ty| {
            let v = f.value(inst, ty);
            f.blocks[b.0 as usize].insts.push(v);
            v
        };
        let address = put(Inst::Int(Arc::as_ptr(&array).addr() as i64), Ty::Int);
        let lib = Inst::Lib {
            lib: Lib::Share(9),
            locs: [None, Some(Loc::Reg(1)), None],
            args: vec![address],
            site: 0,
            exit: 0,
        };
        put(lib, Ty::None);
        let header = put(Inst::Counted(Loc::Reg(1)), Ty::Ptr);
        let kind = put(Inst::Field(Field::Kind, header), Ty::Int);
        let len = put(Inst::Field(Field::Len, header), Ty::Int);
        let sum = put(Inst::Bin(Bin::Add, kind, len), Ty::Int);
        f.blocks[b.0 as usize].term = Term::Return(Some(sum));
        f.keeps.push(array);
        let graph = Graph::of(&f);
        run(&mut f, &graph);
        let Term::Return(Some(v)) = f.blocks[b.0 as usize].term else {
            panic!("it returns");
        };
        assert_eq!(*f.inst(v), Inst::Int(3), "the form of integers is 0");
    }

    #[test]
    fn what_is_pure_runs_once_while_it_sees_the_same() {
        check(
            |f| run(f, &Graph::of(f)),
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
            |f| run(f, &Graph::of(f)),
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
            |f| run(f, &Graph::of(f)),
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
            |f| run(f, &Graph::of(f)),
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
