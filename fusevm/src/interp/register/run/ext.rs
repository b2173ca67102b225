//! Ext ops, the calls they ask for, and builtins.

use super::super::ext::{Invocation, Ran};
use super::Run;
use crate::ext::OpDesc;
use crate::interp::register::forget;
use crate::semantics::Trap;
use crate::vm::{Callee, VM};
use std::hint::cold_path;

impl Run<'_> {
    /// Runs the ext op of that import, which is the instruction before the current place, on `n` inputs
    /// from register `a` on; whether control goes on here.
    #[inline(never)]
    pub(super) fn ext(
        &mut self,
        vm: &mut VM,
        (a, n, locals): (u16, u16, u16),
        (import, known): (u16, u16),
    ) -> Result<bool, Trap> {
        let window = self.place.0;
        let Some(op) = self.linked.ops.get(usize::from(import)) else {
            return Err(Trap::Load("no such import".into()));
        };
        if self.at_hand(vm, op, (window + usize::from(a), n)) {
            return Ok(true);
        }
        // One that has no VM asks for no frames either; if it traps, the VM hears of them then.
        match op.calls_back {
            true => self.tell(vm),
            false => vm.free_register = window + usize::from(self.code.registers),
        }
        let (site, callee) = ((self.linked, self.pc(), self.place.1), self.callee());
        let ran = vm.run_ext(site, (a, n, locals), window, callee)?;
        match &ran {
            Ran::On(_, Some(news)) => vm.code_mut().learn(self.program, known, news.clone()),
            Ran::Invokes(Invocation {
                known: Some(news),
                function,
                ..
            }) if function.identity() == self.linked.origin().identity() => {
                vm.code_mut().learn(self.program, known, news.clone());
            }
            _other => {}
        }
        self.after_ext(vm, ran, (a, n))
    }

    /// Runs an op that wants nothing but its `n` inputs, from register `first` on, if it is one and they are of
    /// its kinds; whether it did.
    #[inline]
    pub(super) fn at_hand(&self, vm: &mut VM, op: &OpDesc, (first, n): (usize, u16)) -> bool {
        let inputs = first..first + usize::from(n);
        // An op of numbers, on numbers: nothing but its own code.
        if let Some(quick) = op.quick
            && quick(&mut vm.registers[inputs.clone()])
        {
            return true;
        }
        let Some(peek) = op.peek else {
            return false;
        };
        let result = match &vm.registers[inputs.clone()] {
            [a] => peek(&[a]),
            [a, b] => peek(&[a, b]),
            [a, b, c] => peek(&[a, b, c]),
            _more => None,
        };
        let Some(result) = result else {
            return false;
        };
        vm.registers[inputs].iter_mut().for_each(forget);
        vm.registers[first] = result;
        true
    }

    /// Calls builtin `id` with the arguments from register `a` on, where its result goes; whether control goes
    /// on here.
    #[inline(never)]
    pub(super) fn builtin(
        &mut self,
        vm: &mut VM,
        (a, argc, id): (u16, u8, u16),
    ) -> Result<bool, Trap> {
        self.tell(vm);
        let from = self.place.0 + usize::from(a);
        vm.run_builtin(id, (from, argc), self.pc(), |_vm| from)?;
        Ok(!self.handled(vm)?)
    }

    /// The same for the loop, with the result in register `d`; whether it goes on. If not, the result is where
    /// [`builtin`](Self::builtin) has it, and what came of it in [`Run::left`].
    #[inline(never)]
    pub(super) fn builtin_in_loop(
        &mut self,
        vm: &mut VM,
        (a, argc): (u8, u8),
        id: u16,
        d: u8,
    ) -> bool {
        self.patience -= 1;
        self.tell(vm);
        let window = self.place.0;
        let from = window + usize::from(a);
        let mut stays = false;
        let came = vm.run_builtin(id, (from, argc), self.pc(), |vm| {
            stays = vm.defined == self.defined && (!vm.metered() || self.form.metered);
            match stays {
                true => window + usize::from(d),
                false => from,
            }
        });
        self.take_note(vm);
        if came.is_ok() && stays {
            return true;
        }
        cold_path();
        self.left = Some(came.and_then(|()| Ok(!self.handled(vm)?)));
        false
    }

    /// Where the value is through which the running function was called.
    pub(super) fn callee(&self) -> Callee {
        match self.calls.last() {
            Some(rec) if self.calls.len() > self.known => match rec.landing.invoked() {
                Some(_) => Callee::Held,
                None => Callee::Nothing,
            },
            _told => Callee::OfFrame,
        }
    }

    /// Goes on behind an ext op, or in the call it asked for.
    pub(super) fn after_ext(
        &mut self,
        vm: &mut VM,
        ran: Ran,
        (a, n): (u16, u16),
    ) -> Result<bool, Trap> {
        match ran {
            Ran::On(..) => Ok(true),
            Ran::Back(_) => Ok(!self.handled(vm)?),
            Ran::Elsewhere => Ok(false),
            Ran::Invokes(invoke) => self.invoke(vm, invoke, (a, n)),
        }
    }
}
