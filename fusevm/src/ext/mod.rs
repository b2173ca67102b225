//! Extension ops: the ops of a language, declared as Rust functions.
//!
//! `#[ext_op]` leaves the function alone and makes a type of the same name beside it, which
//! implements [`ExtOp`]: a constant [`OpDesc`] with names, types, effect and entry point, and the
//! encoding of its immediates. `#[ops]` lists the ops of a module as an [`OpSet`],
//! `#[derive(Language)]` merges sets into an [`OpTable`]. A chunk names ops by [`Import`]; loading
//! resolves imports against the table. One run of an op is a [`Call`].
//!
//! How a parameter is passed follows from its shape and the traits of its type: [`Immediate`],
//! [`Input`], [`Borrowed`], [`Context`], [`Callee`], [`Memory`]; results from [`Returns`] and [`IntoOutput`]. Whatever two
//! parameters could not have together is refused while rustc runs.

mod assert;
mod call;
mod called;
mod callee;
mod context;
mod desc;
mod fold;
mod given;
mod immediate;
mod import;
#[doc(hidden)]
pub mod inline;
mod input;
mod language;
mod memory;
mod native;
mod near;
mod output;
mod passed;
#[doc(hidden)]
pub mod private;
mod reference;
mod table;

pub use assert::{
    ConstText, assert_access, assert_callee, assert_distinct, assert_equality, assert_fast,
    assert_heap_use, assert_immediate, assert_jumps, assert_operator, assert_pure, assert_rules,
    assert_same_effect,
};
pub use call::{Call, Flow, Operand, Rest};
pub(crate) use call::{Parts, Produced, Results, check_size, shown};
#[cfg(feature = "jit")]
pub(crate) use called::{Allocate, Around, Pass, Reach, Site};
#[doc(hidden)]
pub use called::{
    Called, CalledOp, Failure, NativeOp, NativeState, NotCalled, Probe, World, passed,
};
pub use callee::{Callee, CalleeDesc};
pub use context::{Context, Ctx};
pub use desc::{
    AccessKind, Cost, Entry, HeapUse, ImmDesc, ImmKind, InputDesc, OpDesc, OutputDesc,
    ParseImmediate, Peek, Quick, Ty, pack,
};
pub(crate) use desc::{same, same_type};
pub(crate) use fold::Fold;
pub use given::{
    Given, Integer, ToGiven, assert_given, assert_given_or, fits, integer, named, pack_given,
    saturated, wanted,
};
pub use immediate::{
    Block, Function, Immediate, ImmediatePool, Label, Name, Slot, Text, bad_immediate,
};
pub use import::{ImmTag, Import, Signature};
pub use input::{Borrowed, Input, Mismatch, borrow_object, is_object};
pub use language::{ExtOp, Id, Language, OpSet};
pub use memory::Memory;
pub(crate) use memory::Place;
pub use native::{Boxed, Native};
pub(crate) use near::nearest;
pub use output::{Assign, Branch, IntoOutput, Invoke, Load, Made, Returns, Store, allocate};
#[doc(hidden)]
pub use passed::{Back, Beside, InSlot, Passable, PassableBack, in_slot};
pub use reference::UnknownOp;
pub use table::{ImportError, ImportMismatch, MissingOps, OpTable};

/// Stands at ids that no op asked for.
const UNASSIGNED: OpDesc = OpDesc {
    name: "",
    doc: "",
    version: 0,
    was: &[],
    id: None,
    immediates: &[],
    inputs: &[],
    rest: None,
    callee: None,
    cache: false,
    outputs: OutputDesc {
        falls: &[],
        jumps: None,
        fallible: false,
        invokes: false,
        access: None,
    },
    pure: false,
    equality: false,
    calls_back: false,
    cost: Cost::Fixed(1),
    alt: None,
    file: "",
    line: 0,
    entry: |_| Ok(Flow::Next),
    quick: None,
    peek: None,
    called: None,
    inline: None,
};

/// The core op sets, which every language has.
pub fn core_tables<L: Language>() -> Vec<&'static [&'static OpDesc]> {
    #[cfg(feature = "macros")]
    return crate::core_ops::tables::<L>();
    #[cfg(not(feature = "macros"))]
    Vec::new()
}

/// An op set found at link time; submitted by `#[ops(L, linked)]`.
#[cfg(feature = "linked")]
#[derive(Debug)]
pub struct LinkedSet {
    /// The language it is for.
    pub language: fn() -> std::any::TypeId,
    /// Its ops.
    pub table: &'static [&'static OpDesc],
}

#[cfg(feature = "linked")]
inventory::collect!(LinkedSet);

/// The linked ops of a language, by name.
#[cfg(feature = "linked")]
pub fn linked_ops<L: Language>() -> Vec<&'static OpDesc> {
    let id = std::any::TypeId::of::<L>();
    let mut ops: Vec<&'static OpDesc> = inventory::iter::<LinkedSet>
        .into_iter()
        .filter(|set| (set.language)() == id)
        .flat_map(|set| set.table.iter().copied())
        .collect();
    ops.sort_by_key(|op| op.name);
    ops
}
