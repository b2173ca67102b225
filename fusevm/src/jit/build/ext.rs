//! Ext ops: expanded in place, called with numbers and addresses, done by shape, or left to the interpreter's
//! own step.

use super::held::Original;
use super::{ARRAY, Build, HASH, Know, OBJ, St, TEXT};
use crate::ext::{Cost, InputDesc, OpDesc, Pass, Site};
use crate::jit::ir::{Bin, Cond, Inst, Loc, Ty, Un, V, Why};
use crate::lower::Ins;
use crate::value::Kind;

impl Build<'_> {
    /// An ext op: one of numbers is called with them, or done here.
    pub(super) fn ext(&mut self, ins: Ins<u16>, a: u16, n: u16) -> usize {
        let Ins::Ext { known, locals, .. } = ins else {
            return 1;
        };
        let Some(stands) = self.stands() else {
            return self.needs_frames();
        };
        let (op, _, packed) = stands;
        let expanded = op
            .inline
            .and_then(|body| self.expand(op, body, (a, packed)));
        if let Some(v) = expanded.or_else(|| self.core_op(op.name, a)) {
            self.set(Loc::Reg(a), v);
            return 1;
        }
        if let Some((v, boxed)) = self.called(stands, (a, n), locals) {
            if self.f.ty(v) != Ty::None {
                self.set(Loc::Reg(a), v);
            }
            if boxed {
                self.forget(Loc::Reg(a));
                self.fetched(op.outputs.falls, a);
                if let St::Mem(Know::Any) = self.st(Loc::Reg(a)) {
                    self.left_in_memory(a, self.ip + 1);
                }
            }
            return 1;
        }
        self.make_copies();
        if op.is_by_shape() && self.by_shape((a, n), known).is_some() {
            return 1;
        }
        if op.outputs.invokes || op.outputs.jumps.is_some() {
            return self.needs_frames();
        }
        if op.asks_for_frames() {
            return self.out(ins);
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

    /// An ext op that may jump: its own code says whether it does.
    pub(super) fn ext_branch(&mut self, (a, n): (u16, u16), locals: u16) -> usize {
        let stands = self.stands();
        let called = stands.and_then(|stands| self.called(stands, (a, n), locals));
        let (Some((op, ..)), Some((is, boxed))) = (stands, called) else {
            self.make_copies();
            return match stands.is_some_and(|(op, ..)| !op.outputs.invokes) {
                true => self.out(self.src.code.plain[self.ip]),
                false => self.needs_frames(),
            };
        };
        if boxed {
            self.forget(Loc::Reg(a));
        }
        let before = self.st.clone();
        let ways = self.ways(is, [self.ip + 1, self.ip + 2]);
        let jumps = op.outputs.jumps.unwrap_or_default();
        for ((block, ip), left) in ways.into_iter().zip([jumps, op.outputs.falls]) {
            self.at = block;
            self.st = before.clone();
            if boxed && !left.is_empty() {
                self.fetched(left, a);
            }
            self.go_to(ip);
        }
        1
    }

    /// The ext op that stands here, the number of its import, and its immediates.
    fn stands(&self) -> Option<(&'static OpDesc, u16, u64)> {
        let (import, packed) = self.src.chunk.immediates(self.op())?;
        let op = self.src.ops.get(usize::from(import)).copied()?;
        Some((op, import, packed))
    }

    /// Calls the op's own code with numbers, and with the addresses of what it looks at, if that can be: its result,
    /// and whether it has left one to be fetched.
    fn called(
        &mut self,
        (op, import, immediates): (&'static OpDesc, u16, u64),
        (a, n): (u16, u16),
        locals: u16,
    ) -> Option<(V, bool)> {
        let pc = self.src.code.meta[self.ip].pc as usize;
        let Cost::Fixed(cost) = op.cost else {
            return None;
        };
        let native = (op.called?.entry)();
        let cost = u32::try_from(cost).ok()?;
        let params = native.params();
        let moves = native.reach.takes && self.held.is_of(a..a + n);
        if self.held.is_beside(a..a + n) || moves || native.reach.slot.is_some() {
            self.make_copies();
        }
        let place = self.src.places.get(pc).copied().unwrap_or(0);
        let (mut args, mut places, mut slot) = (Vec::new(), Vec::new(), None);
        let mut inputs = (a..).zip(op.inputs);
        for pass in params {
            let (v, place) = match *pass {
                Pass::Immediates => (self.int(immediates as i64), None),
                Pass::Site => (self.int(Site::bits(import, place) as i64), None),
                Pass::Number(kind) => {
                    let (r, input) = inputs.next()?;
                    (self.passed(r, type_of(kind)?, (op, input))?, None)
                }
                Pass::Place => {
                    let (r, input) = inputs.next()?;
                    self.shown(r, (op, input))?
                }
                Pass::Taken => {
                    let (r, input) = inputs.next()?;
                    self.given_away(r, (op, input))?
                }
                Pass::Slot => {
                    let named = op.immediates.get(usize::from(native.reach.slot?))?;
                    let number = u16::try_from(named.extract(immediates)).ok()?;
                    let of = Loc::Reg(locals.checked_add(number)?);
                    self.sync(of);
                    slot = Some(of);
                    (self.undef, slot)
                }
            };
            args.push(v);
            places.push(place);
        }
        if cost > 1 && self.src.code.form.metered {
            let exit = self.exit_at(Why::Limit, self.ip);
            self.inst(Inst::Charge(cost - 1, exit), Ty::None);
        }
        let behind = self.held.from().map_or(0, |from| self.ip - from);
        let why = Why::Op(behind as u32);
        // One that takes numbers alone is never declined: it fails, and nobody looks at registers then.
        let declines = places.iter().any(Option::is_some) || self.held.from().is_some();
        let exit = match declines {
            true => self.exit_at(why, self.ip),
            false => self.exit_with(why, self.ip, |_| false),
        };
        let inst = Inst::Native {
            entry: native.address,
            args,
            places,
            // What it gives in memory is each time another.
            pure: op.pure && !native.reach.world && !native.reach.takes && slot.is_none(),
            reach: native.reach,
            exit,
        };
        let result = match native.result {
            Some(kind) => type_of(kind)?,
            None => Ty::None,
        };
        let v = self.inst(inst, result);
        self.held.done();
        let mut inputs = (a..).zip(op.inputs);
        for pass in params {
            match pass {
                Pass::Immediates | Pass::Site | Pass::Slot => {}
                Pass::Taken => {
                    let (r, input) = inputs.next()?;
                    // What is of another kind than the op takes is still there.
                    let know = if input.optional {
                        Know::Any
                    } else {
                        Know::Plain
                    };
                    self.set_st(Loc::Reg(r), St::Mem(know));
                    self.forget(Loc::Reg(r));
                }
                Pass::Number(_) | Pass::Place => {
                    let (r, _) = inputs.next()?;
                    self.forget(Loc::Reg(r));
                }
            }
        }
        if let Some(slot) = slot {
            self.set_st(slot, St::Mem(Know::Any));
        }
        Some((v, native.reach.boxed))
    }

    /// What an op has given that is no number comes to a register, where nothing is any more.
    fn fetched(&mut self, left: &[crate::ext::Ty], a: u16) {
        use crate::ext::Ty as Kind;
        self.inst(Inst::Given(Loc::Reg(a)), Ty::None);
        let tag = match left.first() {
            Some(Kind::Str) => Some(TEXT),
            Some(Kind::Array) => Some(ARRAY),
            Some(Kind::Hash) => Some(HASH),
            Some(Kind::Object(_)) => Some(OBJ),
            _other => None,
        };
        let know = tag.map_or(Know::Any, Know::Tag);
        self.set_st(Loc::Reg(a), St::Mem(know));
    }

    /// Where an op takes an input from: it is there alone.
    fn given_away(&mut self, r: u16, of: (&OpDesc, &InputDesc)) -> Option<(V, Option<Loc>)> {
        if self.held.source(r).is_some() {
            return None;
        }
        self.shown(r, of)
    }

    /// A number that an op is given; `None` where it is certainly of another kind, or may well be.
    fn passed(&mut self, r: u16, wanted: Ty, (op, input): (&OpDesc, &InputDesc)) -> Option<V> {
        let known = match self.st(Loc::Reg(r)) {
            St::Val { v, .. } => Some(self.f.ty(v)),
            St::Mem(Know::Tag(tag)) => Ty::of_tag(tag),
            St::Mem(_) => None,
        };
        let widens = known == Some(Ty::Int)
            && wanted == Ty::Float
            && op.alt.is_none()
            && (input.coerce || self.src.coerce);
        if widens {
            let (v, _) = self.value(Loc::Reg(r), 0)?;
            return Some(self.inst(Inst::Un(Un::ToFloat, v), Ty::Float));
        }
        // What goes to another op is not to be guessed.
        let is_certain = known.is_some() || op.alt.is_none();
        let guess = wanted
            .tag()
            .filter(|_| is_certain)
            .map_or(0, |tag| 1 << tag);
        let (v, ty) = self.value(Loc::Reg(r), guess)?;
        (ty == wanted).then_some(v)
    }

    /// Where an op looks for an input.
    fn shown(&mut self, r: u16, (op, input): (&OpDesc, &InputDesc)) -> Option<(V, Option<Loc>)> {
        use crate::ext::Ty as Kind;
        let widens = input.coerce || self.src.coerce;
        if input.optional && widens && matches!(input.ty, Kind::Int | Kind::Float | Kind::Bool) {
            return None;
        }
        if op.alt.is_some() && input.ty != Kind::Any {
            let wanted = match input.ty {
                Kind::Str => TEXT,
                Kind::Array => ARRAY,
                Kind::Hash => HASH,
                _other => return None,
            };
            if self.st(Loc::Reg(r)) != St::Mem(Know::Tag(wanted)) {
                return None;
            }
        }
        Some(match self.held.source(r) {
            Some(Original::Const(address, _)) => (self.int(address), None),
            Some(Original::Reg(from)) => {
                self.sync(Loc::Reg(from));
                (self.undef, Some(Loc::Reg(from)))
            }
            None => {
                self.sync(Loc::Reg(r));
                (self.undef, Some(Loc::Reg(r)))
            }
        })
    }

    /// A core op that takes any number, as the number is known to be.
    fn core_of_any(&mut self, name: &str, a: u16) -> Option<V> {
        let inputs = match name {
            "to_int" | "to_float" | "abs" => 1,
            "min" | "max" => 2,
            _other => return None,
        };
        let (x, ty) = self.value(Loc::Reg(a), 0)?;
        let un = |build: &mut Self, op, ty| Some(build.inst(Inst::Un(op, x), ty));
        match (name, ty) {
            ("to_int", Ty::Int) | ("to_float", Ty::Float) => return Some(x),
            ("to_int", Ty::Float) => return un(self, Un::ToInt, Ty::Int),
            ("to_int", Ty::Bool) => return un(self, Un::OfBool, Ty::Int),
            ("to_float", Ty::Int) => return un(self, Un::ToFloat, Ty::Float),
            ("abs", Ty::Float) => return un(self, Un::FAbs, Ty::Float),
            ("abs", Ty::Int) => {
                let zero = self.int(0);
                let (is, minus) = (self.cmp(Cond::Lt, x, zero), self.bin(Bin::Sub, zero, x));
                return Some(self.inst(Inst::Select(is, minus, x), Ty::Int));
            }
            _other if inputs == 1 => return None,
            _two => {}
        }
        let (y, of) = self.value(Loc::Reg(a + 1), 0)?;
        let wins = if name == "min" { Cond::Lt } else { Cond::Gt };
        match (ty, of) {
            (Ty::Int, Ty::Int) => {
                let is = self.cmp(wins, y, x);
                Some(self.inst(Inst::Select(is, y, x), Ty::Int))
            }
            (Ty::Float, Ty::Float) => {
                // The first one, unless it is no number or the second one wins.
                let number = self.inst(Inst::FCmp(Cond::Eq, x, x), Ty::Bool);
                let first = self.inst(Inst::Select(number, x, y), Ty::Float);
                let is = self.inst(Inst::FCmp(wins, y, x), Ty::Bool);
                Some(self.inst(Inst::Select(is, y, first), Ty::Float))
            }
            _mixed => None,
        }
    }

    /// A core op that is an instruction of its own.
    fn core_op(&mut self, name: &str, a: u16) -> Option<V> {
        let name = name.strip_prefix("core.")?;
        if let Some(v) = self.core_of_any(name, a) {
            return Some(v);
        }
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
