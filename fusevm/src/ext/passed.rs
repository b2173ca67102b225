//! What machine code can pass to an op and be given by it, type by type.

use super::call::Produced;
use super::called::{Bits, Failure, Pass, Site, passed, private};
use super::{Borrowed, Branch, Call, HeapUse, IntoOutput};
use crate::heap::{ObjMut, Object};
use crate::semantics::Trap;
use crate::value::{Array, Func, Hash, HostValue, Kind, Obj, Ref, Str, Value};
use std::error::Error;

/// What machine code can pass.
pub trait Passed {
    #[doc(hidden)]
    fn pass(_: private::Token) -> Pass;
}

macro_rules! passed_as {
    ($($t:ty = $pass:ident;)*) => { $(
        impl Passed for $t {
            fn pass(_: private::Token) -> Pass {
                Pass::$pass
            }
        }
    )* };
}

passed_as! { Bits = Immediates; Site = Site; &Value = Place; &mut Value = Taken; InSlot = Slot; }

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

/// What an op sees beside its inputs, if it sees anything.
pub type Beside<'a> = Option<&'a mut Call<'static>>;

/// An input that machine code can pass.
///
/// All inputs of an op are looked at before any is taken: an object that is written takes the heap, and an op that
/// does not run takes nothing.
pub trait Passable: Sized {
    /// What is passed for it: the number itself, or where the value is.
    type Raw: Passed;
    /// Where the value is, if it may be of another kind.
    type Place: Passed;
    /// The input that was looked at.
    type Looked;
    /// What it needs of the heap.
    const HEAP: HeapUse = HeapUse::None;

    /// Looks at the input; `None` for a value of another kind. Nothing is widened.
    fn look(raw: Self::Raw, beside: Beside<'_>) -> Option<Self::Looked>;

    /// The same, wherever the value is.
    fn look_at(place: Self::Place, beside: Beside<'_>) -> Option<Self::Looked>;

    /// The input.
    fn take(looked: Self::Looked, beside: Beside<'_>) -> Option<Self>;
}

/// What an op gives that machine code can be given.
pub trait PassableBack {
    /// The number, or nothing.
    type Raw: PassedBack;
    /// Whether it is left in the world.
    const BOXED: bool = false;
    /// Whether it may be a new object.
    const ALLOCATES: bool = false;

    /// The number.
    ///
    /// # Errors
    /// What the op has failed with.
    fn back(self, to: Back<'_>) -> Result<Self::Raw, Failure>;
}

/// Where a result goes that is no number.
#[derive(Debug)]
pub struct Back<'a> {
    pub(super) to: Option<(&'a mut Call<'static>, &'a mut Value)>,
}

impl Back<'_> {
    /// Leaves a result.
    ///
    /// # Errors
    /// A trap for one that is too long, or for which there is no room.
    pub fn leave(self, result: impl IntoOutput) -> Result<(), Failure> {
        let (call, to) = passed(self.to)?;
        match result.into_output(call)?.0 {
            Produced::Value(value) => {
                call.admit(&value)?;
                *to = value;
                Ok(())
            }
            Produced::Object(allocate) => Err(Failure::Late(allocate)),
        }
    }
}

impl PassableBack for () {
    type Raw = ();
    #[inline(always)]
    fn back(self, _: Back<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

impl<R: PassableBack, E: Into<Box<dyn Error + Send + Sync>>> PassableBack for Result<R, E> {
    type Raw = R::Raw;
    const BOXED: bool = R::BOXED;
    const ALLOCATES: bool = R::ALLOCATES;
    #[inline(always)]
    fn back(self, to: Back<'_>) -> Result<R::Raw, Failure> {
        match self {
            Ok(result) => result.back(to),
            Err(error) => Err(Failure::of(error.into())),
        }
    }
}

/// One of the two ways on from an op that may jump: with nothing, or with one value. An object that the op has made
/// is none of these: where it has to be made later, the way would be forgotten.
pub trait Way {
    /// Whether it leaves something in the world.
    const BOXED: bool;

    /// Leaves that.
    ///
    /// # Errors
    /// As [`Back::leave`].
    fn leave(self, to: Back<'_>) -> Result<(), Failure>;
}

impl Way for () {
    const BOXED: bool = false;
    #[inline(always)]
    fn leave(self, _: Back<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Whether it jumps.
impl<F: Way, J: Way> PassableBack for Branch<F, J> {
    type Raw = bool;
    const BOXED: bool = F::BOXED || J::BOXED;
    #[inline(always)]
    fn back(self, to: Back<'_>) -> Result<bool, Failure> {
        match self {
            Branch::Fall(way) => way.leave(to).map(|()| false),
            Branch::Jump(way) => way.leave(to).map(|()| true),
        }
    }
}

macro_rules! ways {
    ($([$($generics:tt)*] $t:ty;)*) => { $(
        impl<$($generics)*> Way for $t {
            const BOXED: bool = true;
            #[inline(always)]
            fn leave(self, to: Back<'_>) -> Result<(), Failure> {
                to.leave(self)
            }
        }
    )* };
}

ways! {
    [] i64; [] f64; [] bool; [] Value; [] Str; [] String; [] &str; [] Array; [] Hash; [] Func; [] Ref; [] HostValue;
    [T: Object] Obj<T>;
}

/// What is left in the world.
macro_rules! left {
    () => {
        type Raw = ();
        const BOXED: bool = true;
        #[inline(always)]
        fn back(self, to: Back<'_>) -> Result<(), Failure> {
            to.leave(self)
        }
    };
}

macro_rules! boxed {
    ($($t:ty),*) => { $(
        impl PassableBack for $t {
            left!();
        }
    )* };
}

boxed! { Value, Str, String, &str, Array, Hash, Func, Ref, HostValue }

impl<T: Object> PassableBack for Obj<T> {
    left!();
}

impl<T: IntoOutput> PassableBack for Option<T> {
    const ALLOCATES: bool = true;
    left!();
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
            type Place = &'static Value;
            type Looked = $t;
            #[inline(always)]
            fn look(raw: $t, _: Beside<'_>) -> Option<$t> {
                Some(raw)
            }
            #[inline(always)]
            fn look_at(place: &'static Value, _: Beside<'_>) -> Option<$t> {
                match place {
                    Value::$kind(number) => Some(*number),
                    _other => None,
                }
            }
            #[inline(always)]
            fn take(looked: $t, _: Beside<'_>) -> Option<$t> {
                Some(looked)
            }
        }
        impl PassableBack for $t {
            type Raw = $t;
            #[inline(always)]
            fn back(self, _: Back<'_>) -> Result<$t, Failure> {
                Ok(self)
            }
        }
    )* };
}

numbers! { i64 = Int; f64 = Float; bool = Bool; }

/// What is never a number: it is passed by its place alone.
macro_rules! placed {
    ($place:ty, $looked:ty) => {
        type Raw = $place;
        type Place = $place;
        type Looked = $looked;
        #[inline(always)]
        fn look(raw: $place, beside: Beside<'_>) -> Option<$looked> {
            Self::look_at(raw, beside)
        }
    };
}

impl<T: Borrowed + ?Sized> Passable for &'static T {
    placed!(&'static Value, &'static T);
    const HEAP: HeapUse = T::HEAP;
    #[inline(always)]
    fn look_at(place: &'static Value, beside: Beside<'_>) -> Option<&'static T> {
        match T::HEAP {
            HeapUse::None => T::of_value(place),
            HeapUse::Shared | HeapUse::Unique => T::borrow(place, beside?),
        }
    }
    #[inline(always)]
    fn take(looked: &'static T, _: Beside<'_>) -> Option<&'static T> {
        Some(looked)
    }
}

impl Passable for String {
    placed!(&'static Value, &'static str);
    fn look_at(place: &'static Value, _: Beside<'_>) -> Option<&'static str> {
        <str as Borrowed>::of_value(place)
    }
    fn take(looked: &'static str, _: Beside<'_>) -> Option<String> {
        Some(looked.to_owned())
    }
}

impl<T: Object> Passable for Obj<T> {
    placed!(&'static Value, Obj<T>);
    const HEAP: HeapUse = HeapUse::Shared;
    #[inline(always)]
    fn look_at(place: &'static Value, beside: Beside<'_>) -> Option<Obj<T>> {
        beside?.heap()?.downcast(place)
    }
    #[inline(always)]
    fn take(looked: Obj<T>, _: Beside<'_>) -> Option<Obj<T>> {
        Some(looked)
    }
}

impl<T: Object> Passable for ObjMut<'static, T> {
    placed!(&'static Value, Obj<T>);
    const HEAP: HeapUse = HeapUse::Unique;
    #[inline(always)]
    fn look_at(place: &'static Value, beside: Beside<'_>) -> Option<Obj<T>> {
        Obj::look_at(place, beside)
    }
    #[inline(always)]
    fn take(looked: Obj<T>, beside: Beside<'_>) -> Option<ObjMut<'static, T>> {
        beside?.heap_mut()?.get_mut(looked).ok()
    }
}

macro_rules! owned {
    ($($t:ident;)*) => { $(
        impl Passable for $t {
            placed!(&'static mut Value, &'static mut Value);
            #[inline(always)]
            fn look_at(place: &'static mut Value, _: Beside<'_>) -> Option<&'static mut Value> {
                matches!(place, Value::$t(_)).then_some(place)
            }
            #[inline(always)]
            fn take(looked: &'static mut Value, _: Beside<'_>) -> Option<$t> {
                match std::mem::take(looked) {
                    Value::$t(taken) => Some(taken),
                    _other => None,
                }
            }
        }
    )* };
}

owned! { Str; Array; Hash; Ref; Func; }

impl Passable for Value {
    placed!(&'static mut Value, &'static mut Value);
    #[inline(always)]
    fn look_at(place: &'static mut Value, _: Beside<'_>) -> Option<&'static mut Value> {
        Some(place)
    }
    #[inline(always)]
    fn take(looked: &'static mut Value, _: Beside<'_>) -> Option<Value> {
        Some(std::mem::take(looked))
    }
}

/// A value of another kind is `None`.
impl<T: Passable> Passable for Option<T> {
    placed!(T::Place, Option<T::Looked>);
    const HEAP: HeapUse = T::HEAP;
    #[inline(always)]
    fn look_at(place: T::Place, beside: Beside<'_>) -> Option<Option<T::Looked>> {
        Some(T::look_at(place, beside))
    }
    #[inline(always)]
    fn take(looked: Option<T::Looked>, beside: Beside<'_>) -> Option<Option<T>> {
        match looked {
            Some(looked) => T::take(looked, beside).map(Some),
            None => Some(None),
        }
    }
}

/// A slot of the caller's frame.
#[derive(Debug)]
#[repr(transparent)]
pub struct InSlot(&'static mut Value);

/// The slot.
///
/// # Errors
/// None.
pub fn in_slot(slot: InSlot) -> Result<&'static mut Value, Trap> {
    Ok(slot.0)
}

impl Passable for InSlot {
    placed!(InSlot, InSlot);
    #[inline(always)]
    fn look_at(place: InSlot, _: Beside<'_>) -> Option<InSlot> {
        Some(place)
    }
    #[inline(always)]
    fn take(looked: InSlot, _: Beside<'_>) -> Option<InSlot> {
        Some(looked)
    }
}
