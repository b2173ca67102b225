//! What the turns of a loop do, and whether two of them can be done at once.

use crate::jit::ir::{B, Bin, Cond, Field, Func, Inst, Items, Term, Ty, Un, V};
use crate::jit::mix::Map;

/// Instructions of a turn.
const MOST: usize = 200;

/// How far from what is counted an element may be.
const FAR: i64 = 8;

/// What a value is to two turns that are done at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// The same in both.
    Same,
    /// What is counted, and so much.
    Counted(i64),
    /// The address of an element of an array, whose first one is there: the one that is counted, and so much.
    Place(V, i64),
    /// A float in each, as a pair.
    Pair,
    /// Computed for each by itself.
    Each,
    /// The same, when all that is before it in both is done: it comes of what turns hand on.
    InTurn,
    /// That what is counted, and so much, is below a length. Only guards look at it.
    Below(i64, V),
    /// That floats compare so. Only guards look at it.
    Test,
    /// That there is another turn. Only the end of the turn looks at it.
    Goes,
}

/// An array that a turn reads or writes, by its first element, and where.
struct Access {
    array: V,
    at: Where,
    writes: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Where {
    Counted(i64),
    /// At the same address in all turns, which is that of this element.
    Same(V, V),
}

/// A loop of which two turns can be done at once.
pub(super) struct Plan {
    pub(super) head: B,
    /// A block that only leads back there.
    latch: Option<B>,
    /// Which parameter of the head is counted.
    pub(super) counter: usize,
    /// What the next turn is given.
    pub(super) back: Vec<V>,
    /// What is counted stays below that.
    pub(super) end: V,
    pub(super) out: (B, Vec<V>),
    kinds: Map<V, Kind>,
    /// With what the turns begin at least, for what is counted not to be too low an index.
    pub(super) least: i64,
    /// Lengths, and what is added to what is counted for the last index below each.
    pub(super) lens: Vec<(i64, V)>,
    /// What else has to be so.
    pub(super) conditions: Vec<(V, bool)>,
    /// Arrays that have to be different.
    pub(super) apart: Vec<(V, V)>,
    /// Indices that turns must not come to, and what is added to what is counted where they would.
    pub(super) others: Vec<(i64, V)>,
    /// Addresses through which alone an array is read and written.
    pub(super) alone: Vec<V>,
    /// The place in the head of the last guard that compares floats.
    pub(super) last_test: Option<usize>,
}

impl Plan {
    /// For a loop of one block, if that is one.
    pub(super) fn of(f: &Func, order: &[B], head: B) -> Option<Plan> {
        let block = &f.blocks[head.0 as usize];
        let Term::Branch(goes, yes, out) = &block.term else {
            return None;
        };
        let (latch, back) = leads_back(f, yes, head)?;
        let is_element = |v: &V| matches!(f.inst(*v), Inst::Elem(_) | Inst::SetElem(..));
        // Nothing comes before the unit.
        if head == order[0] || block.insts.len() > MOST || !block.insts.iter().any(is_element) {
            return None;
        }
        let &Inst::Cmp(Cond::Lt, next, end) = f.inst(*goes) else {
            return None;
        };
        let counter = back.iter().position(|arg| *arg == next)?;
        let mut plan = Plan {
            head,
            latch: latch.filter(|latch| {
                let leads = |b: &&B| f.blocks[b.0 as usize].term.succs().any(|to| to == *latch);
                order.iter().filter(leads).count() == 1
            }),
            counter,
            back: back.to_vec(),
            end,
            out: out.clone(),
            kinds: Map::default(),
            least: 0,
            lens: Vec::new(),
            conditions: Vec::new(),
            apart: Vec::new(),
            others: Vec::new(),
            alone: Vec::new(),
            last_test: None,
        };
        for (at, (param, arg)) in block.params.iter().zip(back).enumerate() {
            let kind = match at == counter {
                true => Kind::Counted(0),
                false if param == arg => Kind::Same,
                false => Kind::InTurn,
            };
            plan.kinds.insert(*param, kind);
        }
        let accesses = plan.look(f, *goes)?;
        let is_handed_on =
            |v: &V| !matches!(plan.kind(*v), Kind::Place(..) | Kind::Test | Kind::Goes);
        if plan.kind(next) != Kind::Counted(1)
            || !plan.is_outside(f, end)
            || !back.iter().all(|v| is_handed_on(v) && f.ty(*v) != Ty::Bool)
        {
            return None;
        }
        plan.tell_apart(f, &accesses)?;
        plan.pays(f).then_some(plan)
    }

    pub(super) fn kind(&self, v: V) -> Kind {
        self.kinds.get(&v).copied().unwrap_or(Kind::Same)
    }

    /// Whether a block does nothing but lead from the loop back to its head.
    pub(super) fn is_way_back(&self, b: B) -> bool {
        self.latch == Some(b)
    }

    /// Whether it is defined in the loop.
    pub(super) fn has(&self, v: V) -> bool {
        self.kinds.contains_key(&v)
    }

    /// Whether it is there before the loop, or is a number that can be.
    fn is_outside(&self, f: &Func, v: V) -> bool {
        !self.has(v) || f.int(v).is_some()
    }

    /// Whether what is read behind the loop can be told.
    pub(super) fn can_tell(&self, v: V) -> bool {
        matches!(
            self.kind(v),
            Kind::Same | Kind::Counted(_) | Kind::Pair | Kind::Each | Kind::InTurn
        )
    }

    /// Finds what each value is, and all that is read and written of arrays.
    fn look(&mut self, f: &Func, goes: V) -> Option<Vec<Access>> {
        let insts = &f.blocks[self.head.0 as usize].insts;
        // Arrays that are written at addresses from outside.
        let written: Vec<V> = (insts.iter())
            .filter_map(|v| match f.inst(*v) {
                Inst::SetElem(at, _) if !insts.contains(at) => Some(element(f, *at)?.0),
                _other => None,
            })
            .collect();
        let (mut accesses, mut is_paid) = (Vec::new(), false);
        for (place, v) in insts.iter().enumerate() {
            let kind = match f.inst(*v) {
                _ if *v == goes => Kind::Goes,
                &Inst::Int(_) | &Inst::Float(_) | &Inst::Bool(_) => Kind::Same,
                &Inst::Bin(op, a, b) => self.bin(f, op, a, b)?,
                &Inst::Un(Un::FNeg | Un::Sqrt | Un::FAbs, a) => self.float(&[a])?,
                &Inst::Un(Un::ToFloat, a) => self.each(&[a])?,
                &Inst::Cmp(Cond::Below, index, len)
                    if let Kind::Counted(by) = self.kind(index)
                        && self.is_outside(f, len) =>
                {
                    Kind::Below(by, len)
                }
                &Inst::Cmp(_, a, b) => self.each(&[a, b])?,
                &Inst::FCmp(_, a, b) => match self.float(&[a, b])? {
                    Kind::Pair => Kind::Test,
                    kind => kind,
                },
                &Inst::Select(is, a, b) => self.each(&[is, a, b])?,
                &Inst::Elem(at) => match self.kind(at) {
                    Kind::Place(array, by) if f.ty(*v) == Ty::Float => {
                        accesses.push(Access {
                            array,
                            at: Where::Counted(by),
                            writes: false,
                        });
                        Kind::Pair
                    }
                    Kind::Same if !self.has(at) => {
                        let (array, index) = element(f, at)?;
                        accesses.push(Access {
                            array,
                            at: Where::Same(at, index),
                            writes: false,
                        });
                        match written.contains(&array) {
                            true => Kind::InTurn,
                            false => Kind::Same,
                        }
                    }
                    _other => return None,
                },
                &Inst::SetElem(at, of) => {
                    let (array, at, kind) = match self.kind(at) {
                        Kind::Place(array, by) if f.ty(of) == Ty::Float => {
                            if self.kind(of) == Kind::InTurn {
                                return None;
                            }
                            (array, Where::Counted(by), Kind::Pair)
                        }
                        Kind::Same if !self.has(at) => {
                            let (array, index) = element(f, at)?;
                            (array, Where::Same(at, index), Kind::InTurn)
                        }
                        _other => return None,
                    };
                    if !self.can_tell(of) {
                        return None;
                    }
                    let writes = true;
                    accesses.push(Access { array, at, writes });
                    kind
                }
                &Inst::Guard(is, want, _) => {
                    match self.kind(is) {
                        Kind::Below(by, len) if want => {
                            self.least = self.least.max(-by);
                            match self.lens.iter_mut().find(|(_, of)| *of == len) {
                                Some((most, _)) => *most = by.max(*most),
                                None => self.lens.push((by, len)),
                            }
                        }
                        Kind::Test => self.last_test = Some(place),
                        Kind::Same if !self.has(is) => self.conditions.push((is, want)),
                        _other => return None,
                    }
                    Kind::Same
                }
                &Inst::Poll(exit) | &Inst::Ensure(_, exit) => {
                    // It leaves as the first of the two turns begins.
                    let is_there = |(_, v): &(_, V)| !self.has(*v) || !insts.contains(v);
                    let begins = accesses.is_empty() && !is_paid;
                    if !begins || !f.exits[exit].writes.iter().all(is_there) {
                        return None;
                    }
                    Kind::Same
                }
                &Inst::Spend(cost) if f.int(cost).is_some() => {
                    is_paid = true;
                    Kind::Same
                }
                _other => return None,
            };
            self.kinds.insert(*v, kind);
        }
        Some(accesses)
    }

    fn bin(&self, f: &Func, op: Bin, a: V, b: V) -> Option<Kind> {
        match (op, self.kind(a), f.int(b)) {
            (Bin::Add, Kind::Counted(by), Some(n)) if near(by.wrapping_add(n)) => {
                return Some(Kind::Counted(by + n));
            }
            (Bin::Sub, Kind::Counted(by), Some(n)) if near(by.wrapping_sub(n)) => {
                return Some(Kind::Counted(by - n));
            }
            _other => {}
        }
        match op {
            Bin::FAdd | Bin::FSub | Bin::FMul | Bin::FDiv => self.float(&[a, b]),
            Bin::At8 if !self.has(a) => match self.kind(b) {
                Kind::Counted(by) => Some(Kind::Place(a, by)),
                _other => None,
            },
            Bin::Add | Bin::Sub | Bin::Mul | Bin::And | Bin::Or | Bin::Xor => self.each(&[a, b]),
            Bin::Shl | Bin::Shr | Bin::ShrU => self.each(&[a, b]),
            _other => None,
        }
    }

    /// What comes of floats.
    fn float(&self, of: &[V]) -> Option<Kind> {
        Some(match self.each(of)? {
            Kind::Each => Kind::Pair,
            kind => kind,
        })
    }

    /// What comes of numbers and truths.
    fn each(&self, of: &[V]) -> Option<Kind> {
        let mut kind = Kind::Same;
        for v in of {
            match self.kind(*v) {
                Kind::Same => {}
                Kind::InTurn => kind = Kind::InTurn,
                Kind::Counted(_) | Kind::Each | Kind::Pair => {
                    if kind == Kind::Same {
                        kind = Kind::Each;
                    }
                }
                Kind::Place(..) | Kind::Below(..) | Kind::Test | Kind::Goes => return None,
            }
        }
        Some(kind)
    }

    /// Finds what has to be different for no turn to read or write what another one writes, unless it is told in turn.
    fn tell_apart(&mut self, f: &Func, accesses: &[Access]) -> Option<()> {
        let mut arrays: Vec<V> = Vec::new();
        for access in accesses {
            if !arrays.contains(&access.array) {
                arrays.push(access.array);
            }
        }
        for array in &arrays {
            let own = || accesses.iter().filter(|access| access.array == *array);
            if !own().any(|access| access.writes) {
                continue;
            }
            let is_counted = |access: &&Access| matches!(access.at, Where::Counted(_));
            let mut counted = own().filter_map(|access| match access.at {
                Where::Counted(by) => Some(by),
                Where::Same(..) => None,
            });
            if let Some(by) = counted.next() {
                let mut behind = own().filter(is_counted).skip_while(|access| !access.writes);
                // Elsewhere it is another turn's, and what is read again is known.
                if !counted.all(|other| other == by) || behind.any(|access| !access.writes) {
                    return None;
                }
                let mut same = own().filter_map(|access| match access.at {
                    Where::Same(_, index) => Some((by, index)),
                    Where::Counted(_) => None,
                });
                same.try_for_each(|other| {
                    let is_counted = !self.is_outside(f, other.1);
                    (!is_counted).then(|| {
                        if !self.others.contains(&other) {
                            self.others.push(other);
                        }
                    })
                })?;
            }
            let address = own().find_map(|access| match access.at {
                Where::Same(at, _) => Some(at),
                Where::Counted(_) => None,
            });
            if let Some(at) = address
                && own().all(|access| !matches!(access.at, Where::Same(of, _) if of != at))
            {
                self.alone.push(at);
            }
            for other in arrays.iter().filter(|other| *other != array) {
                let pair = (*array.min(other), *array.max(other));
                if !self.apart.contains(&pair) {
                    self.apart.push(pair);
                }
            }
        }
        Some(())
    }

    /// Whether two turns at once take fewer instructions than one after the other.
    fn pays(&self, f: &Func) -> bool {
        let (mut saved, mut lost) = (0, 0);
        let mut lanes: Vec<V> = Vec::new();
        for v in &f.blocks[self.head.0 as usize].insts {
            let mut uses = |from: Kind, cost: usize| {
                f.inst(*v).each_operand(|of| {
                    if self.kind(*of) == from && f.ty(*of) == Ty::Float && !lanes.contains(of) {
                        lanes.push(*of);
                        lost += cost;
                    }
                });
            };
            match self.kind(*v) {
                Kind::Pair => {
                    uses(Kind::Each, 2);
                    saved += 1;
                }
                Kind::Each => uses(Kind::Pair, 1),
                Kind::InTurn => {
                    uses(Kind::Pair, 1);
                    lost += 1;
                }
                _other => {}
            }
        }
        saved > lost + 1
    }
}

fn near(by: i64) -> bool {
    (-FAR..=FAR).contains(&by)
}

/// The array and the index of an element, by its address.
fn element(f: &Func, at: V) -> Option<(V, V)> {
    let &Inst::Bin(Bin::At8, array, index) = f.inst(at) else {
        return None;
    };
    let is_array = matches!(
        f.inst(array),
        Inst::Field(Field::Data(Items::Int | Items::Float), _)
    );
    is_array.then_some((array, index))
}

/// What the next turn is given on that way, if it leads back to the head, and through what block.
fn leads_back<'f>(
    f: &'f Func,
    (to, args): &'f (B, Vec<V>),
    head: B,
) -> Option<(Option<B>, &'f [V])> {
    if *to == head {
        return Some((None, args));
    }
    let block = &f.blocks[to.0 as usize];
    match &block.term {
        Term::Jump(on, args)
            if *on == head && block.insts.is_empty() && block.params.is_empty() =>
        {
            Some((Some(*to), args))
        }
        _other => None,
    }
}
