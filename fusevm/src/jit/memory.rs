//! Where machine code lives: one region of address space for a VM, near the text of the executable, in
//! which whole pages are handed out to code that is placed together.
//!
//! A room for `unsafe`: pages are mapped, written, and made executable here, and nowhere else.
//!
//! **Invariants.** Pages of the region are in one of three states: free and not accessible, being written
//! by [`Region::place`], or executable and never written again until they are freed. No page is writable
//! and executable at once. Addresses in a [`Region`] that are called stay what they are: whoever calls one
//! holds the region's owner, or has it [`Kept`], and frees pages only while no machine code of the VM is running.

#![allow(unsafe_code)]

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::{copy_nonoverlapping, without_provenance_mut};
use std::sync::Arc;

/// Bytes that a page of the region has.
const PAGE: usize = 1 << 14;

/// Bytes between the starts of two functions, so that short loops lie in one line of the cache.
const ALIGN: usize = 64;

/// Address space, until nobody has it any more.
#[derive(Debug)]
struct Space {
    base: *mut u8,
    len: usize,
}

// SAFETY: it belongs to who holds it, on whichever thread, and nothing of it is read or written by this.
unsafe impl Send for Space {}
// SAFETY: as above; a shared one only waits to be given back.
unsafe impl Sync for Space {}

/// A region of code memory.
#[derive(Debug)]
pub(super) struct Region {
    space: Arc<Space>,
    /// How many have code in each page.
    used: Vec<u32>,
}

/// Keeps a region's code where it is, although the region may go: for code that calls who may have it go.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Arc<Space>);

/// Code that was placed: where it begins, and the pages that it has, perhaps with others that were placed with it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) starts: Vec<usize>,
    pages: Range<usize>,
}

impl Region {
    /// Reserves so many bytes.
    pub(super) fn reserve(len: usize) -> Option<Region> {
        // Elsewhere nobody has said how the processor is made to see new code.
        if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            return None;
        }
        let len = len.div_ceil(PAGE) * PAGE;
        // Within reach of the text, and below it, where the heap does not grow: a hint that the system
        // may ignore. Calls into code far away are slower.
        let text = Region::reserve as *const () as usize;
        let near = text.saturating_sub((64 << 20) + len) & !(PAGE - 1);
        // SAFETY: a private anonymous mapping at a place of the system's choice touches no other memory.
        let base = unsafe {
            mmap_anonymous(
                without_provenance_mut(near),
                len,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        };
        let base = base.ok()?.cast();
        Some(Region {
            space: Arc::new(Space { base, len }),
            used: vec![0; len / PAGE],
        })
    }

    /// What keeps its code in place.
    pub(super) fn keep(&self) -> Kept {
        Kept(self.space.clone())
    }

    /// Whether it is the region that was kept so.
    pub(super) fn is(&self, kept: &Kept) -> bool {
        Arc::ptr_eq(&self.space, &kept.0)
    }

    /// Bytes in use, by whole pages.
    pub(super) fn in_use(&self) -> usize {
        self.used.iter().filter(|used| **used > 0).count() * PAGE
    }

    /// Places code in fresh pages, one behind the other; `None` where there is no room for all of it in a row, or the
    /// system refuses. Each is made of pieces.
    pub(super) fn place(&mut self, all: &[[&[u8]; 2]]) -> Option<Vec<Placed>> {
        let of = |pieces: &[&[u8]; 2]| -> usize {
            pieces.iter().map(|p| p.len().next_multiple_of(ALIGN)).sum()
        };
        let pages = all.iter().map(of).sum::<usize>().div_ceil(PAGE).max(1);
        let first = (0..=self.used.len().checked_sub(pages)?).find(|first| {
            self.used[*first..first + pages]
                .iter()
                .all(|used| *used == 0)
        })?;
        // SAFETY: the pages lie in the region, and nobody uses them: they were free.
        let at = unsafe { self.space.base.add(first * PAGE) };
        let protect = |flags| {
            // SAFETY: as above; no code runs in these pages yet.
            unsafe { mprotect(at.cast::<c_void>(), pages * PAGE, flags) }.ok()
        };
        protect(MprotectFlags::READ | MprotectFlags::WRITE)?;
        let (mut placed, mut offset) = (Vec::with_capacity(all.len()), 0);
        for pieces in all {
            debug_assert!(pieces.iter().any(|piece| !piece.is_empty()));
            let (begin, mut starts) = (offset, Vec::with_capacity(pieces.len()));
            for piece in pieces {
                // SAFETY: the sum of the lengths was made to fit the pages, which are writable now.
                unsafe { copy_nonoverlapping(piece.as_ptr(), at.add(offset), piece.len()) };
                starts.push(at as usize + offset);
                offset += piece.len().next_multiple_of(ALIGN);
            }
            let behind = offset.div_ceil(PAGE).max(begin / PAGE + 1);
            placed.push(Placed {
                starts,
                pages: first + begin / PAGE..first + behind,
            });
        }
        if protect(MprotectFlags::READ | MprotectFlags::EXEC).is_none() {
            protect(MprotectFlags::empty());
            return None;
        }
        flush(at, pages * PAGE);
        for placed in &placed {
            self.used[placed.pages.clone()]
                .iter_mut()
                .for_each(|used| *used += 1);
        }
        Some(placed)
    }

    /// Frees code that nothing runs or will run any more, and the pages that no other code has.
    pub(super) fn free(&mut self, placed: &Placed) {
        for page in placed.pages.clone() {
            if self.used[page] > 1 {
                self.used[page] -= 1;
                continue;
            }
            // SAFETY: a fresh mapping in place of a page of the region gives it back to the system; nothing
            // runs in it.
            let fresh = unsafe {
                mmap_anonymous(
                    self.space.base.add(page * PAGE).cast(),
                    PAGE,
                    ProtFlags::empty(),
                    MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED,
                )
            };
            if fresh.is_ok() {
                self.used[page] = 0;
            }
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: it was mapped with that length, and whoever held it is gone, so that no code in it runs any more.
        let _ = unsafe { munmap(self.base.cast(), self.len) };
    }
}

/// Makes the processor see code that was written as data.
#[cfg(target_arch = "x86_64")]
fn flush(_at: *mut u8, _len: usize) {}

/// The same where instruction caches do not watch writes (Arm, "Arm Architecture Reference Manual",
/// B2.4.4: clean the data cache, invalidate the instruction cache, and wait for both).
#[cfg(target_arch = "aarch64")]
fn flush(at: *mut u8, len: usize) {
    const LINE: usize = 16;
    let (from, to) = (at as usize & !(LINE - 1), at as usize + len);
    for address in (from..to).step_by(LINE) {
        // SAFETY: maintenance of cache lines that belong to pages of the region.
        unsafe { std::arch::asm!("dc cvau, {0}", in(reg) address) };
    }
    // SAFETY: a barrier.
    unsafe { std::arch::asm!("dsb ish") };
    for address in (from..to).step_by(LINE) {
        // SAFETY: as above.
        unsafe { std::arch::asm!("ic ivau, {0}", in(reg) address) };
    }
    // SAFETY: barriers.
    unsafe { std::arch::asm!("dsb ish", "isb") };
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn flush(_at: *mut u8, _len: usize) {}
