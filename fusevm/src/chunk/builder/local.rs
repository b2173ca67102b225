//! Variables that closures may share. Whether one does is known when its function has been built: its
//! ops then work on the slot, or on a cell in the slot.

use super::{Builder, Emitted, FnId};
use crate::core_ops;
use crate::ext::{Language, Slot};
use crate::op::Op;

/// A variable of a function under construction, in a slot of its own. Closures that share it make it
/// stand in a cell; [`Builder::share_local`].
///
/// ```
/// use fusevm::prelude::*;
///
/// let mut b = Builder::<()>::new();
/// let x = b.local(0);
/// b.load(1);
/// b.init_local(x);
/// b.get_local(x);
/// // What would go to a closure: the cell, through which it writes the variable.
/// b.get_cell(x);
/// b.load(2);
/// b.op(core_ops::cell_set {});
/// b.get_local(x);
/// b.make_array(2);
/// let chunk = b.finish().unwrap();
/// assert_eq!(VM::empty().eval(&chunk).unwrap().to_str(), "1 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Local(u32);

/// What is known of a variable.
#[derive(Clone, Copy)]
pub(super) struct Variable {
    slot: u16,
    shared: bool,
}

/// What an op does with a variable.
#[derive(Clone, Copy)]
pub(super) struct Access {
    local: Local,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    Init,
    Get,
    Set,
}

impl<L: Language> Builder<L> {
    /// A variable in that slot of the function that is open.
    pub fn local(&mut self, slot: usize) -> Local {
        let slot = self.slot(slot);
        let shared = false;
        self.locals.push(Variable { slot, shared });
        Local((self.locals.len() - 1) as u32)
    }

    /// Parameter `index` of a function as a variable.
    pub fn param(&mut self, function: &FnId, index: usize) -> Local {
        let local = self.local(index);
        // The prologue takes the last argument first, and starts the body.
        let ops = &mut self.bodies[function.0].ops;
        let store = ops
            .iter_mut()
            .find(|emitted| matches!(emitted.op, Op::SetSlot(slot) if usize::from(slot) == index));
        let how = How::Init;
        store
            .into_iter()
            .for_each(|store| store.of = Some(Access { local, how }));
        local
    }

    /// `v →`: gives a variable its first value. Closures that share it from here on share another one
    /// than those before.
    pub fn init_local(&mut self, local: Local) {
        self.access(local, How::Init);
    }

    /// `→ v`: the value of a variable.
    pub fn get_local(&mut self, local: Local) {
        self.access(local, How::Get);
    }

    /// `v →`: writes a variable.
    pub fn set_local(&mut self, local: Local) {
        self.access(local, How::Set);
    }

    /// Lets closures share a variable: all its ops, those before this as well, work on a cell in its
    /// slot.
    pub fn share_local(&mut self, local: Local) {
        self.locals[local.0 as usize].shared = true;
    }

    /// `→ cell`: the cell of a variable, for a closure to keep. Shares it.
    pub fn get_cell(&mut self, local: Local) {
        self.share_local(local);
        self.push(Op::GetSlot(self.locals[local.0 as usize].slot));
    }

    fn access(&mut self, local: Local, how: How) {
        let slot = self.locals[local.0 as usize].slot;
        self.push(match how {
            How::Get => Op::GetSlot(slot),
            How::Init | How::Set => Op::SetSlot(slot),
        });
        if let Some(emitted) = self.body().1.ops.last_mut() {
            emitted.of = Some(Access { local, how });
        }
    }

    /// The op as it is now that it is known who shares what.
    pub(super) fn place_local(&mut self, emitted: &Emitted) -> Op {
        let Some(Access { local, how }) = emitted.of else {
            return emitted.op;
        };
        let Variable { slot, shared } = self.locals[local.0 as usize];
        let s = Slot(slot);
        match how {
            _ if !shared => emitted.op,
            How::Init => self.ext(core_ops::slot_new_cell { s }),
            How::Get => self.ext(core_ops::slot_cell_get { s }),
            How::Set => self.ext(core_ops::slot_cell_set { s }),
        }
    }
}
