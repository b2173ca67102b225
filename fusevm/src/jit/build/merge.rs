//! Where ways meet: what is known there, and what each way has to do for it.

use super::{Build, Edge, Force, Head, Know, St, State};
use crate::jit::flow::Bits;
use crate::jit::ir::{B, Inst, Loc, Term, Ty, V, Why};
use std::collections::BTreeSet;

impl Build<'_> {
    /// Begins a block that these ways lead to.
    pub(super) fn merge(&mut self, mut edges: Vec<Edge>, live: &Bits) {
        if edges.len() == 1
            && let Some(edge) = edges.pop()
        {
            (self.at, self.st) = (edge.from, edge.state);
            return;
        }
        let to = self.f.block();
        let mut args: Vec<Vec<V>> = vec![Vec::new(); edges.len()];
        let mut state = State {
            regs: Vec::new(),
            globals: Default::default(),
        };
        for r in 0..edges[0].state.regs.len() {
            let loc = Loc::Reg(r as u16);
            let st = self.meet(loc, live.has(r), &mut edges, &mut args, to);
            state.regs.push(st);
        }
        let globals: BTreeSet<u32> = (edges
            .iter()
            .flat_map(|edge| edge.state.globals.keys().copied()))
        .collect();
        for g in globals {
            let st = self.meet(Loc::Global(g), true, &mut edges, &mut args, to);
            state.globals.insert(g, st);
        }
        for (edge, args) in edges.iter().zip(args) {
            self.f.blocks[edge.from.0 as usize].term = Term::Jump(to, args);
        }
        (self.at, self.st) = (to, state);
    }

    fn meet(&mut self, loc: Loc, live: bool, edges: &mut [Edge], args: &mut [Vec<V>], to: B) -> St {
        let same = edges[0].state.at(loc);
        if edges.iter().all(|edge| edge.state.at(loc) == same) {
            return same;
        }
        let all: Vec<St> = edges.iter().map(|edge| edge.state.at(loc)).collect();
        let mut types = all.iter().map(|st| match st {
            St::Val { v, .. } => Some(self.f.ty(*v)),
            St::Mem(_) => None,
        });
        let first = types.next().flatten();
        if let Some(ty) = first
            && types.all(|other| other == Some(ty))
        {
            let synced = all
                .iter()
                .all(|st| matches!(st, St::Val { synced: true, .. }));
            let values: Vec<V> = all.iter().filter_map(St::v).collect();
            if values.iter().all(|v| *v == values[0]) {
                let v = values[0];
                return St::Val { v, synced };
            }
            if !live {
                return St::Mem(Know::Plain);
            }
            let param = self.f.param(to, ty);
            args.iter_mut()
                .zip(values)
                .for_each(|(args, v)| args.push(v));
            return St::Val { v: param, synced };
        }
        let mut known: Option<Know> = None;
        for (edge, st) in edges.iter_mut().zip(all) {
            let know = match st {
                St::Mem(know) => know,
                St::Val { .. } if !live => Know::Plain,
                St::Val { v, synced } => {
                    if !synced {
                        self.store(edge.from, loc, v);
                    }
                    self.f.ty(v).tag().map_or(Know::Any, Know::Tag)
                }
            };
            known = Some(known.map_or(know, |before| before.join(know)));
        }
        St::Mem(known.unwrap_or(Know::Any))
    }

    fn store(&mut self, block: B, loc: Loc, v: V) {
        let store = self.f.value(Inst::Store(loc, v), Ty::None);
        self.f.blocks[block.0 as usize].insts.push(store);
    }

    /// Begins the head of a loop: what is written in it becomes a parameter.
    pub(super) fn head(&mut self, block: usize, number: usize) {
        let found = &self.src.flow.loops[number];
        let live = self.live.first().cloned().unwrap_or_default();
        let (before, head) = (self.at, self.f.block());
        let exit = self.exit_at(Why::Range, self.ip);
        self.f.blocks[head.0 as usize].preheader = Some((before, exit));
        let (mut args, mut params) = (Vec::new(), Vec::new());
        let locs: Vec<Loc> = self.st.locs();
        for loc in locs {
            let written = |written: &Bits| match loc {
                Loc::Reg(r) => written.has(r.into()),
                Loc::Global(_) => true,
            };
            let is_live = match loc {
                Loc::Reg(r) => live.has(r.into()),
                Loc::Global(_) => true,
            };
            let force = self.forced.get(&(block, loc)).copied();
            match self.st(loc) {
                St::Val { .. } if !is_live => {
                    let plain = force != Some(Force::Memory);
                    self.set_st(loc, St::Mem(if plain { Know::Plain } else { Know::Any }));
                }
                St::Val { v, synced } if matches!(force, Some(Force::Memory | Force::Plain)) => {
                    if !synced {
                        self.store(before, loc, v);
                    }
                    let plain = force == Some(Force::Plain);
                    self.set_st(loc, St::Mem(if plain { Know::Plain } else { Know::Any }));
                }
                St::Val { v, .. }
                    if self.f.ty(v) != Ty::Undef
                        && (written(&found.written) || force == Some(Force::Param)) =>
                {
                    let param = self.f.param(head, self.f.ty(v));
                    args.push(v);
                    params.push(loc);
                    self.set_st(
                        loc,
                        St::Val {
                            v: param,
                            synced: false,
                        },
                    );
                }
                St::Val { .. } => {}
                St::Mem(know) if force == Some(Force::Plain) && !know.counts() => {
                    self.set_st(loc, St::Mem(Know::Plain));
                }
                St::Mem(_) if force.is_some() => self.set_st(loc, St::Mem(Know::Any)),
                // What is not live may come back as a value, with nothing to drop in memory behind it.
                St::Mem(know) if !is_live && know.counted().is_some() => {
                    self.set_st(loc, St::Mem(Know::Any));
                }
                St::Mem(_) => {}
            }
        }
        self.f.blocks[before.0 as usize].term = Term::Jump(head, args);
        self.at = head;
        let state = self.st.clone();
        self.heads.insert(
            block,
            Head {
                block: head,
                state,
                params,
            },
        );
    }

    /// Goes back to the head of a loop, from the end of the current block.
    pub(super) fn back(&mut self, to: usize) {
        let live = self.src.flow.blocks[to].live.clone();
        let Some(head) = self.heads.remove(&to) else {
            return;
        };
        let mut given = Vec::new();
        let mut locs = head.state.locs();
        locs.extend(self.st.globals.keys().map(|g| Loc::Global(*g)));
        locs.sort_unstable();
        locs.dedup();
        for loc in locs {
            let is_live = match loc {
                Loc::Reg(r) => live.has(r.into()),
                Loc::Global(_) => true,
            };
            if head.params.contains(&loc) {
                let ty = head.state.at(loc).v().map(|v| self.f.ty(v));
                let v = match self.st(loc) {
                    St::Val { v, .. } if Some(self.f.ty(v)) == ty => Some(v),
                    St::Mem(Know::Tag(tag)) if Ty::of_tag(tag) == ty && ty.is_some() => {
                        Some(self.inst(Inst::Load(loc), ty.unwrap_or(Ty::Int)))
                    }
                    _other => None,
                };
                match v {
                    Some(v) => given.push((loc, v)),
                    None => {
                        let force = self.memory_for(loc, head.state.at(loc));
                        self.force(to, loc, force);
                    }
                }
                continue;
            }
            match (head.state.at(loc), self.st(loc)) {
                (St::Val { v, synced }, St::Val { v: w, synced: now }) if v == w => {
                    if synced && !now {
                        self.store(self.at, loc, v);
                    }
                }
                (St::Val { v, .. }, now) => {
                    let same = now.v().is_some_and(|w| self.f.ty(w) == self.f.ty(v));
                    let force = match same && self.f.ty(v) != Ty::Undef {
                        true => Force::Param,
                        false => self.memory_for(loc, head.state.at(loc)),
                    };
                    self.force(to, loc, force);
                }
                (St::Mem(know), St::Val { v, synced }) => {
                    if is_live {
                        if !synced {
                            self.store(self.at, loc, v);
                        }
                        let now = self.f.ty(v).tag().map_or(Know::Any, Know::Tag);
                        if know.join(now) != know {
                            let force = self.memory_for(loc, St::Mem(know));
                            self.force(to, loc, force);
                        }
                    }
                }
                (St::Mem(know), St::Mem(now)) => {
                    if know.join(now) != know {
                        let force = self.memory_for(loc, St::Mem(know));
                        self.force(to, loc, force);
                    }
                }
            }
        }
        let args = (head.params.iter())
            .filter_map(|loc| given.iter().find(|(of, _)| of == loc).map(|(_, v)| *v))
            .collect();
        self.end(Term::Jump(head.block, args));
        self.heads.insert(to, head);
    }

    /// How a location is kept in memory that is as in `head` at first, and as now later.
    fn memory_for(&self, loc: Loc, head: St) -> Force {
        let counts = |st: St| matches!(st, St::Mem(know) if know.counts());
        match counts(head) || counts(self.st(loc)) {
            true => Force::Memory,
            false => Force::Plain,
        }
    }

    fn force(&mut self, block: usize, loc: Loc, force: Force) {
        self.news = true;
        // From a parameter to memory, and not back.
        let rank = |force| match force {
            Force::Param => 0,
            Force::Plain => 1,
            Force::Memory => 2,
        };
        let old = self.forced.get(&(block, loc)).copied();
        // The same again would not help.
        let force = match old {
            Some(old) if rank(old) >= rank(force) => Force::Memory,
            _new => force,
        };
        self.forced.insert((block, loc), force);
    }
}

impl St {
    pub(super) fn v(&self) -> Option<V> {
        match self {
            St::Val { v, .. } => Some(*v),
            St::Mem(_) => None,
        }
    }
}

impl State {
    pub(super) fn at(&self, loc: Loc) -> St {
        match loc {
            Loc::Reg(r) => self.regs[usize::from(r)],
            Loc::Global(g) => self.globals.get(&g).copied().unwrap_or(St::Mem(Know::Any)),
        }
    }

    pub(super) fn locs(&self) -> Vec<Loc> {
        let regs = (0..self.regs.len()).map(|r| Loc::Reg(r as u16));
        regs.chain(self.globals.keys().map(|g| Loc::Global(*g)))
            .collect()
    }
}
