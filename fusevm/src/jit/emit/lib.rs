//! Libcalls: what machine code leaves to functions of ours, and what it does by itself where those would
//! have nothing to do.

use super::{Body, PAYLOAD, SIZE};
use crate::jit::entry::{self, calls};
use crate::jit::ir::{Cond, Inst, Items, Lib, Loc, Look, Ty, V};
use crate::jit::profile::LAST_PLAIN;
use crate::value::array_layout as layout;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};

/// The address of a libcall.
macro_rules! libcall {
    ($name:ident) => {
        calls::$name as *const () as usize
    };
}

/// The orders in which a comparison holds, as bits.
fn orders(cond: Cond) -> i64 {
    let orders = match cond {
        Cond::Lt | Cond::Below => calls::LESS,
        Cond::Le => calls::LESS | calls::EQUAL,
        Cond::Eq => calls::EQUAL,
        Cond::Ne => calls::LESS | calls::MORE | calls::NEITHER,
        Cond::Gt => calls::MORE,
        Cond::Ge => calls::MORE | calls::EQUAL,
    };
    orders.cast_signed()
}

impl Body<'_, '_> {
    /// The address of a location.
    pub(super) fn address(&mut self, loc: Loc) -> ir::Value {
        let (at, behind) = self.place(loc);
        self.further(at, behind.into())
    }

    /// An address so many bytes further.
    pub(super) fn further(&mut self, at: ir::Value, behind: i64) -> ir::Value {
        match behind {
            0 => at,
            behind => self.b.ins().iadd_imm_s(at, behind),
        }
    }

    fn number(&mut self, n: i64) -> ir::Value {
        self.b.ins().iconst(types::I64, n)
    }

    /// The address of a location, or else that of a constant, which is an argument.
    fn operand(&mut self, loc: Option<Loc>, args: &[V]) -> ir::Value {
        match loc {
            Some(loc) => self.address(loc),
            None => self.value(args[0]),
        }
    }

    pub(super) fn lib(&mut self, lib: Lib, locs: [Option<Loc>; 3], args: &[V], exit: usize) {
        let context = self.context();
        if let Lib::Step = lib {
            let (number, off) = (self.exit_number(exit), self.off());
            let off = self.copied(off);
            let count = self.value(args[0]);
            self.settle();
            self.tell_fuel();
            let status = self.host(libcall!(step), &[context, number, off, count]);
            self.fetch_fuel();
            return self.guard(status, false, exit);
        }
        if let Lib::Out = lib {
            let lends = self.f.any(|inst| match inst {
                Inst::Native { reach, .. } => reach.world,
                inst => matches!(inst, Inst::Call { .. }),
            });
            let (number, off, left) = (self.exit_number(exit), self.off(), self.left());
            let (off, left) = (self.copied(off), self.copied(left));
            let alone = match &self.f.exits[exit].frames[..] {
                [at] => i64::from(at.ip) + 1,
                _more => 0,
            };
            let what = self.number(alone << 1 | i64::from(lends));
            self.settle();
            self.tell_fuel();
            let status = self.host(libcall!(out), &[context, number, off, left, what]);
            self.fetch_fuel();
            return self.guard(status, false, exit);
        }
        if let (Lib::Make(number), [Some(to), ..]) = (lib, locs) {
            let (number, off) = (i64::from(number), self.off());
            let (exit_number, off) = (self.exit_number(exit), self.copied(off));
            let number = self.b.ins().iconst(types::I64, number);
            let Loc::Reg(r) = to else { return };
            let first = self.off();
            let to = self.b.ins().iadd_imm_s(first, i64::from(r) * SIZE);
            let status = self.host(libcall!(make), &[context, exit_number, off, number, to]);
            return self.guard(status, false, exit);
        }
        let [first, second, third] = locs;
        let (libcall, given) = match (lib, first) {
            (Lib::Unshare, Some(at)) => return self.unshare(at),
            (Lib::Fit(items), Some(at)) => return self.fit(at, items, exit),
            (Lib::Reserve, Some(at)) => return self.reserve(at, args),
            (Lib::Fill, _) => return self.fill(args),
            (Lib::Forget, Some(at)) => return self.forget(at, exit),
            (Lib::Release, Some(at)) => return self.release(at, exit),
            (Lib::Share(tag), from) => return self.share(tag, (from, second), args),
            (Lib::Move(tag), Some(from)) => return self.r#move(tag, from, second),
            (Lib::Copy, Some(from)) => return self.copy(from, second),
            (Lib::Next, Some(to)) => (libcall!(next), vec![self.address(to)]),
            (Lib::Answer, Some(left)) => (libcall!(answer), vec![self.address(left)]),
            (Lib::Copy, None) => {
                let (from, to) = (self.value(args[0]), self.operand(second, args));
                (libcall!(copy), vec![from, to])
            }
            (Lib::Push, Some(at)) if matches!(self.f.ty(args[0]), Ty::Int | Ty::Float) => {
                return self.push(at, args, exit);
            }
            (Lib::Push, Some(at)) => {
                let bits = match self.f.ty(args[0]) {
                    Ty::Bool => {
                        let is = self.value(args[0]);
                        self.b.ins().uextend(types::I64, is)
                    }
                    _undef => self.b.ins().iconst(types::I64, 2),
                };
                (libcall!(push_other), vec![self.address(at), bits])
            }
            (Lib::Append, Some(at)) => {
                let (text, len) = (self.value(args[0]), self.value(args[1]));
                (libcall!(append), vec![self.address(at), text, len])
            }
            (Lib::Element, Some(of)) => {
                let (of, index) = (self.address(of), self.value(args[0]));
                let to = self.operand(second, args);
                (libcall!(element), vec![of, index, to])
            }
            (Lib::SetField, Some(object)) => {
                let (object, field) = (self.address(object), self.value(args[0]));
                let value = self.operand(second, args);
                (libcall!(set_field), vec![object, field, value])
            }
            (Lib::Array(n), Some(at)) => {
                let n = self.b.ins().iconst(types::I64, i64::from(n));
                (libcall!(array), vec![self.address(at), n])
            }
            (Lib::Join { keeps }, Some(to)) => {
                let (to, a) = (self.address(to), self.value(args[0]));
                match second {
                    None => (libcall!(join_int), vec![to, a, self.value(args[1])]),
                    Some(b) => {
                        let b = self.address(b);
                        let keeps = self.b.ins().iconst(types::I64, i64::from(keeps));
                        (libcall!(join), vec![to, a, b, keeps])
                    }
                }
            }
            (Lib::Extend { keeps }, Some(to)) => {
                let to = self.address(to);
                match second {
                    None => (libcall!(extend_int), vec![to, self.value(args[0])]),
                    Some(b) => {
                        let b = self.address(b);
                        let keeps = self.b.ins().iconst(types::I64, i64::from(keeps));
                        (libcall!(extend), vec![to, b, keeps])
                    }
                }
            }
            (Lib::HashGet { takes } | Lib::HashExists { takes }, Some(of)) => {
                let (of, key) = (self.address(of), self.operand(second, args));
                let to = self.operand(third, args);
                let takes = u64::from(takes) * calls::TAKES_KEY;
                let takes = self.b.ins().iconst(types::I64, takes.cast_signed());
                let libcall = match lib {
                    Lib::HashGet { .. } => libcall!(hash_get),
                    _exists => libcall!(hash_exists),
                };
                (libcall, vec![of, key, to, takes])
            }
            (Lib::HashSet(flags), Some(of)) => {
                let (of, key) = (self.address(of), self.operand(second, args));
                let value = self.operand(third, args);
                let flags = self.b.ins().iconst(types::I64, i64::from(flags));
                (libcall!(hash_set), vec![of, key, value, flags])
            }
            (Lib::Step | Lib::Out | Lib::Make(_), _) | (_, None) => {
                debug_assert!(false, "{lib:?} of nothing");
                return;
            }
        };
        let given: Vec<ir::Value> = [context].into_iter().chain(given).collect();
        let status = self.direct(libcall, &given);
        self.guard(status, false, exit);
    }

    /// The truth that comes of looking at two locations.
    pub(super) fn peek(&mut self, op: Look, locs: [Loc; 2], exit: usize) -> ir::Value {
        let (context, [a, b]) = (self.context(), locs.map(|loc| self.address(loc)));
        let number = |this: &mut Self, n: i64| this.b.ins().iconst(types::I64, n);
        let found = match op {
            Look::Op(op) => {
                let op = number(self, std::ptr::from_ref(op.0) as i64);
                let found = self.direct(libcall!(peek), &[context, op, a, b]);
                let is = (self.b.ins()).icmp_imm_u(IntCC::UnsignedLessThanOrEqual, found, 1);
                self.guard(is, true, exit);
                found
            }
            Look::Order(cond) => {
                let orders = number(self, orders(cond));
                self.direct(libcall!(order), &[context, orders, a, b])
            }
            Look::OrderInt(cond, n) => {
                let (orders, n) = (number(self, orders(cond)), number(self, n));
                self.direct(libcall!(order_int), &[context, orders, a, n])
            }
            Look::Truth => self.direct(libcall!(truth), &[context, a]),
        };
        self.b.ins().ireduce(types::I8, found)
    }

    /// Calls what moves no registers.
    pub(super) fn direct(&mut self, address: usize, args: &[ir::Value]) -> ir::Value {
        let frame = self.frame;
        let status = self.host(address, args);
        self.frame = frame;
        status
    }

    /// Runs a libcall unless a test says that it has nothing to do; it may be one that is `rare`. Where there is no exit,
    /// it cannot fail.
    fn unless(
        &mut self,
        done: ir::Value,
        (address, is_rare): (usize, bool),
        (at, what): (Loc, Option<ir::Value>),
        exit: Option<usize>,
    ) {
        let (slow, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(slow);
        self.b.ins().brif(done, on, &[], slow, &[]);
        self.b.switch_to_block(slow);
        // What is found there is not there behind it.
        let frame = self.frame;
        let (context, at) = (self.context(), self.address(at));
        let given: Vec<ir::Value> = [Some(at), what].into_iter().flatten().collect();
        let status = match is_rare {
            true => self.rarely(address, &given),
            false => self.direct(address, &[&[context], &given[..]].concat()),
        };
        match exit {
            Some(exit) => self.unless_failed(status, exit, on),
            None => {
                self.b.ins().jump(on, &[]);
                self.b.switch_to_block(on);
            }
        }
        self.frame = frame;
    }

    /// Goes on at a block after a libcall in a cold one, or leaves.
    fn unless_failed(&mut self, status: ir::Value, exit: usize, on: ir::Block) {
        let out = self.b.create_block();
        self.b.ins().brif(status, out, &[], on, &[]);
        self.b.switch_to_block(on);
        self.fill_out(out, exit);
    }

    /// Copies what is a text, an array or a hash: there is one holder more.
    fn share(&mut self, tag: u8, (from, to): (Option<Loc>, Option<Loc>), args: &[V]) {
        let Some(to) = to else { return };
        let (at, behind) = match from {
            Some(from) => self.place(from),
            None => (self.value(args[0]), 0),
        };
        let counted = self.load(types::I64, at, behind + PAYLOAD);
        let one = self.number(1);
        let count = self.further(counted, layout::COUNT as i64);
        let more = ir::AtomicRmwOp::Add;
        (self.b.ins()).atomic_rmw(types::I64, Self::trusted(), more, count, one);
        let (at, behind) = self.place(to);
        let tag = self.b.ins().iconst(types::I64, i64::from(tag));
        self.b.ins().store(Self::trusted(), tag, at, behind);
        (self.b.ins()).store(Self::trusted(), counted, at, behind + PAYLOAD);
    }

    /// Drops what is a text, an array or a hash: there is one holder less.
    fn release(&mut self, at: Loc, exit: usize) {
        let (frame, behind) = self.place(at);
        let counted = self.load(types::I64, frame, behind + PAYLOAD);
        let tag = self.load(types::I64, frame, behind);
        let (nothing, one) = (self.number(0), self.number(1));
        let count = self.further(counted, layout::COUNT as i64);
        let less = ir::AtomicRmwOp::Sub;
        let before = (self.b.ins()).atomic_rmw(types::I64, Self::trusted(), less, count, one);
        self.b.ins().store(Self::trusted(), nothing, frame, behind);
        let shared = self.b.ins().icmp_imm_s(IntCC::NotEqual, before, 1);
        let (last, done) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(last);
        self.b.ins().brif(shared, done, &[], last, &[]);
        self.b.switch_to_block(last);
        self.b.ins().store(Self::trusted(), tag, frame, behind);
        let place = self.further(frame, behind.into());
        let status = self.rarely(libcall!(last), &[place, count]);
        self.unless_failed(status, exit, done);
    }

    /// Moves a value, whatever it is if its tag is not known.
    fn r#move(&mut self, tag: Option<u8>, from: Loc, to: Option<Loc>) {
        let Some(to) = to else { return };
        match tag {
            Some(tag) => {
                let (at, behind) = self.place(from);
                let payload = self.load(types::I64, at, behind + PAYLOAD);
                let (at, behind) = self.place(to);
                let tag = self.b.ins().iconst(types::I64, i64::from(tag));
                self.b.ins().store(Self::trusted(), tag, at, behind);
                (self.b.ins()).store(Self::trusted(), payload, at, behind + PAYLOAD);
            }
            None => self.words(from, to),
        }
        let (at, behind) = self.place(from);
        let nothing = self.b.ins().iconst(types::I64, 0);
        self.b.ins().store(Self::trusted(), nothing, at, behind);
    }

    fn words(&mut self, from: Loc, to: Loc) {
        let (at, behind) = self.place(from);
        let tag = self.load(types::I64, at, behind);
        let payload = self.load(types::I64, at, behind + PAYLOAD);
        let (at, behind) = self.place(to);
        self.b.ins().store(Self::trusted(), tag, at, behind);
        (self.b.ins()).store(Self::trusted(), payload, at, behind + PAYLOAD);
    }

    /// Copies a value, whatever it is.
    fn copy(&mut self, from: Loc, to: Option<Loc>) {
        let Some(to) = to else { return };
        let (at, behind) = self.place(from);
        let tag = self.load(types::I8, at, behind);
        let (plain, counted, on) = (
            self.b.create_block(),
            self.b.create_block(),
            self.b.create_block(),
        );
        let is =
            (self.b.ins()).icmp_imm_u(IntCC::UnsignedLessThanOrEqual, tag, i64::from(LAST_PLAIN));
        self.b.ins().brif(is, plain, &[], counted, &[]);
        self.b.switch_to_block(plain);
        self.words(from, to);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(counted);
        let (context, from, to) = (self.context(), self.address(from), self.address(to));
        self.direct(libcall!(copy), &[context, from, to]);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
    }

    /// Appends a number where there is room, and has it appended otherwise. Where the array's header is given, how
    /// many elements it has and where they end, nobody else has it, and it is of that form.
    fn push(&mut self, loc: Loc, args: &[V], exit: usize) {
        let v = args[0];
        let (ty, given) = (self.f.ty(v), self.value(v));
        let (slow, on) = (self.b.create_block(), self.b.create_block());
        let kind = if ty == Ty::Int { 0 } else { 1 };
        let vec = layout::VEC as i32;
        let unless = |this: &mut Self, is: ir::Value| {
            let next = this.b.create_block();
            this.b.ins().brif(is, next, &[], slow, &[]);
            this.b.switch_to_block(next);
        };
        let (header, len, used) = match args {
            [_, header, used, len] => (self.value(*header), self.value(*len), self.value(*used)),
            _unknown => {
                let (at, behind) = self.place(loc);
                let header = self.load(types::I64, at, behind + PAYLOAD);
                let count = self.load(types::I64, header, layout::COUNT as i32);
                let is = self.b.ins().icmp_imm_s(IntCC::Equal, count, 1);
                unless(self, is);
                let found = self.load(types::I8, header, layout::KIND as i32);
                let is = self.b.ins().icmp_imm_s(IntCC::Equal, found, kind);
                unless(self, is);
                let len = self.load(types::I64, header, vec + self.vec.len);
                let head = self.load(types::I64, header, layout::HEAD as i32);
                (header, len, self.b.ins().isub(len, head))
            }
        };
        let capacity = self.load(types::I64, header, vec + self.vec.capacity);
        let is = self.b.ins().icmp(IntCC::UnsignedLessThan, len, capacity);
        unless(self, is);
        let context = self.context();
        let most = self.load(types::I64, context, entry::MOST);
        let is = self.b.ins().icmp(IntCC::UnsignedLessThan, used, most);
        unless(self, is);
        self.behind(given, header, len);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(slow);
        self.b.set_cold_block(slow);
        let (libcall, bits) = match ty {
            Ty::Int => (libcall!(push_int), given),
            _float => {
                let bits = (self.b.ins()).bitcast(types::I64, ir::MemFlagsData::new(), given);
                (libcall!(push_float), bits)
            }
        };
        let frame = self.frame;
        let place = self.address(loc);
        let status = self.rarely(libcall, &[place, bits]);
        // What is taken here is not there where the fast way goes on.
        self.frame = frame;
        self.unless_failed(status, exit, on);
    }

    /// Writes an element behind the last one, where there is room for it.
    fn behind(&mut self, v: ir::Value, header: ir::Value, end: ir::Value) {
        let vec = layout::VEC as i32;
        let data = self.load(types::I64, header, vec + self.vec.data);
        let by = self.b.ins().ishl_imm_u(end, 3);
        let to = self.b.ins().iadd(data, by);
        self.b.ins().store(Self::trusted(), v, to, 0);
        let longer = self.b.ins().iadd_imm_s(end, 1);
        (self.b.ins()).store(Self::trusted(), longer, header, vec + self.vec.len);
    }

    fn fill(&mut self, args: &[V]) {
        let [v, header, _, end] = args else {
            debug_assert!(false, "it has to be given everything");
            return;
        };
        let (v, header, end) = (self.value(*v), self.value(*header), self.value(*end));
        self.behind(v, header, end);
    }

    /// What is given is the header, and for how many there is to be room.
    fn reserve(&mut self, loc: Loc, args: &[V]) {
        let (header, wanted) = (self.value(args[0]), self.value(args[1]));
        let vec = layout::VEC as i32;
        let capacity = self.load(types::I64, header, vec + self.vec.capacity);
        let end = self.load(types::I64, header, vec + self.vec.len);
        let room = self.b.ins().isub(capacity, end);
        let enough = (self.b.ins()).icmp(IntCC::SignedGreaterThanOrEqual, room, wanted);
        self.unless(enough, (libcall!(reserve), true), (loc, Some(wanted)), None);
    }

    /// It is an array, and the host has one for itself then.
    fn unshare(&mut self, loc: Loc) {
        let (at, behind) = self.place(loc);
        let header = self.load(types::I64, at, behind + PAYLOAD);
        let count = self.load(types::I64, header, layout::COUNT as i32);
        let own = self.b.ins().icmp_imm_s(IntCC::Equal, count, 1);
        self.unless(own, (libcall!(unshare), true), (loc, None), None);
    }

    fn fit(&mut self, loc: Loc, items: Items, exit: usize) {
        let (at, behind) = self.place(loc);
        let header = self.load(types::I64, at, behind + PAYLOAD);
        let found = self.load(types::I8, header, layout::KIND as i32);
        let is = (self.b.ins()).icmp_imm_s(IntCC::Equal, found, items.number());
        let wanted = Some(self.fixed(items.number()));
        self.unless(is, (libcall!(fit), true), (loc, wanted), Some(exit));
    }

    fn forget(&mut self, loc: Loc, exit: usize) {
        let (at, behind) = self.place(loc);
        let tag = self.load(types::I8, at, behind);
        let plain =
            self.b
                .ins()
                .icmp_imm_u(IntCC::UnsignedLessThanOrEqual, tag, i64::from(LAST_PLAIN));
        self.unless(plain, (libcall!(forget), false), (loc, None), Some(exit));
    }
}
