//! Memory of places: what an op under `#[cache]` keeps from one run to the next, at each place in a
//! program where it stands and in each VM.

use super::Call;
use crate::semantics::Trap;
use std::any::Any;

/// The memory of one place, while the op that stands there runs.
pub(crate) type Place = Option<Box<dyn Any + Send>>;

/// A type that a `#[cache]` parameter may have; every type that fits is one.
///
/// It starts as its default. Handles inside are weak: they keep no object alive, and one whose
/// object is gone is an error of the heap, never another object. A place starts afresh after a panic
/// of its op, and where an op and its `alt` keep memories of different types in turn.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the memory of a place",
    label = "not `Default + Send + 'static`"
)]
pub trait Memory: Default + Send + 'static {
    /// The memory of the place where the op stands, once.
    ///
    /// # Errors
    /// A trap when it was taken before.
    #[doc(hidden)]
    #[inline]
    fn of<'a>(call: &mut Call<'a>) -> Result<&'a mut Self, Trap> {
        let place = super::private::once(call.place())?;
        if !place.as_ref().is_some_and(|memory| memory.is::<Self>()) {
            *place = Some(Box::<Self>::default());
        }
        super::private::once(place.as_mut().and_then(|memory| memory.downcast_mut()))
    }
}

impl<T: Default + Send + 'static> Memory for T {}
