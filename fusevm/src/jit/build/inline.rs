//! Bodies of inline ops, in the place of the op.
//!
//! What may fail is looked at before: then the interpreter runs the op, and says where it failed. A body
//! with a loop is not expanded; the op is called then.

use super::{Build, Know, Refused, St, single};
use crate::ext::OpDesc;
use crate::ext::inline::{
    Inline, InlineBinary, InlineFrom, InlineIns, InlineKind, InlineUnary, TRUE, immediate,
};
use crate::jit::ir::{B, Bin, Cond, Inst, Loc, Term, Ty, Un, V, Why};
use std::collections::HashMap;

/// The tag of a truth.
const BOOL: u8 = 1;

/// Instructions of a body that is expanded.
const MOST: usize = 200;

type Locals = Vec<Option<V>>;

fn ty(kind: InlineKind) -> Ty {
    match kind {
        InlineKind::Int => Ty::Int,
        InlineKind::Float => Ty::Float,
        InlineKind::Bool => Ty::Bool,
    }
}

impl Build<'_> {
    /// The value of an inline op whose inputs are from register `a` on; nothing, and nothing done, if it
    /// is not expanded.
    pub(super) fn expand(
        &mut self,
        desc: &'static OpDesc,
        body: &'static Inline,
        (a, packed): (u16, u64),
    ) -> Option<V> {
        let flat = body.flat()?;
        let code = &*flat.code;
        let goes_back = |(at, ins): (usize, &InlineIns)| match ins {
            InlineIns::Jump { target } | InlineIns::JumpIfNot { target, .. } => {
                usize::from(*target) <= at
            }
            InlineIns::Call { .. } => true,
            ins => !is_known(ins),
        };
        if code.len() > MOST || code.iter().enumerate().any(goes_back) {
            return None;
        }
        let (mut locals, mut looked): (Locals, _) = (vec![None; flat.locals.len()], Vec::new());
        for (at, param) in body.params.iter().enumerate() {
            let wanted = ty(param.kind);
            locals[at] = Some(match param.from {
                InlineFrom::Input(n) => {
                    let guess = wanted.tag().map_or(0, |tag| 1 << tag);
                    let (v, found) = self.value(Loc::Reg(a + n), guess)?;
                    if found != wanted {
                        return None;
                    }
                    v
                }
                InlineFrom::Looked(n) => {
                    let seen = self.seen().operands;
                    let last = desc.inputs.len() - 1;
                    let seen = match usize::from(n) {
                        0 => seen[0],
                        n if n == last => seen[1],
                        _between => 0,
                    };
                    looked.push(a + n);
                    self.looked(a + n, seen)?
                }
                InlineFrom::Immediate(n) => {
                    let n = immediate(desc.immediates.get(usize::from(n))?, packed)?;
                    match wanted {
                        Ty::Int => self.int(n),
                        Ty::Bool => self.inst(Inst::Bool(n != 0), Ty::Bool),
                        _float => return None,
                    }
                }
            });
        }
        let done = self.f.block();
        let result = self.f.param(done, ty(body.result));
        let mut ways: HashMap<usize, Vec<(B, Locals)>> = HashMap::new();
        let mut open = true;
        for (at, ins) in code.iter().enumerate() {
            if let Some(mut from) = ways.remove(&at) {
                if open {
                    from.push((self.at, locals.clone()));
                }
                locals = self.join(from, &flat.locals);
                open = true;
            }
            if !open {
                continue;
            }
            match *ins {
                InlineIns::Int { to, value } => locals[usize::from(to)] = Some(self.int(value)),
                InlineIns::Float { to, value } => {
                    locals[usize::from(to)] = Some(self.float(value));
                }
                InlineIns::Bool { to, value } => {
                    let v = self.inst(Inst::Bool(value), Ty::Bool);
                    locals[usize::from(to)] = Some(v);
                }
                InlineIns::Copy { to, from } => {
                    locals[usize::from(to)] = locals[usize::from(from)];
                }
                InlineIns::Unary { op, to, a } => {
                    let x = self.local(&locals, a);
                    locals[usize::from(to)] = Some(self.one(op, x));
                }
                InlineIns::Binary { op, to, a, b } => {
                    let (x, y) = (self.local(&locals, a), self.local(&locals, b));
                    locals[usize::from(to)] = Some(self.two(op, x, y));
                }
                InlineIns::Call { .. } => {}
                InlineIns::Jump { target } => {
                    let way = (self.at, locals.clone());
                    ways.entry(target.into()).or_default().push(way);
                    open = false;
                }
                InlineIns::JumpIfNot { a, target } => {
                    let is = self.local(&locals, a);
                    let (yes, no) = (self.f.block(), self.f.block());
                    self.end(Term::Branch(is, (yes, Vec::new()), (no, Vec::new())));
                    ways.entry(target.into())
                        .or_default()
                        .push((no, locals.clone()));
                    self.at = yes;
                }
                InlineIns::Return { from } => {
                    let v = self.local(&locals, from);
                    self.end(Term::Jump(done, vec![v]));
                    open = false;
                }
            }
        }
        self.at = done;
        for r in looked {
            self.forget(Loc::Reg(r));
        }
        Some(result)
    }

    /// The number of what an input is; see [`looked`].
    fn looked(&mut self, r: u16, seen: u16) -> Option<V> {
        let of = Loc::Reg(r);
        let (v, ty) = match self.st(of) {
            St::Val { v, .. } => (v, self.f.ty(v)),
            St::Mem(Know::Tag(BOOL)) => self.value(of, 0)?,
            St::Mem(Know::Tag(tag)) => return Some(self.int(tag.into())),
            // One kind is what it will be again, and costs a guard that goes where it is asked for again.
            St::Mem(_) => match single(seen) {
                Some(tag) if Ty::of_tag(tag).is_some() => self.value(of, seen)?,
                Some(tag) => {
                    self.guard_tag(of, tag);
                    self.set_st(of, St::Mem(Know::Tag(tag)));
                    return Some(self.int(tag.into()));
                }
                None => return Some(self.looked_in_memory(of)),
            },
        };
        Some(match ty {
            Ty::Bool => self.look_of_truth(v),
            ty => self.int(ty.tag()?.into()),
        })
    }

    fn look_of_truth(&mut self, v: V) -> V {
        let (yes, no) = (self.int(TRUE), self.int(BOOL.into()));
        self.inst(Inst::Select(v, yes, no), Ty::Int)
    }

    /// The same where it may be of any kind.
    fn looked_in_memory(&mut self, of: Loc) -> V {
        let (tag, wanted) = (self.inst(Inst::Tag(of), Ty::Int), self.int(BOOL.into()));
        let is = self.cmp(Cond::Eq, tag, wanted);
        let (truth, done) = (self.f.block(), self.f.block());
        let result = self.f.param(done, Ty::Int);
        self.end(Term::Branch(is, (truth, Vec::new()), (done, vec![tag])));
        self.at = truth;
        let v = self.inst(Inst::Load(of), Ty::Bool);
        let v = self.look_of_truth(v);
        self.end(Term::Jump(done, vec![v]));
        self.at = done;
        result
    }

    /// What a local is, which was written on each way here.
    fn local(&mut self, locals: &Locals, at: u16) -> V {
        match locals[usize::from(at)] {
            Some(v) => v,
            None => {
                self.refuse(Refused::Failed);
                self.undef
            }
        }
    }

    /// Locals where ways meet.
    fn join(&mut self, from: Vec<(B, Locals)>, kinds: &[InlineKind]) -> Locals {
        let to = self.f.block();
        let mut args = vec![Vec::new(); from.len()];
        let mut joined: Locals = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            let values: Vec<Option<V>> = from.iter().map(|(_, locals)| locals[at]).collect();
            let first = values[0];
            if values.iter().all(|v| *v == first) {
                joined.push(first);
                continue;
            }
            let all: Option<Vec<V>> = values.into_iter().collect();
            joined.push(all.map(|values| {
                (args.iter_mut().zip(values)).for_each(|(args, v): (&mut Vec<V>, V)| args.push(v));
                self.f.param(to, ty(*kind))
            }));
        }
        for ((block, _), args) in from.into_iter().zip(args) {
            self.f.blocks[block.0 as usize].term = Term::Jump(to, args);
        }
        self.at = to;
        joined
    }

    fn one(&mut self, op: InlineUnary, x: V) -> V {
        let un = |this: &mut Self, op, ty| this.inst(Inst::Un(op, x), ty);
        match op {
            InlineUnary::IntNeg => {
                let zero = self.int(0);
                self.bin(Bin::Sub, zero, x)
            }
            InlineUnary::IntAbs => {
                let zero = self.int(0);
                let (less, other) = (self.cmp(Cond::Lt, x, zero), self.bin(Bin::Sub, zero, x));
                self.inst(Inst::Select(less, other, x), Ty::Int)
            }
            InlineUnary::IntNot => un(self, Un::BitNot, Ty::Int),
            InlineUnary::BoolNot => un(self, Un::Not, Ty::Bool),
            InlineUnary::FloatNeg => un(self, Un::FNeg, Ty::Float),
            InlineUnary::FloatAbs => un(self, Un::FAbs, Ty::Float),
            InlineUnary::Sqrt => un(self, Un::Sqrt, Ty::Float),
            InlineUnary::Floor => un(self, Un::Floor, Ty::Float),
            InlineUnary::Ceil => un(self, Un::Ceil, Ty::Float),
            // Rounding has been sorted out before.
            InlineUnary::Trunc | InlineUnary::Round => un(self, Un::Trunc, Ty::Float),
            InlineUnary::IntToFloat => un(self, Un::ToFloat, Ty::Float),
            InlineUnary::FloatToInt => un(self, Un::ToInt, Ty::Int),
            InlineUnary::BoolToInt => un(self, Un::OfBool, Ty::Int),
        }
    }

    fn two(&mut self, op: InlineBinary, x: V, y: V) -> V {
        use InlineBinary as I;
        let fcmp = |this: &mut Self, cond| this.inst(Inst::FCmp(cond, x, y), Ty::Bool);
        match op {
            I::IntAdd => self.bin(Bin::Add, x, y),
            I::IntSub => self.bin(Bin::Sub, x, y),
            I::IntMul => self.bin(Bin::Mul, x, y),
            I::IntDiv | I::IntRem => {
                // Zero and minus one: what traps, and what does not fit.
                let one = self.int(1);
                let (from, two) = (self.bin(Bin::Add, y, one), self.int(2));
                let is = self.cmp(Cond::Below, from, two);
                self.guard(is, false, Why::Range);
                let op = if op == I::IntDiv { Bin::Quot } else { Bin::Rem };
                self.bin(op, x, y)
            }
            I::IntAnd => self.bin(Bin::And, x, y),
            I::IntOr => self.bin(Bin::Or, x, y),
            I::IntXor => self.bin(Bin::Xor, x, y),
            I::IntShl | I::IntShr => {
                let bits = self.int(64);
                let is = self.cmp(Cond::Below, y, bits);
                self.guard(is, true, Why::Range);
                let op = if op == I::IntShl { Bin::Shl } else { Bin::Shr };
                self.bin(op, x, y)
            }
            I::IntMin | I::IntMax => {
                let cond = if op == I::IntMin { Cond::Lt } else { Cond::Gt };
                let is = self.cmp(cond, x, y);
                self.inst(Inst::Select(is, x, y), Ty::Int)
            }
            I::IntEq => self.cmp(Cond::Eq, x, y),
            I::IntNe => self.cmp(Cond::Ne, x, y),
            I::IntLt => self.cmp(Cond::Lt, x, y),
            I::IntLe => self.cmp(Cond::Le, x, y),
            I::IntGt => self.cmp(Cond::Gt, x, y),
            I::IntGe => self.cmp(Cond::Ge, x, y),
            I::FloatAdd => self.bin(Bin::FAdd, x, y),
            I::FloatSub => self.bin(Bin::FSub, x, y),
            I::FloatMul => self.bin(Bin::FMul, x, y),
            // Remainders of floats have been sorted out before.
            I::FloatDiv | I::FloatRem => self.bin(Bin::FDiv, x, y),
            I::FloatMin | I::FloatMax => {
                let cond = if op == I::FloatMin {
                    Cond::Lt
                } else {
                    Cond::Gt
                };
                let nan = self.inst(Inst::FCmp(Cond::Ne, x, x), Ty::Bool);
                let other = self.inst(Inst::FCmp(cond, y, x), Ty::Bool);
                let chosen = self.inst(Inst::Select(other, y, x), Ty::Float);
                self.inst(Inst::Select(nan, y, chosen), Ty::Float)
            }
            I::FloatEq => fcmp(self, Cond::Eq),
            I::FloatNe => fcmp(self, Cond::Ne),
            I::FloatLt => fcmp(self, Cond::Lt),
            I::FloatLe => fcmp(self, Cond::Le),
            I::FloatGt => fcmp(self, Cond::Gt),
            I::FloatGe => fcmp(self, Cond::Ge),
            I::BoolAnd => {
                let no = self.inst(Inst::Bool(false), Ty::Bool);
                self.inst(Inst::Select(x, y, no), Ty::Bool)
            }
            I::BoolOr => {
                let yes = self.inst(Inst::Bool(true), Ty::Bool);
                self.inst(Inst::Select(x, yes, y), Ty::Bool)
            }
            I::BoolXor | I::BoolNe => self.differ(x, y),
            I::BoolEq => {
                let differ = self.differ(x, y);
                self.inst(Inst::Un(Un::Not, differ), Ty::Bool)
            }
        }
    }

    /// Whether two truths are not the same.
    fn differ(&mut self, x: V, y: V) -> V {
        let not = self.inst(Inst::Un(Un::Not, y), Ty::Bool);
        self.inst(Inst::Select(x, not, y), Ty::Bool)
    }
}

/// Whether there is an instruction for it.
fn is_known(ins: &InlineIns) -> bool {
    !matches!(
        ins,
        InlineIns::Unary {
            op: InlineUnary::Round,
            ..
        } | InlineIns::Binary {
            op: InlineBinary::FloatRem,
            ..
        }
    )
}
