//! Arrays: elements are read and written where they stand.

use super::{ARRAY, Build, Know, St};
use crate::jit::ir::{Bin, Cond, Field, Inst, Items, Lib, Loc, Term, Ty, V, Why};
use crate::jit::profile::{LAST_PLAIN, single, single_type};
use crate::lower::Ins;

impl Items {
    /// As machine code finds it in the header.
    pub(in crate::jit) fn number(self) -> i64 {
        match self {
            Items::Int => 0,
            Items::Float => 1,
            Items::Value => 2,
        }
    }

    fn ty(self) -> Option<Ty> {
        match self {
            Items::Int => Some(Ty::Int),
            Items::Float => Some(Ty::Float),
            Items::Value => None,
        }
    }
}

impl Build<'_> {
    /// Leaves unless there is an array.
    fn array(&mut self, loc: Loc) -> Option<()> {
        match self.st(loc) {
            St::Val { .. } => None,
            St::Mem(Know::Tag(tag)) => (tag == ARRAY).then_some(()),
            St::Mem(Know::Plain) => None,
            St::Mem(Know::Any) => {
                self.guard_tag(loc, ARRAY);
                self.set_st(loc, St::Mem(Know::Tag(ARRAY)));
                Some(())
            }
        }
    }

    /// The address of an array whose items are of that form.
    fn header(&mut self, loc: Loc, items: Items) -> V {
        let header = self.inst(Inst::Counted(loc), Ty::Ptr);
        let kind = self.inst(Inst::Field(Field::Kind, header), Ty::Int);
        let wanted = self.int(items.number());
        let is = self.cmp(Cond::Eq, kind, wanted);
        self.guard(is, true, Why::Kind);
        header
    }

    fn field(&mut self, field: Field, header: V) -> V {
        let ty = match field {
            Field::Data(_) => Ty::Ptr,
            _numbers => Ty::Int,
        };
        self.inst(Inst::Field(field, header), ty)
    }

    /// The address of an element; the index is in range.
    fn element(&mut self, header: V, index: V, items: Items) -> V {
        let data = self.field(Field::Data(items), header);
        let at = match items {
            Items::Value => Bin::At16,
            _packed => Bin::At8,
        };
        self.bin(at, data, index)
    }

    /// `d =` element `b` of an array; `number` is that of the index among the operands.
    pub(super) fn get(&mut self, ins: Ins<u16>, d: u16, loc: Loc, b: u16, number: usize) -> usize {
        match self.get_in_place(d, loc, b, number) {
            Some(()) => 1,
            None => self.step(ins, 1),
        }
    }

    fn get_in_place(&mut self, d: u16, loc: Loc, b: u16, number: usize) -> Option<()> {
        let seen = self.seen();
        let items = seen.form().filter(|_| !seen.odd)?;
        let element = match items.ty() {
            Some(ty) => Some(ty),
            None => single_type(seen.result),
        };
        if element.is_none() && single(seen.result).is_none() {
            return None;
        }
        let Some((index, Ty::Int)) = self.operand(b, number) else {
            return None;
        };
        self.array(loc)?;
        let header = self.header(loc, items);
        let len = self.field(Field::Len, header);
        let is = self.cmp(Cond::Below, index, len);
        self.guard(is, true, Why::Range);
        let Some(ty) = element else {
            self.get_counted((d, loc), header, index, single(seen.result));
            return Some(());
        };
        let at = self.element(header, index, items);
        let v = match (items, ty) {
            (Items::Value, ty) => {
                let tag = self.inst(Inst::ElemTag(at), Ty::Int);
                let wanted = self.int(ty.tag().unwrap_or(0).into());
                let is = self.cmp(Cond::Eq, tag, wanted);
                self.guard(is, true, Why::Kind);
                match ty {
                    Ty::Undef => self.undef,
                    ty => self.inst(Inst::ElemLoad(at), ty),
                }
            }
            (_, ty) => self.inst(Inst::Elem(at), ty),
        };
        self.set(Loc::Reg(d), v);
        Some(())
    }

    /// Copies an element that is counted; the index is in range.
    fn get_counted(&mut self, (d, loc): (u16, Loc), header: V, index: V, tag: Option<u8>) {
        let to = Loc::Reg(d);
        let tag = tag.and_then(|tag| Know::Tag(tag).counted());
        let Some(tag) = tag.filter(|_| to != loc) else {
            self.lib(Lib::Element, [Some(loc), Some(to), None], vec![index]);
            return self.set_st(to, St::Mem(Know::Any));
        };
        let at = self.element(header, index, Items::Value);
        let (found, wanted) = (self.inst(Inst::ElemTag(at), Ty::Int), self.int(tag.into()));
        let is = self.cmp(Cond::Eq, found, wanted);
        self.guard(is, true, Why::Kind);
        self.forget(to);
        self.lib(Lib::Share(tag), [None, Some(to), None], vec![at]);
        self.set_st(to, St::Mem(Know::Tag(tag)));
    }

    /// An array of the `n` values from `a` on, in `a`.
    pub(super) fn make_array(&mut self, a: u16, n: u16) -> usize {
        if self.seen().times == 0 && !self.src.eager {
            return self.leave(Why::Kind);
        }
        let to = Loc::Reg(a);
        match n {
            0 => self.forget(to),
            n => (a..a + n).for_each(|r| self.sync(Loc::Reg(r))),
        }
        self.lib_or(
            Why::Range,
            Lib::Array(n),
            [Some(to), None, None],
            Vec::new(),
        );
        (a..a + n).for_each(|r| self.set_st(Loc::Reg(r), St::Mem(Know::Plain)));
        self.set_st(to, St::Mem(Know::Tag(ARRAY)));
        1
    }

    /// Element `b` of an array `= c`; `number` is that of the index among the operands.
    pub(super) fn put(&mut self, ins: Ins<u16>, loc: Loc, b: u16, c: u16, number: usize) -> usize {
        match self.put_in_place(loc, b, c, number) {
            Some(()) => 1,
            None => self.step(ins, 1),
        }
    }

    fn put_in_place(&mut self, loc: Loc, b: u16, c: u16, number: usize) -> Option<()> {
        let seen = self.seen();
        let items = seen.form().filter(|_| !seen.odd)?;
        // Its kind is the second or third operand's, which the profile does not always have.
        let value = match self.st(Loc::Reg(c)) {
            St::Val { v, .. } => (v, self.f.ty(v)),
            St::Mem(_) => {
                let guess = items.ty().and_then(Ty::tag).map_or(0, |tag| 1 << tag);
                self.value(Loc::Reg(c), guess)?
            }
        };
        match items.ty() {
            Some(ty) if ty == value.1 => {}
            None if value.1.tag().is_some() => {}
            _other => return None,
        }
        let Some((index, Ty::Int)) = self.operand(b, number) else {
            return None;
        };
        self.array(loc)?;
        self.lib(Lib::Unshare, [Some(loc), None, None], Vec::new());
        if !seen.appends {
            let header = self.header(loc, items);
            let len = self.field(Field::Len, header);
            let is = self.cmp(Cond::Below, index, len);
            self.guard(is, true, Why::Range);
            self.write(header, index, value, items);
            return Some(());
        }
        // An array that is filled may have another form as long as it is empty.
        let fit = Lib::Fit(items);
        self.lib_or(Why::Kind, fit, [Some(loc), None, None], Vec::new());
        let header = self.inst(Inst::Counted(loc), Ty::Ptr);
        let (end, head) = (
            self.field(Field::End, header),
            self.field(Field::Head, header),
        );
        let len = self.bin(Bin::Sub, end, head);
        let is = self.cmp(Cond::Below, index, len);
        let (inside, behind, done) = (self.f.block(), self.f.block(), self.f.block());
        self.end(Term::Branch(is, (inside, Vec::new()), (behind, Vec::new())));
        self.at = inside;
        self.write(header, index, value, items);
        self.end(Term::Jump(done, Vec::new()));
        self.at = behind;
        let is = self.cmp(Cond::Eq, index, len);
        self.guard(is, true, Why::Range);
        let args = match items {
            Items::Value => vec![value.0],
            _packed => vec![value.0, header, index, end],
        };
        self.lib(Lib::Push, [Some(loc), None, None], args);
        self.end(Term::Jump(done, Vec::new()));
        self.at = done;
        Some(())
    }

    fn write(&mut self, header: V, index: V, (v, _): (V, Ty), items: Items) {
        let at = self.element(header, index, items);
        if items != Items::Value {
            self.inst(Inst::SetElem(at, v), Ty::None);
            return;
        }
        // What is counted has to be dropped.
        let (tag, most) = (
            self.inst(Inst::ElemTag(at), Ty::Int),
            self.int(LAST_PLAIN.into()),
        );
        let is = self.cmp(Cond::Le, tag, most);
        self.guard(is, true, Why::Kind);
        self.inst(Inst::ElemStore(at, v), Ty::None);
    }

    /// Appends `a` to a global array.
    pub(super) fn push(&mut self, ins: Ins<u16>, loc: Loc, a: u16) -> usize {
        let seen = self.seen();
        let value = match (seen.form(), seen.odd) {
            (Some(_), false) => self.operand(a, 0),
            _other => None,
        };
        let is_array = value.is_some() && self.array(loc).is_some();
        match value {
            Some((v, _)) if is_array => {
                self.lib(Lib::Unshare, [Some(loc), None, None], Vec::new());
                self.lib(Lib::Push, [Some(loc), None, None], vec![v]);
                1
            }
            _other => self.step(ins, 1),
        }
    }

    /// `d =` the length of `a`.
    pub(super) fn len(&mut self, ins: Ins<u16>, d: u16, a: u16) -> usize {
        let loc = Loc::Reg(a);
        if self.seen().operands[0] != 1 << ARRAY || self.array(loc).is_none() {
            return self.step(ins, 1);
        }
        let header = self.inst(Inst::Counted(loc), Ty::Ptr);
        let len = self.field(Field::Len, header);
        if a >= self.src.code.base && a != d {
            self.forget(loc);
        }
        self.set(Loc::Reg(d), len);
        1
    }
}
