//! Calls: of functions of the host, of other versions, of ext ops of numbers; and the look at the limits
//! before them.

use super::{Body, Callee, SIZE, clif, keeping, signature};
use crate::jit::entry::{self, calls};
use crate::jit::ir::{Loc, Ty, V};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, Signature, Type, types};

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

    /// Calls a function of the host that is seldom called; its status. Machine registers stay what they are.
    pub(super) fn rarely(&mut self, address: usize, given: [ir::Value; 2]) -> ir::Value {
        let sig = match self.keeping {
            Some(sig) => sig,
            None => self.b.import_signature(keeping()),
        };
        self.keeping = Some(sig);
        let context = self.context();
        let keeper = self.load(types::I64, context, entry::KEEPER);
        let address = self.b.ins().iconst(types::I64, address as i64);
        let [first, second] = given;
        (self.b.ins()).call_indirect(sig, keeper, &[context, address, first, second]);
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
        let status = self.rarely(calls::widen as *const () as usize, [below, below]);
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
        } = self.callees[version].clone();
        let signature = signature(self.conv, &given, gives);
        let sig = self.b.import_signature(signature);
        let cell = self.b.ins().iconst(types::I64, cell as i64);
        let code = self.load(types::I64, cell, 0);
        let (context, off, left) = (self.context(), self.off(), self.left());
        let below = self.b.ins().iadd_imm_s(off, i64::from(window) * SIZE);
        let left = self.b.ins().iadd_imm_s(left, -i64::from(deep));
        let mut values = vec![context, below, left];
        for v in args {
            values.push(self.value(*v));
        }
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
        entry: usize,
        (args, places): (&[V], &[Option<Loc>]),
        exit: usize,
    ) -> Option<ir::Value> {
        let mut signature = Signature::new(self.conv);
        let given = |ty: Ty| match ty {
            Ty::Bool => AbiParam::new(types::I8).uext(),
            ty => AbiParam::new(clif(ty)),
        };
        signature.params.push(AbiParam::new(types::I64));
        for (arg, place) in args.iter().zip(places) {
            signature.params.push(match place {
                Some(_) => AbiParam::new(types::I64),
                None => given(self.f.ty(*arg)),
            });
        }
        let result = Some(self.f.ty(v)).filter(|ty| *ty != Ty::None);
        signature.returns.extend(result.map(given));
        let sig = self.b.import_signature(signature);
        // What ops tell stands where the context begins.
        let context = self.context();
        // A call wants its arguments in places of its choice; what is copied may stay where it is.
        let mut values = vec![self.copied(context)];
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
        let address = self.b.ins().iconst(types::I64, entry as i64);
        let call = self.b.ins().call_indirect(sig, address, &values);
        let result = self.b.inst_results(call).first().copied();
        // A copy may stay where it is wanted next; a result is where the call leaves it.
        let result = match (result, self.f.ty(v)) {
            (Some(result), Ty::Int) => Some(self.copied(result)),
            (result, _) => result,
        };
        let failed = self.load(types::I8, context, entry::FAILED);
        self.guard(failed, false, exit);
        result
    }
}
