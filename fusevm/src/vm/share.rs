//! How threads share a program: each counts a handle of its own.
//!
//! Every new VM counts the program it loads, and a count that several threads write goes from core to core
//! each time: two threads are then no faster than one. So a program lends each thread a handle, which the
//! VMs of that thread count. A handle keeps what it is of alive, and no more; those that were lent go with
//! the one that lent them, once no VM has them.

use super::program::ProgramInner;
use crate::chunk::own_name;
use crate::value::Str;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Threads that have a handle of their own; more of them share one with others.
const THREADS: usize = 64;

/// Threads that have asked for their number.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: usize = NEXT.fetch_add(1, Ordering::Relaxed);
}

/// The number of this thread, which no other one has or ever had.
pub(crate) fn this_thread() -> usize {
    THREAD.with(|thread| *thread)
}

/// What a [`Program`](super::Program) points to.
///
/// The count stands before it: the gaps keep what other threads write off its cache line.
#[repr(C)]
pub(crate) struct Handle {
    _before: [u64; 6],
    pub(super) inner: Arc<ProgramInner>,
    /// Copies of the chunk's names, which are counted as well: there are some if it was lent.
    names: Option<Box<[Str]>>,
    function_names: OnceLock<Box<[Str]>>,
    lent: OnceLock<Box<[OnceLock<Arc<Handle>>; THREADS]>>,
    _behind: [u64; 6],
}

impl Handle {
    pub(super) fn new(inner: Arc<ProgramInner>) -> Arc<Self> {
        Self::with(inner, None)
    }

    fn with(inner: Arc<ProgramInner>, names: Option<Box<[Str]>>) -> Arc<Self> {
        Arc::new(Self {
            _before: [0; 6],
            inner,
            names,
            function_names: OnceLock::new(),
            lent: OnceLock::new(),
            _behind: [0; 6],
        })
    }

    /// The handle of this thread.
    pub(super) fn lend(&self) -> Arc<Self> {
        let all = (self.lent).get_or_init(|| Box::new([const { OnceLock::new() }; THREADS]));
        let new = || {
            let names = self.inner.chunk().names().iter();
            let names = names.map(|name| Str::from(name.as_str())).collect();
            Self::with(self.inner.clone(), Some(names))
        };
        all[this_thread() % THREADS].get_or_init(new).clone()
    }

    /// Whether somebody else has the program, through this handle or another one.
    pub(super) fn is_shared(this: &Arc<Self>) -> bool {
        Arc::strong_count(this) > 1 || Arc::strong_count(&this.inner) > 1
    }

    /// The names of the chunk, by number.
    pub(super) fn names(&self) -> &[Str] {
        let own = self.names.as_deref();
        own.unwrap_or_else(|| self.inner.chunk().names())
    }

    /// The names of the chunk's functions as their author knows them.
    pub(super) fn function_names(&self) -> &[Str] {
        self.function_names.get_or_init(|| {
            let functions = self.inner.chunk().functions().iter();
            let name = |n: u16| self.names().get(usize::from(n));
            functions
                .map(|entry| name(entry.name).map(own_name).unwrap_or_default())
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::Program;
    use crate::{ChunkBuilder, Op, VM, Value};

    /// A function `f` that returns 7.
    fn program() -> Program {
        let mut b = ChunkBuilder::new();
        let f = b.add_name("f");
        let jump = b.emit(Op::Jump(0), 1);
        let pc = b.emit(Op::LoadInt(7), 1);
        b.emit(Op::ReturnValue, 1);
        b.add_function(f, pc, 0);
        b.patch_jump(jump, b.current_pos());
        b.emit(Op::Call(f, 0), 1);
        Program::new(b.build()).unwrap()
    }

    fn run(program: &Program) -> VM {
        let mut vm = VM::empty();
        assert_eq!(vm.eval(program).unwrap(), Value::Int(7));
        vm
    }

    #[test]
    fn handles_of_threads_are_of_one_program() {
        let program = program();
        let functions: Vec<_> = std::thread::scope(|scope| {
            let all = [(); 3].map(|()| scope.spawn(|| run(&program).function("f").unwrap()));
            all.map(|thread| thread.join().unwrap()).into()
        });
        let mut vm = run(&program);
        for function in functions {
            assert_eq!(Some(&function), vm.function("f").as_ref());
            assert_eq!(vm.call(function, &[]).unwrap(), Value::Int(7));
            assert_eq!(vm.code().len(), 1, "it is loaded once");
        }
    }

    #[test]
    fn what_is_lent_goes_with_the_program_and_the_vms() {
        let program = program();
        let inner = Arc::downgrade(&program.0.inner);
        let vms: Vec<VM> = std::thread::scope(|scope| {
            let all = [(); 3].map(|()| scope.spawn(|| run(&program)));
            all.map(|thread| thread.join().unwrap()).into()
        });
        let again = VM::empty().load(&program).unwrap();
        drop(program);
        assert_eq!(vms.len(), 3);
        for mut vm in vms {
            assert_eq!(vm.call("f", &[]).unwrap(), Value::Int(7));
        }
        assert!(inner.upgrade().is_some());
        drop(run(&again));
        drop(again);
        assert!(inner.upgrade().is_none());
    }

    #[test]
    fn a_thread_counts_its_own_handle() {
        let program = program();
        let before = Arc::strong_count(&program.0);
        let kept: Vec<VM> = (0..10).map(|_| run(&program)).collect();
        assert_eq!(Arc::strong_count(&program.0), before);
        assert_eq!(Arc::strong_count(&program.0.inner), 2);
        drop(kept);
    }
}
