//! Small immutable values of the host.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use triomphe::Arc;

use super::{Value, release};

/// A type of the host whose values programs may hold: small and immutable.
///
/// What changes or has an identity the guest should see belongs into the [heap](crate::heap). The
/// methods are called wherever the VM prints or compares values, so they should be quick and must
/// not recurse over long chains.
pub trait FuseValue: Any + Send + Sync {
    /// The name of the type, as programs and messages see it.
    const NAME: &'static str;

    /// The text of the value; `None` stands for `(NAME)`.
    fn text(&self) -> Option<String> {
        None
    }

    /// Whether two values that are not the same one are equal; symmetric and transitive.
    fn equals(&self, _other: &Self) -> bool {
        false
    }

    /// Copies the values held inside into `into`: the objects they lead to stay alive. Values that this
    /// leaves out keep nothing alive. Always the same ones: the type is immutable.
    fn values(&self, _into: &mut Vec<Value>) {}

    /// Moves the values held inside into `into`, just before the value is dropped.
    ///
    /// A type that can hold others of its kind through a [`Value`] should do so: then chains of any
    /// length are dropped without recursion.
    fn release(&mut self, _into: &mut Vec<Value>) {}
}

/// What is left of a [`FuseValue`] when its type is not known.
pub(super) trait Erased: Any + Send + Sync {
    fn type_name(&self) -> &'static str;
    fn erased_text(&self) -> Option<String>;
    fn erased_equals(&self, other: &dyn Erased) -> bool;
    fn erased_values(&self, into: &mut Vec<Value>);
    fn erased_release(&mut self, into: &mut Vec<Value>);
}

impl<T: FuseValue> Erased for T {
    fn type_name(&self) -> &'static str {
        T::NAME
    }

    fn erased_text(&self) -> Option<String> {
        self.text()
    }

    fn erased_equals(&self, other: &dyn Erased) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref().is_some_and(|other| self.equals(other))
    }

    fn erased_values(&self, into: &mut Vec<Value>) {
        self.values(into);
    }

    fn erased_release(&mut self, into: &mut Vec<Value>) {
        self.release(into);
    }
}

/// A value, and whether a handle may be inside.
pub(super) struct HostBox(pub(super) Box<dyn Erased>, bool);

impl Drop for HostBox {
    fn drop(&mut self) {
        let mut work = Vec::new();
        self.0.erased_release(&mut work);
        release::drain(work);
        if std::thread::panicking() {
            // One that fails while another's failure is on its way would end the process.
            let value = std::mem::replace(&mut self.0, Box::new(Gone));
            let _ = catch_unwind(AssertUnwindSafe(move || drop(value)));
        }
    }
}

/// What stands for a value that is gone.
struct Gone;

impl FuseValue for Gone {
    const NAME: &'static str = "Gone";
}

/// A value of some [`FuseValue`] type behind one thin pointer.
///
/// ```
/// use fusevm::value::{FuseValue, HostValue, Value};
///
/// struct Celsius(f64);
/// impl FuseValue for Celsius {
///     const NAME: &'static str = "Celsius";
/// }
///
/// let warm = HostValue::new(Celsius(21.5));
/// assert_eq!(warm.downcast_ref::<Celsius>().unwrap().0, 21.5);
/// assert_eq!(Value::from(warm).to_str(), "(Celsius)");
/// ```
#[derive(Clone)]
pub struct HostValue(pub(super) Arc<HostBox>);

impl HostValue {
    /// Wraps a value of the host.
    pub fn new<T: FuseValue>(value: T) -> HostValue {
        let mut inside = Vec::new();
        value.values(&mut inside);
        let handles = inside.iter().any(Value::may_hold_handles);
        HostValue(Arc::new(HostBox(Box::new(value), handles)))
    }

    /// Copies of the values inside.
    pub(super) fn values(&self) -> Vec<Value> {
        let mut inside = Vec::new();
        self.0.0.erased_values(&mut inside);
        inside
    }

    /// Whether a handle may be inside, at any depth.
    pub(super) fn may_hold_handles(&self) -> bool {
        self.0.1
    }

    pub(super) fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Where the value stands, as its identity.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(&*self.0).addr()
    }

    /// The value inside, if it is a `T`.
    pub fn downcast_ref<T: FuseValue>(&self) -> Option<&T> {
        let inside: &dyn Any = &*self.0.0;
        inside.downcast_ref()
    }

    /// The [`FuseValue::NAME`] of the type inside.
    pub fn type_name(&self) -> &'static str {
        (*self.0.0).type_name()
    }

    /// The text: what the type says, or `(NAME)`.
    pub fn text(&self) -> String {
        self.0
            .0
            .erased_text()
            .unwrap_or_else(|| format!("({})", self.type_name()))
    }
}

/// The same value, or two that their type calls equal.
impl PartialEq for HostValue {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.0.erased_equals(&*other.0.0)
    }
}

impl fmt::Debug for HostValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl From<HostValue> for Value {
    fn from(value: HostValue) -> Value {
        Value::Host(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Point(i32);
    impl FuseValue for Point {
        const NAME: &'static str = "Point";
        fn text(&self) -> Option<String> {
            Some(format!("@{}", self.0))
        }
        fn equals(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    struct Plain;
    impl FuseValue for Plain {
        const NAME: &'static str = "Plain";
    }

    /// A list whose cells lead to each other through values.
    struct Cell(Value);
    impl FuseValue for Cell {
        const NAME: &'static str = "Cell";
        fn release(&mut self, into: &mut Vec<Value>) {
            into.push(std::mem::take(&mut self.0));
        }
    }

    #[test]
    fn text_and_equality_are_the_types_own() {
        let (a, b, c) = (
            HostValue::new(Point(1)),
            HostValue::new(Point(1)),
            HostValue::new(Plain),
        );
        assert_eq!((a.text(), c.text()), ("@1".into(), "(Plain)".into()));
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_eq!(c, c.clone());
        assert_ne!(c, HostValue::new(Plain));
        assert_eq!(a.type_name(), "Point");
        assert!(a.downcast_ref::<Plain>().is_none());
    }

    #[test]
    fn a_long_chain_drops_without_recursion() {
        let depth = if cfg!(miri) { 100 } else { 100_000 };
        crate::value::release::on_small_stack(move || {
            let mut list = Value::Undef;
            for _ in 0..depth {
                list = HostValue::new(Cell(list)).into();
            }
            drop(list);
        });
    }
}
