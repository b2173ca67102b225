//! Small callees are built into their callers, and a few turns of recursion into a function itself.
//!
//! An exit of a callee that was built in names its frame and those around it, and writes what each of them
//! has to. The look at the limits before the call is raised to what the callee and what is built into it
//! need together, and is made once: where it fails the interpreter makes the call, which may still be
//! within them. Calls that are left ask first what their callee would: where that gives a value at once, as
//! at the end of a recursion, there is no call.
//!
//! **Invariant**: for each call that is built in there is a look at the limits on the way to it that
//! covers its window and depth.

use crate::jit::ir::{At, B, Bin, Block, Exit, Func, Inst, Lib, Loc, Term, Ty, V};
use crate::jit::mix::Map;
use std::sync::Arc;

/// Instructions of a callee that is built in.
const SMALL: usize = 90;

/// Instructions of a unit up to which callees are built into it.
const MOST: usize = 320;

/// Calls in a callee that is built in: with more of them, too much has to be kept over each.
const CALLS: usize = 3;

/// How deep callees are built into callees.
const ROUNDS: usize = 3;

/// Blocks of a callee that is built in.
const BLOCKS: usize = 12;

/// A version's code before anything was built into it, and the units that its exits name.
#[derive(Debug)]
pub(in crate::jit) struct Body {
    /// Nothing, if it was [taken](Body::take).
    pub(in crate::jit) f: Func,
    pub(in crate::jit) gives: Option<Ty>,
    pub(in crate::jit) units: Vec<u32>,
    /// Whether the early passes may find more.
    pub(in crate::jit) more: bool,
}

impl Body {
    /// The code, to make machine code of: itself where nobody can build anything of it in, and else a copy.
    pub(in crate::jit) fn take(body: &mut Arc<Body>) -> Func {
        let is_wanted = body.is_small() || First::of(&body.f).is_some();
        match Arc::get_mut(body) {
            Some(body) if !is_wanted => std::mem::take(&mut body.f),
            _other => body.f.clone(),
        }
    }

    /// Whether it can be built in as a whole.
    fn is_small(&self) -> bool {
        let f = &self.f;
        f.blocks.len() <= BLOCKS && size(f) <= SMALL && calls(f) <= CALLS
    }
}

/// Builds callees into a unit, whose own units are extended by theirs; whether that changed anything.
pub(in crate::jit) fn run(
    f: &mut Func,
    units: &mut Vec<u32>,
    body: &dyn Fn(usize) -> Option<Arc<Body>>,
) -> bool {
    if !f.any(|inst| matches!(inst, Inst::Call { .. })) {
        return false;
    }
    let calls = calls(f);
    if calls == 0 {
        return false;
    }
    let body = &|version| body(version).filter(|callee| !callee.f.blocks.is_empty());
    let mut len = size(f);
    // Which look at the limits covers each call.
    let mut rooms: Map<V, V> = Map::with_capacity_and_hasher(calls, Default::default());
    for block in &f.blocks {
        let mut room = None;
        for v in &block.insts {
            match f.inst(*v) {
                Inst::Room { .. } => room = Some(*v),
                Inst::Call { .. } => {
                    if let Some(room) = room.take() {
                        rooms.insert(*v, room);
                    }
                }
                _other => {}
            }
        }
    }
    // Of each version that is called its size and its body, if that can be built in.
    let mut small: Vec<(usize, Option<(usize, Arc<Body>)>)> = Vec::new();
    for _ in 0..ROUNDS {
        let mut sites: Vec<(B, V, usize)> = Vec::with_capacity(calls);
        for b in f.order() {
            for v in &f.blocks[b.0 as usize].insts {
                if let Inst::Call { version, .. } = f.inst(*v) {
                    sites.push((b, *v, *version));
                }
            }
        }
        // The last block that was made, and of which block it is the end.
        let mut moved: Option<(B, B)> = None;
        for (b, call, version) in sites {
            let known = small.iter().position(|(of, _)| *of == version);
            let known = known.unwrap_or_else(|| {
                let callee = body(version).filter(|callee| callee.is_small());
                small.push((version, callee.map(|callee| (size(&callee.f), callee))));
                small.len() - 1
            });
            let Some((more, callee)) = &small[known].1 else {
                continue;
            };
            if len + more > MOST {
                continue;
            }
            let Some(room) = rooms.get(&call).copied() else {
                continue;
            };
            // What is behind an earlier call of the block is in another block now.
            let at = moved.filter(|(of, _)| *of == b).map_or(b, |(_, rest)| rest);
            let (rest, more) = splice(f, units, (at, call), callee, room, &mut rooms);
            len += more;
            moved = Some((b, rest));
        }
        if moved.is_none() {
            break;
        }
    }
    for b in f.order() {
        ask_first(f, b, body);
    }
    true
}

/// Instructions of the test that decides whether a call is made at all.
const TEST: usize = 4;

/// What a callee asks first, if it then may give something at once: what it does before the question, the
/// question, whether it gives something if that is true, and what: instructions and the value.
struct First<'a> {
    /// What it pays for all that.
    cost: u32,
    test: &'a [V],
    is: V,
    when: bool,
    insts: &'a [V],
    gives: V,
}

impl First<'_> {
    fn of(f: &Func) -> Option<First<'_>> {
        let is_cheap = |insts: &[V]| {
            let is_pure = |v: &V| {
                let inst = f.inst(*v);
                let is_division = matches!(inst, Inst::Bin(Bin::Rem | Bin::Quot, ..));
                inst.is_pure() && !is_division
            };
            insts.len() <= TEST && insts.iter().all(is_pure)
        };
        let entry = &f.blocks[0];
        let Term::Branch(is, (yes, with), (no, without)) = &entry.term else {
            return None;
        };
        let unpaid = |block: &'_ Block| match block.insts.first().map(|v| f.inst(*v)) {
            Some(Inst::Charge(cost, _)) => (*cost, 1),
            _free => (0, 0),
        };
        let (before, skip) = unpaid(entry);
        let test = &entry.insts[skip..];
        if !is_cheap(test) || !with.is_empty() || !without.is_empty() {
            return None;
        }
        [(yes, true), (no, false)]
            .into_iter()
            .find_map(|(to, when)| {
                let block = &f.blocks[to.0 as usize];
                let Term::Return(Some(gives)) = block.term else {
                    return None;
                };
                let (behind, skip) = unpaid(block);
                let insts = &block.insts[skip..];
                is_cheap(insts).then_some(First {
                    cost: before + behind,
                    test,
                    is: *is,
                    when,
                    insts,
                    gives,
                })
            })
    }
}

/// Before the calls of a block that are left, what the callee asks first is asked here, and no call is made
/// if that gives the value: the look at the limits was made for it anyway.
fn ask_first(f: &mut Func, mut at: B, body: &dyn Fn(usize) -> Option<Arc<Body>>) {
    let mut from = 0;
    loop {
        let insts = &f.blocks[at.0 as usize].insts;
        let found = insts[from..]
            .iter()
            .position(|v| matches!(f.inst(*v), Inst::Call { .. }));
        let Some(place) = found.map(|place| from + place) else {
            return;
        };
        let call = insts[place];
        from = place + 1;
        let Inst::Call { version, args, .. } = f.inst(call).clone() else {
            return;
        };
        let Some(callee) = body(version) else {
            continue;
        };
        let ty = f.ty(call);
        let Some(first) = First::of(&callee.f) else {
            continue;
        };
        if callee.gives != Some(ty) || ty.tag().is_none() || ty == Ty::Undef {
            continue;
        }
        let (quick, slow, rest) = (f.block(), f.block(), f.block());
        let behind = f.blocks[at.0 as usize].insts.split_off(place);
        f.blocks[rest.0 as usize].insts = behind.into_iter().skip(1).collect();
        f.blocks[rest.0 as usize].term =
            std::mem::replace(&mut f.blocks[at.0 as usize].term, Term::Open);
        move_preheaders(f, at, rest);
        let params = &callee.f.blocks[0].params;
        let mut values: Map<V, V> = params.iter().copied().zip(args).collect();
        let mut copy = |f: &mut Func, to: B, insts: &[V]| {
            for v in insts {
                let mut inst = callee.f.inst(*v).clone();
                inst.each_value(|v| *v = values.get(v).copied().unwrap_or(*v));
                let new = f.value(inst, callee.f.ty(*v));
                values.insert(*v, new);
                f.blocks[to.0 as usize].insts.push(new);
            }
        };
        copy(f, at, first.test);
        let mut end = quick;
        if first.cost > 0 {
            // Who cannot pay for it here is to be told so in the call.
            let paid = f.value(Inst::Pay(first.cost), Ty::Bool);
            end = f.block();
            f.blocks[quick.0 as usize].insts.push(paid);
            f.blocks[quick.0 as usize].term =
                Term::Branch(paid, (end, Vec::new()), (slow, Vec::new()));
        }
        copy(f, end, first.insts);
        let value = |v: V| values.get(&v).copied().unwrap_or(v);
        let (yes, no) = if first.when {
            (quick, slow)
        } else {
            (slow, quick)
        };
        f.blocks[at.0 as usize].term =
            Term::Branch(value(first.is), (yes, Vec::new()), (no, Vec::new()));
        f.blocks[end.0 as usize].term = Term::Jump(rest, vec![value(first.gives)]);
        let again = f.value(f.inst(call).clone(), ty);
        f.blocks[slow.0 as usize].insts.push(again);
        f.blocks[slow.0 as usize].term = Term::Jump(rest, vec![again]);
        // The value of the call is what comes of it, one way or the other.
        f.blocks[rest.0 as usize].params.push(call);
        f.insts[call.0 as usize] = Inst::Param;
        (at, from) = (rest, 0);
    }
}

/// A loop that began behind a place in a block has another block before it now.
fn move_preheaders(f: &mut Func, at: B, rest: B) {
    for block in &mut f.blocks {
        if let Some((before, _)) = &mut block.preheader
            && *before == at
        {
            *before = rest;
        }
    }
}

fn calls(f: &Func) -> usize {
    let insts = f
        .order()
        .into_iter()
        .flat_map(|b| &f.blocks[b.0 as usize].insts);
    insts
        .filter(|v| matches!(f.inst(**v), Inst::Call { .. }))
        .count()
}

fn size(f: &Func) -> usize {
    f.order().iter().map(|b| size_of(f, *b)).sum()
}

/// Instructions of a block, but for what is paid: code that counts fuel is built in as far as other code.
fn size_of(f: &Func, b: B) -> usize {
    let insts = f.blocks[b.0 as usize].insts.iter();
    let takes_time = |v: &&V| !matches!(f.inst(**v), Inst::Charge(..));
    insts.filter(takes_time).count() + 1
}

/// Puts a callee in place of a call; the block that goes on behind it, and by how much the unit is larger.
fn splice(
    f: &mut Func,
    units: &mut Vec<u32>,
    (at, call): (B, V),
    callee: &Body,
    room: V,
    rooms: &mut Map<V, V>,
) -> (B, usize) {
    let Inst::Call {
        window,
        deep,
        args,
        after,
        ..
    } = f.inst(call).clone()
    else {
        return (at, 0);
    };
    let rest = f.block();
    let insts = &mut f.blocks[at.0 as usize].insts;
    let Some(place) = insts.iter().position(|v| *v == call) else {
        return (at, 0);
    };
    let behind = insts.split_off(place + 1);
    insts.truncate(place);
    f.blocks[rest.0 as usize].insts = behind;
    f.blocks[rest.0 as usize].term =
        std::mem::replace(&mut f.blocks[at.0 as usize].term, Term::Open);
    move_preheaders(f, at, rest);
    // The call goes, and there is another block.
    let mut more = 0;
    let from = &callee.f;
    f.keeps.extend(from.keeps.iter().cloned());
    f.arena = f.arena.max(from.arena);
    let first_maker = f.makers.len() as u32;
    f.makers.extend(from.makers.iter().cloned());
    let first_unit = units.len() as u16;
    units.extend(&callee.units);
    // Exits are as many, and in that order, behind those of the unit.
    let first_exit = f.exits.len();
    let order = from.order();
    let mut blocks = vec![B(0); from.blocks.len()];
    order.iter().for_each(|b| blocks[b.0 as usize] = f.block());
    let block = |b: B| blocks[b.0 as usize];
    // What becomes of each value, as far as control reaches it.
    let mut values: Vec<Option<V>> = vec![None; from.insts.len()];
    let (first, others) = (order[0], &order[1..]);
    for (param, arg) in from.blocks[first.0 as usize].params.iter().zip(&args) {
        values[param.0 as usize] = Some(*arg);
    }
    for b in others {
        for param in &from.blocks[b.0 as usize].params {
            let new = f.param(block(*b), from.ty(*param));
            values[param.0 as usize] = Some(new);
        }
    }
    // Instructions are made in that order.
    let insts = order.iter().flat_map(|b| &from.blocks[b.0 as usize].insts);
    for (v, new) in insts.zip(f.insts.len() as u32..) {
        values[v.0 as usize] = Some(V(new));
    }
    let value = |v: V| values[v.0 as usize].unwrap_or(v);
    let loc = |loc: &mut Loc| {
        if let Loc::Reg(r) = loc {
            *r += window;
        }
    };
    // What the callee needs of the limits, the look before the call has to cover.
    let mut need = (window, deep);
    for b in &order {
        let old: &Block = &from.blocks[b.0 as usize];
        let mut insts = Vec::with_capacity(old.insts.len());
        for v in &old.insts {
            let new = value(*v);
            let mut inst = from.inst(*v).clone();
            inst.each_value(|v| *v = value(*v));
            match &mut inst {
                Inst::Tag(at) | Inst::Load(at) | Inst::Counted(at) | Inst::Store(at, _) => loc(at),
                Inst::Handle(at) | Inst::Salt(at) => loc(at),
                Inst::CopyFrom(_, at) | Inst::CopyTo(at, _) | Inst::Given(at) => loc(at),
                Inst::Peek { locs, .. } => locs.iter_mut().for_each(loc),
                Inst::Copy(from, to) => {
                    loc(from);
                    loc(to);
                }
                Inst::Native { places, .. } => places.iter_mut().flatten().for_each(loc),
                Inst::Lib { lib, locs, .. } => {
                    if let Lib::Make(number) = lib {
                        *number += first_maker;
                    }
                    locs.iter_mut().flatten().for_each(loc);
                }
                Inst::Room {
                    window: at,
                    deep: by,
                    ..
                } => {
                    need = (need.0.max(window + *at), need.1.max(deep + *by));
                    f.value(Inst::Param, Ty::None);
                    continue;
                }
                Inst::Call {
                    window: at,
                    deep: by,
                    ..
                } => {
                    *at += window;
                    *by += deep;
                    rooms.insert(new, room);
                }
                _other => {}
            }
            if let Some(exit) = inst.exit_mut() {
                *exit += first_exit;
            }
            insts.push(f.value(inst, from.ty(*v)));
        }
        let new = block(*b).0 as usize;
        f.blocks[new].insts = insts;
        more += size_of(f, B(new as u32));
        f.blocks[new].preheader = old.preheader.map(|(b, exit)| (block(b), first_exit + exit));
        let mut term = old.term.clone();
        term.each_value(|v| *v = value(*v));
        f.blocks[new].term = match term {
            Term::Jump(to, args) => Term::Jump(block(to), args),
            Term::Branch(is, (yes, with), (no, without)) => {
                Term::Branch(is, (block(yes), with), (block(no), without))
            }
            Term::Return(v) => {
                let gives = callee.gives.filter(|ty| *ty != Ty::Undef);
                Term::Jump(rest, v.filter(|_| gives.is_some()).into_iter().collect())
            }
            Term::Leave(exit) => Term::Leave(first_exit + exit),
            Term::Open => Term::Open,
        };
    }
    if callee.gives.is_some_and(|ty| ty != Ty::Undef) {
        // The value of the call is what comes back.
        f.blocks[rest.0 as usize].params.push(call);
        f.insts[call.0 as usize] = Inst::Param;
    }
    let around = f.exits[after].clone();
    for exit in &from.exits {
        let mut frames: Vec<At> = (exit.frames.iter())
            .map(|frame| At {
                unit: frame.unit + first_unit,
                window: frame.window + window,
                ..*frame
            })
            .collect();
        frames.extend(&around.frames);
        // Exits that nothing leaves by any more may name values that are gone.
        let mut writes: Vec<(Loc, V)> = (exit.writes.iter())
            .filter_map(|(at, v)| {
                let mut at = *at;
                loc(&mut at);
                Some((at, values[v.0 as usize]?))
            })
            .collect();
        writes.extend(&around.writes);
        writes.sort_by_key(|(loc, _)| *loc);
        f.exits.push(Exit {
            why: exit.why,
            frames,
            writes,
        });
    }
    f.blocks[at.0 as usize].term = Term::Jump(block(first), Vec::new());
    if let Inst::Room { window, deep, .. } = &mut f.insts[room.0 as usize] {
        (*window, *deep) = (need.0.max(*window), need.1.max(*deep));
    }
    (rest, more)
}

#[cfg(test)]
mod tests {
    use super::{Body, SMALL, run};
    use crate::jit::ir::Ty;
    use crate::jit::passes::golden::{check, parse};
    use std::sync::Arc;

    #[test]
    fn a_call_that_is_left_asks_first() {
        let callee = "
            b0(v0: Int):
                v1: Int = 2
                v2: Bool = Lt v0, v1
                if v2 b1() else b2()
            b1():
                v3: Int = Add v0, v1
                return v3
            b2():
                lib Step (), else @9 Slow []
                return v0
            ";
        let mut body = Body {
            f: parse(callee),
            gives: Some(Ty::Int),
            units: vec![7],
            more: false,
        };
        // Too large to be built in.
        for _ in 0..SMALL {
            let inst = body.f.blocks[2].insts[0];
            body.f.blocks[2].insts.push(inst);
        }
        let body = Arc::new(body);
        check(
            |f| assert!(run(f, &mut vec![3], &|_| Some(body.clone()))),
            "
            b0(v0: Int):
                room r3 1 deep, else @1 Limit [r1=v0]
                v1: Int = call #5 r3 (v0), else @2 Callee [r1=v0]
                return v1
            ",
            "
            b0(v0: Int):
                room r3 1 deep, else @1 Limit [r1=v0]
                v3: Int = 2
                v4: Bool = Lt v0, v3
                if v4 b1() else b2()
            b2():
                v6: Int = call #5 r3 (v0), else @2 Callee [r1=v0]
                jump b3(v6)
            b1():
                v5: Int = Add v0, v3
                jump b3(v5)
            b3(v1: Int):
                return v1
            ",
        );
    }

    #[test]
    fn a_callee_is_built_in_with_its_exits() {
        let callee = "
            b0(v0: Int):
                v1: Int = 2
                v2: Bool = Lt v0, v1
                guard v2, else @4 Range [r0=v0]
                return v1
            ";
        let body = Arc::new(Body {
            f: parse(callee),
            gives: Some(Ty::Int),
            units: vec![7],
            more: false,
        });
        check(
            |f| assert!(run(f, &mut vec![3], &|_| Some(body.clone()))),
            "
            b0(v0: Int):
                room r3 1 deep, else @1 Limit [r1=v0]
                v1: Int = call #5 r3 (v0), else @2 Callee [r1=v0]
                return v1
            ",
            "
            b0(v0: Int):
                room r3 1 deep, else @1 Limit [r1=v0]
                jump b2()
            b2():
                v3: Int = 2
                v4: Bool = Lt v0, v3
                guard v4, else @4 Range [r1=v0 r3=v0]
                jump b1(v3)
            b1(v1: Int):
                return v1
            ",
        );
    }
}
