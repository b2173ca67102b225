//! The callee: the value through which the running frame was called, as a parameter of an op. A
//! closure reaches by it what it has captured, without a place on the stack or in a slot.

use super::{Borrowed, Call, HeapUse, OpDesc, Ty};
use crate::heap::Object;
use crate::semantics::Trap;
use crate::value::{Obj, Value};

/// What a description says of a parameter under `#[callee]`.
#[derive(Clone, Copy, Debug)]
pub struct CalleeDesc {
    /// Name of the parameter.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
    /// What it needs of the heap.
    pub heap: HeapUse,
}

impl CalleeDesc {
    /// With the name of the parameter.
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The callee of an op that may end as its `alt` does.
    pub const fn or(own: Option<Self>, alt: &OpDesc) -> Option<Self> {
        match own {
            Some(own) => Some(own),
            None => alt.callee,
        }
    }
}

/// A type that a `#[callee]` parameter may have: `&T` for what an operand may borrow, `Obj<T>`.
///
/// The callee is what `Invoke::Call` gave as such, or the function itself; in the main program, and
/// in a function that was called by its name, it is Undef.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the callee of an ext op",
    label = "not a type of callees",
    note = "a callee is `&T` where `T` derives `Object` or `FuseValue`, `&Value`, `&Func`, or `Obj<T>` where the op also writes the heap"
)]
pub trait Callee<'a>: Sized {
    /// How a message shows it.
    const TY: Ty;
    /// What it needs of the heap.
    const HEAP: HeapUse = HeapUse::None;

    // Expansions name the trait by what follows alone, so that rustc reports a wrong type once.

    /// What a description says of it; without name.
    #[doc(hidden)]
    const DESC: CalleeDesc = CalleeDesc {
        name: "",
        ty: Self::TY,
        heap: Self::HEAP,
    };

    /// The callee as this type; `None` when it is of another kind.
    fn of(value: &'a Value, call: &mut Call<'a>) -> Option<Self>;

    /// The callee of the frame in which an op runs.
    ///
    /// # Errors
    /// The trap for a value of another kind.
    #[doc(hidden)]
    fn take(call: &mut Call<'a>, desc: &OpDesc) -> Result<Self, Trap> {
        let value = call.callee();
        Self::of(value, call).ok_or_else(|| call.no_callee(desc, Self::TY, value))
    }
}

impl<'a, T: Borrowed + ?Sized> Callee<'a> for &'a T {
    const TY: Ty = T::TY;
    const HEAP: HeapUse = T::HEAP;

    fn of(value: &'a Value, call: &mut Call<'a>) -> Option<Self> {
        T::borrow(value, call)
    }
}

impl<'a, T: Object> Callee<'a> for Obj<T> {
    const TY: Ty = Ty::Object(T::NAME);

    fn of(value: &'a Value, call: &mut Call<'a>) -> Option<Self> {
        call.heap()?.downcast(value)
    }
}
