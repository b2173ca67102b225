//! Stack inputs: what the plain parameters of an op may be, and how they come off the stack.

use super::{Call, HeapUse, InputDesc, OpDesc, Operand, Ty};
use crate::heap::{Heap, ObjMut, Object};
use crate::semantics::Trap;
use crate::value::{Array, Func, Hash, Number, Obj, Ref, Str, Value};

/// The value on the stack is of another kind than the parameter.
#[derive(Debug)]
pub struct Mismatch(pub Value);

/// A type that a stack parameter of an ext op may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a stack operand of an ext op",
    label = "not an operand type",
    note = "operands are i64, f64, bool, Value, Str, Array, Hash, String, Func, Ref, Obj<T>, &str, &Value, &Array, &Hash, &T and ObjMut<'_, T> of heap objects, and Option of these",
    note = "derive `FuseValue` (small immutable values) or `Object` (identity, mutable state) to pass a type of your own; write `Ctx<'_, L>` and `Rest<'_>` themselves, not an alias"
)]
pub trait Input<'a>: Sized {
    /// How the signature shows it.
    const TY: Ty;
    /// Whether any other kind is taken as `None`.
    const OPTIONAL: bool = false;
    /// Whether it is passed unboxed.
    const SCALAR: bool = false;
    /// Whether it is borrowed from the value on the stack itself.
    const BORROWED: bool = false;
    /// What it needs of the heap.
    const HEAP: HeapUse = HeapUse::None;

    /// Whether [`Input::take`] would succeed.
    fn accepts(value: &Value, heap: Option<&Heap>, coerce: bool) -> bool;

    /// Takes or borrows the value.
    ///
    /// # Errors
    /// The value, when it is of another kind.
    fn take(value: &'a mut Value, call: &mut Call<'a>, coerce: bool) -> Result<Self, Mismatch>;

    // What follows is for expansions. Because they name the trait by nothing but these, rustc finds
    // the same mistake at the same place each time, and reports a wrong type once.

    /// What a description says of it; without name.
    #[doc(hidden)]
    const DESC: InputDesc = InputDesc::of::<Self>("", false);

    /// The next input of an op.
    ///
    /// # Errors
    /// The trap for a value of another kind.
    #[doc(hidden)]
    fn operand(call: &mut Call<'a>, desc: &OpDesc) -> Result<Operand<'a, Self>, Trap> {
        call.input(desc)
    }

    /// The same, once all inputs of the op are on their way.
    ///
    /// # Errors
    /// The trap for a value of another kind.
    #[doc(hidden)]
    fn finish(
        operand: Operand<'a, Self>,
        call: &mut Call<'a>,
        desc: &OpDesc,
    ) -> Result<Self, Trap> {
        match operand {
            Operand::Ready(input) => Ok(input),
            Operand::Waiting(value, index) => call.take(value, index, desc),
        }
    }

    /// Whether input `at` of an op can be taken, while none is.
    #[doc(hidden)]
    fn fits(call: &Call<'a>, desc: &OpDesc, at: usize) -> bool {
        call.accepts::<Self>(desc, at)
    }
}

/// What `number` makes of a value for a parameter that widens, where nothing is lost by it.
///
/// Undef, Bool, Status and numeric strings widen, Int and Float into each other when the value stays
/// the same; containers and handles do not.
fn widened(value: &Value) -> Option<Number> {
    match value {
        Value::Undef | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Status(_) => {
            Some(value.to_number())
        }
        Value::Str(text) => Value::parse_number(text.as_str()).map(|n| n.to_number()),
        _ => None,
    }
}

#[inline(always)]
fn as_int(value: &Value, coerce: bool) -> Option<i64> {
    match (value, coerce) {
        (Value::Int(i), _) => Some(*i),
        (_, false) => None,
        (_, true) => widened_int(value),
    }
}

#[cold]
fn widened_int(value: &Value) -> Option<i64> {
    match widened(value)? {
        Number::Int(i) => Some(i),
        Number::Float(f) => (f == f.trunc() && f.abs() < 2f64.powi(63)).then_some(f as i64),
    }
}

#[inline(always)]
fn as_float(value: &Value, coerce: bool) -> Option<f64> {
    match (value, coerce) {
        (Value::Float(f), _) => Some(*f),
        (_, false) => None,
        (_, true) => widened(value).map(Number::to_float),
    }
}

#[inline(always)]
fn as_bool(value: &Value, coerce: bool) -> Option<bool> {
    match (value, coerce) {
        (Value::Bool(b), _) => Some(*b),
        (_, false) => None,
        (_, true) => widened(value).map(|_| value.to_bool()),
    }
}

macro_rules! scalar {
    ($($t:ty = $ty:ident, $convert:ident;)*) => { $(
        impl Input<'_> for $t {
            const TY: Ty = Ty::$ty;
            const SCALAR: bool = true;

            fn accepts(value: &Value, _: Option<&Heap>, coerce: bool) -> bool {
                $convert(value, coerce).is_some()
            }

            #[inline(always)]
            fn take(value: &mut Value, _: &mut Call<'_>, coerce: bool) -> Result<Self, Mismatch> {
                $convert(value, coerce).ok_or_else(|| Mismatch(value.clone()))
            }
        }
    )* };
}

scalar! {
    i64 = Int, as_int;
    f64 = Float, as_float;
    bool = Bool, as_bool;
}

macro_rules! by_value {
    ($($t:ident;)*) => { $(
        impl Input<'_> for $t {
            const TY: Ty = Ty::$t;

            fn accepts(value: &Value, _: Option<&Heap>, _: bool) -> bool {
                matches!(value, Value::$t(_))
            }

            fn take(value: &mut Value, _: &mut Call<'_>, _: bool) -> Result<Self, Mismatch> {
                match std::mem::take(value) {
                    Value::$t(taken) => Ok(taken),
                    other => Err(Mismatch(other)),
                }
            }
        }
    )* };
}

by_value! { Str; Array; Hash; Ref; Func; }

impl Input<'_> for Value {
    const TY: Ty = Ty::Any;

    fn accepts(_: &Value, _: Option<&Heap>, _: bool) -> bool {
        true
    }

    fn take(value: &mut Value, _: &mut Call<'_>, _: bool) -> Result<Self, Mismatch> {
        Ok(std::mem::take(value))
    }
}

impl Input<'_> for String {
    const TY: Ty = Ty::Str;

    fn accepts(value: &Value, _: Option<&Heap>, _: bool) -> bool {
        matches!(value, Value::Str(_))
    }

    fn take(value: &mut Value, _: &mut Call<'_>, _: bool) -> Result<Self, Mismatch> {
        match value {
            Value::Str(text) => Ok(text.as_str().to_owned()),
            other => Err(Mismatch(other.clone())),
        }
    }
}

impl<T: Object> Input<'_> for Obj<T> {
    const TY: Ty = Ty::Object(T::NAME);

    fn accepts(value: &Value, heap: Option<&Heap>, _: bool) -> bool {
        heap.is_some_and(|heap| heap.downcast::<T>(value).is_some())
    }

    fn take(value: &mut Value, call: &mut Call<'_>, _: bool) -> Result<Self, Mismatch> {
        (call.heap().and_then(|heap| heap.downcast(value))).ok_or_else(|| Mismatch(value.clone()))
    }
}

impl<'a, T: Object> Input<'a> for ObjMut<'a, T> {
    const TY: Ty = Ty::Object(T::NAME);
    const HEAP: HeapUse = HeapUse::Unique;

    fn accepts(value: &Value, heap: Option<&Heap>, coerce: bool) -> bool {
        Obj::<T>::accepts(value, heap, coerce)
    }

    fn take(value: &'a mut Value, call: &mut Call<'a>, coerce: bool) -> Result<Self, Mismatch> {
        let object = Obj::<T>::take(value, call, coerce)?;
        (call.heap_mut().and_then(|heap| heap.get_mut(object).ok()))
            .ok_or_else(|| Mismatch(object.into()))
    }
}

/// A value of another kind is `None`.
impl<'a, T: Input<'a>> Input<'a> for Option<T> {
    const TY: Ty = T::TY;
    const OPTIONAL: bool = true;
    const HEAP: HeapUse = T::HEAP;

    fn accepts(_: &Value, _: Option<&Heap>, _: bool) -> bool {
        true
    }

    fn take(value: &'a mut Value, call: &mut Call<'a>, coerce: bool) -> Result<Self, Mismatch> {
        match T::accepts(value, call.heap(), coerce) {
            true => T::take(value, call, coerce).map(Some),
            false => Ok(None),
        }
    }
}

/// A type that a stack parameter may borrow: `&str`, `&Value`, `&Array`, `&Hash`, and references to
/// heap objects and host values. Derived by `Object` and `FuseValue`.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be a stack operand of an ext op",
    label = "not an operand type",
    note = "borrowed operands are &str, &Value, &Array, &Hash, and `&T` where `T` derives `Object` or `FuseValue`",
    note = "write `#[imm]` before a parameter whose text is a constant of the chunk, `&mut T` for the host"
)]
pub trait Borrowed {
    /// How the signature shows it.
    const TY: Ty;
    /// What it needs of the heap.
    const HEAP: HeapUse = HeapUse::None;

    /// Whether [`Borrowed::borrow`] would give a reference.
    fn accepts(value: &Value, heap: Option<&Heap>) -> bool;

    /// Borrows it from the value alone; `None` when it is of another kind, or when it takes the heap.
    #[doc(hidden)]
    fn of_value(value: &Value) -> Option<&Self>;

    /// Borrows it from the value, or through the value from the heap; `None` when it is of another kind.
    fn borrow<'a>(value: &'a Value, call: &mut Call<'a>) -> Option<&'a Self>;
}

impl<'a, T: Borrowed + ?Sized> Input<'a> for &'a T {
    const TY: Ty = T::TY;
    const BORROWED: bool = matches!(T::HEAP, HeapUse::None);
    const HEAP: HeapUse = T::HEAP;

    fn accepts(value: &Value, heap: Option<&Heap>, _: bool) -> bool {
        T::accepts(value, heap)
    }

    fn take(value: &'a mut Value, call: &mut Call<'a>, _: bool) -> Result<Self, Mismatch> {
        let value: &'a Value = value;
        T::borrow(value, call).ok_or_else(|| Mismatch(value.clone()))
    }
}

impl Borrowed for Value {
    const TY: Ty = Ty::Any;

    fn accepts(_: &Value, _: Option<&Heap>) -> bool {
        true
    }

    #[inline(always)]
    fn of_value(value: &Value) -> Option<&Self> {
        Some(value)
    }

    fn borrow<'a>(value: &'a Value, _: &mut Call<'a>) -> Option<&'a Self> {
        Some(value)
    }
}

macro_rules! borrowed {
    ($($t:ty = $ty:ident, $inner:ident => $borrow:expr;)*) => { $(
        impl Borrowed for $t {
            const TY: Ty = Ty::$ty;

            fn accepts(value: &Value, _: Option<&Heap>) -> bool {
                matches!(value, Value::$ty(_))
            }

            #[inline(always)]
            fn of_value(value: &Value) -> Option<&Self> {
                match value {
                    Value::$ty($inner) => Some($borrow),
                    _ => None,
                }
            }

            fn borrow<'a>(value: &'a Value, _: &mut Call<'a>) -> Option<&'a Self> {
                <Self as Borrowed>::of_value(value)
            }
        }
    )* };
}

borrowed! {
    str = Str, s => s.as_str();
    Str = Str, s => s;
    Array = Array, a => a;
    Hash = Hash, h => h;
    Func = Func, f => f;
}

/// Borrows an object of the VM's heap; the body of what `#[derive(Object)]` writes.
#[inline]
pub fn borrow_object<'a, T: Object>(value: &'a Value, call: &mut Call<'a>) -> Option<&'a T> {
    call.shared_heap()?.look(value)
}

/// Whether a value is an object of that type; the body of what `#[derive(Object)]` writes.
pub fn is_object<T: Object>(value: &Value, heap: Option<&Heap>) -> bool {
    heap.is_some_and(|heap| heap.downcast::<T>(value).is_some())
}
