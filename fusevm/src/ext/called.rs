//! Ops as machine code calls them: with numbers in machine registers, and with the addresses of values that
//! stay where they are.
//!
//! The address of such an entry and its signature always belong together: both are taken from the
//! function itself, by traits that nobody else can implement. So safe code cannot make machine code
//! call a function in a way that it is not made for.
//!
//! An entry sees no part of the VM. Where it cannot give a result it says so by a flag, and leaves behind
//! why: see [`Failure`].

use super::{Borrowed, HeapUse};
use crate::semantics::Trap;
use crate::value::{Kind, Value};
use std::any::Any;
use std::error::Error;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why an entry gave no result.
#[derive(Debug)]
pub enum Failure {
    /// An input is of another kind: the op has not run. The interpreter runs it, and finds out why.
    Declined,
    /// The op has failed by itself.
    Trap(Box<Trap>),
    /// The op has panicked with that.
    Panic(Box<dyn Any + Send>),
}

impl Failure {
    /// Of an op's own error.
    #[cold]
    pub fn of(error: Box<dyn Error + Send + Sync>) -> Failure {
        Failure::Trap(Box::new(error.into()))
    }
}

/// What an entry tells machine code beside its result.
#[derive(Debug, Default)]
#[repr(C)]
pub struct NativeState {
    failed: u8,
    failure: Option<Failure>,
}

impl NativeState {
    /// Runs an op; where it fails or panics, takes note of that and gives anything at all.
    #[inline(always)]
    pub fn run<T: PassedBack>(&mut self, op: impl FnOnce() -> Result<T, Failure>) -> T {
        match catch_unwind(AssertUnwindSafe(op)) {
            Ok(Ok(value)) => value,
            Ok(Err(failure)) => self.fail(failure),
            Err(payload) => self.fail(Failure::Panic(payload)),
        }
    }

    #[cold]
    #[inline(never)]
    fn fail<T: PassedBack>(&mut self, failure: Failure) -> T {
        self.failed = 1;
        self.failure = Some(failure);
        T::default()
    }

    /// Why the op that machine code has called last gave no result, if it did not.
    #[cfg(feature = "jit")]
    pub(crate) fn take(&mut self) -> Option<Failure> {
        self.failed = 0;
        self.failure.take()
    }
}

/// An input that may be of another kind.
///
/// # Errors
/// [`Failure::Declined`] for `None`.
#[inline(always)]
pub fn passed<T>(input: Option<T>) -> Result<T, Failure> {
    // Not `ok_or`, which makes the error first and drops it then.
    match input {
        Some(input) => Ok(input),
        None => Err(Failure::Declined),
    }
}

/// Parameters that an entry has at most: one word of immediates, and eight inputs.
const MOST: usize = 9;

/// How machine code passes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// All immediates of the op, in one word.
    Immediates,
    /// As a number of that kind, or a truth.
    Number(Kind),
    /// By the address of the value.
    Place,
}

/// An entry, and what it is called with.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "jit"), allow(dead_code))]
pub struct NativeOp {
    pub(crate) address: usize,
    params: [Pass; MOST],
    count: usize,
    /// The kind of number it gives; `None` for nothing.
    pub(crate) result: Option<Kind>,
}

impl NativeOp {
    /// The entry that a function is.
    pub fn of<F: NativeFn>(function: F) -> NativeOp {
        function.describe(private::Token)
    }

    /// What it is called with, behind the address of a [`NativeState`].
    #[cfg(feature = "jit")]
    pub(crate) fn params(&self) -> &[Pass] {
        &self.params[..self.count]
    }
}

mod private {
    /// Nobody else has one.
    #[derive(Debug)]
    pub struct Token;
}

/// All immediates of an op, in one word.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Bits(u64);

/// What machine code can pass.
pub trait Passed: Copy {
    #[doc(hidden)]
    fn pass(_: private::Token) -> Pass;
}

impl Passed for Bits {
    fn pass(_: private::Token) -> Pass {
        Pass::Immediates
    }
}

impl Passed for &Value {
    fn pass(_: private::Token) -> Pass {
        Pass::Place
    }
}

/// What machine code can be given.
pub trait PassedBack: Copy + Default {
    #[doc(hidden)]
    fn kind(_: private::Token) -> Option<Kind>;
}

impl PassedBack for () {
    fn kind(_: private::Token) -> Option<Kind> {
        None
    }
}

/// A parameter that machine code can pass.
pub trait Passable: Sized {
    /// What is passed for it: the number itself, or where the value is.
    type Raw: Passed;
    /// Whether it can be passed after all: what is borrowed from the heap cannot.
    const PASSES: bool = true;

    /// The parameter; `None` for a value of another kind. Nothing is widened.
    fn of_raw(raw: Self::Raw) -> Option<Self>;

    /// The same from a value.
    fn of_value(value: &'static Value) -> Option<Self>;
}

/// What an op gives that machine code can be given.
pub trait PassableBack {
    /// The number, or nothing.
    type Raw: PassedBack;

    /// The number.
    ///
    /// # Errors
    /// What the op has failed with.
    fn raw(self) -> Result<Self::Raw, Failure>;
}

impl PassableBack for () {
    type Raw = ();
    fn raw(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<R: PassableBack, E: Into<Box<dyn Error + Send + Sync>>> PassableBack for Result<R, E> {
    type Raw = R::Raw;
    #[inline(always)]
    fn raw(self) -> Result<R::Raw, Failure> {
        match self {
            Ok(result) => result.raw(),
            Err(error) => Err(Failure::of(error.into())),
        }
    }
}

macro_rules! numbers {
    ($($t:ty = $kind:ident;)*) => { $(
        impl Passed for $t {
            fn pass(_: private::Token) -> Pass {
                Pass::Number(Kind::$kind)
            }
        }
        impl PassedBack for $t {
            fn kind(_: private::Token) -> Option<Kind> {
                Some(Kind::$kind)
            }
        }
        impl Passable for $t {
            type Raw = $t;
            #[inline(always)]
            fn of_raw(raw: $t) -> Option<Self> {
                Some(raw)
            }
            #[inline(always)]
            fn of_value(value: &'static Value) -> Option<Self> {
                match value {
                    Value::$kind(number) => Some(*number),
                    _other => None,
                }
            }
        }
        impl PassableBack for $t {
            type Raw = $t;
            #[inline(always)]
            fn raw(self) -> Result<$t, Failure> {
                Ok(self)
            }
        }
    )* };
}

numbers! { i64 = Int; f64 = Float; bool = Bool; }

macro_rules! looks {
    () => {
        type Raw = &'static Value;
        #[inline(always)]
        fn of_raw(raw: &'static Value) -> Option<Self> {
            Self::of_value(raw)
        }
    };
}

impl<T: Borrowed + ?Sized> Passable for &'static T {
    looks!();
    const PASSES: bool = matches!(T::HEAP, HeapUse::None);
    #[inline(always)]
    fn of_value(value: &'static Value) -> Option<Self> {
        T::of_value(value)
    }
}

impl Passable for String {
    looks!();
    fn of_value(value: &'static Value) -> Option<Self> {
        <str as Borrowed>::of_value(value).map(str::to_owned)
    }
}

/// A value of another kind is `None`.
impl<T: Passable> Passable for Option<T> {
    looks!();
    const PASSES: bool = T::PASSES;
    #[inline(always)]
    fn of_value(value: &'static Value) -> Option<Self> {
        Some(T::of_value(value))
    }
}

/// An op whose parameters are immediates and inputs alone; the macros implement it. Whether machine code can
/// call it, [`Probe`] says.
///
/// Inputs are written with the lifetime of the program, for in a list of types there is no other. That they live
/// that long is not promised to the function: the interpreter's entry to it, which is always made as well, compiles
/// only if it takes inputs of any lifetime.
pub trait CalledOp {
    /// Its inputs, a tuple.
    type Inputs;
    /// What it gives.
    type Output;
    /// Whether it has immediates.
    const IMMEDIATES: bool;

    /// Runs the function.
    ///
    /// # Errors
    /// [`Failure::Declined`] for immediates that no verified chunk has.
    fn call(bits: u64, inputs: Self::Inputs) -> Result<Self::Output, Failure>;
}

/// Finds out by its types whether machine code can call an op: the constant is that of the type where it can, and
/// that of the trait [`NotCalled`] where it cannot.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

/// For all ops that machine code cannot call.
pub trait NotCalled {
    /// There is no entry.
    const CALLED: Option<fn() -> NativeOp> = None;
}

impl<T> NotCalled for Probe<T> {}

impl<T: CalledOp> Probe<T>
where
    T::Inputs: PassAll,
    T::Output: PassableBack,
{
    /// What gives the entry.
    pub const CALLED: Option<fn() -> NativeOp> = match <T::Inputs as PassAll>::PASSES {
        true => Some(<T::Inputs as PassAll>::entry::<T>),
        false => None,
    };
}

/// Inputs that machine code can pass, all of them.
pub trait PassAll: Sized {
    /// Whether each passes.
    const PASSES: bool;

    /// The entry of the op.
    fn entry<T: CalledOp<Inputs = Self>>() -> NativeOp
    where
        T::Output: PassableBack;
}

/// What an op leaves for machine code.
type RawOf<T> = <<T as CalledOp>::Output as PassableBack>::Raw;

/// A function that machine code can call.
pub trait NativeFn {
    #[doc(hidden)]
    fn describe(self, _: private::Token) -> NativeOp;
}

macro_rules! functions {
    ($($Param:ident)*) => {
        impl<R: PassedBack, $($Param: Passed),*> NativeFn
            for extern "C" fn(&mut NativeState, $($Param),*) -> R
        {
            fn describe(self, _: private::Token) -> NativeOp {
                let given: &[Pass] = &[$($Param::pass(private::Token)),*];
                let mut params = [Pass::Place; MOST];
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

macro_rules! entries {
    ($($Param:ident $input:ident)*) => {
        impl<$($Param: Passable),*> PassAll for ($($Param,)*) {
            const PASSES: bool = true $(&& $Param::PASSES)*;

            fn entry<T: CalledOp<Inputs = Self>>() -> NativeOp
            where
                T::Output: PassableBack,
            {
                extern "C" fn plain<T: CalledOp<Inputs = ($($Param,)*)>, $($Param: Passable),*>(
                    state: &mut NativeState,
                    $($input: $Param::Raw),*
                ) -> RawOf<T>
                where
                    T::Output: PassableBack,
                {
                    state.run(|| T::call(0, ($(passed($Param::of_raw($input))?,)*))?.raw())
                }
                extern "C" fn immediate<T: CalledOp<Inputs = ($($Param,)*)>, $($Param: Passable),*>(
                    state: &mut NativeState,
                    bits: Bits,
                    $($input: $Param::Raw),*
                ) -> RawOf<T>
                where
                    T::Output: PassableBack,
                {
                    state.run(|| T::call(bits.0, ($(passed($Param::of_raw($input))?,)*))?.raw())
                }
                match T::IMMEDIATES {
                    true => NativeOp::of(
                        immediate::<T, $($Param),*>
                            as extern "C" fn(&mut NativeState, Bits, $($Param::Raw),*) -> RawOf<T>
                    ),
                    false => NativeOp::of(
                        plain::<T, $($Param),*>
                            as extern "C" fn(&mut NativeState, $($Param::Raw),*) -> RawOf<T>
                    ),
                }
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D E);
functions!(A B C D E F);
functions!(A B C D E F G);
functions!(A B C D E F G H);
functions!(A B C D E F G H I);

entries!();
entries!(A a);
entries!(A a B b);
entries!(A a B b C c);
entries!(A a B b C c D d);
entries!(A a B b C c D d E e);
entries!(A a B b C c D d E e F f);
entries!(A a B b C c D d E e F f G g);
entries!(A a B b C c D d E e F f G g H h);
