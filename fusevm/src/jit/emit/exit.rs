//! Ways out of a unit: guards, and the cold pieces that they lead to.
//!
//! What writes the same locations is one piece, which takes the values as parameters and the number of the
//! exit; all of them end in one call of the host.

use super::{Body, clif, store_boxed};
use crate::jit::entry::{self, calls};
use crate::jit::ir::{Exit, Inst, Lib, Loc, Ty, V};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};

impl Body<'_, '_> {
    /// The bits of an exit, as the VM knows it.
    pub(super) fn exit_bits(&self, exit: usize) -> i64 {
        let exited = entry::Exited {
            version: self.target.number,
            exit: exit as u32,
        };
        exited.bits() as i64
    }

    pub(super) fn exit_number(&mut self, exit: usize) -> ir::Value {
        let bits = self.exit_bits(exit);
        self.b.ins().iconst(types::I64, bits)
    }

    /// The cold piece for an exit, and what to give it.
    pub(super) fn stub(&mut self, exit: usize) -> (ir::Block, Vec<BlockArg>) {
        let Exit { writes, .. } = &self.f.exits[exit];
        let mut writes = writes.clone();
        writes.sort_by_key(|(loc, _)| *loc);
        let layout: Vec<(Loc, Ty)> = (writes.iter())
            .map(|(loc, v)| (*loc, self.f.ty(*v)))
            .collect();
        let block = match self.stubs.get(&layout) {
            Some((block, _)) => *block,
            None => {
                let block = self.b.create_block();
                self.b.set_cold_block(block);
                self.b.append_block_param(block, types::I64);
                let given = layout.iter().filter(|(_, ty)| *ty != Ty::Undef);
                let given: Vec<Ty> = given.map(|(_, ty)| *ty).collect();
                for ty in &given {
                    self.b.append_block_param(block, clif(*ty));
                }
                self.stubs.insert(layout, (block, given));
                block
            }
        };
        // The number of the version is the same for all of them.
        let number = self.b.ins().iconst(types::I64, exit as i64);
        let mut args: Vec<BlockArg> = vec![number.into()];
        for (_, v) in writes {
            if self.f.ty(v) != Ty::Undef {
                args.push(self.value(v).into());
            }
        }
        (block, args)
    }

    pub(super) fn finish_stubs(&mut self) {
        let mut stubs: Vec<_> = std::mem::take(&mut self.stubs).into_iter().collect();
        if stubs.is_empty() {
            return;
        }
        stubs.sort_by_key(|(_, (block, _))| *block);
        // They all go on there.
        let last = self.b.create_block();
        for (layout, (block, _)) in stubs {
            self.b.switch_to_block(block);
            self.frame = None;
            if self.target.is_loop {
                // So that nothing has to be kept for it in a loop.
                let context = self.context();
                self.off = Some(self.load(types::I64, context, entry::WINDOW));
            }
            let params: Vec<ir::Value> = self.b.block_params(block).to_vec();
            let mut given = params[1..].iter();
            for (loc, ty) in &layout {
                let v = match ty {
                    Ty::Undef => None,
                    _value => given.next().copied(),
                };
                let (at, behind) = self.place(*loc);
                store_boxed(self.b, at, behind, *ty, v);
            }
            self.b.ins().jump(last, &[params[0].into()]);
        }
        self.b.switch_to_block(last);
        self.b.set_cold_block(last);
        let exit = self.b.append_block_param(last, types::I64);
        let version = self.exit_bits(0);
        let exit = self.b.ins().iadd_imm_s(exit, version);
        self.tell_fuel();
        let context = self.context();
        let off = match self.target.is_loop {
            true => self.load(types::I64, context, entry::WINDOW),
            false => {
                let off = self.off();
                self.copied(off)
            }
        };
        let context = self.copied(context);
        let left = calls::left as *const () as usize;
        let status = self.host(left, &[context, exit, off]);
        self.leave(status);
    }

    /// Leaves the function with a status that is not 0.
    pub(super) fn leave(&mut self, status: ir::Value) {
        match self.target.gives.filter(|ty| *ty != Ty::Undef) {
            Some(ty) => {
                let nothing = match ty {
                    Ty::Float => self.b.ins().f64const(0.0),
                    ty => self.b.ins().iconst(clif(ty), 0),
                };
                self.b.ins().return_(&[status, nothing]);
            }
            None => {
                self.b.ins().return_(&[status]);
            }
        }
    }

    /// Goes on in a new block if the truth is as wanted, and leaves otherwise.
    pub(super) fn guard(&mut self, is: ir::Value, want: bool, exit: usize) {
        let out = self.b.create_block();
        self.branch_off(is, want, out);
        self.fill_out(out, exit);
    }

    /// Goes on in a new block if the truth is as wanted, and to `out` otherwise.
    pub(super) fn branch_off(&mut self, is: ir::Value, want: bool, out: ir::Block) {
        let on = self.b.create_block();
        match want {
            true => self.b.ins().brif(is, on, &[], out, &[]),
            false => self.b.ins().brif(is, out, &[], on, &[]),
        };
        self.b.switch_to_block(on);
    }

    /// Has a cold block leave by an exit: what the stub is given is made on the way to it alone.
    pub(super) fn fill_out(&mut self, out: ir::Block, exit: usize) {
        let Some(on) = self.b.current_block() else {
            return;
        };
        self.b.set_cold_block(out);
        self.b.switch_to_block(out);
        let (stub, args) = self.stub(exit);
        self.b.ins().jump(stub, &args);
        self.b.switch_to_block(on);
    }

    /// For tests: leaves now and then although there is no reason to, where the instruction may as well
    /// be left to the interpreter.
    pub(super) fn shake(&mut self, v: V) {
        let f = self.f;
        let (Inst::Guard(.., exit)
        | Inst::Poll(exit)
        | Inst::Ensure(_, exit)
        | Inst::Room { exit, .. }
        | Inst::Peek { exit, .. }
        | Inst::Lib {
            lib:
                Lib::Step
                | Lib::Unshare
                | Lib::Push
                | Lib::Element
                | Lib::Array(_)
                | Lib::Join { .. }
                | Lib::Extend { .. }
                | Lib::HashGet { .. }
                | Lib::HashExists { .. }
                | Lib::HashSet(_),
            exit,
            ..
        }) = f.inst(v)
        else {
            return;
        };
        let exit = *exit;
        let context = self.context();
        let seed = self.load(types::I64, context, entry::SEED);
        // A linear congruential generator, whose high bits are good (Knuth, "The Art of Computer
        // Programming", volume 2, 3.3.4).
        let by = (self.b.ins()).iconst(types::I64, 6_364_136_223_846_793_005);
        let next = self.b.ins().imul(seed, by);
        let next = self.b.ins().iadd_imm_s(next, 1_442_695_041);
        self.b
            .ins()
            .store(Self::trusted(), next, context, entry::SEED);
        let below = (u64::MAX / u64::from(self.target.stress)).cast_signed();
        let below = self.b.ins().iconst(types::I64, below);
        let is = self.b.ins().icmp(IntCC::UnsignedLessThan, next, below);
        self.guard(is, false, exit);
    }
}
