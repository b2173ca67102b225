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
            self.change(|table| table[ip as usize] = Ins::Enter);
        }
    }

    /// The same for several at once, where there is no such place yet.
    pub(crate) fn hook_all(&self, ips: &[u32]) {
        if ips.is_empty() || self.was_hooked() {
            return;
        }
        self.change(|table| ips.iter().for_each(|ip| table[*ip as usize] = Ins::Enter));
    }

    /// Whether there is such a place.
    #[inline(always)]
    pub(crate) fn is_hooked(&self) -> bool {
        self.hooks.now.load(Ordering::Acquire) != 0
    }

    /// Whether there ever was one.
    pub(crate) fn was_hooked(&self) -> bool {
        self.hooks.made.get().is_some()
    }

    /// No longer.
    pub(crate) fn unhook(&self, ip: u32) {
        if matches!(self.table()[ip as usize], Ins::Enter) {
            self.change(|table| table[ip as usize] = self.ins[ip as usize]);
        }
    }

    fn change(&self, of: impl FnOnce(&mut [Ins])) {
        let made = self.hooks.made.get_or_init(Default::default);
        let mut table: Box<[Ins]> = self.table().into();
        of(&mut table);
        // As they were lowered: who looks for the table finds that first.
        if !table.iter().any(|ins| matches!(ins, Ins::Enter)) {
            self.hooks.now.store(0, Ordering::Release);
            return;
        }
        // Whoever comes second with a change of his own finds his table taken, and tries again later.
        if let Some(at) = made.iter().position(|slot| slot.get().is_none())
            && made[at].set(table).is_ok()
        {
            self.hooks.now.store(at + 1, Ordering::Release);
        }
    }
}
