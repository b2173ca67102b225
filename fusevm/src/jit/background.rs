//! The thread that compiles while programs go on in the interpreter.
//!
//! There is one for all VMs of the process: there may be thousands of them, and what is compiled at a time
//! is little. It begins with the first batch that is handed in, takes batches in the order in which they
//! came, and ends when there was none for a while, so that a process whose VMs have nothing hot has no such
//! thread. A VM hands in one batch at a time, which keeps the queue short and fair, and looks for what
//! became of it when it comes by; nobody ever waits for the thread. A VM that is gone has its batch given
//! up: the thread drops it, or what came of it.
//!
//! Of machine code only bytes are made here. They are placed by the VM that asked, on its own thread: its
//! pages are nobody else's.

use super::batch::{Batch, Done};
use super::entry::give_way;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// How long the thread waits for another batch before it ends.
const IDLE: Duration = Duration::from_secs(2);

/// Native stack of the thread: threads of programs may have less.
const STACK: usize = 2 << 20;

/// What is to be compiled, and whether somebody does.
static QUEUE: Queue = Queue {
    state: Mutex::new(State {
        waiting: VecDeque::new(),
        process: None,
    }),
    news: Condvar::new(),
};

struct Queue {
    state: Mutex<State>,
    news: Condvar,
}

struct State {
    waiting: VecDeque<(Batch, Arc<Slip>)>,
    /// The process that has the thread, if there is one. A process that was forked off this one has none,
    /// whatever it finds here.
    process: Option<u32>,
}

/// What a VM and the thread have in common of a batch.
#[derive(Debug, Default)]
struct Slip {
    /// Nobody wants it any more.
    given_up: AtomicBool,
    is_done: AtomicBool,
    done: Mutex<Option<Done>>,
}

/// A batch that was handed in. Whoever drops it gives it up.
#[derive(Debug)]
pub(super) struct Handed(Arc<Slip>);

impl Handed {
    /// Whether it is done.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.0.is_done.load(Ordering::Acquire)
    }

    /// What became of it, once it is done.
    pub(super) fn take(&self) -> Option<Done> {
        lock(&self.0.done).take()
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        self.0.given_up.store(true, Ordering::Relaxed);
    }
}

/// Panics are caught before they come to what is locked; what is behind a lock is right between any two
/// writes.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands in a batch; gives it back where there is no thread for it.
pub(super) fn hand_in(batch: Batch) -> Result<Handed, Box<Batch>> {
    let slip = Arc::new(Slip::default());
    let mut state = lock(&QUEUE.state);
    let process = std::process::id();
    if state.process != Some(process) {
        let thread = Builder::new().name("fusevm jit".into()).stack_size(STACK);
        if thread.spawn(work).is_err() {
            return Err(Box::new(batch));
        }
        state.process = Some(process);
    }
    state.waiting.push_back((batch, slip.clone()));
    drop(state);
    QUEUE.news.notify_one();
    Ok(Handed(slip))
}

/// Compiles what is handed in, until there has been nothing for a while.
fn work() {
    give_way();
    let mut emitters = [None, None];
    while let Some((batch, slip)) = next() {
        let emitter = &mut emitters[usize::from(batch.checks())];
        let is_wanted = || !slip.given_up.load(Ordering::Relaxed);
        let done = batch.run(emitter, &is_wanted);
        // The program may be dropped here for the last time, with values of the host that fail at that. The
        // VM hears of what was made when nothing is shared with it any more.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(batch)));
        if is_wanted() {
            *lock(&slip.done) = Some(done);
            slip.is_done.store(true, Ordering::Release);
        }
    }
}

fn next() -> Option<(Batch, Arc<Slip>)> {
    let nothing = |state: &mut State| state.waiting.is_empty();
    let state = lock(&QUEUE.state);
    let waited = QUEUE.news.wait_timeout_while(state, IDLE, nothing);
    let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    let found = state.waiting.pop_front();
    if found.is_none() {
        state.process = None;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Chunk;
    use crate::ext::{OpDesc, OpTable};
    use crate::jit::batch::{Loaded, Wish};
    use crate::jit::build::Refused;
    use crate::jit::{CalleeAt, JitConfig, Key};
    use crate::lower::{Code, Form};
    use crate::semantics::Policy;
    use std::time::Instant;

    /// A program that fails where it is looked at, and says when it is dropped.
    struct Fails(Arc<AtomicBool>);

    impl Loaded for Fails {
        fn policy(&self) -> Policy {
            panic!("no")
        }

        fn symbols(&self) -> &[u32] {
            panic!("no")
        }

        fn places(&self) -> &[u32] {
            panic!("no")
        }

        fn ops(&self) -> &[&'static OpDesc] {
            panic!("no")
        }

        fn chunk(&self) -> &Chunk {
            panic!("no")
        }

        fn operators(&self) -> Option<&'static OpTable> {
            panic!("no")
        }

        fn coerces(&self) -> bool {
            panic!("no")
        }

        fn made(&self, _: u32, _: Form) -> Option<&Code> {
            panic!("no")
        }

        fn code(&self, _: u32, _: u8, _: Form) -> Option<&Code> {
            panic!("no")
        }
    }

    impl Drop for Fails {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
            panic!("no");
        }
    }

    fn batch(dropped: &Arc<AtomicBool>) -> Batch {
        Batch {
            program: Arc::new(Fails(dropped.clone())),
            key: Key {
                program: 1,
                unit: 0,
                form: 0,
            },
            form: Form::default(),
            wish: Wish::Function(Vec::new(), CalleeAt::Nothing),
            units: Default::default(),
            bound: Arc::new([]),
            shapes: Vec::new(),
            has_keeper: false,
            again: false,
            asked: 0,
            present: Vec::new(),
            numbers: (Vec::new(), 0),
            config: JitConfig::DEFAULT,
        }
    }

    fn until(is: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is() {
            assert!(begin.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_fails_stays_interpreted_and_the_next_ones_are_compiled_all_the_same() {
        for _ in 0..3 {
            let dropped = Arc::default();
            let Ok(handed) = hand_in(batch(&dropped)) else {
                panic!("there are threads")
            };
            until(|| dropped.load(Ordering::Acquire));
            until(|| handed.is_done());
            let done = handed.take().expect("it is done");
            assert!(matches!(done.refused, Some((Refused::Failed, None))));
            assert!(done.made.is_empty() && done.first.is_none());
        }
    }

    #[test]
    fn what_is_given_up_is_dropped_by_the_thread() {
        let dropped = Arc::default();
        for _ in 0..20 {
            drop(hand_in(batch(&dropped)));
        }
        until(|| dropped.load(Ordering::Acquire));
    }
}
