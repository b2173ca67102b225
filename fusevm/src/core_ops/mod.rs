//! The core ops: what the 129 ops do not have, declared with the same macros as any language's ops.
//!
//! Every language has them, under names that start with `core.`, so that they are in nobody's way.
//! `b.op(core_ops::floor {})` in a builder; what they compute is in
//! [`semantics`](crate::semantics), like the meaning of every op, or in bodies that are inline.
//!
//! Operands that are numbers are widened: `floor` takes an integer too.

mod cells;
mod containers;
mod numbers;

pub use cells::cell;
pub use containers::{container, slot};
pub use numbers::{float, number};

pub use cell::{cell_get, cell_set, new_cell, slot_cell_get, slot_cell_set, slot_new_cell};
pub use container::{
    array_len, contains_key, delete, fill, get, keys, len, pop, push, set, values,
};
pub use float::{atan2, ceil, cos, exp, fdiv, floor, frem, ln, round, sin, sqrt, trunc};
pub use number::{
    abs, div_euclid, idiv, irem, max, min, rem_euclid, to_float, to_int, to_str, wrapping_add,
    wrapping_mul, wrapping_neg, wrapping_sub,
};
pub use slot::{
    slot_append, slot_delete, slot_delete_path, slot_get, slot_get_path, slot_len, slot_pop,
    slot_pop_path, slot_push, slot_push_path, slot_set, slot_set_path,
};
pub use value::{call_value, eq, kind_of, ne};

use crate::ext::{Language, OpDesc, OpSet};

/// The core op sets as ops of `L`.
pub(crate) fn tables<L: Language>() -> Vec<&'static [&'static OpDesc]> {
    vec![
        <number::OPS as OpSet<L>>::TABLE,
        <float::OPS as OpSet<L>>::TABLE,
        <container::OPS as OpSet<L>>::TABLE,
        <slot::OPS as OpSet<L>>::TABLE,
        <cell::OPS as OpSet<L>>::TABLE,
        <value::OPS as OpSet<L>>::TABLE,
    ]
}

/// Values as such.
#[fusevm::ops(prefix = "core")]
pub mod value {
    use crate::ext::{Invoke, Rest};
    use crate::semantics::{Trap, core};
    use crate::value::Value;

    /// Whether two values are equal: numbers as numbers, `1` and `1.0` too, all else as values of one
    /// kind.
    #[ext_op]
    pub fn eq(a: &Value, b: &Value) -> bool {
        core::eq(a, b)
    }

    /// Not `eq`.
    #[ext_op]
    pub fn ne(a: &Value, b: &Value) -> bool {
        !core::eq(a, b)
    }

    /// Name of the kind of `v`.
    #[ext_op(pure)]
    pub fn kind_of(v: &Value) -> String {
        v.kind().to_string()
    }

    /// Calls a function value with the arguments above it.
    #[ext_op]
    pub fn call_value(callee: &Value, args: Rest<'_>) -> Result<Invoke, Trap> {
        let _ = args;
        match callee {
            Value::Func(function) => Ok(Invoke::function(function.clone())),
            other => Err(Trap::NotCallable(other.kind())),
        }
    }
}
