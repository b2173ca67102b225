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

/// How much was held for handlers, and where what they may pop began.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    values: usize,
    fresh: (bool, usize),
    bottom: usize,
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
            bottom: self.bottom,
        }
    }

    /// Says that a handler runs, which may pop what is on the stack from `bottom` on. What is allocated from
    /// now on is held. What is held so far, for [`release`](Self::release).
    #[inline]
    pub(crate) fn hold_fresh(&mut self, bottom: usize) -> Held {
        Held {
            values: self.held.len(),
            fresh: self.heap.keep_fresh(true),
            bottom: std::mem::replace(&mut self.bottom, bottom),
        }
    }

    /// Says that no handler runs, but ops without the VM.
    pub(crate) fn hold_nothing(&mut self) {
        self.heap.keep_fresh(false);
    }

    /// Lets go of what is held beyond that.
    #[inline]
    pub(crate) fn release(&mut self, point: Held) {
        super::cut(&mut self.held, point.values);
        self.heap.release_fresh(point.fresh);
        self.bottom = point.bottom;
    }
}
