//! Places in a unit's code where machine code may be entered.
//!
//! Code is shared by VMs and threads, and never written: a change makes a new table of instructions, and
//! the old one stays for those who are in it. There are only so many tables; after that no place is added
//! or taken away.

use super::{Code, Ins};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Tables that a unit may come to.
const TABLES: usize = 24;

/// The tables of a unit.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    made: OnceLock<Box<[OnceLock<Box<[Ins]>>; TABLES]>>,
    /// The latest, counted from 1; 0 for the instructions as they were lowered.
    now: AtomicUsize,
}

impl Code {
    /// The instructions as the loop runs them now.
    #[inline(always)]
    pub(crate) fn table(&self) -> &[Ins] {
        match self.hooks.now.load(Ordering::Acquire) {
            0 => &self.ins,
            now => self.hooked(now),
        }
    }

    fn hooked(&self, now: usize) -> &[Ins] {
        let made = self.hooks.made.get().and_then(|made| made[now - 1].get());
        made.map_or(&self.ins, |table| table)
    }

    /// From now on machine code may be entered before that instruction.
    pub(crate) fn hook(&self, ip: u32) {
        if !matches!(self.table()[ip as usize], Ins::Enter) {
            self.change(ip, Ins::Enter);
        }
    }

    /// No longer.
    pub(crate) fn unhook(&self, ip: u32) {
        if matches!(self.table()[ip as usize], Ins::Enter) {
            self.change(ip, self.ins[ip as usize]);
        }
    }

    fn change(&self, ip: u32, ins: Ins) {
        let made = self.hooks.made.get_or_init(Default::default);
        let mut table: Box<[Ins]> = self.table().into();
        table[ip as usize] = ins;
        // Whoever comes second with a change of his own finds his table taken, and tries again later.
        if let Some(at) = made.iter().position(|slot| slot.get().is_none())
            && made[at].set(table).is_ok()
        {
            self.hooks.now.store(at + 1, Ordering::Release);
        }
    }
}
