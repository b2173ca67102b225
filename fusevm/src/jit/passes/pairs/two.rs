//! Two turns, as they are made: of each value the floats that it is in both, or what it is in each of them.
//!
//! What is read and written at once keeps its order; what is written waits until no guard can fail any more, and what
//! is done in turn comes last: all of the first turn, and then all of the second.

use super::plan::{Kind, Plan};
use crate::jit::ir::{B, Bin, Cond, Func, Inst, Term, Ty, V};
use crate::jit::mix::Map;
use crate::jit::passes::row::Row;

/// What was made of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum As {
    /// For both turns.
    Both,
    /// For one of them.
    One(u8),
}

/// Two turns, as they are made.
pub(super) struct Two<'a> {
    f: &'a mut Func,
    plan: &'a Plan,
    /// What the first turn is given, before all others and of these two.
    given: &'a [V],
    own: &'a [V],
    /// What is done before all turns, and what is done in this block of two.
    before: Row,
    row: Row,
    made: Map<(V, As), V>,
    /// What is counted, and so much.
    numbers: Map<i64, V>,
    /// What was written in the first turn at addresses through which alone an array is read and written.
    elements: Map<V, V>,
}

impl<'a> Two<'a> {
    pub(super) fn new(f: &'a mut Func, plan: &'a Plan, given: &'a [V], own: &'a [V]) -> Two<'a> {
        Two {
            f,
            plan,
            given,
            own,
            before: Row::default(),
            row: Row::default(),
            made: Map::default(),
            numbers: Map::default(),
            elements: Map::default(),
        }
    }

    /// What is done before all turns, and what came since a block was last ended.
    pub(super) fn rows(self) -> (Row, Row) {
        (self.before, self.row)
    }

    /// Makes all but their end, from that block on; the last block.
    pub(super) fn turns(&mut self, mut at: B) -> B {
        let insts = self.f.blocks[self.plan.head.0 as usize].insts.clone();
        // What is done when nothing can fail any more, and what is done in turn.
        let (mut writes, mut in_turn): (Vec<V>, Vec<V>) = (Vec::new(), Vec::new());
        let by_itself = self.plan.last_test.map(|_| self.f.block());
        for (place, v) in insts.into_iter().enumerate() {
            let fails_behind = self.plan.last_test.is_some_and(|last| last > place);
            match (self.f.inst(v), self.plan.kind(v)) {
                (&Inst::Guard(is, want, _), _) => {
                    if let Some(by_itself) = by_itself
                        && let &Inst::FCmp(cond, a, b) = self.f.inst(is)
                        && self.plan.kind(is) == Kind::Test
                    {
                        at = self.test(at, (cond, a, b), want, by_itself);
                    }
                    if !fails_behind {
                        writes.drain(..).for_each(|v| self.write(v));
                    }
                }
                (Inst::Poll(_) | Inst::Ensure(..), _) => self.look(v),
                (Inst::Spend(_), _) | (Inst::SetElem(..), Kind::Pair) => match fails_behind {
                    true => writes.push(v),
                    false => self.write(v),
                },
                (_, Kind::Pair) => self.both(v),
                (_, Kind::Each) => [0, 1].into_iter().for_each(|n| self.one(v, n)),
                (_, Kind::InTurn) => in_turn.push(v),
                // What is wanted of these is made where it is.
                _other => {}
            }
        }
        for n in [0, 1] {
            in_turn.iter().for_each(|v| self.one(*v, n));
        }
        if let Some(by_itself) = by_itself {
            let args = self.own.to_vec();
            self.f.blocks[by_itself.0 as usize].term = Term::Jump(self.plan.head, args);
        }
        at
    }

    /// Ends a block with a guard that compares floats; the next one.
    fn test(&mut self, at: B, (cond, a, b): (Cond, V, V), want: bool, by_itself: B) -> B {
        let (a, b, on) = (self.pair(a), self.pair(b), self.f.block());
        let (is, yes, no) = match want {
            true => (Inst::Both(cond, a, b), on, by_itself),
            false => (Inst::Either(cond, a, b), by_itself, on),
        };
        let is = self.put(is, Ty::Bool);
        let row = self.take_row();
        end(
            self.f,
            at,
            row,
            Term::Branch(is, (yes, Vec::new()), (no, Vec::new())),
        );
        on
    }

    /// What comes in this block of two turns; the next one begins.
    pub(super) fn take_row(&mut self) -> Row {
        std::mem::take(&mut self.row)
    }

    pub(super) fn put(&mut self, inst: Inst, ty: Ty) -> V {
        self.row.put(self.f, inst, ty)
    }

    /// Looks whether it is to leave as the first turn begins.
    fn look(&mut self, v: V) {
        let mut inst = self.f.inst(v).clone();
        if let Inst::Ensure(cost, _) = &mut inst {
            *cost = cost.saturating_mul(2);
        }
        if let Some(exit) = inst.exit_mut() {
            let mut own = self.f.exits[*exit].clone();
            let writes = own.writes.iter_mut();
            writes.for_each(|(_, v)| *v = self.lane(*v, 0));
            self.f.exits.push(own);
            *exit = self.f.exits.len() - 1;
        }
        self.put(inst, Ty::None);
    }

    /// Does what both turns do to memory, or pay.
    fn write(&mut self, v: V) {
        let inst = match self.f.inst(v) {
            &Inst::Spend(cost) => {
                let cost = self.f.int(cost).unwrap_or(0);
                Inst::Spend(self.put(Inst::Int(2 * cost), Ty::Int))
            }
            &Inst::SetElem(at, of) => Inst::SetElem(self.place(at), self.pair(of)),
            _other => return,
        };
        self.put(inst, Ty::None);
    }

    /// Makes the floats that a value is in both turns.
    fn both(&mut self, v: V) {
        let mut inst = self.f.inst(v).clone();
        match &mut inst {
            Inst::Elem(at) => *at = self.place(*at),
            inst => inst.each_value(|of| *of = self.pair(*of)),
        }
        let pair = self.put(inst, Ty::Pair);
        self.made.insert((v, As::Both), pair);
    }

    /// Makes what a value is in one of the turns, or does what an instruction does in it.
    fn one(&mut self, v: V, n: u8) {
        let mut inst = self.f.inst(v).clone();
        inst.each_value(|of| *of = self.lane(*of, n));
        let known = match &inst {
            Inst::Elem(at) => self.elements.get(at).copied(),
            &Inst::SetElem(at, of) if self.plan.alone.contains(&at) => {
                self.elements.insert(at, of);
                // The second one writes over it.
                if n == 0 {
                    return;
                }
                None
            }
            _other => None,
        };
        let made = known.unwrap_or_else(|| self.put(inst, self.f.ty(v)));
        self.made.insert((v, As::One(n)), made);
    }

    /// The floats that a value is in both turns.
    fn pair(&mut self, v: V) -> V {
        if let Some(pair) = self.made.get(&(v, As::Both)) {
            return *pair;
        }
        let pair = match self.plan.kind(v) {
            Kind::Same => {
                let v = self.same(v);
                self.before.put(self.f, Inst::Pack(v, v), Ty::Pair)
            }
            _each => {
                let (first, second) = (self.lane(v, 0), self.lane(v, 1));
                self.put(Inst::Pack(first, second), Ty::Pair)
            }
        };
        self.made.insert((v, As::Both), pair);
        pair
    }

    /// What a value is in one of the turns.
    pub(super) fn lane(&mut self, v: V, n: u8) -> V {
        match self.plan.kind(v) {
            Kind::Same => return self.same(v),
            Kind::Counted(by) => return self.number(by + i64::from(n)),
            _other => {}
        }
        if let Some(known) = self.made.get(&(v, As::One(n))) {
            return *known;
        }
        if let Some(at) = self.param(v) {
            return match n {
                0 => self.own[at],
                _second => self.lane(self.plan.back[at], 0),
            };
        }
        let pair = self.pair(v);
        let lane = self.put(Inst::Lane(pair, n), Ty::Float);
        self.made.insert((v, As::One(n)), lane);
        lane
    }

    /// Which parameter of the loop a value is.
    fn param(&self, v: V) -> Option<usize> {
        let params = &self.f.blocks[self.plan.head.0 as usize].params;
        params.iter().position(|param| *param == v)
    }

    /// What is the same in all turns, before them.
    pub(super) fn same(&mut self, v: V) -> V {
        if !self.plan.has(v) {
            return v;
        }
        if let Some(at) = self.param(v) {
            return self.given[at];
        }
        if let Some(known) = self.made.get(&(v, As::One(0))) {
            return *known;
        }
        let (mut inst, ty) = (self.f.inst(v).clone(), self.f.ty(v));
        inst.each_value(|of| *of = self.same(*of));
        let same = self.before.put(self.f, inst, ty);
        self.made.insert((v, As::One(0)), same);
        same
    }

    /// What is counted in the first turn, and so much.
    pub(super) fn number(&mut self, by: i64) -> V {
        let counter = self.own[self.plan.counter];
        if by == 0 {
            return counter;
        }
        if let Some(known) = self.numbers.get(&by) {
            return *known;
        }
        let by_so_much = self.put(Inst::Int(by), Ty::Int);
        let number = self.put(Inst::Bin(Bin::Add, counter, by_so_much), Ty::Int);
        self.numbers.insert(by, number);
        number
    }

    /// The address of an element in the first turn.
    fn place(&mut self, at: V) -> V {
        if let Some(known) = self.made.get(&(at, As::One(0))) {
            return *known;
        }
        let Kind::Place(array, by) = self.plan.kind(at) else {
            return at;
        };
        let index = self.number(by);
        let place = self.put(Inst::Bin(Bin::At8, array, index), Ty::Ptr);
        self.made.insert((at, As::One(0)), place);
        place
    }
}

/// Ends a block.
pub(super) fn end(f: &mut Func, block: B, row: Row, term: Term) {
    let block = &mut f.blocks[block.0 as usize];
    block.insts.extend(row.0);
    block.term = term;
}
