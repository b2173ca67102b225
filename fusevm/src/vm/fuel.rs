//! Fuel and interrupts: what ends a run that would not end by itself.
//!
//! Both are looked at where a slice of ops ends, so that the interpreter counts one number per op.

use super::VM;
use crate::semantics::Trap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ops between two looks at the interrupt flag.
const SLICE: u64 = 4096;

/// The same in machine code, which runs at least ten times as fast.
#[cfg(all(feature = "jit", unix))]
const FAR: u64 = 1 << 16;

/// Stops a VM from another thread: see [`VM::interrupt_handle`].
#[derive(Clone, Debug)]
pub struct InterruptHandle(Arc<AtomicBool>);

impl InterruptHandle {
    /// Makes the running program trap with `Interrupted`, or the next one that runs.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl VM {
    /// Limits the fuel from now on: one per op, more for what costs more, exactly the same in every
    /// way of running. `None` for no limit.
    pub fn set_fuel(&mut self, fuel: Option<u64>) {
        if fuel.is_some() != self.metered() {
            self.changed += 1;
        }
        self.slice = 0;
        self.fuel = fuel.map_or(u64::MAX, |fuel| fuel.min(u64::MAX - 1));
    }

    /// The fuel that is left; `None` when there is no limit.
    pub fn fuel(&self) -> Option<u64> {
        (self.fuel != u64::MAX).then(|| self.fuel + self.slice)
    }

    /// What stops this VM from another thread.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle(self.interrupt.get_or_init(Arc::default).clone())
    }

    /// What is set when somebody interrupts.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn interrupt_flag(&self) -> &Arc<AtomicBool> {
        self.interrupt.get_or_init(Arc::default)
    }

    /// Whether the VM was interrupted, which the next run will find out.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn is_interrupted(&self) -> bool {
        let handle = self.interrupt.get();
        handle.is_some_and(|set| set.load(Ordering::Relaxed))
    }

    /// Whether the VM was interrupted since the last time it was asked.
    fn interrupted(&self) -> bool {
        let handle = self.interrupt.get();
        handle.is_some_and(|set| set.load(Ordering::Relaxed) && set.swap(false, Ordering::Relaxed))
    }

    /// Takes `cost` from the fuel.
    pub(crate) fn charge(&mut self, cost: u64) -> Result<(), Trap> {
        if let Some(left) = self.slice.checked_sub(cost) {
            self.slice = left;
            return Ok(());
        }
        self.refill(cost)
    }

    /// Takes `cost` from the fuel if there is that much. Does not look at the interrupt flag.
    pub(crate) fn pay(&mut self, cost: u64) -> bool {
        if self.fuel == u64::MAX {
            self.slice = self.slice.saturating_sub(cost);
            return true;
        }
        let Some(left) = (self.fuel + self.slice).checked_sub(cost) else {
            return false;
        };
        self.slice = left.min(self.slice);
        self.fuel = left - self.slice;
        true
    }

    /// Takes `cost` for ops that will run, if there is that much; whether there was.
    ///
    /// # Errors
    /// The interrupt, if it is time to look at it.
    pub(crate) fn prepay(&mut self, cost: u64) -> Result<bool, Trap> {
        if let Some(left) = self.slice.checked_sub(cost) {
            self.slice = left;
            return Ok(true);
        }
        if self.interrupted() {
            return Err(Trap::Interrupted);
        }
        if !self.pay(cost) {
            return Ok(false);
        }
        if self.fuel != u64::MAX {
            let more = self.fuel.min(SLICE);
            (self.slice, self.fuel) = (self.slice + more, self.fuel - more);
        }
        Ok(true)
    }

    /// The same for machine code, and for much that it will run.
    ///
    /// # Errors
    /// The interrupt, if it is time to look at it.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn prepay_far(&mut self, cost: u64) -> Result<bool, Trap> {
        let paid = self.prepay(cost)?;
        if paid {
            self.slice_far();
        }
        Ok(paid)
    }

    /// Sees to it that there is fuel for now, for machine code.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn slice_far(&mut self) {
        if self.fuel != u64::MAX {
            let more = self.fuel.min(FAR.saturating_sub(self.slice));
            (self.slice, self.fuel) = (self.slice + more, self.fuel - more);
        }
    }

    /// Where machine code is left, the next look at the interrupt flag comes as soon as ever.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn slice_near(&mut self) {
        if self.slice > SLICE && self.fuel != u64::MAX {
            self.fuel += self.slice - SLICE;
            self.slice = SLICE;
        }
    }

    /// Gives back what was paid for ops that did not run.
    pub(crate) fn refund(&mut self, cost: u64) {
        if self.fuel != u64::MAX {
            self.slice += cost;
        }
    }

    /// Whether fuel is limited.
    pub(crate) fn metered(&self) -> bool {
        self.fuel != u64::MAX
    }

    /// Looks at the interrupt flag, in code that counts no fuel.
    pub(crate) fn poll(&mut self) -> Result<(), Trap> {
        match self.interrupted() {
            true => Err(Trap::Interrupted),
            false => Ok(()),
        }
    }

    /// Looks at interrupt and fuel, and starts a new slice that pays for `cost`.
    #[cold]
    fn refill(&mut self, cost: u64) -> Result<(), Trap> {
        if self.interrupted() {
            return Err(Trap::Interrupted);
        }
        if self.fuel == u64::MAX {
            self.slice = SLICE;
            return Ok(());
        }
        let total = self.fuel + self.slice;
        let Some(left) = total.checked_sub(cost) else {
            (self.fuel, self.slice) = (0, 0);
            return Err(Trap::OutOfFuel);
        };
        self.slice = left.min(SLICE);
        self.fuel = left - self.slice;
        Ok(())
    }

    /// Gives what is left of the slice back to the fuel.
    pub(super) fn slice_back(&mut self) {
        if self.fuel != u64::MAX {
            self.fuel += self.slice;
        }
        self.slice = 0;
    }
}
