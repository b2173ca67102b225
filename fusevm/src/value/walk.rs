//! Finding the handles inside a value.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Handle, Value};

impl Value {
    /// Whether there may be a handle in this value, at any depth; never `false` where there is one.
    #[inline]
    pub(crate) fn may_hold_handles(&self) -> bool {
        match self {
            Value::Obj(_) | Value::Ref(_) => true,
            Value::Array(array) => array.may_hold_handles(),
            Value::Hash(hash) => hash.may_hold_handles(),
            Value::Host(host) => host.may_hold_handles(),
            _ => false,
        }
    }

    /// Gives the handles in this value, at any depth, to `found`. What can hold none is not entered.
    ///
    /// `seen` keeps the addresses of shared containers, which are entered once; it is good for as
    /// long as nothing is written.
    pub(crate) fn handles(&self, seen: &mut HashSet<usize>, found: &mut impl FnMut(Handle)) {
        match self {
            Value::Obj(handle) => return found(*handle),
            Value::Ref(cell) => return found(cell.handle()),
            other if !other.may_hold_handles() => return,
            _container => {}
        }
        let mut work = Vec::new();
        let mut visit = |value, work: &mut Vec<_>| visit(value, seen, found, work);
        visit(Cow::Borrowed(self), &mut work);
        while let Some(container) = work.pop() {
            match container {
                Cow::Borrowed(value) => each_part(value, |part| visit(part, &mut work)),
                Cow::Owned(value) => {
                    each_part(&value, |part| {
                        visit(Cow::Owned(part.into_owned()), &mut work)
                    });
                }
            }
        }
    }
}

/// Gives the values in a container to `then`; those that a value of the host holds as copies.
fn each_part<'a>(container: &'a Value, mut then: impl FnMut(Cow<'a, Value>)) {
    match container {
        Value::Array(array) => array.parts().for_each(then),
        Value::Hash(hash) => hash
            .live()
            .for_each(|(_, value)| then(Cow::Borrowed(value))),
        Value::Host(host) => host.values().into_iter().map(Cow::Owned).for_each(then),
        _ => {}
    }
}

fn visit<'a>(
    value: Cow<'a, Value>,
    seen: &mut HashSet<usize>,
    found: &mut impl FnMut(Handle),
    work: &mut Vec<Cow<'a, Value>>,
) {
    let enter = match &*value {
        plain if !plain.may_hold_handles() => false,
        Value::Obj(handle) => return found(*handle),
        Value::Ref(cell) => return found(cell.handle()),
        Value::Array(array) => array.is_unique() || seen.insert(array.address()),
        Value::Hash(hash) => hash.is_unique() || seen.insert(hash.address()),
        Value::Host(host) => host.is_unique() || seen.insert(host.address()),
        _ => false,
    };
    if enter {
        work.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Array, FuseValue, Hash, HostValue, Obj};
    use super::*;

    fn object() -> Value {
        Value::from(Obj::<u8>::new(Handle::new(1, 0, 1, 1)))
    }

    /// Arrays that got the object in every way there is, and what was taken from them.
    fn arrays() -> Vec<Array> {
        let plain = || Array::from([1, 2, 3]);
        let mut all = vec![
            Array::from(vec![object()]),
            [object()].into_iter().collect(),
        ];
        let writes: [fn(&mut Array); 9] = [
            |a| a.push(object()),
            |a| assert!(a.set(1, object())),
            |a| assert!(a.replace(0, object()).is_some()),
            |a| assert!(a.insert(1, object())),
            |a| {
                a.shift();
                assert!(a.insert(0, object()));
            },
            |a| a.resize(9, object()),
            |a| a.extend([object()]),
            |a| a.append(&Array::from([object()])),
            |a| *a = a.concat(&Array::from([object()])),
        ];
        for write in writes {
            let mut array = plain();
            write(&mut array);
            all.push(array);
            // And where the storage is shared and has to be copied first.
            let (mut array, kept) = (plain(), plain());
            array.append(&kept);
            let shared = array.clone();
            write(&mut array);
            assert!(!shared.may_hold_handles());
            all.push(array);
        }
        let mut grown = all[0].clone();
        grown.push(Value::Int(1));
        let part = grown.slice(0..1);
        all.extend([grown, part]);
        all
    }

    #[test]
    fn a_container_knows_that_it_may_hold_handles() {
        for array in arrays() {
            let nested = [
                Value::Array(array.clone()),
                Value::array(vec![Value::Array(array.clone())]),
                Value::hash([("k", Value::Array(array))]),
            ];
            for value in nested {
                assert!(value.may_hold_handles(), "{value:?}");
                let mut found = 0;
                value.handles(&mut HashSet::new(), &mut |_| found += 1);
                assert!(found > 0, "{value:?}");
            }
        }
        let mut hash = Hash::new();
        hash.insert("a", Value::Int(1));
        assert!(!hash.may_hold_handles());
        hash.insert("a", object());
        assert!(hash.may_hold_handles() && hash.clone().may_hold_handles());
        let mut hash = Hash::new();
        hash.extend([("a", object())]);
        assert!(hash.may_hold_handles());
        for plain in [
            Value::array(vec![1, 2]),
            Value::hash([("a", 1)]),
            Value::str("x"),
        ] {
            assert!(!plain.may_hold_handles());
        }
    }

    /// A cell of a list that the host makes.
    struct Cons(Value, Value);

    impl FuseValue for Cons {
        const NAME: &'static str = "Cons";

        fn values(&self, into: &mut Vec<Value>) {
            into.extend([self.0.clone(), self.1.clone()]);
        }

        fn release(&mut self, into: &mut Vec<Value>) {
            into.extend([std::mem::take(&mut self.0), std::mem::take(&mut self.1)]);
        }
    }

    #[test]
    fn values_of_the_host_show_what_they_hold() {
        let depth = if cfg!(miri) { 100 } else { 50_000 };
        super::super::release::on_small_stack(move || {
            let cons = |head, tail| Value::Host(HostValue::new(Cons(head, tail)));
            assert!(!cons(Value::Int(1), Value::Undef).may_hold_handles());
            let mut list = cons(Value::array(vec![object()]), Value::Undef);
            for n in 0..depth {
                list = cons(Value::Int(n), list);
            }
            // A tail that two share is gone through once.
            let both = Value::array(vec![list.clone(), cons(object(), list)]);
            let mut found = 0;
            both.handles(&mut HashSet::new(), &mut |_| found += 1);
            assert_eq!(found, 2);
        });
    }

    #[test]
    fn a_container_that_is_emptied_forgets() {
        let mut array = Array::from([object()]);
        array.clear();
        assert!(!array.may_hold_handles());
        let mut hash: Hash = [("a", object())].into_iter().collect();
        hash.clear();
        assert!(!hash.may_hold_handles());
    }
}
