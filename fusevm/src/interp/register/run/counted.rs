//! The loop that counts: it runs each instruction as it was written, one at a time.

use super::super::tally::Walk;
use super::Run;
use crate::interp::Step;
use crate::semantics::Trap;
use crate::vm::VM;

impl Run<'_> {
    /// Runs instructions like [`Run::go`], and counts them in the VM's tally; the program is interrupted
    /// when as many have run as are to be counted.
    #[cold]
    #[inline(never)]
    pub(super) fn go_counted(&mut self, vm: &mut VM) -> Step {
        let mut walk = Walk::default();
        // Some take several steps, of which the last is the one that runs them.
        let mut again = false;
        loop {
            let (place, code) = (self.place, self.code);
            self.place.1 += 1;
            if let Some(tally) = vm.tally.as_mut().filter(|_| !again) {
                tally.left = tally.left.checked_sub(1).ok_or(Trap::Interrupted)?;
                tally.count(&mut walk, (self.linked, code), place);
            }
            if !self.one(vm, false)? {
                return Ok(());
            }
            again = self.place == place && std::ptr::eq(self.code, code);
        }
    }
}
