//! How much a piece of code allocates: evidence that something is done in place, which time is not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting what each thread asks for and gives back.
struct Counting;

/// What a thread has done.
#[derive(Clone, Copy, Default)]
struct Done {
    /// Allocations, those that made a piece larger or smaller too.
    allocations: usize,
    /// Bytes it has asked for.
    bytes: usize,
    /// Those, and less by what it gave back.
    kept: usize,
}

thread_local! {
    static DONE: Cell<Done> = const {
        Cell::new(Done { allocations: 0, bytes: 0, kept: 0 })
    };
}

/// Counts a piece that was `old` bytes, 0 if there was none, and is `new` ones.
fn count_piece(old: usize, new: usize) {
    // A thread that is going away no longer counts.
    let _ = DONE.try_with(|all| {
        let Done {
            allocations,
            bytes,
            kept,
        } = all.get();
        all.set(Done {
            allocations: allocations + usize::from(new > 0),
            bytes: bytes.wrapping_add(new.saturating_sub(old)),
            kept: kept.wrapping_add(new).wrapping_sub(old),
        });
    });
}

// SAFETY: every call goes to the system's allocator as it came; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_piece(0, layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count_piece(layout.size(), 0);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_piece(layout.size(), size);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that this thread asks for while `run` runs.
pub(crate) fn bytes<R>(run: impl FnOnce() -> R) -> (usize, R) {
    let before = DONE.get();
    let result = run();
    (DONE.get().bytes.wrapping_sub(before.bytes), result)
}

/// How often this thread allocates while `run` runs.
pub(crate) fn count<R>(run: impl FnOnce() -> R) -> (usize, R) {
    let before = DONE.get();
    let result = run();
    (DONE.get().allocations - before.allocations, result)
}

/// Bytes that this thread has asked for while `run` ran, and not given back.
pub(crate) fn kept<R>(run: impl FnOnce() -> R) -> (isize, R) {
    let before = DONE.get();
    let result = run();
    (DONE.get().kept.wrapping_sub(before.kept) as isize, result)
}

#[test]
fn a_copy_is_seen() {
    let large = vec![1u8; 100_000];
    let (bytes, copy) = bytes(|| large.clone());
    assert!(bytes >= copy.len());
}

/// Runs without machine code, which takes memory when something turns out to be hot.
pub fn interpret(vm: &mut fusevm::VM) {
    #[cfg(all(feature = "jit", unix))]
    {
        let mut config = fusevm::JitConfig::default();
        config.enabled = false;
        vm.set_jit(config);
    }
    let _ = vm;
}
