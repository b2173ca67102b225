//! From register code to the middle: what is known of each register is followed through the code.
//!
//! A register, or a global, is either a value of a known type, which memory may be behind of, or it
//! stands in memory, with what is known of its kind. Numbers and truths become values as soon as they
//! are looked at: where only the profile says what they are, behind a guard. Where ways meet, what is
//! not of one type goes to memory.
//!
//! Loops are built on the assumption that what comes back to their head is as it was the first time.
//! Where that fails, the location is widened, and the unit is built again: a few times, for there are few
//! kinds of knowledge.
//!
//! **Invariant**: memory behind a value holds nothing that has to be dropped.

mod array;
mod call;
mod ext;
mod held;
mod inline;
mod merge;
mod number;
mod shape;
mod text;

use super::flow::{Bits, Flow, ways};
use super::ir::{At, B, Bin, CalleeAt, Cond, Exit, Func, Inst, Lib, Loc, Term, Ty, V, Why};
use super::mix::Map;
use super::profile::{LAST_PLAIN, OBJ, Profile, STR, Seen, single, single_type};
use crate::chunk::Chunk;
use crate::ext::{OpDesc, OpTable};
use crate::heap::Knowledge;
use crate::lower::{Code, Ins};
use crate::op::{Op, OperandKind};
use crate::semantics::{Overflow, Policy};
use crate::value::Value;
use held::Original;
use std::cell::OnceCell;
use std::collections::BTreeMap;

pub(super) use call::{Callees, Found};

/// Instructions of a unit in the middle that machine code is made of at most.
const MOST: usize = 6_000;

/// Instructions in a loop for each that may have the whole VM, at least, for it to be compiled: to run one from machine
/// code takes 12 ns more than from the interpreter, and what others take less is one each.
const WORTH: u64 = 12;

/// The same in a function that calls others, or itself: frames have to be opened and told of, 20 ns each.
const WORTH_CALLING: u64 = 40;

/// The same for one that machine code is left for, and entered again behind it.
const WORTH_LEAVING: u64 = 150;

/// An instruction that needs the interpreter one time in so many does not keep a unit from being compiled.
const RARE: u32 = 6;

/// Tags.
const TEXT: u8 = STR;
const ARRAY: u8 = 9;
const HASH: u8 = 10;

/// How often a unit is built again.
const TURNS: usize = 24;

/// What is known of something in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Know {
    Any,
    /// Nothing that has to be dropped.
    Plain,
    /// Of that tag.
    Tag(u8),
}

impl Know {
    fn join(self, other: Know) -> Know {
        let plain = |know| matches!(know, Know::Plain | Know::Tag(0..=LAST_PLAIN));
        match (self, other) {
            (a, b) if a == b => a,
            (a, b) if plain(a) && plain(b) => Know::Plain,
            _other => Know::Any,
        }
    }

    /// Its tag, if it is a text, an array or a hash: behind one pointer, with a count of holders first.
    pub(super) fn counted(self) -> Option<u8> {
        match self {
            Know::Tag(tag @ (TEXT | ARRAY | HASH)) => Some(tag),
            _other => None,
        }
    }

    /// Whether there may be something to drop.
    fn counts(self) -> bool {
        !matches!(self, Know::Plain | Know::Tag(0..=LAST_PLAIN))
    }
}

/// What is known of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum St {
    /// It is the value; `synced` if memory says so too.
    Val {
        v: V,
        synced: bool,
    },
    Mem(Know),
}

/// What is known of all locations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    pub(super) regs: Vec<St>,
    pub(super) globals: BTreeMap<u32, St>,
}

/// What a unit is compiled from. Nothing of it is the VM's, so that another thread may do it.
pub(super) struct Source<'a> {
    pub(super) code: &'a Code,
    pub(super) flow: &'a Flow,
    pub(super) profile: &'a Profile,
    pub(super) policy: Policy,
    /// Symbols of the names.
    pub(super) symbols: &'a [u32],
    pub(super) ops: &'a [&'static OpDesc],
    /// For each op the number of its place among those with a memory; nothing if no op keeps one.
    pub(super) places: &'a [u32],
    pub(super) chunk: &'a Chunk,
    /// Whether ops of the language take numbers of other kinds.
    pub(super) coerce: bool,
    /// The language's ops in place of those on numbers.
    pub(super) operators: Option<&'static OpTable>,
    /// What is known of shapes, by place.
    pub(super) known: &'a [Knowledge],
    /// The loop that is compiled, or the whole function.
    pub(super) part: Option<usize>,
    /// What registers are at the entry: of a type, or in memory.
    pub(super) entry: Vec<Entry>,
    /// Through what the function was called.
    pub(super) callee: CalleeAt,
    /// What the function gives of its own, if it is not left in memory.
    pub(super) gives: Option<Ty>,
    /// Tests only: no instruction is left out.
    pub(super) eager: bool,
}

/// What a register is at the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// Given as a value: by the caller for a function, read from memory for a loop.
    Val(Ty),
    /// In memory, of that tag.
    Tag(u8),
    Any,
    /// Nothing of interest, and nothing to drop.
    Plain,
}

/// Why a unit stays interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too long, or of too many registers.
    Size,
    /// A loop with more than one entry.
    Shape,
    /// The instruction, which runs often, needs the interpreter.
    Slow(u32),
    /// What it calls has not run yet.
    Later,
    /// Its kinds did not settle.
    Kinds,
    /// The code generator failed.
    Failed,
    /// There was no memory for its code.
    Memory,
}

/// What a location is forced to be at a loop's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Force {
    Param,
    /// In memory, with nothing to drop.
    Plain,
    Memory,
}

/// A way to a block, open at its end.
struct Edge {
    from: B,
    state: State,
}

/// A loop whose head is built.
struct Head {
    block: B,
    state: State,
    /// The locations that are parameters, in order.
    params: Vec<Loc>,
}

pub(super) struct Build<'a> {
    src: &'a Source<'a>,
    callees: &'a mut dyn Callees,
    f: Func,
    at: B,
    st: State,
    /// By number of block.
    edges: Vec<Vec<Edge>>,
    heads: Map<usize, Head>,
    forced: Map<(usize, Loc), Force>,
    news: bool,
    /// What is live before each instruction of the block.
    live: Vec<Bits>,
    /// The block's first instruction, and the one that is built.
    start: usize,
    ip: usize,
    /// The one value Undef.
    undef: V,
    refused: Option<Refused>,
    /// Control does not go on behind the instruction.
    done: bool,
    /// Registers that the ext op on its way may write.
    leaf: Vec<u16>,
    held: held::Held,
    /// What [`Build::work`] has counted.
    work: OnceCell<(u64, u64, bool)>,
}

/// Builds a unit.
pub(super) fn build(src: &Source<'_>, callees: &mut dyn Callees) -> Result<Func, Refused> {
    let mut forced = Map::default();
    for _ in 0..TURNS {
        let mut build = Build {
            src,
            callees,
            f: Func::for_about(4 * src.code.plain.len()),
            at: B(0),
            st: State {
                regs: vec![St::Mem(Know::Plain); src.code.registers.into()],
                globals: BTreeMap::new(),
            },
            edges: src.flow.blocks.iter().map(|_| Vec::new()).collect(),
            heads: Map::default(),
            forced,
            news: false,
            live: Vec::new(),
            start: 0,
            ip: 0,
            undef: V(0),
            refused: None,
            done: false,
            leaf: Vec::new(),
            held: held::Held::default(),
            work: OnceCell::new(),
        };
        build.unit();
        if let Some(refused) = build.refused {
            return Err(refused);
        }
        if !build.news {
            return Ok(build.f);
        }
        forced = build.forced;
    }
    Err(Refused::Kinds)
}

impl Build<'_> {
    fn unit(&mut self) {
        let flow = self.src.flow;
        let entry = self.f.block();
        self.at = entry;
        self.undef = self.f.value(Inst::Undef, Ty::Undef);
        self.f.blocks[0].insts.push(self.undef);
        for (r, known) in self.src.entry.clone().into_iter().enumerate() {
            self.st.regs[r] = match (known, self.src.part) {
                (Entry::Val(Ty::Undef), part) => St::Val {
                    v: self.undef,
                    synced: part.is_some(),
                },
                (Entry::Val(ty), None) => {
                    let v = self.f.param(entry, ty);
                    St::Val { v, synced: false }
                }
                (Entry::Val(ty), Some(_)) => {
                    let v = self.inst(Inst::Load(Loc::Reg(r as u16)), ty);
                    St::Val { v, synced: true }
                }
                (Entry::Tag(tag), _) => St::Mem(Know::Tag(tag)),
                (Entry::Any, _) => St::Mem(Know::Any),
                (Entry::Plain, _) => St::Mem(Know::Plain),
            };
        }
        let (first, blocks): (usize, Vec<usize>) = match self.src.part {
            None => (0, (0..flow.blocks.len()).collect()),
            Some(part) => {
                let found = &flow.loops[part];
                (found.header, found.blocks.iter().collect())
            }
        };
        let state = self.st.clone();
        self.edges[first].push(Edge { from: entry, state });
        for block in blocks {
            if self.refused.is_some() || self.news && self.f.insts.len() > MOST {
                return;
            }
            let edges = std::mem::take(&mut self.edges[block]);
            if !edges.is_empty() {
                self.block(block, edges);
            }
            if self.f.insts.len() > MOST {
                self.refuse(Refused::Size);
            }
        }
    }

    fn refuse(&mut self, why: Refused) {
        self.refused.get_or_insert(why);
    }

    /// Builds a block, given the ways to it.
    fn block(&mut self, block: usize, edges: Vec<Edge>) {
        let shape = &self.src.flow.blocks[block];
        self.live = self.src.flow.live_in(block, self.src.code);
        (self.start, self.ip) = (shape.start, shape.start);
        let live = self.live.first().cloned().unwrap_or_default();
        self.merge(edges, &live);
        let inner = shape.inner;
        if let Some(number) = inner.filter(|l| self.src.flow.loops[*l].header == block) {
            self.head(block, number);
            // Fuel is looked at anyway.
            if !self.src.code.form.metered {
                let exit = self.exit_at(Why::Limit, self.ip);
                self.inst(Inst::Poll(exit), Ty::None);
            }
        }
        let code = self.src.code;
        let mut ip = shape.start;
        self.done = false;
        self.held = held::Held::default();
        while ip < shape.end && !self.done {
            self.ip = ip;
            ip += self.instruction(code.plain[ip]);
        }
        if !self.done {
            self.ip = shape.end;
            self.go_to(shape.end);
        }
    }

    /// Goes one way or the other by a truth, for good.
    fn branch(&mut self, is: V, yes: usize, no: usize) {
        let [(block, ip), (last, other)] = self.ways(is, [yes, no]);
        let state = self.st.clone();
        self.at = block;
        self.go_to(ip);
        (self.at, self.st) = (last, state);
        self.go_to(other);
    }

    /// Ends the block in two, where what is done on the ways to these instructions goes.
    fn ways(&mut self, is: V, [yes, no]: [usize; 2]) -> [(B, usize); 2] {
        let ways = [(self.f.block(), yes), (self.f.block(), no)];
        self.end(Term::Branch(
            is,
            (ways[0].0, Vec::new()),
            (ways[1].0, Vec::new()),
        ));
        ways
    }

    /// The exit and block that a way to an instruction ends in: a way in the graph, or out of it. What is known is
    /// known there from now on.
    fn go_to(&mut self, ip: usize) {
        self.done = true;
        let flow = self.src.flow;
        let inside = flow.block_at(ip).filter(|to| match self.src.part {
            None => true,
            Some(part) => flow.loops[part].blocks.has(*to),
        });
        let Some(to) = inside else {
            let exit = self.exit_at(Why::Planned, ip);
            self.end(Term::Leave(exit));
            return;
        };
        let back = self.heads.contains_key(&to);
        if back {
            return self.back(to);
        }
        let (from, state) = (self.at, std::mem::take(&mut self.st));
        self.edges[to].push(Edge { from, state });
    }

    fn end(&mut self, term: Term) {
        self.f.blocks[self.at.0 as usize].term = term;
    }

    fn inst(&mut self, inst: Inst, ty: Ty) -> V {
        let v = self.f.value(inst, ty);
        self.f.blocks[self.at.0 as usize].insts.push(v);
        v
    }

    fn int(&mut self, n: i64) -> V {
        self.inst(Inst::Int(n), Ty::Int)
    }

    fn float(&mut self, f: f64) -> V {
        self.inst(Inst::Float(f.to_bits()), Ty::Float)
    }

    fn bin(&mut self, op: Bin, a: V, b: V) -> V {
        let ty = match op {
            Bin::FAdd | Bin::FSub | Bin::FMul | Bin::FDiv => Ty::Float,
            Bin::AddOver | Bin::SubOver | Bin::MulOver => Ty::Bool,
            Bin::At8 | Bin::At16 => Ty::Ptr,
            _integers => Ty::Int,
        };
        self.inst(Inst::Bin(op, a, b), ty)
    }

    fn cmp(&mut self, cond: Cond, a: V, b: V) -> V {
        self.inst(Inst::Cmp(cond, a, b), Ty::Bool)
    }

    fn guard(&mut self, is: V, want: bool, why: Why) {
        let exit = self.exit_at(why, self.ip);
        self.inst(Inst::Guard(is, want, exit), Ty::None);
    }

    /// What has to be written for the interpreter to go on before an instruction; or before the first of
    /// those that are held back.
    fn exit_at(&mut self, why: Why, ip: usize) -> usize {
        let ip = match self.held.from() {
            Some(from) if ip == self.ip => from,
            _other => ip,
        };
        let live = match ip.checked_sub(self.start) {
            // A way out of the block: what is live there.
            _ if ip != self.ip => self.live_at(ip),
            Some(at) if at < self.live.len() => self.live[at].clone(),
            _other => self.live_at(ip),
        };
        self.exit_with(why, ip, |r| live.has(r.into()))
    }

    fn live_at(&self, ip: usize) -> Bits {
        let (flow, code) = (self.src.flow, self.src.code);
        match flow.block_of(ip) {
            Some(block) if ip == flow.blocks[block].start => flow.blocks[block].live.clone(),
            Some(block) => {
                let all = flow.live_in(block, code);
                all[ip - flow.blocks[block].start].clone()
            }
            None => Bits::default(),
        }
    }

    fn exit_with(&mut self, why: Why, ip: usize, live: impl Fn(u16) -> bool) -> usize {
        let mut writes = Vec::new();
        for (r, st) in (0..).zip(&self.st.regs) {
            if let St::Val { v, synced: false } = st
                && live(r)
            {
                writes.push((Loc::Reg(r), *v));
            }
        }
        for (g, st) in &self.st.globals {
            if let St::Val { v, synced: false } = st {
                writes.push((Loc::Global(*g), *v));
            }
        }
        let frames = vec![At {
            unit: 0,
            window: 0,
            argc: self.src.code.argc,
            ip: ip as u32,
            want: false,
            invoked: None,
            callee: self.src.callee,
        }];
        self.f.exits.push(Exit {
            why,
            frames,
            writes,
        });
        self.f.exits.len() - 1
    }

    /// Leaves before the instruction, for good.
    fn leave(&mut self, why: Why) -> usize {
        let exit = self.exit_at(why, self.ip);
        self.end(Term::Leave(exit));
        self.done = true;
        1
    }

    fn seen(&self) -> Seen {
        self.src.profile.at(self.ip)
    }

    fn st(&self, loc: Loc) -> St {
        match loc {
            Loc::Reg(r) => self.st.regs[usize::from(r)],
            Loc::Global(g) => (self.st.globals.get(&g).copied()).unwrap_or(St::Mem(Know::Any)),
        }
    }

    fn set_st(&mut self, loc: Loc, st: St) {
        match loc {
            Loc::Reg(r) => self.st.regs[usize::from(r)] = st,
            Loc::Global(g) => {
                self.st.globals.insert(g, st);
            }
        }
    }

    fn global(&self, name: u16) -> Loc {
        let symbol = self.src.symbols.get(usize::from(name)).copied();
        Loc::Global(symbol.unwrap_or(0))
    }

    /// The value of a location, if it is one or the profile says so.
    fn value(&mut self, loc: Loc, seen: u16) -> Option<(V, Ty)> {
        let (ty, guarded) = match self.st(loc) {
            St::Val { v, .. } => return Some((v, self.f.ty(v))),
            St::Mem(Know::Tag(tag)) => (Ty::of_tag(tag)?, false),
            St::Mem(_) => (single_type(seen)?, true),
        };
        if guarded {
            self.guard_tag(loc, ty.tag()?);
        }
        let v = match ty {
            Ty::Undef => self.undef,
            ty => self.inst(Inst::Load(loc), ty),
        };
        self.set_st(loc, St::Val { v, synced: true });
        Some((v, ty))
    }

    fn guard_tag(&mut self, loc: Loc, tag: u8) {
        let (found, wanted) = (self.inst(Inst::Tag(loc), Ty::Int), self.int(tag.into()));
        let is = self.cmp(Cond::Eq, found, wanted);
        self.guard(is, true, Why::Kind);
    }

    /// The value of an operand, by number among those the profile tells of.
    fn operand(&mut self, r: u16, number: usize) -> Option<(V, Ty)> {
        let seen = self.seen().operands[number];
        self.value(Loc::Reg(r), seen)
    }

    /// Gives a location a value, and drops what was there.
    fn set(&mut self, loc: Loc, v: V) {
        self.forget(loc);
        self.set_st(loc, St::Val { v, synced: false });
    }

    /// Drops what is in a location.
    fn forget(&mut self, loc: Loc) {
        if let St::Mem(know) = self.st(loc)
            && know.counts()
        {
            let lib = match know.counted() {
                Some(_) => Lib::Release,
                None => Lib::Forget,
            };
            self.lib(lib, [Some(loc), None, None], Vec::new());
            self.set_st(loc, St::Mem(Know::Plain));
        }
    }

    fn lib(&mut self, lib: Lib, locs: [Option<Loc>; 3], args: Vec<V>) -> V {
        self.lib_or(Why::Slow, lib, locs, args)
    }

    fn lib_or(&mut self, why: Why, lib: Lib, locs: [Option<Loc>; 3], args: Vec<V>) -> V {
        let (site, exit) = (self.ip, self.exit_at(why, self.ip));
        let inst = Inst::Lib {
            lib,
            locs,
            args,
            site,
            exit,
        };
        self.inst(inst, Ty::None)
    }

    /// Writes a location to memory, where it is not there.
    fn sync(&mut self, loc: Loc) {
        if let St::Val { v, synced: false } = self.st(loc) {
            self.inst(Inst::Store(loc, v), Ty::None);
            self.set_st(loc, St::Val { v, synced: true });
        }
    }

    fn sync_globals(&mut self) {
        let all: Vec<u32> = self.st.globals.keys().copied().collect();
        all.into_iter().for_each(|g| self.sync(Loc::Global(g)));
    }

    /// What is known after something may have written globals.
    fn lose_globals(&mut self) {
        self.st.globals.clear();
    }

    /// A register has what an instruction has left there, of a kind that the profile may tell.
    fn left_in_memory(&mut self, d: u16, next: usize) {
        self.set_st(Loc::Reg(d), St::Mem(Know::Any));
        let Some(tag) = single(self.src.profile.at(next - 1).result) else {
            return;
        };
        let ty = Ty::of_tag(tag);
        if ty.is_none() && tag != OBJ {
            return;
        }
        // Another exit: what comes next goes on from the result.
        let before = self.ip;
        self.ip = next;
        let (found, wanted) = (
            self.inst(Inst::Tag(Loc::Reg(d)), Ty::Int),
            self.int(tag.into()),
        );
        let is = self.cmp(Cond::Eq, found, wanted);
        let exit = self.exit_at(Why::Kind, next);
        self.inst(Inst::Guard(is, true, exit), Ty::None);
        let st = match ty {
            None => St::Mem(Know::Tag(tag)),
            Some(Ty::Undef) => St::Val {
                v: self.undef,
                synced: true,
            },
            Some(ty) => St::Val {
                v: self.inst(Inst::Load(Loc::Reg(d)), ty),
                synced: true,
            },
        };
        self.set_st(Loc::Reg(d), st);
        self.ip = before;
    }

    /// Builds an instruction, and those behind it that are done with it; how many.
    fn instruction(&mut self, ins: Ins<u16>) -> usize {
        if !self.stay_held(ins) {
            self.make_copies();
        }
        match ins {
            Ins::Copy { d, a } => self.copy(d, a),
            Ins::Take { d, a } => self.take(d, a),
            Ins::Int { d, n } => {
                let v = self.int(n.into());
                self.set(Loc::Reg(d), v);
            }
            Ins::Undef { d } => self.set(Loc::Reg(d), self.undef),
            Ins::Bool { d, is } => {
                let v = self.inst(Inst::Bool(is), Ty::Bool);
                self.set(Loc::Reg(d), v);
            }
            Ins::Const { d, k } => {
                let v = match &self.src.code.constants[k as usize] {
                    Value::Int(n) => self.int(*n),
                    Value::Float(f) => self.float(*f),
                    Value::Bool(is) => self.inst(Inst::Bool(*is), Ty::Bool),
                    Value::Undef => self.undef,
                    _counted => return self.constant(d, k),
                };
                self.set(Loc::Reg(d), v);
            }
            Ins::Swap { a, b } => {
                let (a, b) = (Loc::Reg(a), Loc::Reg(b));
                match (self.st(a), self.st(b)) {
                    (St::Val { v, .. }, St::Val { v: w, .. }) => {
                        self.set_st(
                            a,
                            St::Val {
                                v: w,
                                synced: false,
                            },
                        );
                        self.set_st(b, St::Val { v, synced: false });
                    }
                    _memory => return self.step(ins, 1),
                }
            }
            Ins::Clear { a, n } => {
                (a..a + n).for_each(|r| self.set(Loc::Reg(r), self.undef));
            }
            Ins::Jump { to } => {
                self.go_to(to as usize);
                return 1;
            }
            Ins::JumpIf { .. } | Ins::JumpIfNot { .. } => return self.jump_on_truth(ins),
            Ins::GetVar { d, name } => {
                let (loc, seen) = (self.global(name), self.seen().result);
                match self.value(loc, seen) {
                    Some((v, _)) => self.set(Loc::Reg(d), v),
                    None if self.object(loc, seen).is_some() => self.copy_plain(loc, Loc::Reg(d)),
                    None => return self.step(ins, 1),
                }
            }
            Ins::SetVar { a, name } => {
                let loc = self.global(name);
                let seen = self.seen().operands[0];
                let v = self.operand(a, 0).map(|(v, _)| v);
                if v.is_none() && self.object(Loc::Reg(a), seen).is_none() {
                    return self.step(ins, 1);
                }
                if let St::Mem(know) = self.st(loc)
                    && know.counts()
                {
                    // What was there is to be dropped, or there was nothing at all.
                    if self.seen().odd {
                        return self.step(ins, 1);
                    }
                    let (found, most) = (
                        self.inst(Inst::Tag(loc), Ty::Int),
                        self.int(LAST_PLAIN.into()),
                    );
                    let is = self.cmp(Cond::Le, found, most);
                    self.guard(is, true, Why::Range);
                }
                match v {
                    Some(v) => self.set_st(loc, St::Val { v, synced: false }),
                    None => {
                        self.set_st(loc, St::Mem(Know::Plain));
                        self.copy_plain(Loc::Reg(a), loc);
                    }
                }
            }
            Ins::IndexGet { d, a, b } => return self.get(ins, d, Loc::Reg(a), b, 1),
            Ins::ArrayGet { d, b, name } => {
                return self.get(ins, d, self.global(name), b, 0);
            }
            Ins::IndexSet { a, b, c, .. } => return self.put(ins, Loc::Reg(a), b, c, 1),
            Ins::ArraySet { b, c, name } => {
                return self.put(ins, self.global(name), b, c, 0);
            }
            Ins::ArrayPush { a, name } => return self.push(ins, self.global(name), a),
            Ins::Len { d, a } => return self.len(ins, d, a),
            Ins::Call {
                a,
                argc,
                function,
                want,
            } => return self.call((a, argc), function, want, None),
            Ins::Return { a, blocks: 0 } => return self.give_back(Some(a)),
            Ins::ReturnVoid { blocks: 0 } => return self.give_back(None),
            Ins::Return { .. } | Ins::ReturnVoid { .. } | Ins::End { .. } | Ins::Exit { .. } => {
                return self.leave(Why::Planned);
            }
            Ins::Charge { cost, .. } => {
                if cost == u16::MAX {
                    return self.leave(Why::Planned);
                }
                let exit = self.exit_at(Why::Limit, self.ip);
                self.inst(Inst::Charge(cost.into(), exit), Ty::None);
            }
            Ins::Concat { .. }
            | Ins::HashGet { .. }
            | Ins::HashSet { .. }
            | Ins::HashExists { .. } => return self.text(ins),
            Ins::HashDelete { .. } => return self.step(ins, 1),
            Ins::MakeArray { a, n } => return self.make_array(a, n),
            Ins::Ext { a, n, .. } => return self.ext(ins, a, n),
            Ins::Builtin { .. } | Ins::Fused { .. } => return self.out(ins),
            Ins::LoopStart { a } => {
                self.sync(Loc::Reg(a));
                let one = self.int(1);
                self.lib(Lib::Step, [None; 3], vec![one]);
                self.set_st(Loc::Reg(a), St::Mem(Know::Plain));
            }
            // Only the loop that gives nothing asks for nothing.
            Ins::LoopTurn { some: false, .. } => {}
            Ins::LoopTurn { a, .. } => {
                self.sync(Loc::Reg(a));
                self.lib(Lib::Answer, [Some(Loc::Reg(a)), None, None], Vec::new());
                self.set_st(Loc::Reg(a), St::Mem(Know::Plain));
            }
            Ins::LoopNext { a, to } => {
                if self.src.code.form.metered {
                    let exit = self.exit_at(Why::Limit, self.ip);
                    self.inst(Inst::Charge(1, exit), Ty::None);
                }
                let second = Some(Loc::Reg(a + 1)).filter(|_| a + 1 < self.src.code.registers);
                let locs = [Some(Loc::Reg(a)), second, None];
                self.lib(Lib::Next, locs, Vec::new());
                for loc in locs.into_iter().flatten() {
                    self.set_st(loc, St::Mem(Know::Any));
                }
                self.branch_on_step(to as usize);
            }
            Ins::ExtBranch { a, n, locals } => return self.ext_branch((a, n), locals),
            Ins::Base { n: 2, .. } if self.is_of_numbers() => return self.step(ins, 1),
            Ins::Base { .. } | Ins::BaseBranch { .. } if self.stays() => return self.out(ins),
            Ins::CallOut { .. } | Ins::Base { .. } | Ins::BaseBranch { .. } => {
                return self.needs_frames();
            }
            number => return self.number(number),
        }
        1
    }

    /// An instruction that asks the VM for frames: outside of what is compiled.
    fn needs_frames(&mut self) -> usize {
        let times = self.seen().times;
        if times == 0 {
            return self.leave(Why::Slow);
        }
        let begin = match self.src.part {
            None => 0,
            Some(part) => {
                let header = self.src.flow.loops[part].header;
                self.src.flow.blocks[header].start
            }
        };
        // Where it comes now and then, or there is much else to do, the interpreter goes on from there.
        let is_rare = times.saturating_mul(RARE) < self.src.profile.at(begin).times;
        if is_rare || self.work().0 >= WORTH_LEAVING * u64::from(times) {
            return self.leave(Why::Planned);
        }
        self.refuse(Refused::Slow(self.ip as u32));
        self.leave(Why::Slow)
    }

    /// An instruction that may have the whole VM: it is run with all frames told.
    fn out(&mut self, mut ins: Ins<u16>) -> usize {
        if self.seen().times == 0 || !self.src.eager && !self.is_worth() {
            return self.needs_frames();
        }
        // Nobody knows where control goes on from there: all that is live has to be in memory.
        let exit = self.exit_at(Why::Slow, self.ip);
        let writes = std::mem::take(&mut self.f.exits[exit].writes);
        writes.iter().for_each(|(loc, _)| self.sync(*loc));
        self.f.exits.truncate(exit);
        self.lib(Lib::Out, [None; 3], Vec::new());
        self.lose_globals();
        let code = self.src.code;
        let mut written = self.src.flow.written(self.ip, code);
        if self.sees_slots() {
            (0..code.base).for_each(|r| written.put(r.into()));
        }
        if let Ins::IndexSet { a, .. } = ins {
            // The array of a slot is written in place.
            written.put(a.into());
        }
        for r in written.iter() {
            self.set_st(Loc::Reg(r as u16), St::Mem(Know::Any));
        }
        if let (Some(to), _) = ways(self.ip, ins) {
            self.branch_on_step(to);
            return 1;
        }
        let result = match ins {
            Ins::Builtin { a, .. } => Some(a),
            Ins::Base { a, .. } => (self.op().info().outputs.len() == 1).then_some(a),
            Ins::Ext { a, import, .. } => {
                let op = self.src.ops.get(usize::from(import));
                op.is_some_and(|op| op.outputs.falls.len() == 1)
                    .then_some(a)
            }
            _other => ins.dest().map(|d| *d),
        };
        if let Some(a) = result {
            self.left_in_memory(a, self.ip + 1);
        }
        1
    }

    /// Goes to that instruction if the one that the VM has just run has jumped, and on behind it otherwise.
    fn branch_on_step(&mut self, to: usize) {
        let went = self.inst(Inst::Went, Ty::Bool);
        self.branch(went, to, self.ip + 1);
    }

    /// Whether the op of the base interpreter that stands here opens no frame.
    fn stays(&self) -> bool {
        matches!(
            self.op().info().family,
            "stack" | "local" | "array" | "hash" | "arith" | "string" | "compare" | "bits" | "io"
        )
    }

    /// Whether the instruction may write slots, as far as it is known which those are.
    fn sees_slots(&self) -> bool {
        let names_slot = || {
            let mut operands = self.op().operands().into_iter();
            operands.any(|operand| operand.kind == OperandKind::Slot)
        };
        match self.src.code.plain[self.ip] {
            Ins::Base { .. } | Ins::BaseBranch { .. } => names_slot(),
            _other => self.src.flow.sees_slots(self.ip),
        }
    }

    /// The op of the chunk that the instruction is of.
    fn op(&self) -> Op {
        let pc = self.src.code.meta[self.ip].pc as usize;
        self.src.chunk.ops()[pc]
    }

    /// Whether there is enough to do beside what may have the whole VM, which takes longer from here than from the
    /// interpreter: the more, the more frames there may be to tell of.
    fn is_worth(&self) -> bool {
        let (others, outs, calls) = self.work();
        let least = match (self.src.part, calls) {
            (None, true) => WORTH_CALLING,
            // Its callers save what a call of the interpreter takes.
            (None, false) if self.src.flow.loops.is_empty() => 0,
            (_, _) => WORTH,
        };
        others >= least * outs
    }

    /// How often instructions were run; and apart, those that may have the whole VM; and whether there are calls.
    fn work(&self) -> (u64, u64, bool) {
        *self.work.get_or_init(|| self.count_work())
    }

    fn count_work(&self) -> (u64, u64, bool) {
        let (flow, code) = (self.src.flow, self.src.code);
        let (mut others, mut outs, mut calls) = (0, 0, false);
        let is_inside =
            |at: &usize| (self.src.part).is_none_or(|part| flow.loops[part].blocks.has(*at));
        let blocks = (0..flow.blocks.len()).filter(is_inside);
        let blocks = blocks.map(|at| &flow.blocks[at]);
        for ip in blocks.flat_map(|block| block.start..block.end) {
            let seen = self.src.profile.at(ip);
            let is_out = match code.plain[ip] {
                Ins::Builtin { .. } | Ins::Base { .. } | Ins::BaseBranch { .. } => true,
                Ins::Ext { import, .. } => {
                    let op = self.src.ops.get(usize::from(import));
                    calls |= op.is_some_and(|op| op.outputs.invokes);
                    op.is_some_and(|op| op.asks_for_frames())
                }
                Ins::Call { .. } => {
                    calls = true;
                    false
                }
                _other => seen.declines,
            };
            let times = u64::from(seen.times);
            match is_out {
                true => outs += times,
                false => others += times,
            }
        }
        (others, outs, calls)
    }

    fn copy(&mut self, d: u16, a: u16) {
        if d == a {
            return;
        }
        match self.st(Loc::Reg(a)) {
            St::Val { v, .. } => self.set(Loc::Reg(d), v),
            St::Mem(know) => match know {
                Know::Tag(tag) if Ty::of_tag(tag).is_some() => {
                    if let Some((v, _)) = self.value(Loc::Reg(a), 0) {
                        self.set(Loc::Reg(d), v);
                    }
                }
                know => {
                    let seen = self.seen().operands[0];
                    if single_type(seen).is_some()
                        && let Some((v, _)) = self.value(Loc::Reg(a), seen)
                    {
                        return self.set(Loc::Reg(d), v);
                    }
                    if !know.counts() || self.object(Loc::Reg(a), seen).is_some() {
                        return self.copy_plain(Loc::Reg(a), Loc::Reg(d));
                    }
                    if self.hold(d, Original::Reg(a)) {
                        return;
                    }
                    self.forget(Loc::Reg(d));
                    let lib = know.counted().map_or(Lib::Copy, Lib::Share);
                    let locs = [Some(Loc::Reg(a)), Some(Loc::Reg(d)), None];
                    self.lib(lib, locs, Vec::new());
                    self.set_st(Loc::Reg(d), St::Mem(know));
                }
            },
        }
    }

    fn take(&mut self, d: u16, a: u16) {
        if d == a {
            return;
        }
        let before = self.st(Loc::Reg(a));
        let seen = self.seen().operands[0];
        match (self.value(Loc::Reg(a), seen), before) {
            (Some((v, _)), _) => self.set(Loc::Reg(d), v),
            // What is known to be there is something else than what was seen, perhaps.
            (None, St::Mem(know)) => {
                self.forget(Loc::Reg(d));
                let locs = [Some(Loc::Reg(a)), Some(Loc::Reg(d)), None];
                self.lib(Lib::Move(know.counted()), locs, Vec::new());
                self.set_st(Loc::Reg(d), St::Mem(know));
            }
            (None, St::Val { v, .. }) => self.set(Loc::Reg(d), v),
        }
        let v = self.undef;
        self.set_st(Loc::Reg(a), St::Val { v, synced: false });
    }

    /// The instruction, run as the interpreter runs it; it asks for no frames, or the exit is taken.
    fn step(&mut self, ins: Ins<u16>, count: usize) -> usize {
        let (ip, code) = (self.ip, self.src.code);
        if self.seen().times == 0 && !self.src.eager {
            return self.leave(Why::Kind);
        }
        if self.seen().declines || ways(ip, ins).0.is_some() {
            return self.out(ins);
        }
        for at in ip..ip + count {
            let touched = super::flow::touches(code.plain[at]);
            let (from, n) = touched.read_range;
            let reads = touched.reads.into_iter().flatten().chain(from..from + n);
            reads.for_each(|r| self.sync(Loc::Reg(r)));
            touched
                .writes
                .iter()
                .flatten()
                .for_each(|r| self.sync(Loc::Reg(*r)));
        }
        self.sync_globals();
        let n = self.int(count as i64);
        self.lib(Lib::Step, [None; 3], vec![n]);
        self.lose_globals();
        for at in ip..ip + count {
            let mut ins = code.plain[at];
            let touched = super::flow::touches(ins);
            let (from, n) = touched.read_range;
            let reads = touched.reads.into_iter().flatten().chain(from..from + n);
            for r in reads.filter(|r| *r >= code.base) {
                self.set_st(Loc::Reg(r), St::Mem(Know::Any));
            }
            for r in touched.writes.into_iter().flatten() {
                self.set_st(Loc::Reg(r), St::Mem(Know::Any));
            }
            for r in std::mem::take(&mut self.leaf) {
                self.set_st(Loc::Reg(r), St::Mem(Know::Any));
            }
            // The array of a slot is written in place.
            if let Ins::IndexSet { a, .. } = ins {
                self.set_st(Loc::Reg(a), St::Mem(Know::Any));
            }
            if at + 1 == ip + count
                && let Some(d) = match ins {
                    Ins::MakeArray { a, .. } | Ins::Base { a, .. } => Some(a),
                    Ins::Ext { a, import, .. } => {
                        let op = self.src.ops.get(usize::from(import));
                        op.is_some_and(|op| !op.outputs.falls.is_empty())
                            .then_some(a)
                    }
                    _other => ins.dest().map(|d| *d),
                }
            {
                self.left_in_memory(d, at + 1);
            }
        }
        count
    }

    /// Whether integers wrap around.
    fn wraps(&self) -> bool {
        self.src.policy.overflow == Overflow::Wrap
    }
}
