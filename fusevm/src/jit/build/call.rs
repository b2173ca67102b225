//! Calls of functions, and returns.

use super::{Build, Know, Refused, St};
use crate::heap::Maker;
use crate::jit::ir::{CalleeAt, Inst, Invoked, Loc, Term, Ty, V, Why};

/// What calls are compiled against: versions of functions, found by number of function and arguments and
/// by the types of what is given.
pub(in crate::jit) trait Callees {
    /// The version of a function, called by its name or through a value, for those arguments: `None` stands for
    /// one in memory. Nothing if there can be none, now or ever.
    fn version(
        &mut self,
        function: u32,
        through: Option<CalleeAt>,
        args: &[Option<Ty>],
    ) -> Result<Found, Refused>;
}

/// A version to call.
#[derive(Clone, Copy, Debug)]
pub(in crate::jit) struct Found {
    pub(in crate::jit) version: usize,
    /// What it gives of its own; else it leaves its result in memory.
    pub(in crate::jit) gives: Option<Ty>,
}

impl Build<'_> {
    /// A call of a function of the program, with arguments from register `a` on, that the code says or an ext
    /// op has asked for.
    pub(super) fn call(
        &mut self,
        (a, argc): (u16, u8),
        function: u32,
        want: bool,
        invoked: Option<(Invoked, Option<Maker>)>,
    ) -> usize {
        let (invoked, maker) = match invoked {
            Some((invoked, maker)) => (Some(invoked), maker),
            None => (None, None),
        };
        let to = invoked.map_or(a, |invoked| invoked.result);
        let through = invoked.map(|invoked| invoked.callee.map_or(CalleeAt::Below, CalleeAt::Is));
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
            // What is made stands in memory.
            types.push(ty.filter(|_| maker.is_none() || r > a));
        }
        let found = match self.callees.version(function, through, &types) {
            Ok(found) => found,
            Err(Refused::Later) => {
                self.refuse(Refused::Later);
                return self.leave(Why::Slow);
            }
            Err(_never) => return self.needs_frames(),
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
        if let Some(maker) = maker {
            self.make(maker, a);
        }
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
        for r in to..self.src.code.registers {
            self.set_st(Loc::Reg(r), St::Mem(Know::Plain));
        }
        let next = self.ip + 1;
        let live = self.live[next - self.start].clone();
        let after = self.exit_with(Why::Callee, next, |r| r < to && live.has(r.into()));
        let frame = &mut self.f.exits[after].frames[0];
        (frame.want, frame.invoked) = (want, invoked);
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
                    Loc::Reg(to),
                    St::Val {
                        v: undef,
                        synced: false,
                    },
                );
            }
            Some(_) => self.set_st(Loc::Reg(to), St::Val { v, synced: false }),
            None => {
                if to != a {
                    self.set_st(Loc::Reg(a), St::Mem(Know::Any));
                    self.carry(Loc::Reg(a), Loc::Reg(to));
                }
                self.left_in_memory(to, next);
            }
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
                    self.carry(Loc::Reg(a), Loc::Reg(0));
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
}
