//! For the tests of languages: what authors use to say that their ops and chunks do what they should.

#[cfg(feature = "macros")]
mod both;
mod chunk;
mod equality;
#[doc(hidden)]
pub mod inline;
#[cfg_attr(not(feature = "macros"), allow(dead_code))]
mod inputs;
#[doc(hidden)]
pub mod ngrams;
#[cfg(feature = "macros")]
mod ops;

#[cfg(feature = "macros")]
pub use both::{BothFailed, Scalar, check_both};
pub use chunk::{Expected, ToChunk, check_chunk};
#[doc(hidden)]
pub use equality::check_equality;
#[cfg(feature = "macros")]
pub use ops::{OpReport, check_ops};

/// Runs a chunk in every way there is, and checks what it gives.
///
/// `assert_chunk!(CHUNK => 42)` runs the main program of a [`Chunk`](crate::Chunk), a
/// [`StaticChunk`](crate::StaticChunk), or a reference to one; `assert_chunk!(CHUNK, [7, "a"] => 42)`
/// calls the first function of the chunk with these arguments; `=> trap "division by zero"` expects
/// that the program traps with a message that has this in it. A chunk of a language stands behind its
/// name, `assert_chunk!(Calc; CHUNK => 42)`, and runs in VMs whose host is `Default::default()`.
///
/// The ways: in the base interpreter and in registers, with fused sequences and without, and read from its
/// text and its bytes. All must give the expected value, the same output, and use the same fuel.
///
/// ```
/// use fusevm::testing::assert_chunk;
/// use fusevm::{StaticChunk, chunk};
///
/// static DOUBLE: StaticChunk = chunk! { ();
///     fn double(x) { GetSlot(x); LoadInt(2); Mul; ReturnValue; }
///     LoadInt(21); Call(double, 1);
/// };
///
/// assert_chunk!(DOUBLE => 42);
/// assert_chunk!(DOUBLE, [1.5] => 3.0);
/// assert_chunk!(chunk! { (); LoadInt(1); fusevm::core_ops::len; } => 1);
/// assert_chunk!(chunk! { (); LoadInt(1); LoadInt(0); fusevm::core_ops::idiv; } => trap "by zero");
/// ```
///
/// # Panics
/// When one of them differs, with the first that does and the listing of the chunk.
#[doc(inline)]
pub use crate::assert_chunk;

#[doc(hidden)]
#[macro_export]
macro_rules! assert_chunk {
    ($chunk:expr $(, [$($arg:expr),* $(,)?])? => trap $text:expr) => {
        $crate::assert_chunk!((); $chunk $(, [$($arg),*])? => trap $text)
    };
    ($chunk:expr $(, [$($arg:expr),* $(,)?])? => $value:expr) => {
        $crate::assert_chunk!((); $chunk $(, [$($arg),*])? => $value)
    };
    ($language:ty; $chunk:expr $(, [$($arg:expr),* $(,)?])? => trap $text:expr) => {
        $crate::assert_chunk!(@check $language; $chunk $(, [$($arg),*])?;
            $crate::testing::Expected::Trap(::std::convert::Into::into($text)))
    };
    ($language:ty; $chunk:expr $(, [$($arg:expr),* $(,)?])? => $value:expr) => {
        $crate::assert_chunk!(@check $language; $chunk $(, [$($arg),*])?;
            $crate::testing::Expected::Value(::std::convert::Into::into($value)))
    };
    (@check $language:ty; $chunk:expr $(, [$($arg:expr),*])?; $expected:expr) => {{
        let args: ::std::option::Option<::std::vec::Vec<$crate::Value>> =
            ::std::option::Option::None;
        $(let args = args.or(::std::option::Option::Some(
            ::std::vec![$(::std::convert::From::from($arg)),*]
        ));)?
        let chunk = $crate::testing::ToChunk::to_chunk(&$chunk);
        $crate::testing::check_chunk::<$language>(&chunk, args, &$expected)
    }};
}

/// Makes a test of all ops of a language that can be tested without knowing what they mean.
///
/// `test_ops!(Calc)` is a function under `#[test]`, named `ops_mean_the_same_in_every_way`. It runs every
/// op on generated inputs: values of the kinds that the op takes, edges of the numbers above all, and now
/// and then a value of another kind. For each of them, programs that load the inputs as constants and
/// programs that get them as arguments run in every way [`assert_chunk!`] does, in VMs whose host is
/// `Default::default()`; all have to end with the same value or the same trap, print the same, and use the same
/// fuel. Of an `inline` op the instructions are run as well.
///
/// Left out are the core ops, ops that take objects, host values, functions or parts of a chunk,
/// and ops that jump or ask the VM to call. So are those named behind `except`: ops that wait, whose
/// results are never twice the same, or that take very long or a lot of memory for some number.
///
/// ```
/// use fusevm::prelude::*;
///
/// #[derive(Language)]
/// #[language(name = "calc", ops(ops::OPS))]
/// struct Calc;
///
/// #[fusevm::ops(Calc)]
/// mod ops {
///     #[ext_op(pure)]
///     pub fn hypot(a: f64, b: f64) -> f64 {
///         a.hypot(b)
///     }
///
///     #[ext_op]
///     pub fn roll() -> i64 {
///         4 // chosen by a fair die
///     }
/// }
///
/// fusevm::testing::test_ops!(Calc, except "roll");
///
/// fn main() {
///     // What the test does:
///     let report = fusevm::testing::check_ops::<Calc>(&["roll"]);
///     assert_eq!(report.tested, ["hypot"]);
/// }
/// ```
#[cfg(feature = "macros")]
#[doc(inline)]
pub use crate::test_ops;

#[cfg(feature = "macros")]
#[doc(hidden)]
#[macro_export]
macro_rules! test_ops {
    ($language:ty $(, except $($name:literal),+ $(,)?)?) => {
        #[allow(unnameable_test_items)]
        #[test]
        fn ops_mean_the_same_in_every_way() {
            let report = $crate::testing::check_ops::<$language>(&[$($($name),+)?]);
            ::std::println!("{report}");
        }
    };
}

/// Compiles a program twice, with rustc and with [`fusevm_chunk!`](crate::fusevm_chunk), runs both, and
/// checks that they give the same.
///
/// The program is a body in Rust, of what `fusevm_chunk!` knows of it, with types everywhere: i64, f64 and
/// bool. The VM runs it in every way [`assert_chunk!`] does. Results are compared bit by bit, every NaN
/// with every NaN, and where Rust panics the VM has to trap. `both!` gives the value, or says that both
/// failed.
///
/// ```
/// use fusevm::testing::both;
///
/// let sum = both! {
///     let mut sum: i64 = 0;
///     for i in 1..=100 {
///         if i % 3 == 0 { continue; }
///         sum += i;
///     }
///     sum
/// };
/// assert_eq!(sum, Ok(3367));
///
/// let failed = both! {
///     let zero: i64 = 0;
///     1 / zero
/// };
/// assert!(failed.is_err());
/// ```
///
/// # Where they differ
///
/// `+`, `-` and `*` of integers wrap in the VM, and panic in Rust where overflow is checked, as in tests: a
/// program that may overflow says `wrapping_add`. The same holds for negation, `abs` and `pow`, and for a
/// count of bits to shift by that is not from 0 to 63. A number that nothing gives a type is an i32 for
/// rustc.
///
/// # Panics
/// When the two differ, with the listing of the chunk.
#[cfg(feature = "macros")]
#[doc(inline)]
pub use crate::both;

#[cfg(feature = "macros")]
#[doc(hidden)]
#[macro_export]
macro_rules! both {
    ($($program:tt)*) => {{
        #[allow(warnings, arithmetic_overflow, unconditional_panic, clippy::all)]
        let rust = || { $($program)* };
        $crate::testing::check_both(rust, &$crate::__fusevm_chunk! { ($crate typed) (); $($program)* })
    }};
}
