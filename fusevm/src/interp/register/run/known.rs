//! Ext ops that need not run: what they would say is known for the shape of their first input.

use super::super::{forget, is_plain};
use super::{Landing, Rec, Run};
use crate::heap::{First, What};
use crate::lower::{Brief, Code, NOWHERE, WINDOW};
use crate::value::Value;
use crate::vm::VM;
use std::mem;

impl<'l> Run<'l> {
    /// Does what is known of the ext op before the current place, which has `n` inputs from register `a` on;
    /// whether it was done. If not, the op is to run.
    #[inline(never)]
    pub(super) fn known(&mut self, vm: &mut VM, (a, n): (u8, u8), place: u16) -> bool {
        // One without inputs has no such place.
        if place == NOWHERE || self.patience < 0 {
            return false;
        }
        let first = self.place.0 + usize::from(a);
        let last = first + usize::from(n) - 1;
        let Value::Obj(handle) = vm.registers[first] else {
            return false;
        };
        let VM {
            code,
            heap,
            registers,
            ..
        } = &mut *vm;
        let knowledge = code.known(self.program, place);
        let Some(known) = knowledge.and_then(|known| known.of(heap, handle)) else {
            return false;
        };
        match &known.what {
            What::Load { field } => {
                let Some(value) = heap.field_of(handle, *field as usize) else {
                    return false;
                };
                registers[first] = value.clone();
                registers[first + 1..=last].iter_mut().for_each(forget);
                true
            }
            What::Store { field, leaves } => {
                let value = registers[last].clone();
                let cell = heap.known_field(handle, known.shape, *field as usize);
                match cell.filter(|cell| is_plain(cell) && is_plain(&value)) {
                    Some(cell) => mem::forget(mem::replace(cell, value.clone())),
                    // Memory that is taken is counted.
                    None => {
                        heap.set_field_of(handle, *field as usize, value.clone());
                    }
                }
                registers[first..=last].iter_mut().for_each(forget);
                if *leaves {
                    registers[first] = value;
                }
                true
            }
            What::Make(make) => {
                // A collection comes before the op.
                if heap.is_due() {
                    return false;
                }
                let Ok(made) = make.make(heap) else {
                    return false;
                };
                registers[first..=last].iter_mut().for_each(forget);
                registers[first] = Value::Obj(made);
                true
            }
            What::Call {
                function,
                callee,
                first: argument,
                fixed,
            } => {
                let (function, callee) = (*function, callee.unwrap_or(handle));
                let args = first + usize::from(*fixed);
                let own = usize::from(*argument != First::Given);
                let (window, given) = (args - own, last + 1 - args + own);
                let Some(unit) = self.ready(registers.len(), function, (window, given)) else {
                    return false;
                };
                let argument = match argument {
                    First::Given => None,
                    First::Input => Some(handle),
                    First::Made(make) => match heap.is_due() {
                        true => return false,
                        false => match make.make(heap) {
                            Ok(made) => Some(made),
                            Err(_) => return false,
                        },
                    },
                };
                // What does next to nothing needs no frame.
                if let (Some(made), Brief::First, 1) = (argument, unit.brief, given) {
                    self.patience -= unit.ins.len() as i64;
                    let inputs = &mut registers[first..=last];
                    if n > 1 {
                        inputs.iter_mut().for_each(forget);
                    }
                    // An object stands there: nothing is to be dropped.
                    mem::forget(mem::replace(&mut inputs[0], Value::Obj(made.by_fields())));
                    return true;
                }
                // What the op has beside the arguments goes.
                registers[first..window].iter_mut().for_each(forget);
                if let Some(handle) = argument {
                    registers[window] = Value::Obj(handle);
                }
                self.calls.push(Rec {
                    code: self.code,
                    window: self.place.0,
                    ip: self.place.1 as u32,
                    function,
                    landing: Landing::Register(a.into()),
                });
                vm.callees.push(Value::Obj(callee));
                vm.open_window(window, unit, given);
                self.patience -= unit.ins.len() as i64;
                (self.place, self.code) = ((window, 0), unit);
                true
            }
        }
    }

    /// The code of a function of the program, if the loop can call it now with so many arguments from a register
    /// on.
    fn ready(
        &self,
        registers: usize,
        function: u32,
        (window, given): (usize, usize),
    ) -> Option<&'l Code> {
        let unit = (*self.made.get(function as usize)?)?;
        let fits = self.calls.len() < self.most && window + WINDOW <= registers;
        (fits && usize::from(unit.argc) == given).then_some(unit)
    }
}
