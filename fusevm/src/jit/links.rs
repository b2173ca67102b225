//! Calls that are open in machine code, for when somebody wants to know all frames.
//!
//! Before it calls what may want to know them, code writes by which exit it would go on behind the call: at the place
//! that has the number of calls that may still be opened in the callee. From the innermost unit outwards, each link
//! says how many calls its unit has open, and so where the next one is.
//!
//! Machine code that is entered while other runs, from an op or a builtin of that, has links of its own.
//!
//! **Invariant**: a link is written before each call anew. So where one says that the VM was told of it, nothing has
//! changed there and further out since then, unless the VM has forgotten all that it was told ([`Links::forget`]).

use super::Exited;

/// Calls that may be open: behind these, the interpreter makes the next one, and machine code is entered anew.
const MOST: usize = 1 << 14;

/// In a link: the VM was told.
const TOLD: u64 = 1 << 63;

#[derive(Debug, Default)]
pub(super) struct Links {
    /// Exits, by the calls that are left.
    bits: Vec<u64>,
    /// For those that the VM was told: how many times it had forgotten all, and how many calls it knew.
    told: Vec<(u64, usize)>,
    forgotten: u64,
}

/// A call that is open: the exit by which the caller goes on, and where its window begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) exit: Exited,
    pub(crate) window: usize,
    /// The place of its link; the first one, which no call is open in, has none.
    at: Option<usize>,
    /// How many frames it has.
    frames: usize,
    /// How many calls the VM knows, if it was told.
    pub(crate) told: Option<usize>,
}

impl Open {
    /// The innermost unit, which is at that exit.
    pub(super) fn innermost(exit: Exited, window: usize, frames: usize) -> Open {
        Open {
            exit,
            window,
            at: None,
            frames,
            told: None,
        }
    }
}

impl Links {
    /// Makes room for so many calls, or as many as there may be: so many may be opened. There is none so far.
    pub(super) fn make(&mut self, calls: usize) -> usize {
        let calls = calls.min(MOST);
        if self.bits.len() <= calls {
            (self.bits, self.told) = (vec![0; calls + 1], vec![(0, 0); calls + 1]);
        }
        calls
    }

    /// Where machine code writes them.
    pub(super) fn address(&mut self) -> *mut u64 {
        self.bits.as_mut_ptr()
    }

    /// The exit of the link, and the calls that the VM knew when it was told of it, if it was.
    pub(super) fn at(&self, at: usize) -> (Exited, Option<usize>) {
        let bits = self.bits[at];
        let (forgotten, calls) = self.told[at];
        let is_told = bits & TOLD != 0 && forgotten == self.forgotten;
        (Exited::of_bits(bits & !TOLD), is_told.then_some(calls))
    }

    /// A unit with an open call, whose window begins there.
    pub(super) fn open(&self, at: usize, window: usize, frames: usize) -> Open {
        let (exit, told) = self.at(at);
        Open {
            exit,
            window,
            at: Some(at),
            frames,
            told,
        }
    }

    /// The VM was told of all these, innermost first, and knows so many calls now.
    pub(super) fn tell(&mut self, open: &[Open], mut calls: usize) {
        for one in open {
            if let (Some(at), None) = (one.at, one.told) {
                self.bits[at] |= TOLD;
                self.told[at] = (self.forgotten, calls);
            }
            calls -= one.frames.min(calls);
        }
    }

    /// The VM forgets what it was told.
    pub(super) fn forget(&mut self) {
        self.forgotten += 1;
    }
}
