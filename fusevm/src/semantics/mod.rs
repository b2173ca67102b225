//! What an op computes: values in, a value or a [`Trap`] out.
//!
//! Every tier asks this room, so that an op means the same wherever it runs: interpreters call
//! the functions, compiled code calls them off its fast paths, the constant folder calls them
//! early. A tier may decline an op; it may not differ.
//!
//! * A *pure* op is the function of its name in the file of its family,
//!   `fn add(&Rules, [a, b]: [Value; 2]) -> Result<Value, Trap>`, inputs deepest first.
//! * An op on a container works on a *cell*, the global or slot that holds it (`array`, `hash`).
//!   A cell is left as it was when the op traps.
//! * `MergeSort` is the one sort, as a state machine, because the guest's comparator runs between
//!   its steps.
//!
//! Assumed: nothing about the values, which may be hostile: nested deeply, shared many times,
//! longer than the limits. Guaranteed: no function panics, recurses over a value, or allocates
//! what [`Limits`] forbids.
//!
//! What this room does not do: it knows no machine, so stack, frames, fuel and positions are
//! elsewhere, and so is the name of a cell, which the caller adds with [`Trap::named`]. Of the
//! heap it knows only the error that a trap carries.

pub(crate) mod arith;
pub(crate) mod array;
pub(crate) mod bits;
pub(crate) mod compare;
#[cfg(feature = "macros")]
pub(crate) mod core;
pub(crate) mod hash;
mod limits;
#[cfg(feature = "macros")]
pub(crate) mod nested;
mod policy;
mod sort;
pub(crate) mod string;
mod trap;
mod word;

use crate::value::ObjectText;

pub use limits::Limits;
pub use policy::{Operands, Overflow, Policy, Unset, ZeroDiv};
pub(crate) use sort::{MergeSort, right_first};
pub use trap::{OperandTrap, Trap, TrapKind};
pub use word::UnknownWord;

/// All that a pure op may look at beside its inputs.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The choices of the language.
    pub policy: Policy,
    /// How large things may grow.
    pub limits: &'a Limits,
    /// The texts of heap objects.
    pub objects: &'a dyn ObjectText,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("policy", &self.policy)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Rules to test ops under.

    use super::{Limits, Overflow, Policy, Rules, ZeroDiv};

    /// Runs `test` under the default policy and small limits.
    pub(crate) fn with_rules<T>(test: impl FnOnce(&Rules<'_>) -> T) -> T {
        with_policy(Policy::default(), test)
    }

    /// Runs `test` under an overflow policy.
    pub(crate) fn with_overflow<T>(overflow: Overflow, test: impl FnOnce(&Rules<'_>) -> T) -> T {
        with_policy(
            Policy {
                overflow,
                ..Policy::default()
            },
            test,
        )
    }

    /// Runs `test` where a zero divisor traps.
    pub(crate) fn with_zero_trap<T>(test: impl FnOnce(&Rules<'_>) -> T) -> T {
        with_policy(
            Policy {
                zero_div: ZeroDiv::Trap,
                ..Policy::default()
            },
            test,
        )
    }

    /// Runs `test` where a zero divisor is one of floats.
    pub(crate) fn with_float_zero<T>(test: impl FnOnce(&Rules<'_>) -> T) -> T {
        with_policy(
            Policy {
                zero_div: ZeroDiv::Float,
                ..Policy::default()
            },
            test,
        )
    }

    fn with_policy<T>(policy: Policy, test: impl FnOnce(&Rules<'_>) -> T) -> T {
        let limits = Limits {
            max_array_len: 1000,
            max_hash_len: 100,
            max_string_len: 10_000,
            ..Limits::default()
        };
        test(&Rules {
            policy,
            limits: &limits,
            objects: &(),
        })
    }
}
