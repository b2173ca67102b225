//! `==` on values: strict in kind, deep, without regard to the order of hashes.
//!
//! Containers are compared over a list of pairs. Once a pair has been taken up, what it holds is
//! either equal or the whole comparison fails; so containers that have met are put into one class,
//! and a pair within a class needs no second look. Every pair looked at joins two classes, which
//! bounds the work by the containers that exist, however often they are reached. A container
//! against itself is looked into once, because a NaN inside makes it unequal.

use std::collections::{HashMap, HashSet};

use super::{Array, Hash, Value, View};

/// Pairs looked at before keeping account of them begins to pay.
const UNCOUNTED: usize = 16;

enum Pair<'a> {
    Arrays(&'a Array, &'a Array),
    Hashes(&'a Hash, &'a Hash),
}

#[derive(Default)]
struct Comparison<'a> {
    work: Vec<Pair<'a>>,
    taken: usize,
    /// From the address of a container to another of its class; the last of a class leads nowhere.
    classes: HashMap<usize, usize>,
    /// Containers that met themselves.
    selves: HashSet<usize>,
}

impl<'a> Comparison<'a> {
    fn run(first: Pair<'a>) -> bool {
        let mut comparison = Comparison::default();
        comparison.work.push(first);
        while let Some(pair) = comparison.work.pop() {
            if !comparison.known(&pair) && !comparison.open(pair) {
                return false;
            }
        }
        true
    }

    /// Whether a pair has been dealt with; if not, it will have been.
    fn known(&mut self, pair: &Pair<'_>) -> bool {
        self.taken += 1;
        let (a, b, unique) = match pair {
            Pair::Arrays(a, b) => (a.address(), b.address(), a.is_unique() && b.is_unique()),
            Pair::Hashes(a, b) => (a.address(), b.address(), a.is_unique() && b.is_unique()),
        };
        if unique || self.taken <= UNCOUNTED {
            return false;
        }
        if a == b {
            return !self.selves.insert(a);
        }
        let (a, b) = (self.class(a), self.class(b));
        if a != b {
            self.classes.insert(a, b);
        }
        a == b
    }

    fn class(&mut self, mut address: usize) -> usize {
        while let Some(&next) = self.classes.get(&address) {
            if let Some(&after) = self.classes.get(&next) {
                self.classes.insert(address, after);
            }
            address = next;
        }
        address
    }

    /// Compares what two containers hold, leaving containers inside for later.
    fn open(&mut self, pair: Pair<'a>) -> bool {
        match pair {
            Pair::Arrays(a, b) => {
                a.len() == b.len()
                    && match (a.view(), b.view()) {
                        (View::Int(a), View::Int(b)) => a == b,
                        (View::Float(a), View::Float(b)) => a == b,
                        (View::Value(a), View::Value(b)) => {
                            a.iter().zip(b).all(|(a, b)| self.check(a, b))
                        }
                        // Numbers in both, or something is unequal.
                        _ => a.parts().zip(b.parts()).all(|(a, b)| scalars(&a, &b)),
                    }
            }
            Pair::Hashes(a, b) => {
                a.len() == b.len()
                    && a.live_entries().all(|entry| {
                        b.same_key(entry)
                            .is_some_and(|b| self.check(&entry.value, b))
                    })
            }
        }
    }

    fn check(&mut self, a: &'a Value, b: &'a Value) -> bool {
        match (a, b) {
            (Value::Array(a), Value::Array(b)) => self.work.push(Pair::Arrays(a, b)),
            (Value::Hash(a), Value::Hash(b)) => self.work.push(Pair::Hashes(a, b)),
            _ => return scalars(a, b),
        }
        true
    }
}

fn scalars(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Undef, Value::Undef) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Status(a), Value::Status(b)) => a == b,
        (Value::Ref(a), Value::Ref(b)) => a == b,
        (Value::NativeFn(a), Value::NativeFn(b)) => a == b,
        (Value::Func(a), Value::Func(b)) => a == b,
        (Value::Obj(a), Value::Obj(b)) => a == b,
        (Value::Host(a), Value::Host(b)) => a == b,
        _ => false,
    }
}

/// Strict in kind and deep; handles by identity, host values by their own rule.
///
/// ```
/// # use fusevm::value::Value;
/// assert_eq!(Value::hash([("a", 1), ("b", 2)]), Value::hash([("b", 2), ("a", 1)]));
/// assert_ne!(Value::Int(1), Value::str("1"));
/// assert_ne!(Value::Float(f64::NAN), Value::Float(f64::NAN));
/// ```
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Array(a), Value::Array(b)) => a == b,
            (Value::Hash(a), Value::Hash(b)) => a == b,
            _ => scalars(self, other),
        }
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && Comparison::run(Pair::Arrays(self, other))
    }
}

impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && Comparison::run(Pair::Hashes(self, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Handle, release};

    #[test]
    fn kinds_are_kept_apart() {
        let handle = Handle::new(1, 0, 0, 1);
        let values = [
            Value::Undef,
            Value::Bool(false),
            Value::Int(0),
            Value::Float(0.0),
            Value::str("0"),
            Value::array(Array::new()),
            Value::Hash(Hash::new()),
            Value::Status(0),
            Value::NativeFn(0),
            Value::Obj(handle),
            Value::Obj(Handle::new(2, 0, 0, 1)),
            Value::array(vec![1]),
            Value::array(vec![1.0]),
            Value::hash([("a", 1)]),
            Value::hash([("b", 1)]),
        ];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(a == b, i == j, "{a:?} == {b:?}");
            }
        }
        assert_eq!(Value::Float(0.0), Value::Float(-0.0));
    }

    #[test]
    fn nan_is_seen_through_sharing() {
        let nan = Value::array(vec![f64::NAN]);
        assert_ne!(nan, nan.clone());
        let many = Value::array(vec![nan; 50]);
        assert_ne!(many, many.clone());
    }

    #[test]
    fn deep_and_shared_values_compare() {
        let depth = if cfg!(miri) { 100 } else { 100_000 };
        release::on_small_stack(move || {
            let grow = |end: i64| {
                let mut value = Value::Int(end);
                for i in 0..depth {
                    value = match i % 2 {
                        0 => Value::array(vec![value.clone(), value]),
                        _ => Value::hash([("a", value.clone()), ("b", value)]),
                    };
                }
                value
            };
            let (a, b, c) = (grow(1), grow(1), grow(2));
            assert_eq!(a, b);
            assert_eq!(a, a.clone());
            assert_ne!(a, c);
        });
    }
}
