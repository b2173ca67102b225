//! What the expansions of the macros name, all in one place, so that they depend on no prelude and
//! no re-export. Not part of the interface: nothing here is stable.

pub use super::desc::same_type;
pub use super::*;
pub use crate::chunk::fixed::{
    BodyKind, Filling, Literal, NO_LABEL, StaticBody, StaticCode, StaticLabel, StaticLanguage,
    StaticOp, arranged, assert_given_named, assert_named,
};
pub use crate::heap::{Heap, Object, Trace, Tracer};
pub use crate::op::{Op, Opcode};
pub use crate::semantics::{Operands, Overflow, Policy, Trap, Unset, ZeroDiv};
pub use crate::testing::check_equality;
pub use crate::value::{FuseValue, HostValue, Value};
pub use crate::verify::early::{Checked, Fault, check};
pub use crate::vm::StaticChunk;
#[cfg(feature = "linked")]
pub use inventory;

/// Bodies as instructions, and the test of each.
pub mod inline {
    pub use crate::ext::inline::*;
    pub use crate::testing::inline::{Checked, check};
}

use crate::value::{Array, Hash};

/// Stands for a chunk that could not be read.
pub const fn no_chunk() -> StaticChunk {
    StaticChunk::new(&NO_CODE)
}

const NO_CODE: StaticCode = StaticCode {
    source: "",
    language: StaticLanguage::of::<()>(),
    names: &[],
    constants: &[],
    bodies: &[],
    blocks: &[],
    declared: &[],
    labels: &[],
    ops: &[],
    jumps: &[],
    places: &[],
};

/// Stands for an op whose declaration has errors, so that its uses report none of their own.
pub const STUB: &OpDesc = &super::UNASSIGNED;

/// A field of a host value that is about to be dropped.
///
/// The inherent methods are found first where the field holds values; everywhere else the one of
/// [`HoldsNone`] is, and does nothing.
#[derive(Debug)]
pub struct Field<'a, T>(pub &'a mut T);

impl Field<'_, Value> {
    /// Moves the value out.
    pub fn release(self, into: &mut Vec<Value>) {
        into.push(std::mem::take(self.0));
    }
}

impl Field<'_, Array> {
    /// Moves the array out.
    pub fn release(self, into: &mut Vec<Value>) {
        into.push(Value::Array(std::mem::take(self.0)));
    }
}

impl Field<'_, Hash> {
    /// Moves the hash out.
    pub fn release(self, into: &mut Vec<Value>) {
        into.push(Value::Hash(std::mem::take(self.0)));
    }
}

impl Field<'_, Option<Value>> {
    /// Moves the value out, if there is one.
    pub fn release(self, into: &mut Vec<Value>) {
        into.extend(self.0.take());
    }
}

impl Field<'_, Vec<Value>> {
    /// Moves the values out.
    pub fn release(self, into: &mut Vec<Value>) {
        into.append(self.0);
    }
}

/// A field of a host value that is looked at; as [`Field`], but the values stay where they are.
#[derive(Debug)]
pub struct Held<'a, T>(pub &'a T);

impl Held<'_, Value> {
    /// Copies the value.
    pub fn values(self, into: &mut Vec<Value>) {
        into.push(self.0.clone());
    }
}

impl Held<'_, Array> {
    /// Copies the array.
    pub fn values(self, into: &mut Vec<Value>) {
        into.push(Value::Array(self.0.clone()));
    }
}

impl Held<'_, Hash> {
    /// Copies the hash.
    pub fn values(self, into: &mut Vec<Value>) {
        into.push(Value::Hash(self.0.clone()));
    }
}

impl Held<'_, Option<Value>> {
    /// Copies the value, if there is one.
    pub fn values(self, into: &mut Vec<Value>) {
        into.extend(self.0.clone());
    }
}

impl Held<'_, Vec<Value>> {
    /// Copies the values.
    pub fn values(self, into: &mut Vec<Value>) {
        into.extend_from_slice(self.0);
    }
}

/// Every other field.
pub trait HoldsNone: Sized {
    /// Nothing to move.
    fn release(self, _into: &mut Vec<Value>) {}

    /// Nothing to copy.
    fn values(self, _into: &mut Vec<Value>) {}
}

impl<T> HoldsNone for Field<'_, T> {}

impl<T> HoldsNone for Held<'_, T> {}

/// A host whose handles are to be found.
///
/// The inherent method is found first where the host has `Trace`; everywhere else the one of
/// [`Untraced`] is, and does nothing.
#[derive(Debug)]
pub struct HostOf<'a, H>(pub &'a H);

impl<H: Trace> HostOf<'_, H> {
    /// Shows the handles.
    pub fn trace(self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }
}

/// Every other host.
pub trait Untraced: Sized {
    /// Nothing to show.
    fn trace(self, _tracer: &mut Tracer<'_>) {}
}

impl<H> Untraced for HostOf<'_, H> {}

/// A context that can be taken once.
///
/// # Errors
/// A trap when it was taken before.
pub fn once<T>(context: Option<T>) -> Result<T, Trap> {
    context.ok_or_else(|| Trap::Load("a context of the op was taken twice".into()))
}

/// The host value inside, if it is a `T`.
pub fn host_value<T: FuseValue>(value: &Value) -> Option<&T> {
    match value {
        Value::Host(value) => value.downcast_ref(),
        _ => None,
    }
}

/// A copy of the host value inside, if it is a `T`.
///
/// # Errors
/// The value, when it is not.
pub fn take_host_value<T: FuseValue + Clone>(value: &mut Value) -> Result<T, Mismatch> {
    host_value(value)
        .cloned()
        .ok_or_else(|| Mismatch(value.clone()))
}
