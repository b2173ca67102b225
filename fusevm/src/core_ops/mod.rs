//! The core ops: what the 129 ops do not have, declared with the same macros as any language's ops.
//!
//! Every language has them, under names that start with `core.`, so that they are in nobody's way.
//! `b.op(core_ops::floor {})` in a builder; what they compute is in
//! [`semantics`](crate::semantics), like the meaning of every op.
//!
//! Operands that are numbers are widened: `floor` takes an integer too.

mod cells;

pub use cell::{cell_get, cell_set, new_cell, slot_cell_get, slot_cell_set, slot_to_cell};
pub use cells::cell;
pub use container::{delete, get, len, pop, push, set};
pub use float::{atan2, ceil, cos, exp, floor, ln, round, sin, sqrt, trunc};
pub use number::{abs, idiv, irem, max, min, to_float, to_int, to_str};
pub use slot::{
    slot_delete, slot_delete_path, slot_get, slot_get_path, slot_len, slot_pop, slot_pop_path,
    slot_push, slot_push_path, slot_set, slot_set_path,
};
pub use value::{call_value, kind_of};

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

/// Integer division, conversions, and numbers of either kind.
#[fusevm::ops(prefix = "core")]
pub mod number {
    use crate::semantics::{Rules, Trap, core};
    use crate::value::Value;

    /// `a / b` towards zero; traps for zero and for the one quotient that does not fit.
    #[ext_op(pure)]
    pub fn idiv(#[coerce] a: i64, #[coerce] b: i64) -> Result<i64, Trap> {
        core::idiv(a, b)
    }

    /// The remainder of `idiv`, with the sign of `a`.
    #[ext_op(pure)]
    pub fn irem(#[coerce] a: i64, #[coerce] b: i64) -> Result<i64, Trap> {
        core::irem(a, b)
    }

    /// The number of `v` as an integer: truncated and saturated, NaN 0.
    #[ext_op(pure)]
    pub fn to_int(v: &Value) -> i64 {
        v.to_int()
    }

    /// The number of `v` as a float.
    #[ext_op(pure)]
    pub fn to_float(v: &Value) -> f64 {
        v.to_float()
    }

    /// The text of `v`.
    #[ext_op]
    pub fn to_str(v: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        core::to_str(&rules, v)
    }

    /// Absolute value of the number of `v`.
    #[ext_op(pure)]
    pub fn abs(v: &Value) -> Value {
        core::abs(v)
    }

    /// The smaller number; a NaN loses.
    #[ext_op(pure)]
    pub fn min(a: &Value, b: &Value) -> Value {
        core::min(a, b)
    }

    /// The greater number; a NaN loses.
    #[ext_op(pure)]
    pub fn max(a: &Value, b: &Value) -> Value {
        core::max(a, b)
    }
}

/// Functions of floats.
#[fusevm::ops(prefix = "core")]
pub mod float {
    /// The greatest whole number not above `x`.
    #[ext_op(pure)]
    pub fn floor(#[coerce] x: f64) -> f64 {
        x.floor()
    }

    /// The least whole number not below `x`.
    #[ext_op(pure)]
    pub fn ceil(#[coerce] x: f64) -> f64 {
        x.ceil()
    }

    /// `x` without its fraction.
    #[ext_op(pure)]
    pub fn trunc(#[coerce] x: f64) -> f64 {
        x.trunc()
    }

    /// The nearest whole number; halves away from zero.
    #[ext_op(pure)]
    pub fn round(#[coerce] x: f64) -> f64 {
        x.round()
    }

    /// The square root.
    #[ext_op(pure)]
    pub fn sqrt(#[coerce] x: f64) -> f64 {
        x.sqrt()
    }

    /// e to the power `x`.
    #[ext_op(pure)]
    pub fn exp(#[coerce] x: f64) -> f64 {
        x.exp()
    }

    /// The natural logarithm.
    #[ext_op(pure)]
    pub fn ln(#[coerce] x: f64) -> f64 {
        x.ln()
    }

    /// The sine of `x` radians.
    #[ext_op(pure)]
    pub fn sin(#[coerce] x: f64) -> f64 {
        x.sin()
    }

    /// The cosine of `x` radians.
    #[ext_op(pure)]
    pub fn cos(#[coerce] x: f64) -> f64 {
        x.cos()
    }

    /// The angle of the point (`x`, `y`), in radians.
    #[ext_op(pure)]
    pub fn atan2(#[coerce] y: f64, #[coerce] x: f64) -> f64 {
        y.atan2(x)
    }
}

/// Containers on the stack. They are values: a write gives the container as it is after it, in place
/// when nothing else held it.
#[fusevm::ops(prefix = "core")]
pub mod container {
    use crate::semantics::{Rules, Trap, nested};
    use crate::value::{Array, Value};

    /// Element `key` of an array or a hash; Undef when there is none.
    #[ext_op]
    pub fn get(container: &Value, key: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::get(&rules, container, key)
    }

    /// The container with `value` as element `key`.
    #[ext_op]
    pub fn set(
        mut container: Value,
        key: Value,
        value: Value,
        rules: Rules<'_>,
    ) -> Result<Value, Trap> {
        nested::set(&rules, &mut container, key, value)?;
        Ok(container)
    }

    /// The container without element `key`, and above it what the element was.
    #[ext_op]
    pub fn delete(
        mut container: Value,
        key: Value,
        rules: Rules<'_>,
    ) -> Result<(Value, Value), Trap> {
        let held = nested::delete(&rules, &mut container, key)?;
        Ok((container, held))
    }

    /// The array with `value` behind its last element.
    #[ext_op]
    pub fn push(array: Array, value: Value, rules: Rules<'_>) -> Result<Array, Trap> {
        nested::push(&rules, array, value)
    }

    /// The array without its last element, and above it that element; Undef when it is empty.
    #[ext_op]
    pub fn pop(mut array: Array) -> (Array, Value) {
        let last = array.pop().unwrap_or_default();
        (array, last)
    }

    /// Number of elements of an array or a hash; of anything else the length of its text in bytes.
    #[ext_op]
    pub fn len(v: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::len(&rules, v)
    }
}

/// Containers in slots, written in place, and what lies inside them by a path of keys.
#[fusevm::ops(prefix = "core")]
pub mod slot {
    use crate::ext::Rest;
    use crate::semantics::{Rules, Trap, array, nested};
    use crate::value::Value;

    /// Element `key` of the container in slot `s`; Undef when there is none.
    #[ext_op]
    pub fn slot_get(#[slot] s: &mut Value, key: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::get(&rules, s, key)
    }

    /// Sets element `key` of the container in slot `s`.
    #[ext_op]
    pub fn slot_set(
        #[slot] s: &mut Value,
        key: Value,
        value: Value,
        rules: Rules<'_>,
    ) -> Result<(), Trap> {
        nested::set(&rules, s, key, value)
    }

    /// Removes element `key` of the container in slot `s`; what it was.
    #[ext_op]
    pub fn slot_delete(#[slot] s: &mut Value, key: Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::delete(&rules, s, key)
    }

    /// Appends to the array in slot `s`.
    #[ext_op]
    pub fn slot_push(#[slot] s: &mut Value, value: Value, rules: Rules<'_>) -> Result<(), Trap> {
        array::array_push(&rules, s, value)
    }

    /// Removes the last element of the array in slot `s`; Undef when it is empty.
    #[ext_op]
    pub fn slot_pop(#[slot] s: &mut Value) -> Result<Value, Trap> {
        array::array_pop(s)
    }

    /// Length of what slot `s` holds, as `len`.
    #[ext_op]
    pub fn slot_len(#[slot] s: &mut Value, rules: Rules<'_>) -> Result<Value, Trap> {
        nested::len(&rules, s.clone())
    }

    /// The element that the path leads to; Undef when there is none.
    #[ext_op]
    pub fn slot_get_path(
        #[slot] s: &mut Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<Value, Trap> {
        let mut found = s.clone();
        for key in path {
            found = nested::get(&rules, &found, key.clone())?;
        }
        Ok(found)
    }

    /// Sets the element that the path leads to, making containers on the way.
    #[ext_op]
    pub fn slot_set_path(
        #[slot] s: &mut Value,
        value: Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<(), Trap> {
        match path.as_slice().split_last() {
            None => {
                *s = value;
                Ok(())
            }
            Some((key, path)) => nested::with_path(&rules, s, path, |cell| {
                nested::set(&rules, cell, key.clone(), value)
            }),
        }
    }

    /// Appends to the array that the path leads to, making containers on the way.
    #[ext_op]
    pub fn slot_push_path(
        #[slot] s: &mut Value,
        value: Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<(), Trap> {
        nested::with_path(&rules, s, path.as_slice(), |cell| {
            array::array_push(&rules, cell, value)
        })
    }

    /// Removes the last element of the array that the path leads to; Undef when it is empty.
    #[ext_op]
    pub fn slot_pop_path(
        #[slot] s: &mut Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<Value, Trap> {
        nested::with_path(&rules, s, path.as_slice(), array::array_pop)
    }

    /// Removes the element that the path leads to; what it was.
    #[ext_op]
    pub fn slot_delete_path(
        #[slot] s: &mut Value,
        rules: Rules<'_>,
        path: Rest<'_>,
    ) -> Result<Value, Trap> {
        match path.as_slice().split_last() {
            None => Ok(std::mem::take(s)),
            Some((key, path)) => nested::with_path(&rules, s, path, |cell| {
                nested::delete(&rules, cell, key.clone())
            }),
        }
    }
}

/// Values as such.
#[fusevm::ops(prefix = "core")]
pub mod value {
    use crate::ext::{Invoke, Rest};
    use crate::semantics::Trap;
    use crate::value::Value;

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
