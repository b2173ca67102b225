//! One program, run by rustc and by the VM.

use super::chunk::{Expected, check_chunk};
use crate::chunk::Chunk;
use crate::value::Value;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a program of [`both!`](super::both) may give: `i64`, `f64`, `bool`, `()`.
#[diagnostic::on_unimplemented(
    message = "`both!` compares i64, f64 and bool, and this program gives `{Self}`",
    label = "not a scalar",
    note = "of a number without a type rustc makes an i32: write `0i64`, or `let x: i64`"
)]
pub trait Scalar: Copy + Into<Value> {}

impl Scalar for i64 {}
impl Scalar for f64 {}
impl Scalar for bool {}
impl Scalar for () {}

/// The program failed in both ways: as Rust with a panic, in the VM with a trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BothFailed {
    /// What the panic said.
    pub panic: String,
}

impl fmt::Display for BothFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program fails in both ways: {}", self.panic)
    }
}

impl std::error::Error for BothFailed {}

/// Runs a program as Rust and as a chunk; what [`both!`](super::both) calls.
///
/// # Errors
/// When both fail.
///
/// # Panics
/// When they differ.
#[track_caller]
pub fn check_both<T: Scalar>(rust: impl FnOnce() -> T, chunk: &Chunk) -> Result<T, BothFailed> {
    let result = catch_unwind(AssertUnwindSafe(rust)).map_err(|panic| BothFailed {
        panic: message(panic.as_ref()),
    });
    let expected = match result {
        Ok(value) => Expected::Value(value.into()),
        Err(_) => Expected::Trap(String::new()),
    };
    check_chunk::<()>(chunk, None, &expected);
    result
}

fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    }
}
