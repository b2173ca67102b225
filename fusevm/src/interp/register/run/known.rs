//! Ext ops that need not run: what they would say is known for the shape of their first input.

use super::super::{forget, is_plain};
use super::{Rec, Run};
use crate::heap::What;
use crate::lower::{NOWHERE, WINDOW};
use crate::value::{Handle, Value};
use crate::vm::VM;
use std::mem;

impl Run<'_> {
    /// Does what is known of the ext op before the current place, which has `n` inputs from register `a` on;
    /// whether it was done. If not, the op is to run.
    #[inline(never)]
    pub(super) fn known(&mut self, vm: &mut VM, (a, n): (u8, u8), place: u16) -> bool {
        let first = self.place.0 + usize::from(a);
        let Value::Obj(handle) = vm.registers[first] else {
            return false;
        };
        if place == NOWHERE || self.patience < 0 {
            return false;
        }
        let knowledge = vm.code().known(self.program, place);
        let Some(known) = knowledge.and_then(|known| known.of(vm.heap(), handle)) else {
            return false;
        };
        match known.what {
            What::Load { field } => {
                let Some(value) = vm.heap().field_of(handle, field as usize) else {
                    return false;
                };
                let value = value.clone();
                vm.registers[first] = value;
                let others = first + 1..first + usize::from(n);
                vm.registers[others].iter_mut().for_each(forget);
                true
            }
            What::Store { field, leaves } => {
                let last = first + usize::from(n) - 1;
                let value = &vm.registers[last];
                if !is_plain(value) {
                    // It takes memory, which has to be counted.
                    return false;
                }
                let value = value.clone();
                let heap = vm.heap_mut();
                let Some(cell) = heap.known_field(handle, known.shape, field as usize) else {
                    return false;
                };
                if !is_plain(cell) {
                    // Who drops it may want to know where.
                    return false;
                }
                mem::forget(mem::replace(cell, value.clone()));
                vm.registers[first..=last].iter_mut().for_each(forget);
                if leaves {
                    vm.registers[first] = value;
                }
                true
            }
            What::Call {
                function,
                callee,
                receiver,
                fixed,
            } => {
                let args = first + usize::from(fixed);
                let given = first + usize::from(n) - args + usize::from(receiver);
                self.known_call(
                    vm,
                    (function, callee.unwrap_or(handle)),
                    (first, args),
                    (receiver.then_some(handle), given),
                )
            }
        }
    }

    /// Makes the call of a function of the program, if the loop can: of inputs from `first` on, those from
    /// `args` on are arguments.
    fn known_call(
        &mut self,
        vm: &mut VM,
        (function, callee): (u32, Handle),
        (first, args): (usize, usize),
        (receiver, given): (Option<Handle>, usize),
    ) -> bool {
        let Some(&Some(unit)) = self.made.get(function as usize) else {
            return false;
        };
        let place = args - usize::from(receiver.is_some());
        let fits = self.calls.len() < self.most && place + WINDOW <= vm.registers.len();
        if !fits || usize::from(unit.argc) != given {
            return false;
        }
        // What the op has beside the arguments goes.
        vm.registers[first..place].iter_mut().for_each(forget);
        if let Some(handle) = receiver
            && place != first
        {
            vm.registers[place] = Value::Obj(handle);
        }
        let (window, ip) = self.place;
        self.calls.push(Rec {
            code: self.code,
            window,
            ip: ip as u32,
            function,
            want: true,
            invoked: Some((first - window) as u16),
        });
        vm.callees.push(Value::Obj(callee));
        vm.open_window(place, unit, given);
        self.patience -= unit.ins.len() as i64;
        (self.place, self.code) = ((place, 0), unit);
        true
    }
}
