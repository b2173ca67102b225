//! How much a piece of code allocates: evidence that something is done in place, which time is not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting the bytes that each thread asks for.
struct Counting;

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // A thread that is going away no longer counts.
    let _ = BYTES.try_with(|all| all.set(all.get().wrapping_add(bytes)));
}

// SAFETY: every call goes to the system's allocator as it came; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.saturating_sub(layout.size()));
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that this thread asks for while `run` runs.
pub(crate) fn bytes<R>(run: impl FnOnce() -> R) -> (usize, R) {
    let before = BYTES.get();
    let result = run();
    (BYTES.get().wrapping_sub(before), result)
}

#[test]
fn a_copy_is_seen() {
    let large = vec![1u8; 100_000];
    let (bytes, copy) = bytes(|| large.clone());
    assert!(bytes >= copy.len());
}
