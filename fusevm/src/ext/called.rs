//! Ops as machine code calls them: with numbers in machine registers, and with the addresses of values that
//! stay where they are.
//!
//! The address of such an entry and its signature always belong together: both are taken from the
//! function itself, by traits that nobody else can implement. So safe code cannot make machine code
//! call a function in a way that it is not made for.
//!
//! An op of numbers, and of what is borrowed from values, sees no part of the VM. One that asks for more, or that
//! gives what is no number, gets a [`World`] beside its inputs: the parts of the VM that an op may see, of which it
//! makes the same [`Call`] as the interpreter does, but never leaves this file with it.
//!
//! Where an entry cannot give a result it says so by a flag, and leaves behind why: see [`Failure`].

use super::call::Results;
use super::passed::{Back, Beside, Passable, PassableBack, Passed, PassedBack};
use super::{Call, HeapUse, Place};
use crate::heap::Heap;
use crate::semantics::{Limits, Trap};
use crate::value::{Kind, Value};
use crate::vm::{Linked, Output};
use std::any::Any;
use std::error::Error;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Makes an object, once nothing is borrowed from the heap any more.
pub(crate) type Allocate = Box<dyn FnOnce(&mut Heap) -> Result<Value, Trap>>;

/// Why an entry gave no result.
pub enum Failure {
    /// An input is of another kind: the op has not run. The interpreter runs it, and finds out why.
    Declined,
    /// The op has not run, for it is time for a collection.
    Due,
    /// The op has run; its result is still to be made.
    #[doc(hidden)]
    Late(Allocate),
    /// The op has failed by itself.
    Trap(Box<Trap>),
    /// The op has panicked with that.
    Panic(Box<dyn Any + Send>),
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Failure::Declined => "Declined",
            Failure::Due => "Due",
            Failure::Late(_) => "Late",
            Failure::Trap(trap) => return f.debug_tuple("Trap").field(trap).finish(),
            Failure::Panic(_) => "Panic",
        })
    }
}

impl From<Trap> for Failure {
    #[cold]
    fn from(trap: Trap) -> Failure {
        Failure::Trap(Box::new(trap))
    }
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
        self.put(failure);
        T::default()
    }

    /// Says why it gave none.
    pub(crate) fn put(&mut self, failure: Failure) {
        self.failed = 1;
        self.failure = Some(failure);
    }

    /// Whether it has nothing to tell, and nothing to be dropped.
    #[cfg(feature = "jit")]
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.failure.is_none()
    }

    /// Why the op that machine code has called last gave no result, if it did not.
    #[cfg(feature = "jit")]
    pub(crate) fn take(&mut self) -> Option<Failure> {
        self.failed = 0;
        self.failure.take()
    }
}

/// The parts of a VM that ops see beside their inputs.
pub(crate) struct Around<'a> {
    pub(crate) linked: &'a Linked,
    pub(crate) host: &'a mut (dyn Any + Send),
    pub(crate) heap: &'a mut Heap,
    pub(crate) output: &'a mut Output,
    pub(crate) limits: &'a Limits,
    /// Memory of all places of the program, by number.
    pub(crate) memory: &'a mut [Place],
}

/// The same as an entry is given it, and room for its result.
///
/// An entry gets the only reference that there is, for good: what it takes out of it nobody else has while the op
/// runs.
pub struct World {
    pub(crate) parts: Around<'static>,
    results: Results,
    /// What the op has given, if that is no number; nothing before and after.
    pub(crate) result: Value,
}

impl World {
    #[cfg(feature = "jit")]
    pub(crate) fn of(parts: Around<'static>) -> World {
        World {
            parts,
            results: Results::default(),
            result: Value::Undef,
        }
    }

    /// Whether an op has left nothing there that is to be dropped.
    #[cfg(feature = "jit")]
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.results.is_empty() && matches!(self.result, Value::Undef)
    }

    /// What the op sees, and where its result goes.
    #[inline(always)]
    fn open(&'static mut self, bits: Bits, site: Site) -> (Call<'static>, &'static mut Value) {
        let call = Call::around(
            &mut self.parts,
            (site.import(), site.place(), bits.0),
            &mut self.results,
        );
        (call, &mut self.result)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
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

/// Parameters that an entry has at most: a word of immediates, one for the place, and eight inputs.
const MOST: usize = 10;

/// How machine code passes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// All immediates of the op, in one word.
    Immediates,
    /// Where the op stands: a [`Site`].
    Site,
    /// As a number of that kind, or a truth.
    Number(Kind),
    /// By the address of the value.
    Place,
    /// The same, and the op takes it: nothing is left there.
    Taken,
    /// By the address of the slot that an immediate names.
    Slot,
}

/// What an op reaches beside its inputs, as far as machine code has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Reach {
    /// It is given a [`World`].
    pub(crate) world: bool,
    /// It may change objects of the heap, and make some: it asks for a collection where one is due.
    pub(crate) writes: bool,
    /// It leaves what it gives in the world.
    pub(crate) boxed: bool,
    /// It takes inputs out of their places.
    pub(crate) takes: bool,
    /// It is given a slot, to read and to write: the one that this immediate names.
    pub(crate) slot: Option<u8>,
}

/// What machine code has to know of an op that it can call.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    #[cfg_attr(not(feature = "jit"), allow(dead_code))]
    pub(crate) entry: fn() -> NativeOp,
    /// Whether it is given more than its operands.
    pub(crate) world: bool,
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
    pub(crate) reach: Reach,
}

impl NativeOp {
    /// The entry that a function is.
    fn of<F: NativeFn>(function: F, reach: Reach) -> NativeOp {
        function.describe(reach)
    }

    /// What it is called with, behind the address of a [`NativeState`] and that of the [`World`].
    #[cfg(feature = "jit")]
    pub(crate) fn params(&self) -> &[Pass] {
        &self.params[..self.count]
    }
}

pub(super) mod private {
    /// Nobody else has one.
    #[derive(Debug)]
    pub struct Token;
}

/// All immediates of an op, in one word.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Bits(u64);

/// Where an op stands: the number of the import, and of the place if the op keeps a memory there.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Site(u64);

impl Site {
    #[cfg(feature = "jit")]
    pub(crate) fn bits(import: u16, place: u32) -> u64 {
        u64::from(place) << 16 | u64::from(import)
    }

    fn import(self) -> u16 {
        self.0 as u16
    }

    fn place(self) -> usize {
        (self.0 >> 16) as usize
    }
}

/// An op that machine code may call; the macros implement it. Whether it can, [`Probe`] says by the types.
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
    /// Whether it asks for more than what its inputs and the bits of its immediates say.
    const ASKS: bool;
    /// Whether it is given the heap for writing.
    const WRITES: bool;
    /// Which of its immediates names the slot that it is given, if it is given one.
    const SLOT: Option<u8>;

    /// Runs the function.
    ///
    /// # Errors
    /// [`Failure::Declined`] for immediates that no verified chunk has.
    fn call(bits: u64, inputs: Self::Inputs, beside: Beside<'_>) -> Result<Self::Output, Failure>;
}

/// Finds out by its types whether machine code can call an op: the constant is that of the type where it can, and
/// that of the trait [`NotCalled`] where it cannot.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

/// For all ops that machine code cannot call.
pub trait NotCalled {
    /// There is no entry.
    const CALLED: Option<Called> = None;
}

impl<T> NotCalled for Probe<T> {}

impl<T: CalledOp> Probe<T>
where
    T::Inputs: PassAll,
    T::Output: PassableBack,
{
    /// The entry.
    pub const CALLED: Option<Called> = Some(Called {
        entry: <T::Inputs as PassAll>::entry::<T>,
        world: within::<T>(),
    });
}

/// Whether an op is given a [`World`].
const fn within<T: CalledOp>() -> bool
where
    T::Inputs: PassAll,
    T::Output: PassableBack,
{
    T::ASKS || T::Inputs::HEAP || T::Output::BOXED
}

/// Whether an op may allocate, so that a collection has to come before it where one is due.
const fn writes<T: CalledOp>() -> bool
where
    T::Output: PassableBack,
{
    T::WRITES || T::Output::ALLOCATES
}

/// Inputs that machine code can pass, all of them.
pub trait PassAll: Sized {
    /// Whether any of them is of the heap.
    const HEAP: bool;

    /// The entry of the op.
    fn entry<T: CalledOp<Inputs = Self>>() -> NativeOp
    where
        T::Output: PassableBack;
}

/// What an op leaves for machine code.
type RawOf<T> = <<T as CalledOp>::Output as PassableBack>::Raw;

/// A function that machine code can call.
trait NativeFn {
    fn describe(self, reach: Reach) -> NativeOp;
}

fn described(address: usize, given: &[Pass], result: Option<Kind>, reach: Reach) -> NativeOp {
    let mut params = [Pass::Place; MOST];
    params[..given.len()].copy_from_slice(given);
    NativeOp {
        address,
        params,
        count: given.len(),
        result,
        reach: Reach {
            takes: given.contains(&Pass::Taken),
            ..reach
        },
    }
}

macro_rules! functions {
    ($($Param:ident)*) => {
        impl<R: PassedBack, $($Param: Passed),*> NativeFn
            for extern "C" fn(&mut NativeState, $($Param),*) -> R
        {
            fn describe(self, reach: Reach) -> NativeOp {
                let given = [$($Param::pass(private::Token)),*];
                described(self as usize, &given, R::kind(private::Token), reach)
            }
        }

        impl<R: PassedBack, $($Param: Passed),*> NativeFn
            for extern "C" fn(&mut NativeState, &'static mut World, Bits, Site, $($Param),*) -> R
        {
            fn describe(self, reach: Reach) -> NativeOp {
                let given = [Pass::Immediates, Pass::Site, $($Param::pass(private::Token)),*];
                described(self as usize, &given, R::kind(private::Token), reach)
            }
        }
    };
}

macro_rules! entries {
    ($($Param:ident $input:ident)*) => {
        impl<$($Param: Passable),*> PassAll for ($($Param,)*) {
            const HEAP: bool = false $(|| !matches!($Param::HEAP, HeapUse::None))*;

            fn entry<T: CalledOp<Inputs = Self>>() -> NativeOp
            where
                T::Output: PassableBack,
            {
                #[inline(always)]
                fn alone<T: CalledOp<Inputs = ($($Param,)*)>, $($Param: Passable),*>(
                    state: &mut NativeState,
                    bits: u64,
                    ($($input,)*): ($($Param::Raw,)*),
                ) -> RawOf<T>
                where
                    T::Output: PassableBack,
                {
                    state.run(|| {
                        $(let $input = passed($Param::look($input, None))?;)*
                        $(let $input = passed($Param::take($input, None))?;)*
                        T::call(bits, ($($input,)*), None)?.back(Back { to: None })
                    })
                }
                extern "C" fn plain<T: CalledOp<Inputs = ($($Param,)*)>, $($Param: Passable),*>(
                    state: &mut NativeState,
                    $($input: $Param::Raw),*
                ) -> RawOf<T>
                where
                    T::Output: PassableBack,
                {
                    alone::<T, $($Param),*>(state, 0, ($($input,)*))
                }
                extern "C" fn immediate<T: CalledOp<Inputs = ($($Param,)*)>, $($Param: Passable),*>(
                    state: &mut NativeState,
                    bits: Bits,
                    $($input: $Param::Raw),*
                ) -> RawOf<T>
                where
                    T::Output: PassableBack,
                {
                    alone::<T, $($Param),*>(state, bits.0, ($($input,)*))
                }
                extern "C" fn inside<T: CalledOp<Inputs = ($($Param,)*)>, $($Param: Passable),*>(
                    state: &mut NativeState,
                    world: &'static mut World,
                    bits: Bits,
                    site: Site,
                    $($input: $Param::Raw),*
                ) -> RawOf<T>
                where
                    T::Output: PassableBack,
                {
                    state.run(|| {
                        let (mut call, to) = world.open(bits, site);
                        if writes::<T>() && call.is_due() {
                            return Err(Failure::Due);
                        }
                        $(let $input = passed($Param::look($input, Some(&mut call)))?;)*
                        $(let $input = passed($Param::take($input, Some(&mut call)))?;)*
                        let given = T::call(bits.0, ($($input,)*), Some(&mut call))?;
                        given.back(Back { to: Some((&mut call, to)) })
                    })
                }
                let inputs: &[HeapUse] = &[$($Param::HEAP),*];
                let reach = Reach {
                    world: within::<T>(),
                    writes: writes::<T>() || inputs.contains(&HeapUse::Unique),
                    boxed: T::Output::BOXED,
                    slot: T::SLOT,
                    takes: false,
                };
                match (reach.world, T::IMMEDIATES) {
                    (true, _) => NativeOp::of(
                        inside::<T, $($Param),*> as extern "C" fn(
                            &mut NativeState,
                            &'static mut World,
                            Bits,
                            Site,
                            $($Param::Raw),*
                        ) -> RawOf<T>,
                        reach,
                    ),
                    (false, true) => NativeOp::of(
                        immediate::<T, $($Param),*>
                            as extern "C" fn(&mut NativeState, Bits, $($Param::Raw),*) -> RawOf<T>,
                        reach,
                    ),
                    (false, false) => NativeOp::of(
                        plain::<T, $($Param),*>
                            as extern "C" fn(&mut NativeState, $($Param::Raw),*) -> RawOf<T>,
                        reach,
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
