//! Calls and returns, and what the VM is told of them.

use super::super::ext::Invocation;
use super::super::{Code, forget};
use super::{Landing, PATIENCE, Rec, Run};
use crate::interp::{FrameKind, Step, call};
use crate::lower::{Ins, WINDOW};
use crate::semantics::Trap;
use crate::value::Value;
use crate::vm::VM;

/// Calls there is room for at first.
const SOME_CALLS: usize = 32;

impl<'l> Run<'l> {
    /// Takes note of what a handler may have set. Whether the frame goes on in the base interpreter
    /// because there is fuel to count now and its code counts none.
    pub(super) fn handled(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        self.take_note(vm);
        match self.form.metered || !vm.metered() {
            true => Ok(false),
            false => self.goes_to_base(vm),
        }
    }

    /// Takes note of the limits.
    #[inline(always)]
    pub(super) fn take_note(&mut self, vm: &VM) {
        let left = vm.limits.max_call_depth.saturating_sub(vm.depth);
        if left != self.depth_left {
            self.depth_left = left;
            self.set_most();
        }
    }

    /// Lets the frame go on in the base interpreter, if it can be left here; whether it does.
    #[cold]
    pub(super) fn goes_to_base(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        let Some(exit) = self.code.point(self.place.1) else {
            return Ok(false);
        };
        vm.leave_registers(self.code, exit)?;
        Ok(true)
    }

    /// Code comes to run, which nothing else is interested in.
    #[cfg(not(all(feature = "jit", unix)))]
    fn comes(&self, _vm: &VM, _code: &Code) {}

    /// Looks at the interrupt flag, where fuel is not counted.
    #[cold]
    #[inline(never)]
    pub(super) fn poll(&mut self, vm: &mut VM) -> Step {
        self.patience = super::vm_patience(vm).min(PATIENCE) + self.code.ins.len() as i64;
        match self.form.metered {
            true => Ok(()),
            false => vm.poll(),
        }
    }

    /// Tells the VM of the calls it has not heard of, before something may trap or ask for frames.
    #[inline]
    pub(super) fn tell(&mut self, vm: &mut VM) {
        let window = self.place.0;
        vm.free_register = window + usize::from(self.code.registers);
        if self.known < self.calls.len() {
            self.tell_calls(vm, window);
        }
    }

    #[cold]
    pub(super) fn tell_calls(&mut self, vm: &mut VM, window: usize) {
        let untold = &self.calls[self.known..];
        let invoked = untold
            .iter()
            .filter(|rec| rec.landing.invoked().is_some())
            .count();
        let mut callees = vm.callees.split_off(vm.callees.len() - invoked).into_iter();
        for at in self.known..self.calls.len() {
            let rec = &self.calls[at];
            let kind = FrameKind::Call {
                function: rec.function,
                want: rec.landing != Landing::Nowhere,
            };
            let ip = rec.ip as usize;
            let pc = rec.code.meta[ip - 1].pc as usize + 1;
            let inner = self.calls.get(at + 1).map_or(window, |next| next.window);
            vm.open_call(kind, (pc, ip), inner);
            if rec.landing.invoked().is_some()
                && let (Some(callee), Some(frame)) = (callees.next(), vm.frames.last_mut())
            {
                frame.callee = callee;
            }
        }
        self.depth_left -= self.calls.len() - self.known;
        self.known = self.calls.len();
        self.set_most();
    }

    /// Says how many calls the loop may come to.
    pub(super) fn set_most(&mut self) {
        self.most = (self.known.saturating_add(self.depth_left)).min(self.calls.capacity());
    }

    /// Leaves the top frame; whether control goes on here.
    pub(super) fn go_back(
        &mut self,
        vm: &mut VM,
        value: Option<Value>,
        blocks: u8,
    ) -> Result<bool, Trap> {
        let place = self.leave(vm, value, blocks)?;
        // The VM had heard of it.
        if self.calls.pop().is_some() {
            self.known -= 1;
        }
        self.depth_left = vm.limits.max_call_depth.saturating_sub(vm.depth);
        self.set_most();
        let goes_on = place.is_some();
        if let Some((window, code, ip)) = place {
            (self.place, self.code) = ((window, ip), code);
        }
        Ok(goes_on)
    }

    /// Makes room for calls, whose callee's window begins at register `a`; whether there is more now.
    pub(super) fn make_room(&mut self, vm: &mut VM, a: u16) -> bool {
        self.make_room_at(vm, self.place.0 + usize::from(a))
    }

    /// The same for a callee's window.
    fn make_room_at(&mut self, vm: &mut VM, below: usize) -> bool {
        let (calls, registers) = (self.calls.capacity(), vm.registers.len());
        if self.calls.len() == calls {
            self.calls.reserve(calls.max(SOME_CALLS));
            self.set_most();
        }
        if below <= vm.limits.max_stack {
            vm.make_window(below, WINDOW);
        }
        self.calls.capacity() > calls || vm.registers.len() > registers
    }

    /// Finds the code of a function of the program, which is made if need be; whether it was not known
    /// before, and may be called in the loop.
    pub(super) fn find_target(&mut self, vm: &mut VM, function: u32, argc: u8) -> bool {
        let at = function as usize;
        let kind = FrameKind::Call {
            function,
            want: true,
        };
        if self.targets.get(at).copied().flatten().is_some() || !self.is_bound(vm, at) {
            return false;
        }
        // A wide one has more registers than the loop sees to.
        let found = vm
            .code_of(self.linked, kind, argc, self.form)
            .filter(|unit| !unit.is_wide());
        if let Some(code) = found {
            self.comes(vm, code);
            let functions = self.linked.chunk().functions.len();
            self.targets.resize(functions, None);
            self.targets[at] = found;
        }
        found.is_some()
    }

    /// Whether that function of the program is the VM's function of its name. What the program that runs
    /// here says of it may be old: a handler may have had it linked anew.
    pub(super) fn is_bound(&self, vm: &VM, function: usize) -> bool {
        let Some(entry) = self.linked.chunk().functions.get(function) else {
            return false;
        };
        let found = vm.function_at(self.linked.symbol(entry.name));
        found.is_some_and(|f| f.code == self.program && f.index as usize == function)
    }

    /// A call that is not done in the loop: of a function that has no code yet, or is not of the program,
    /// or at a limit.
    pub(super) fn call(
        &mut self,
        vm: &mut VM,
        (a, argc, name): (u16, u8, u16),
    ) -> Result<bool, Trap> {
        self.tell(vm);
        let below = self.place.0 + usize::from(a);
        let callee = self.linked.verified.callee(name);
        let own = match vm.function_at(self.linked.symbol(name)) {
            Some(f) if f.code == self.program && callee.own == Some(f.index) => Some(f.index),
            _other => None,
        };
        let unit = own.and_then(|function| {
            let want = callee.returns.unwrap_or(true);
            let kind = FrameKind::Call { function, want };
            vm.code_of(self.linked, kind, argc, self.form)
                .filter(|unit| vm.fits(unit, below))
                .map(|unit| (kind, unit))
        });
        let Some((kind, unit)) = unit else {
            self.call_out(vm, (a, argc, name))?;
            return Ok(false);
        };
        let limit = vm.limits.max_call_depth;
        if vm.depth >= limit {
            return Err(Trap::CallDepth(limit));
        }
        self.enter(vm, (kind, unit, argc), None, below)
    }

    /// Opens the window `below` for a function whose arguments are there.
    fn enter(
        &mut self,
        vm: &mut VM,
        (kind, unit, argc): (FrameKind, &'l Code, u8),
        callee: Option<Value>,
        below: usize,
    ) -> Result<bool, Trap> {
        let FrameKind::Call { function, want } = kind else {
            return Ok(false);
        };
        let (window, ip) = self.place;
        vm.check_values(below)?;
        self.comes(vm, unit);
        vm.make_window(below, unit.registers.into());
        self.patience -= i64::from(unit.registers) + unit.ins.len() as i64;
        let pc = self.code.meta[ip - 1].pc as usize + 1;
        vm.open_call(kind, (pc, ip), below);
        if let (Some(callee), Some(frame)) = (callee, vm.frames.last_mut()) {
            frame.callee = callee;
        }
        vm.open_window(below, unit, argc.into());
        self.calls.push(Rec {
            code: self.code,
            window,
            ip: ip as u32,
            function,
            landing: Landing::of_call(want),
        });
        self.known += 1;
        self.depth_left = self.depth_left.saturating_sub(1);
        self.set_most();
        (self.place, self.code) = ((below, 0), unit);
        Ok(true)
    }

    /// Makes the call an op asked for, whose arguments are the last of its inputs.
    pub(super) fn invoke(
        &mut self,
        vm: &mut VM,
        Invocation {
            function,
            callee,
            first,
            fixed,
            known: _,
        }: Invocation,
        (a, n): (u16, u16),
    ) -> Result<bool, Trap> {
        let (window, ip) = self.place;
        let (from, to) = (
            window + usize::from(a),
            window + usize::from(a) + usize::from(n),
        );
        let args = from + fixed;
        let argc = to - args + usize::from(first.is_some());
        let own = function.identity() == self.linked.origin().identity()
            && (first.is_none() || fixed > 0);
        if own
            && let Some(unit) = self.made(vm, function.index(), argc)
            && let Some(place) = self.room(vm, args - usize::from(first.is_some()))
        {
            // What the op had beside the arguments goes.
            vm.registers[from..place].iter_mut().for_each(forget);
            if let Some(first) = first {
                vm.registers[place] = first;
            }
            self.calls.push(Rec {
                code: self.code,
                window,
                ip: ip as u32,
                function: function.index(),
                landing: Landing::Register(a),
            });
            vm.callees.push(callee);
            vm.open_window(place, unit, argc);
            self.patience -= unit.ins.len() as i64;
            (self.place, self.code) = ((place, 0), unit);
            return Ok(true);
        }
        self.tell(vm);
        let found = vm.resolve(&function)?;
        let here = found.code == self.program && (first.is_none() || fixed > 0);
        let unit = match u8::try_from(argc) {
            Ok(argc) if here && vm.takes(self.linked, found.index, argc) => {
                let function = found.index;
                let kind = FrameKind::Call {
                    function,
                    want: true,
                };
                vm.code_of(self.linked, kind, argc, self.form)
                    .filter(|unit| vm.depth < vm.limits.max_call_depth && vm.fits(unit, args))
                    .map(|unit| (kind, unit, argc))
            }
            _other => None,
        };
        let Some(entered) = unit else {
            return vm
                .invoke_out(&function, callee, first, (from, args, to), ip)
                .map(|()| false);
        };
        let below = match first {
            Some(first) => {
                vm.registers[args - 1] = first;
                args - 1
            }
            None => args,
        };
        self.enter(vm, entered, Some(callee), below)
    }

    /// The code of a function of the program for so many arguments, if it takes them and has such code.
    fn made(&mut self, vm: &mut VM, function: u32, argc: usize) -> Option<&'l Code> {
        let at = function as usize;
        if let Some(&Some(code)) = self.made.get(at) {
            return (usize::from(code.argc) == argc).then_some(code);
        }
        let argc = u8::try_from(argc).ok()?;
        if !vm.takes(self.linked, function, argc) {
            return None;
        }
        let kind = FrameKind::Call {
            function,
            want: true,
        };
        let made = vm
            .code_of(self.linked, kind, argc, self.form)
            .filter(|unit| !unit.is_wide())?;
        self.comes(vm, made);
        self.made
            .resize(self.linked.chunk().functions().len(), None);
        self.made[at] = Some(made);
        Some(made)
    }

    /// The window, if a call may have it now.
    fn room(&mut self, vm: &mut VM, window: usize) -> Option<usize> {
        if self.calls.len() >= self.most || window + WINDOW > vm.registers.len() {
            self.make_room_at(vm, window);
        }
        let fits = self.calls.len() < self.most && window + WINDOW <= vm.registers.len();
        fits.then_some(window)
    }

    /// Calls a function that is not run here, or not known.
    fn call_out(&self, vm: &mut VM, (a, argc, name): (u16, u8, u16)) -> Step {
        let (window, ip) = self.place;
        let first = window + usize::from(a);
        let args = vm.registers[first..first + usize::from(argc)].iter_mut();
        vm.stack.extend(args.map(std::mem::take));
        vm.pc = self.code.meta[ip - 1].pc as usize + 1;
        if let Some(frame) = vm.frames.last_mut() {
            frame.ip = ip as u32;
        }
        call::call(vm, self.linked, name, argc)
    }

    /// Leaves the top frame, whose registers are clean: window, code and instruction of the one below,
    /// if that goes on here.
    #[inline]
    pub(super) fn leave(
        &self,
        vm: &mut VM,
        value: Option<Value>,
        blocks: u8,
    ) -> Result<Option<(usize, &'l Code, usize)>, Trap> {
        let left = vm.blocks.len().saturating_sub(blocks.into());
        vm.blocks.truncate(left);
        let count = vm.frames.len();
        if let [.., below, frame] = vm.frames.as_slice()
            && let FrameKind::Call { want, .. } = frame.kind
            && count - 1 > self.floor
            && below.in_registers()
            && below.code == self.program
            && below.form == self.form
            && let Some(code) = self.linked.running(below)
        {
            let (window, ip) = (below.window, below.ip as usize);
            vm.frames.pop();
            vm.depth -= 1;
            vm.free_register = window + usize::from(code.registers);
            if !want {
                return Ok(Some((window, code, ip)));
            }
            let value = value.unwrap_or_default();
            if let Ins::Call { a, .. } | Ins::CallOut { a, .. } = code.plain[ip - 1] {
                vm.registers[window + usize::from(a)] = value;
                return Ok(Some((window, code, ip)));
            }
            vm.stack.push(value);
            let ip = vm.resume(code);
            return Ok(Some((window, code, ip)));
        }
        let value = match (value, vm.frames.last().map(|frame| frame.kind)) {
            (None, Some(FrameKind::Root)) => {
                self.linked.verified.main_returns().then_some(Value::Undef)
            }
            (value, _) => value,
        };
        vm.end_program(value)?;
        Ok(None)
    }
}
