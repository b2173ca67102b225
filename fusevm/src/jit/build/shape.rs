//! Ext ops whose answer is known for the shape of their first input: fields are read and set in place, and
//! calls are made without asking.

use super::{Build, Know, St};
use crate::heap::{First, Known, Maker, What};
use crate::jit::ir::{Bin, Cond, Field, Inst, Invoked, Lib, Loc, Ty, V, Why};
use crate::jit::profile::{LAST_PLAIN, OBJ, single, single_type};

impl Build<'_> {
    /// An ext op on `n` inputs from register `a` on, by what is known at its place; whether that could be done.
    pub(super) fn by_shape(&mut self, (a, n): (u16, u16), place: u16) -> Option<()> {
        let (known, other) = self.src.known.get(usize::from(place))?.all()?;
        let known = &(known.clone(), other.cloned());
        let (odd, alike) = (self.seen().odd, is_alike(known));
        if n == 0 || !alike {
            return None;
        }
        match known.0.what {
            What::Load { .. } if odd => None,
            What::Load { .. } => {
                let at = self.field_of(a, known)?;
                self.load_field(a, at)?;
                self.drop_inputs(a + 1..a + n);
                Some(())
            }
            What::Store { leaves, .. } => {
                let last = a + n - 1;
                // The value first: what it is may be seen by a guard.
                let seen = self.seen().operands[1];
                let value = self.value(Loc::Reg(last), seen);
                if value.is_none() && !odd {
                    self.object(Loc::Reg(last), seen)?;
                }
                if odd {
                    // Of another kind, or not there yet.
                    self.sync(Loc::Reg(last));
                    let field = self.guard_shapes(a, known)?.1;
                    let locs = [Some(Loc::Reg(a)), Some(Loc::Reg(last)), None];
                    self.lib(Lib::SetField, locs, vec![field]);
                } else {
                    let at = self.field_of(a, known)?;
                    self.guard_plain(at);
                    match value {
                        Some((v, _)) => self.inst(Inst::ElemStore(at, v), Ty::None),
                        None => self.inst(Inst::CopyTo(Loc::Reg(last), at), Ty::None),
                    };
                }
                match value {
                    Some((v, _)) if leaves => self.set(Loc::Reg(a), v),
                    None if leaves => self.carry(Loc::Reg(last), Loc::Reg(a)),
                    _nothing => {}
                }
                self.drop_inputs(a + u16::from(leaves)..a + n);
                Some(())
            }
            What::Make(ref maker) => {
                self.guard_shapes(a, known)?;
                self.drop_inputs(a + 1..a + n);
                self.make(maker.clone(), a);
                Some(())
            }
            What::Call {
                function,
                callee,
                ref first,
                fixed,
            } => {
                let own = u16::from(*first != First::Given);
                let place = a + u16::from(fixed) - own;
                let given = u8::try_from(a + n - place).ok()?;
                // The callee stays where it is found again.
                if callee.is_none() && place != a + 1 {
                    return None;
                }
                self.guard_shapes(a, known)?;
                self.drop_inputs(a + 1..place);
                let maker = match first {
                    First::Made(maker) => Some(maker.clone()),
                    First::Input if place != a => {
                        self.copy_plain(Loc::Reg(a), Loc::Reg(place));
                        None
                    }
                    First::Input | First::Given => None,
                };
                let invoked = Invoked { result: a, callee };
                self.call((place, given), function, true, Some((invoked, maker)));
                Some(())
            }
        }
    }

    /// Puts a new object into a register.
    pub(super) fn make(&mut self, maker: Maker, to: u16) {
        let loc = Loc::Reg(to);
        self.forget(loc);
        let number = self.f.makers.len() as u32;
        self.f.makers.push(maker);
        self.lib(Lib::Make(number), [Some(loc), None, None], Vec::new());
        self.set_st(loc, St::Mem(Know::Tag(OBJ)));
    }

    /// Drops inputs that nobody wants any more.
    fn drop_inputs(&mut self, inputs: std::ops::Range<u16>) {
        for r in inputs {
            self.forget(Loc::Reg(r));
            self.set_st(Loc::Reg(r), St::Mem(Know::Plain));
        }
    }

    /// Leaves unless there is a handle of an object; nothing if that is not so, as far as is known.
    pub(super) fn object(&mut self, loc: Loc, seen: u16) -> Option<()> {
        match self.st(loc) {
            St::Val { .. } => None,
            St::Mem(Know::Tag(tag)) => (tag == OBJ).then_some(()),
            St::Mem(_) if single(seen) == Some(OBJ) => {
                self.guard_tag(loc, OBJ);
                self.set_st(loc, St::Mem(Know::Tag(OBJ)));
                Some(())
            }
            St::Mem(_) => None,
        }
    }

    /// Leaves unless the object in a register has a shape that is known: its handle, and the field that is
    /// meant.
    fn guard_shapes(&mut self, r: u16, (known, other): &(Known, Option<Known>)) -> Option<(V, V)> {
        let loc = Loc::Reg(r);
        // That it is an object is what the shape was of.
        self.object(loc, 1 << OBJ)?;
        let handle = self.inst(Inst::Handle(loc), Ty::Int);
        let salt = self.inst(Inst::Salt(loc), Ty::Int);
        let shape = self.inst(Inst::Shape(handle, salt, known.of.arena()), Ty::Int);
        let mut field = self.int(known.field().into());
        let mut is = self.is_shape(shape, known);
        if let Some(other) = other {
            let is_other = self.is_shape(shape, other);
            if other.field() != known.field() {
                let second = self.int(other.field().into());
                field = self.inst(Inst::Select(is, field, second), Ty::Int);
            }
            let yes = self.inst(Inst::Bool(true), Ty::Bool);
            is = self.inst(Inst::Select(is, yes, is_other), Ty::Bool);
        }
        self.guard(is, true, Why::Kind);
        self.f.arena = self.f.arena.max(known.of.arena());
        Some((handle, field))
    }

    fn is_shape(&mut self, shape: V, known: &Known) -> V {
        let wanted = self.int((u64::from(known.shape.number()) << 32).cast_signed());
        self.cmp(Cond::Eq, shape, wanted)
    }

    /// The address of a field of the object in a register, which has a shape that is known and so many fields.
    fn field_of(&mut self, r: u16, known: &(Known, Option<Known>)) -> Option<V> {
        let (handle, index) = self.guard_shapes(r, known)?;
        let beside = self.inst(Inst::Beside(handle, known.0.of.arena()), Ty::Ptr);
        let count = self.inst(Inst::Field(Field::SlotCount, beside), Ty::Int);
        let is = self.cmp(Cond::Below, index, count);
        self.guard(is, true, Why::Range);
        let first = self.inst(Inst::Field(Field::Slots, beside), Ty::Ptr);
        Some(self.bin(Bin::At16, first, index))
    }

    /// Leaves unless what stands at an address is there, and owns nothing.
    fn guard_plain(&mut self, at: V) {
        let tag = self.inst(Inst::ElemTag(at), Ty::Int);
        let most = self.int(LAST_PLAIN.into());
        let is = self.cmp(Cond::Le, tag, most);
        self.guard(is, true, Why::Range);
    }

    /// Puts what stands at an address, of the kind that was seen, into a register.
    fn load_field(&mut self, d: u16, at: V) -> Option<()> {
        let seen = self.seen().result;
        let tag = self.inst(Inst::ElemTag(at), Ty::Int);
        if let Some(ty) = single_type(seen) {
            let wanted = self.int(ty.tag()?.into());
            let is = self.cmp(Cond::Eq, tag, wanted);
            self.guard(is, true, Why::Kind);
            let v = match ty {
                Ty::Undef => self.undef,
                ty => self.inst(Inst::ElemLoad(at), ty),
            };
            self.set(Loc::Reg(d), v);
            return Some(());
        }
        let know = match single(seen) {
            Some(OBJ) => {
                let wanted = self.int(OBJ.into());
                let is = self.cmp(Cond::Eq, tag, wanted);
                self.guard(is, true, Why::Kind);
                Know::Tag(OBJ)
            }
            _mixed if seen != 0 && seen >> (LAST_PLAIN + 1) == 0 => {
                let most = self.int(LAST_PLAIN.into());
                let is = self.cmp(Cond::Le, tag, most);
                self.guard(is, true, Why::Kind);
                Know::Plain
            }
            _counted => return None,
        };
        self.forget(Loc::Reg(d));
        self.inst(Inst::CopyFrom(at, Loc::Reg(d)), Ty::None);
        self.set_st(Loc::Reg(d), St::Mem(know));
        Some(())
    }

    /// `to = from`, which stands in memory and owns nothing.
    pub(super) fn copy_plain(&mut self, from: Loc, to: Loc) {
        let st = self.st(from);
        self.forget(to);
        self.inst(Inst::Copy(from, to), Ty::None);
        self.set_st(to, st);
    }

    /// Moves what stands in memory to where nothing has to be dropped. Nothing is counted.
    pub(super) fn carry(&mut self, from: Loc, to: Loc) {
        let (st, undef) = (self.st(from), self.undef);
        self.inst(Inst::Copy(from, to), Ty::None);
        self.inst(Inst::Store(from, undef), Ty::None);
        self.set_st(to, st);
        self.set_st(from, St::Mem(Know::Plain));
    }
}

impl Known {
    /// The field that is meant.
    fn field(&self) -> u32 {
        match self.what {
            What::Load { field } | What::Store { field, .. } => field,
            What::Make(_) | What::Call { .. } => 0,
        }
    }
}

/// Whether what is known of two shapes is done in one way.
fn is_alike((known, other): &(Known, Option<Known>)) -> bool {
    let Some(other) = other else {
        return true;
    };
    let same = match (&known.what, &other.what) {
        (What::Load { .. }, What::Load { .. }) => true,
        (What::Store { leaves: a, .. }, What::Store { leaves: b, .. }) => a == b,
        (a, b) => a == b,
    };
    same && known.of.arena() == other.of.arena()
}
