//! Contexts: what an op may reach beside its inputs. `&mut Host`, `&mut Heap`, `&mut Output` side by
//! side, or [`Ctx`] alone, which may call back into the VM.

use super::{Block, Call, Language};
use crate::heap::Heap;
use crate::semantics::Trap;
use crate::value::{Func, Value};
use crate::vm::{Callable, Output, VM};
use std::marker::PhantomData;

/// A type whose `&mut` is a context of the ops of language `L`: its host type, `Heap`, `Output`.
/// `#[derive(Language)]` implements it for the host.
#[diagnostic::on_unimplemented(
    message = "`&mut {Self}` is not a context of the ops of `{L}`",
    label = "neither the host type nor `Heap` nor `Output`",
    note = "operands are never `&mut`: take a heap object as `ObjMut<'_, T>`, a slot of the caller with `#[slot]`",
    note = "the host type is the one named by `#[language(host = …)]`; sets for every language have none"
)]
pub trait Context<L> {
    /// Whether it is the whole heap, so that inputs cannot borrow from it.
    const IS_HEAP: bool = false;
    /// The context, once.
    fn take<'a>(call: &mut Call<'a>) -> Option<&'a mut Self>;
}

impl<L> Context<L> for Heap {
    const IS_HEAP: bool = true;
    fn take<'a>(call: &mut Call<'a>) -> Option<&'a mut Self> {
        call.heap_mut()
    }
}

impl<L> Context<L> for Output {
    fn take<'a>(call: &mut Call<'a>) -> Option<&'a mut Self> {
        call.output()
    }
}

/// The whole VM, for an op that calls back into it: functions, blocks, host, heap, output, globals.
///
/// Its inputs are owned while the op runs, so that whatever the VM does under it cannot touch them.
pub struct Ctx<'a, L: Language> {
    vm: &'a mut VM,
    language: PhantomData<fn() -> L>,
}

impl<'a, L: Language> Ctx<'a, L> {
    pub(crate) fn new(vm: &'a mut VM) -> Self {
        Self {
            vm,
            language: PhantomData,
        }
    }

    /// Calls a function, by value or by name; its result, or Undef when it returns none. What an op
    /// would return to have the VM call, an [`Invoke`](super::Invoke), can be called here as well.
    ///
    /// Objects that the op has in hand live until it returns: its inputs, the results of its calls,
    /// and what it has allocated since it began. One that it found in another object and took out of
    /// there is kept by [`keep`](Self::keep).
    ///
    /// The call counts against the re-entry limit of the VM. An op that only ends in a call does
    /// better to return [`Invoke`](super::Invoke).
    ///
    /// # Errors
    /// Whatever the function traps with.
    pub fn call(&mut self, callee: impl Callable, args: &[Value]) -> Result<Value, Trap> {
        self.vm.call_nested(callee, args)
    }

    /// Runs a block of the caller with `inputs` on top of the stack: its one result, or Undef.
    ///
    /// # Errors
    /// Whatever the block traps with.
    pub fn run(&mut self, block: Block, inputs: &[Value]) -> Result<Value, Trap> {
        self.vm.run_block_nested(block.0, inputs)
    }

    /// The value through which the running function was called: what [`Invoke`](super::Invoke) gave
    /// as `callee`, or the function itself; Undef in the main program.
    pub fn callee(&self) -> Value {
        self.vm.callee()
    }

    /// Keeps a value, and what it refers to, until the op returns.
    pub fn keep(&mut self, value: &Value) {
        self.vm.hold(value);
    }

    /// Drops the objects that nothing leads to; how many they were.
    pub fn collect(&mut self) -> usize {
        self.vm.collect()
    }

    /// The function of that name as a value: the VM's latest, whatever chunk it is of.
    pub fn function(&self, name: &str) -> Option<Func> {
        self.vm.function(name)
    }

    /// The host.
    pub fn host(&mut self) -> &mut L::Host {
        self.vm.host_as::<L::Host>()
    }

    /// The heap.
    pub fn heap(&mut self) -> &mut Heap {
        self.vm.heap_mut()
    }

    /// The output.
    pub fn output(&mut self) -> &mut Output {
        self.vm.output()
    }

    /// A global, Undef when it was never set.
    pub fn global(&self, name: &str) -> Value {
        self.vm.global(name)
    }

    /// Sets a global.
    pub fn set_global(&mut self, name: &str, value: impl Into<Value>) {
        self.vm.set_global(name, value);
    }

    /// The text of a value, objects as their types say.
    ///
    /// # Errors
    /// A trap when it is longer than the limits allow.
    pub fn text(&self, value: &Value) -> Result<String, Trap> {
        self.vm.text(value)
    }
}

impl<L: Language> std::fmt::Debug for Ctx<'_, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("vm", &self.vm)
            .finish_non_exhaustive()
    }
}
