//! Fuel, which is a variable in machine code, and the flag of who wants to interrupt.

use super::Body;
use crate::jit::entry::{self, calls};
use crate::jit::ir::V;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};

impl Body<'_, '_> {
    /// Takes over what fuel there is, from the VM or a callee.
    pub(super) fn fetch_fuel(&mut self) {
        if let Some(fuel) = self.fuel {
            let context = self.context();
            let has = self.load(types::I64, context, entry::SLICE);
            self.b.def_var(fuel, has);
        }
    }

    /// Says what fuel there is.
    pub(super) fn tell_fuel(&mut self) {
        if let Some(fuel) = self.fuel {
            let (context, has) = (self.context(), self.b.use_var(fuel));
            (self.b.ins()).store(Self::trusted(), has, context, entry::SLICE);
        }
    }

    pub(super) fn poll(&mut self, exit: usize) {
        let is = self.interrupted();
        self.guard(is, false, exit);
    }

    /// What is not 0 if somebody has interrupted.
    pub(super) fn interrupted(&mut self) -> ir::Value {
        let context = self.context();
        let flag = match self.flag {
            Some(flag) => flag,
            None => self.load(types::I64, context, entry::FLAG),
        };
        self.load(types::I8, flag, 0)
    }

    /// Leaves unless there is so much fuel, if need be from beyond what there is for now.
    pub(super) fn ensure(&mut self, cost: u32, exit: usize) {
        let Some(fuel) = self.fuel else { return };
        let (has, cost) = (self.b.use_var(fuel), i64::from(cost));
        let is = (self.b.ins()).icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, has, cost);
        let (more, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(more);
        self.b.ins().brif(is, on, &[], more, &[]);
        let frame = self.frame;
        self.b.switch_to_block(more);
        self.tell_fuel();
        let wanted = self.b.ins().iconst(types::I64, cost);
        let status = self.rarely(calls::pay as *const () as usize, [wanted, wanted]);
        self.fetch_fuel();
        self.guard(status, false, exit);
        if let Some(paid) = self.b.current_block() {
            self.b.set_cold_block(paid);
        }
        // It is there, and not spent yet.
        let has = self.b.use_var(fuel);
        let has = self.b.ins().iadd_imm_s(has, cost);
        self.b.def_var(fuel, has);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
        // Paying moves no registers.
        self.frame = frame;
    }

    pub(super) fn less(&mut self, has: ir::Value, cost: i64) -> ir::Value {
        let cost = self.b.ins().iconst(types::I64, cost);
        self.b.ins().isub(has, cost)
    }

    pub(super) fn spend(&mut self, cost: V) {
        let Some(fuel) = self.fuel else { return };
        let has = self.b.use_var(fuel);
        let rest = match self.f.int(cost) {
            Some(cost) => self.less(has, cost),
            None => {
                let cost = self.value(cost);
                self.b.ins().isub(has, cost)
            }
        };
        self.b.def_var(fuel, rest);
    }

    pub(super) fn pay(&mut self, cost: u32) -> ir::Value {
        let Some(fuel) = self.fuel else {
            return self.b.ins().iconst(types::I8, 0);
        };
        let (has, cost) = (self.b.use_var(fuel), i64::from(cost));
        let is = (self.b.ins()).icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, has, cost);
        let rest = self.less(has, cost);
        let rest = self.b.ins().select(is, rest, has);
        self.b.def_var(fuel, rest);
        is
    }
}
