//! Results: what an ext op may return, and how it gets back onto the stack.

use super::call::Produced;
use super::{AccessKind, Call, Flow, OutputDesc, Ty};
use crate::heap::{Heap, HeapError, Maker, Object};
use crate::semantics::Trap;
use crate::value::{Array, Func, Handle, Hash, HostValue, Obj, Ref, Str, Value};
use std::error::Error;

/// A value on its way out of an op; made by [`IntoOutput`].
pub struct Made(pub(crate) Produced);

impl From<Value> for Made {
    fn from(value: Value) -> Self {
        Made(Produced::Value(value))
    }
}

/// A type that an ext op may return, as one value on the stack.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a result of an ext op",
    label = "not a result type",
    note = "results are (), i64, f64, bool, Value, Str, Array, Hash, String, &str, Func, Ref, Obj<T>, heap objects and host values, Option and pairs of these, Branch, Invoke, Load, Store, Assign, and Result<_, E> of any of them",
    note = "derive `FuseValue` (small immutable values) or `Object` (identity, mutable state) to return a type of your own"
)]
pub trait IntoOutput {
    /// How the signature shows it.
    const TY: Ty;

    /// The value; an object is allocated here, or once the op's borrows have ended.
    ///
    /// # Errors
    /// The trap of an allocation that fails.
    fn into_output(self, call: &mut Call<'_>) -> Result<Made, Trap>;
}

macro_rules! outputs {
    ($($t:ty = $ty:ident;)*) => { $(impl IntoOutput for $t {
        const TY: Ty = Ty::$ty;
        fn into_output(self, _: &mut Call<'_>) -> Result<Made, Trap> {
            Ok(Value::from(self).into())
        }
    })* };
}

outputs! {
    Value = Any; i64 = Int; f64 = Float; bool = Bool; Str = Str; String = Str; &str = Str;
    Array = Array; Hash = Hash; Func = Func; Ref = Ref; HostValue = Any;
}

impl<T: Object> IntoOutput for Obj<T> {
    const TY: Ty = Ty::Object(T::NAME);
    fn into_output(self, _: &mut Call<'_>) -> Result<Made, Trap> {
        Ok(Value::from(self).into())
    }
}

/// Undef for `None`.
impl<T: IntoOutput> IntoOutput for Option<T> {
    const TY: Ty = Ty::Any;
    fn into_output(self, call: &mut Call<'_>) -> Result<Made, Trap> {
        match self {
            Some(value) => value.into_output(call),
            None => Ok(Value::Undef.into()),
        }
    }
}

/// Allocates an object an op returned; the body of what `#[derive(Object)]` writes.
///
/// # Errors
/// The trap of a heap at its limit.
pub fn allocate<T: Object>(object: T, call: &mut Call<'_>) -> Result<Made, Trap> {
    Ok(Made(match call.free_heap() {
        Some(heap) => Produced::Value(heap.alloc(object).map_err(Trap::from)?.into()),
        None => Produced::Object(Box::new(|heap| {
            Ok(heap.alloc(object).map_err(Trap::from)?.into())
        })),
    }))
}

/// What an ext op's function may return: any number of results and the way control goes on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the return type of an ext op",
    label = "not a return type",
    note = "an op returns (), one result, a pair, Branch, Invoke, Load, Store, Assign, or Result<_, E> of these with E: std::error::Error + Send + Sync"
)]
pub trait Returns {
    /// What it leaves.
    const OUTPUTS: OutputDesc;

    /// Stores the results in the call.
    ///
    /// # Errors
    /// The op's own error as a trap, or that of an allocation that fails.
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap>;
}

const fn falls(falls: &'static [Ty]) -> OutputDesc {
    OutputDesc {
        falls,
        jumps: None,
        fallible: false,
        invokes: false,
        access: None,
    }
}

impl<T: IntoOutput> Returns for T {
    const OUTPUTS: OutputDesc = falls(&[T::TY]);
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        call.push(self)?;
        Ok(Flow::Next)
    }
}

impl Returns for () {
    const OUTPUTS: OutputDesc = falls(&[]);
    fn put(self, _: &mut Call<'_>) -> Result<Flow, Trap> {
        Ok(Flow::Next)
    }
}

impl<A: IntoOutput, B: IntoOutput> Returns for (A, B) {
    const OUTPUTS: OutputDesc = falls(&[A::TY, B::TY]);
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        call.push(self.0)?;
        call.push(self.1)?;
        Ok(Flow::Next)
    }
}

impl<R: Returns, E: Into<Box<dyn Error + Send + Sync>>> Returns for Result<R, E> {
    const OUTPUTS: OutputDesc = OutputDesc {
        fallible: true,
        ..R::OUTPUTS
    };
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        match self {
            Ok(result) => result.put(call),
            Err(error) => Err(Trap::from(error.into())),
        }
    }
}

/// The result of an op that may jump: to the one [`Label`](super::Label) among its immediates.
///
/// ```text
/// Fall(f): … -> … f        and on to the next op
/// Jump(j): … -> … j        and on to the label
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch<F = (), J = ()> {
    /// Pushes and falls through.
    Fall(F),
    /// Pushes and jumps.
    Jump(J),
}

impl Branch {
    /// Jumps if `condition` holds.
    pub fn when(condition: bool) -> Self {
        match condition {
            true => Branch::Jump(()),
            false => Branch::Fall(()),
        }
    }
}

impl<F: Returns, J: Returns> Returns for Branch<F, J> {
    const OUTPUTS: OutputDesc = OutputDesc {
        falls: F::OUTPUTS.falls,
        jumps: Some(J::OUTPUTS.falls),
        fallible: F::OUTPUTS.fallible || J::OUTPUTS.fallible,
        invokes: false,
        access: None,
    };
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        match self {
            Branch::Fall(results) => results.put(call),
            Branch::Jump(results) => {
                results.put(call)?;
                Ok(Flow::Jump)
            }
        }
    }
}

/// The result of an op that calls: the VM calls for it, in a frame of its own and without Rust recursion.
///
/// Leaves exactly one value: Undef when the function returns none.
#[derive(Clone, Debug)]
pub enum Invoke {
    /// No call: this is the result.
    Value(Value),
    /// Call `function` with the op's [`Rest`](super::Rest) as arguments.
    Call {
        /// What runs.
        function: Func,
        /// The value through which it is called, which the function's ops can reach.
        callee: Value,
        /// Argument 0, before those of the rest.
        first: Option<Value>,
    },
    /// The same for every first input of its shape, while immediates and number of arguments are the same: call
    /// `function` with the op's [`Rest`](super::Rest) as arguments. Where the op stands, the VM does without
    /// it the next time, and makes the call itself.
    ///
    /// The callee has to live for as long as there are objects of the shape. Where the first input has no
    /// [shape](crate::heap::Shape), it is a call as any other.
    ByShape {
        /// What runs.
        function: Func,
        /// The object through which it is called: `None` for the first input itself.
        callee: Option<Handle>,
        /// Whether the first input is argument 0, before those of the rest.
        receiver: bool,
    },
    /// Makes an object, the same way for every first input of its shape, while immediates and number of arguments
    /// are the same: an instance of a class, for one. It is the result; or with `then` it is argument 0 of a
    /// call of that function through that callee, before those of the rest. The next time the VM does
    /// it without the op.
    Make {
        /// Makes it.
        make: Maker,
        /// What is called with it, and the object through which.
        then: Option<(Func, Handle)>,
    },
}

impl Invoke {
    /// A call of `function`, through itself, with the op's [`Rest`](super::Rest) as arguments.
    pub fn function(function: Func) -> Self {
        Invoke::Call {
            callee: Value::Func(function.clone()),
            function,
            first: None,
        }
    }

    /// The value, or the call, as it is for one first input: it says nothing of others of the shape.
    ///
    /// # Errors
    /// That of making an object.
    pub fn once(self, input: &Value, heap: &mut Heap) -> Result<Invoke, HeapError> {
        Ok(match self {
            plain @ (Invoke::Value(_) | Invoke::Call { .. }) => plain,
            Invoke::ByShape {
                function,
                callee,
                receiver,
            } => Invoke::Call {
                function,
                callee: callee.map_or_else(|| input.clone(), Value::Obj),
                first: receiver.then(|| input.clone()),
            },
            Invoke::Make { make, then } => {
                let made = Value::Obj(make.make(heap)?);
                match then {
                    None => Invoke::Value(made),
                    Some((function, callee)) => Invoke::Call {
                        function,
                        callee: Value::Obj(callee),
                        first: Some(made),
                    },
                }
            }
        })
    }
}

impl Returns for Invoke {
    const OUTPUTS: OutputDesc = OutputDesc {
        falls: &[Ty::Any],
        jumps: None,
        fallible: true,
        invokes: true,
        access: None,
    };
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        match self {
            Invoke::Value(value) => value.put(call),
            invoke => {
                call.results.invoke = Some(invoke);
                Ok(Flow::Invoke)
            }
        }
    }
}

/// The result of an op that reads a field of its first input, an object with a
/// [shape](crate::heap::Shape).
#[derive(Clone, Debug)]
pub enum Load {
    /// The field of that number: the same one for every first input of its shape, while immediates are the same.
    /// Where the op stands, the VM reads it without the op the next time; unless it was never set: then the
    /// op is asked again. Undef where it was not set though the op says so.
    Field(usize),
    /// No field, but this.
    Value(Value),
}

impl Returns for Load {
    const OUTPUTS: OutputDesc = OutputDesc {
        access: Some(AccessKind::Load),
        ..falls(&[Ty::Any])
    };
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        match self {
            Load::Value(value) => value.put(call),
            Load::Field(field) => {
                call.results.field = Some(field);
                Ok(Flow::Access)
            }
        }
    }
}

/// The result of an op that sets a field of its first input, an object with a
/// [shape](crate::heap::Shape), to its last input; it leaves nothing.
///
/// The field is the same one for every first input of its shape, while immediates are the same: where the op
/// stands, the VM sets it without the op the next time, whether it was set before or not. An op that does more than
/// that takes the object's shape away, or gives it another one, with
/// [`Heap::set_shape`](crate::heap::Heap::set_shape).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store(pub usize);

impl Returns for Store {
    const OUTPUTS: OutputDesc = OutputDesc {
        access: Some(AccessKind::Store),
        ..falls(&[])
    };
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        call.results.field = Some(self.0);
        Ok(Flow::Access)
    }
}

/// As [`Store`], for an assignment that is an expression: the op leaves the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assign(pub usize);

impl Returns for Assign {
    const OUTPUTS: OutputDesc = OutputDesc {
        access: Some(AccessKind::Assign),
        ..falls(&[Ty::Any])
    };
    fn put(self, call: &mut Call<'_>) -> Result<Flow, Trap> {
        call.results.field = Some(self.0);
        Ok(Flow::Access)
    }
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made").finish_non_exhaustive()
    }
}
