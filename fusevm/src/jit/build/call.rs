//! Calls of functions and of ext ops, and returns.

use super::{Build, Know, Refused, St};
use crate::ext::NativeOp;
use crate::jit::ir::{Bin, Cond, Inst, Lib, Loc, Term, Ty, Un, V, Why};
use crate::lower::Ins;
use crate::value::Kind;

/// What calls are compiled against: versions of functions, found by number of function and arguments and
/// by the types of what is given.
pub(in crate::jit) trait Callees {
    /// The version of a function for those arguments: `None` stands for one in memory. Nothing if there
    /// can be none, now or ever.
    fn version(&mut self, function: u32, args: &[Option<Ty>]) -> Result<Found, Refused>;
}

/// A version to call.
#[derive(Clone, Copy, Debug)]
pub(in crate::jit) struct Found {
    pub(in crate::jit) version: usize,
    /// What it gives of its own; else it leaves its result in memory.
    pub(in crate::jit) gives: Option<Ty>,
}

impl Build<'_> {
    pub(super) fn call(&mut self, (a, argc): (u16, u8), function: u32, want: bool) -> usize {
        if self.seen().times == 0 && !self.src.eager {
            return self.leave(Why::Kind);
        }
        let mut types = Vec::new();
        for r in a..a + u16::from(argc) {
            let ty = match self.st(Loc::Reg(r)) {
                St::Val { v, .. } => Some(self.f.ty(v)).filter(|ty| *ty != Ty::Undef),
                St::Mem(Know::Tag(tag)) => Ty::of_tag(tag).filter(|ty| *ty != Ty::Undef),
                St::Mem(_) => None,
            };
            types.push(ty);
        }
        let found = match self.callees.version(function, &types) {
            Ok(found) => found,
            Err(refused) => {
                self.refuse(refused);
                return self.leave(Why::Slow);
            }
        };
        let before = self.exit_at(Why::Limit, self.ip);
        self.inst(
            Inst::Room {
                window: a,
                deep: 1,
                exit: before,
            },
            Ty::None,
        );
        let mut args: Vec<V> = Vec::new();
        for (r, ty) in (a..).zip(&types) {
            match ty {
                Some(_) => args.extend(self.value(Loc::Reg(r), 0).map(|(v, _)| v)),
                None => self.sync(Loc::Reg(r)),
            }
        }
        // The callee's window has nothing to drop but its arguments.
        for r in a + u16::from(argc)..self.src.code.registers {
            self.forget(Loc::Reg(r));
        }
        self.sync_globals();
        self.lose_globals();
        for r in a..self.src.code.registers {
            self.set_st(Loc::Reg(r), St::Mem(Know::Plain));
        }
        let next = self.ip + 1;
        let live = self.live[next - self.start].clone();
        let after = self.exit_with(Why::Callee, next, |r| r < a && live.has(r.into()));
        self.f.exits[after].frames[0].want = want;
        let gives = found.gives;
        let v = self.inst(
            Inst::Call {
                version: found.version,
                window: a,
                deep: 1,
                args,
                after,
            },
            gives.unwrap_or(Ty::None),
        );
        if !want {
            if gives.is_none() {
                self.set_st(Loc::Reg(a), St::Mem(Know::Any));
                self.forget(Loc::Reg(a));
            }
            return 1;
        }
        match gives {
            Some(Ty::Undef) => {
                let undef = self.undef;
                self.set_st(
                    Loc::Reg(a),
                    St::Val {
                        v: undef,
                        synced: false,
                    },
                );
            }
            Some(_) => self.set_st(Loc::Reg(a), St::Val { v, synced: false }),
            None => self.left_in_memory(a, next),
        }
        1
    }

    /// Leaves the function.
    pub(super) fn give_back(&mut self, a: Option<u16>) -> usize {
        if self.src.part.is_some() {
            // The function was not entered here: the interpreter leaves it.
            return self.leave(Why::Planned);
        }
        let undef = self.undef;
        let mut value = None;
        match (self.src.gives, a) {
            (Some(ty), a) => {
                let given = match a {
                    Some(a) => self.value(Loc::Reg(a), ty.tag().map_or(0, |tag| 1 << tag)),
                    None => Some((undef, Ty::Undef)),
                };
                match given {
                    Some((v, found)) if found == ty => value = Some(v),
                    _other => return self.leave(Why::Kind),
                }
            }
            (None, Some(a)) => {
                self.sync(Loc::Reg(a));
                if a != 0 {
                    self.forget(Loc::Reg(0));
                    let tag = match self.st(Loc::Reg(a)) {
                        St::Mem(know) => know.counted(),
                        St::Val { .. } => None,
                    };
                    let locs = [Some(Loc::Reg(a)), Some(Loc::Reg(0)), None];
                    self.lib(Lib::Move(tag), locs, Vec::new());
                    self.set_st(Loc::Reg(a), St::Mem(Know::Plain));
                }
                self.set_st(Loc::Reg(0), St::Mem(Know::Plain));
            }
            (None, None) => {
                self.forget(Loc::Reg(0));
                self.inst(Inst::Store(Loc::Reg(0), undef), Ty::None);
                self.set_st(Loc::Reg(0), St::Mem(Know::Plain));
            }
        }
        for r in 0..self.src.code.registers {
            self.forget(Loc::Reg(r));
        }
        self.sync_globals();
        self.end(Term::Return(value));
        self.done = true;
        1
    }

    /// An ext op: one of numbers is called with them, or done here.
    pub(super) fn ext(&mut self, ins: Ins<u16>, a: u16, n: u16) -> usize {
        let Ins::Ext { import, .. } = ins else {
            return 1;
        };
        let Some(op) = self.src.ops.get(usize::from(import)).copied() else {
            return self.needs_frames();
        };
        let pc = self.src.code.meta[self.ip].pc as usize;
        let chunk = self.src.chunk;
        let (_, packed) = chunk.immediates(chunk.ops()[pc]).unwrap_or_default();
        let expanded = op
            .inline
            .and_then(|body| self.expand(op, body, (a, packed)));
        let done = expanded
            .or_else(|| self.core_op(op.name, a))
            .or_else(|| op.called.and_then(|called| self.called(&called(), a)));
        if let Some(v) = done {
            self.set(Loc::Reg(a), v);
            return 1;
        }
        if op.asks_for_frames() {
            return self.needs_frames();
        }
        // What it leaves goes there and behind.
        let out = (op.outputs.falls.len() as u16).max(n);
        let slots = self
            .src
            .flow
            .sees_slots(self.ip)
            .then_some(0..self.src.code.base);
        let touched: Vec<u16> = slots
            .into_iter()
            .flatten()
            .chain((a..a + out).filter(|r| *r < self.src.code.registers))
            .collect();
        touched.iter().for_each(|r| self.sync(Loc::Reg(*r)));
        // The interpreter's own step knows of the first result alone.
        self.leaf = touched;
        let count = self.step(ins, 1);
        self.leaf.clear();
        count
    }

    fn called(&mut self, native: &NativeOp, a: u16) -> Option<V> {
        let mut args = Vec::new();
        for (r, kind) in (a..).zip(native.params()) {
            let wanted = type_of(*kind)?;
            let guess = wanted.tag().map_or(0, |tag| 1 << tag);
            let (v, ty) = self.value(Loc::Reg(r), guess)?;
            if ty != wanted {
                return None;
            }
            args.push(v);
        }
        let exit = self.exit_at(Why::Slow, self.ip);
        let inst = Inst::Native {
            entry: native.address,
            args,
            exit,
        };
        Some(self.inst(inst, type_of(native.result)?))
    }

    /// A core op that is an instruction of its own.
    fn core_op(&mut self, name: &str, a: u16) -> Option<V> {
        let name = name.strip_prefix("core.")?;
        let mut number = |at: u16, ty: Ty| {
            let guess = ty.tag().map_or(0, |tag| 1 << tag);
            let (v, found) = self.value(Loc::Reg(a + at), guess)?;
            (found == ty).then_some(v)
        };
        let unary = match name {
            "sqrt" => Some(Un::Sqrt),
            "floor" => Some(Un::Floor),
            "ceil" => Some(Un::Ceil),
            "trunc" => Some(Un::Trunc),
            _other => None,
        };
        if let Some(op) = unary {
            let x = number(0, Ty::Float)?;
            return Some(self.inst(Inst::Un(op, x), Ty::Float));
        }
        let binary = match name {
            "wrapping_add" => (Bin::Add, Ty::Int),
            "wrapping_sub" => (Bin::Sub, Ty::Int),
            "wrapping_mul" => (Bin::Mul, Ty::Int),
            "fdiv" => (Bin::FDiv, Ty::Float),
            "idiv" => (Bin::Quot, Ty::Int),
            "irem" => (Bin::Rem, Ty::Int),
            _other => return None,
        };
        let (x, y) = (number(0, binary.1)?, number(1, binary.1)?);
        if let Bin::Quot | Bin::Rem = binary.0 {
            match self.f.int(y) {
                Some(0 | -1) => return None,
                Some(_) => {}
                None => {
                    // Zero and minus one: what traps, and what does not fit.
                    let one = self.int(1);
                    let from = self.bin(Bin::Add, y, one);
                    let least = self.int(2);
                    let is = self.cmp(Cond::Below, from, least);
                    self.guard(is, false, Why::Range);
                }
            }
        }
        Some(self.bin(binary.0, x, y))
    }
}

fn type_of(kind: Kind) -> Option<Ty> {
    Some(match kind {
        Kind::Int => Ty::Int,
        Kind::Float => Ty::Float,
        Kind::Bool => Ty::Bool,
        _other => return None,
    })
}
