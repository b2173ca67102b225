//! What a VM holds: the roots of its heap, and when the rest is collected.
//!
//! Between two ops every value a program uses is on the stack, in a slot, a frame, a global or an
//! object. A handler that has the whole VM holds values in Rust variables besides; while it runs, what
//! it got from the VM is held for it.

use super::VM;
use crate::heap::Tracer;
use crate::semantics::Trap;
use crate::value::Value;
use std::any::Any;

/// Shows what the host holds.
pub(crate) type TraceHost = fn(&(dyn Any + Send), &mut Tracer<'_>);

/// How much was held for handlers.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    values: usize,
    fresh: (bool, usize),
}

impl VM {
    /// Drops the objects that nothing leads to; how many they were.
    ///
    /// What a Rust variable holds does not count: keep it with [`VM::root`].
    pub fn collect(&mut self) -> usize {
        let before = self.heap.len();
        // That the heap is full of what is alive concerns whoever allocates next.
        let _ = self.collect_now();
        before - self.heap.len()
    }

    /// Collects if it is time to. Called between ops only.
    #[inline]
    pub(crate) fn collect_if_due(&mut self) -> Result<(), Trap> {
        match self.heap.is_due() {
            true => self.collect_now(),
            false => Ok(()),
        }
    }

    #[cold]
    fn collect_now(&mut self) -> Result<(), Trap> {
        let Self {
            heap,
            host,
            trace_host,
            roots,
            stack,
            slots,
            registers,
            free_register,
            frames,
            blocks,
            result,
            globals,
            held,
            callees,
            ..
        } = self;
        heap.collect(|tracer| {
            let registers = &registers[..(*free_register).min(registers.len())];
            let plain = [&**roots, stack, slots, registers, held, callees];
            plain.into_iter().flatten().for_each(|v| tracer.value(v));
            frames.iter().for_each(|frame| tracer.value(&frame.callee));
            blocks.iter().for_each(|run| run.trace(tracer));
            let more = globals.iter().flatten().chain(&*result);
            more.for_each(|v| tracer.value(v));
            trace_host(host.as_ref(), tracer);
        })?;
        Ok(())
    }

    /// Keeps a value for the handler that runs, until it returns.
    pub(crate) fn hold(&mut self, value: &Value) {
        if value.may_hold_handles() {
            self.held.push(value.clone());
        }
    }

    /// How much is held now.
    pub(crate) fn held(&self) -> Held {
        Held {
            values: self.held.len(),
            fresh: self.heap.fresh(),
        }
    }

    /// Says whether what is allocated from now on is held, because a handler runs and not an op
    /// without the VM; what is held so far, for [`release`](Self::release).
    pub(crate) fn hold_fresh(&mut self, on: bool) -> Held {
        let values = self.held.len();
        let fresh = self.heap.keep_fresh(on);
        Held { values, fresh }
    }

    /// Lets go of what is held beyond that.
    pub(crate) fn release(&mut self, point: Held) {
        if self.held.len() > point.values {
            self.held.truncate(point.values);
        }
        self.heap.release_fresh(point.fresh);
    }
}
