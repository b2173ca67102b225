//! Calls: of functions of the host, of other versions, of ext ops of numbers; and the look at the limits
//! before them.

use super::{Body, Callee, SIZE, clif, keeping, signature};
use crate::ext::Reach;
use crate::jit::entry::{self, calls};
use crate::jit::ir::{Loc, Ty, V};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, AbiParam, BlockArg, InstBuilder, Signature, Type, types};

impl Body<'_, '_> {
    /// Calls a function of the host by its address.
    pub(super) fn host(&mut self, address: usize, args: &[ir::Value]) -> ir::Value {
        let types: Vec<Type> = (args.iter())
            .map(|arg| self.b.func.dfg.value_type(*arg))
            .collect();
        let sig = match self.signatures.get(&types) {
            Some(sig) => *sig,
            None => {
                let mut signature = Signature::new(self.conv);
                signature.params = types.iter().copied().map(AbiParam::new).collect();
                signature.returns.push(AbiParam::new(types::I64));
                let sig = self.b.import_signature(signature);
                self.signatures.insert(types, sig);
                sig
            }
        };
        let address = self.b.ins().iconst(types::I64, address as i64);
        let call = self.b.ins().call_indirect(sig, address, args);
        self.frame = None;
        self.b.inst_results(call)[0]
    }

    /// Calls a function of the host that is seldom called, with up to two arguments beside the context; its status.
    /// Machine registers stay what they are.
    pub(super) fn rarely(&mut self, address: usize, given: &[ir::Value]) -> ir::Value {
        let sig = match self.keeping {
            Some(sig) => sig,
            None => self.b.import_signature(keeping()),
        };
        self.keeping = Some(sig);
        let context = self.context();
        let address = self.b.ins().iconst(types::I64, address as i64);
        self.store(address, context, entry::ADDRESS);
        for (given, at) in given.iter().zip([0, 8]) {
            self.store(*given, context, entry::GIVEN + at);
        }
        let keeper = self.load(types::I64, context, entry::KEEPER);
        self.b.ins().call_indirect(sig, keeper, &[context]);
        self.load(types::I64, context, entry::STATUS)
    }

    pub(super) fn room(&mut self, window: u16, deep: u32, exit: usize) {
        let (context, off, left) = (self.context(), self.off(), self.left());
        let enough =
            self.b
                .ins()
                .icmp_imm_s(IntCC::SignedGreaterThanOrEqual, left, i64::from(deep));
        let out = self.b.create_block();
        self.branch_off(enough, true, out);
        let room = self.load(types::I64, context, entry::ROOM);
        let below = self.b.ins().iadd_imm_s(off, i64::from(window) * SIZE);
        let fits = self
            .b
            .ins()
            .icmp(IntCC::UnsignedLessThanOrEqual, below, room);
        // Where there are not that many registers yet, there may be.
        let (more, wide) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(more);
        self.b.ins().brif(fits, wide, &[], more, &[]);
        self.b.switch_to_block(more);
        let status = self.rarely(calls::widen as *const () as usize, &[below]);
        self.b.ins().brif(status, out, &[], wide, &[]);
        self.b.switch_to_block(wide);
        // Registers may be somewhere else now.
        self.frame = None;
        let floor = self.load(types::I64, context, entry::FLOOR);
        let stack = self.b.ins().get_stack_pointer(types::I64);
        let fits = self.b.ins().icmp(IntCC::UnsignedGreaterThan, stack, floor);
        self.branch_off(fits, true, out);
        let is = self.interrupted();
        self.branch_off(is, false, out);
        self.fill_out(out, exit);
    }

    pub(super) fn call(
        &mut self,
        version: usize,
        (window, deep): (u16, u32),
        args: &[V],
        after: usize,
    ) -> Option<ir::Value> {
        let Callee {
            cell,
            args: given,
            gives,
            calls_out,
        } = self.callees[version].clone();
        let signature = signature(self.conv, &given, gives);
        let sig = self.b.import_signature(signature);
        let cell = self.b.ins().iconst(types::I64, cell as i64);
        let code = self.load(types::I64, cell, 0);
        let (context, off, left) = (self.context(), self.off(), self.left());
        let below = self.b.ins().iadd_imm_s(off, i64::from(window) * SIZE);
        let left = self.b.ins().iadd_imm_s(left, -i64::from(deep));
        if calls_out {
            let links = self.load(types::I64, context, entry::LINKS);
            let by = self.b.ins().ishl_imm_u(left, 3);
            let (link, number) = (self.b.ins().iadd(links, by), self.exit_number(after));
            self.b.ins().store(Self::trusted(), number, link, 0);
        }
        let mut values = vec![context, below, left];
        for v in args {
            values.push(self.value(*v));
        }
        self.settle();
        self.tell_fuel();
        let call = self.b.ins().call_indirect(sig, code, &values);
        self.fetch_fuel();
        self.frame = None;
        let results: Vec<ir::Value> = self.b.inst_results(call).to_vec();
        self.guard(results[0], false, after);
        results.get(1).copied()
    }

    /// Calls an ext op's own code.
    pub(super) fn native(
        &mut self,
        v: V,
        (entry, reach): (usize, Reach),
        (args, places): (&[V], &[Option<Loc>]),
        exit: usize,
    ) -> Option<ir::Value> {
        let ty = self.f.ty(v);
        let sig = self.native_signature(ty, reach, (args, places));
        // What ops tell stands where the context begins.
        let context = self.context();
        // A call wants its arguments in places of its choice; what is copied may stay where it is.
        let mut values = vec![self.copied(context)];
        if reach.world {
            values.push(self.b.ins().iadd_imm_s(context, i64::from(entry::WORLD)));
        }
        for (arg, place) in args.iter().zip(places) {
            values.push(match (place, self.f.ty(*arg)) {
                (Some(loc), _) => self.address(*loc),
                (None, Ty::Int) if self.f.int(*arg).is_none() => {
                    let v = self.value(*arg);
                    self.copied(v)
                }
                (None, _) => self.value(*arg),
            });
        }
        let address = match self.entries.get(&entry) {
            Some(address) => *address,
            None => self.b.ins().iconst(types::I64, entry as i64),
        };
        let call = self.b.ins().call_indirect(sig, address, &values);
        let result = self.b.inst_results(call).first().copied();
        // A copy may stay where it is wanted next; a result is where the call leaves it.
        let result = match (result, ty) {
            (Some(result), Ty::Int) => Some(self.copied(result)),
            (result, _) => result,
        };
        let failed = self.load(types::I8, context, entry::FAILED);
        if !reach.writes {
            self.guard(failed, false, exit);
            return result;
        }
        self.or_oddly((sig, address, &values), (failed, result), exit)
    }

    fn native_signature(
        &mut self,
        result: Ty,
        reach: Reach,
        (args, places): (&[V], &[Option<Loc>]),
    ) -> ir::SigRef {
        let mut signature = Signature::new(self.conv);
        let given = |ty: Ty| match ty {
            Ty::Bool => AbiParam::new(types::I8).uext(),
            ty => AbiParam::new(clif(ty)),
        };
        let address = AbiParam::new(types::I64);
        signature.params.push(address);
        signature.params.extend(reach.world.then_some(address));
        for (arg, place) in args.iter().zip(places) {
            signature.params.push(match place {
                Some(_) => address,
                None => given(self.f.ty(*arg)),
            });
        }
        let result = Some(result).filter(|ty| *ty != Ty::None);
        signature.returns.extend(result.map(given));
        self.b.import_signature(signature)
    }

    /// The result of an op that may ask for a collection before it runs, or for what it gives to be made: it is
    /// called again then, or it is done.
    fn or_oddly(
        &mut self,
        (sig, address, values): (ir::SigRef, ir::Value, &[ir::Value]),
        (failed, result): (ir::Value, Option<ir::Value>),
        exit: usize,
    ) -> Option<ir::Value> {
        let (odd, on) = (self.b.create_block(), self.b.create_block());
        let (leaves, stays, again) = (
            self.b.create_block(),
            self.b.create_block(),
            self.b.create_block(),
        );
        for block in [odd, stays, again] {
            self.b.set_cold_block(block);
        }
        let ty = result.map(|result| self.b.func.dfg.value_type(result));
        let joined = ty.map(|ty| self.b.append_block_param(on, ty));
        let passed = |result: Option<ir::Value>| -> Vec<BlockArg> {
            result.into_iter().map(BlockArg::from).collect()
        };
        self.b.ins().brif(failed, odd, &[], on, &passed(result));
        self.b.switch_to_block(odd);
        let (context, number, off) = (self.context(), self.exit_number(exit), self.off());
        let off = self.copied(off);
        self.tell_fuel();
        let libcall = calls::odd as *const () as usize;
        let said = self.direct(libcall, &[context, number, off]);
        self.fetch_fuel();
        let left = (self.b.ins()).icmp_imm_u(IntCC::Equal, said, calls::LEAVES as i64);
        self.b.ins().brif(left, leaves, &[], stays, &[]);
        self.b.switch_to_block(stays);
        let (repeats, nothing) = (
            (self.b.ins()).icmp_imm_u(IntCC::Equal, said, calls::AGAIN as i64),
            ty.map(|ty| match ty {
                types::F64 => self.b.ins().f64const(0.0),
                ty => self.b.ins().iconst(ty, 0),
            }),
        );
        (self.b.ins()).brif(repeats, again, &[], on, &passed(nothing));
        self.b.switch_to_block(again);
        let call = self.b.ins().call_indirect(sig, address, values);
        let result = self.b.inst_results(call).first().copied();
        let failed = self.load(types::I8, context, entry::FAILED);
        (self.b.ins()).brif(failed, leaves, &[], on, &passed(result));
        self.b.switch_to_block(on);
        self.fill_out(leaves, exit);
        joined
    }

    /// Moves what an op has left in the world.
    pub(super) fn given(&mut self, to: Loc) {
        let context = self.context();
        let to = self.place(to);
        self.copy_words((context, entry::RESULT), to);
        let nothing = self.b.ins().iconst(types::I8, 0);
        (self.b.ins()).store(Self::trusted(), nothing, context, entry::RESULT);
    }
}
