//! A VM of a known language.

use super::VM;
use crate::ext::Language;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// A [`VM`] of language `L`, with a host of its type.
pub struct Vm<L: Language> {
    vm: VM,
    language: PhantomData<fn() -> L>,
}

impl<L: Language> Vm<L> {
    /// A new VM.
    pub fn new(host: L::Host) -> Self {
        Self {
            vm: VM::of::<L>(host),
            language: PhantomData,
        }
    }

    /// The host.
    ///
    /// # Panics
    /// When the VM inside was replaced as a whole by one of another language.
    pub fn host(&self) -> &L::Host {
        self.vm.host_ref()
    }

    /// The host, to change it.
    ///
    /// # Panics
    /// When the VM inside was replaced as a whole by one of another language.
    pub fn host_mut(&mut self) -> &mut L::Host {
        self.vm.host_as()
    }
}

impl<L: Language<Host: Default>> Default for Vm<L> {
    fn default() -> Self {
        Self::new(L::Host::default())
    }
}

impl<L: Language> Deref for Vm<L> {
    type Target = VM;
    fn deref(&self) -> &VM {
        &self.vm
    }
}

impl<L: Language> DerefMut for Vm<L> {
    fn deref_mut(&mut self) -> &mut VM {
        &mut self.vm
    }
}

impl<L: Language> std::fmt::Debug for Vm<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vm")
            .field("vm", &self.vm)
            .finish_non_exhaustive()
    }
}
