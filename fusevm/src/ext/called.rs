//! Ops of numbers as machine code calls them: with numbers, without boxes.
//!
//! The address of such an entry and its signature always belong together: both are taken from the
//! function itself, by traits that nobody else can implement. So safe code cannot make machine code
//! call a function in a way that it is not made for.

use crate::value::Kind;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an entry tells machine code beside its result.
#[derive(Debug, Default)]
#[repr(C)]
pub struct NativeState {
    failed: u8,
}

impl NativeState {
    /// Runs an op; where that panics, takes note of it and gives anything at all.
    #[inline(always)]
    pub fn guard<T: Default>(&mut self, op: impl FnOnce() -> T) -> T {
        match catch_unwind(AssertUnwindSafe(op)) {
            Ok(value) => value,
            Err(payload) => {
                self.failed = 1;
                // It may panic again.
                std::mem::forget(payload);
                T::default()
            }
        }
    }
}

/// Parameters that an entry has at most.
const MOST: usize = 8;

/// An entry, and what it is called with.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "jit"), allow(dead_code))]
pub struct NativeOp {
    pub(crate) address: usize,
    params: [Kind; MOST],
    count: usize,
    /// What it gives.
    pub(crate) result: Kind,
}

impl NativeOp {
    /// The entry that a function is.
    pub fn of<F: NativeFn>(function: F) -> NativeOp {
        function.describe(private::Token)
    }

    /// Kinds of what it is called with.
    #[cfg(feature = "jit")]
    pub(crate) fn params(&self) -> &[Kind] {
        &self.params[..self.count]
    }
}

mod private {
    /// Nobody else has one.
    #[derive(Debug)]
    pub struct Token;
}

/// A number or a truth, as machine code passes it.
pub trait Scalar: Copy + 'static {
    #[doc(hidden)]
    fn kind(_: private::Token) -> Kind;
}

impl Scalar for i64 {
    fn kind(_: private::Token) -> Kind {
        Kind::Int
    }
}

impl Scalar for f64 {
    fn kind(_: private::Token) -> Kind {
        Kind::Float
    }
}

impl Scalar for bool {
    fn kind(_: private::Token) -> Kind {
        Kind::Bool
    }
}

/// A function that machine code can call.
pub trait NativeFn {
    #[doc(hidden)]
    fn describe(self, _: private::Token) -> NativeOp;
}

macro_rules! entries {
    ($($Param:ident)*) => {
        impl<R: Scalar, $($Param: Scalar),*> NativeFn
            for extern "C" fn(&mut NativeState, $($Param),*) -> R
        {
            fn describe(self, _: private::Token) -> NativeOp {
                let given: &[Kind] = &[$($Param::kind(private::Token)),*];
                let mut params = [Kind::Undef; MOST];
                params[..given.len()].copy_from_slice(given);
                NativeOp {
                    address: self as usize,
                    params,
                    count: given.len(),
                    result: R::kind(private::Token),
                }
            }
        }
    };
}

entries!(A);
entries!(A B);
entries!(A B C);
entries!(A B C D);
entries!(A B C D E);
entries!(A B C D E F);
entries!(A B C D E F G);
entries!(A B C D E F G H);
