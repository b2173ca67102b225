//! The storage of arrays against a plain list of values, which is what it has to look like.

use super::super::{Handle, Obj};
use super::*;

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    /// A value; most are of the kind that the round favours, so that arrays stay of one for a while.
    fn value(&mut self, favoured: usize) -> Value {
        let kind = match self.roll(24) {
            0 => self.roll(6),
            _ => favoured,
        };
        let n = self.roll(100) as i64 - 50;
        match kind {
            0 => Value::Int(n),
            1 => Value::Float(n as f64 / 8.0),
            2 => [0.0, -0.0, f64::INFINITY, 1e300].map(Value::Float)[self.roll(4)].clone(),
            3 => Value::str(format!("s{n}")),
            4 => Value::array([n, n + 1]),
            _ => Value::from(Obj::<u8>::new(Handle::new(1, 0, 1, 1))),
        }
    }

    fn values(&mut self, favoured: usize) -> Vec<Value> {
        (0..self.roll(5)).map(|_| self.value(favoured)).collect()
    }
}

/// The same elements in the most general form.
fn general(model: &[Value]) -> Array {
    let mut array = Array::from([Value::Undef]);
    array.extend(model.iter().cloned());
    array.shift();
    assert!(matches!(array.view(), View::Value(_)));
    array
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

fn assert_same(array: &Array, model: &[Value]) {
    assert_eq!(
        (array.len(), array.is_empty()),
        (model.len(), model.is_empty())
    );
    let is_same = |items: Vec<Value>| {
        items.len() == model.len() && items.iter().zip(model).all(|(a, b)| same(a, b))
    };
    assert!(is_same(array.to_vec()), "{array:?}\n{model:?}");
    assert!(is_same(array.clone().into_iter().collect()));
    assert!(is_same(
        array.parts().map(|part| part.into_owned()).collect()
    ));
    assert!(is_same(
        (0..model.len()).filter_map(|at| array.get(at)).collect()
    ));
    assert_eq!(array.get(model.len()), None);
    let mut back: Vec<Value> = array.iter().rev().collect();
    back.reverse();
    assert!(is_same(back));
    let kinds_are_right = match array.view() {
        View::Int(items) => items.len() == model.len(),
        View::Float(items) => items.len() == model.len(),
        View::Value(items) => items.len() == model.len(),
    };
    assert!(kinds_are_right);
    let other = general(model);
    assert_eq!((array, &other), (&other, array));
    assert_eq!(format!("{array:?}"), format!("{other:?}"));
    assert_eq!(
        Value::Array(array.clone()).to_str(),
        Value::Array(other).to_str()
    );
    let holds = model.iter().any(Value::may_hold_handles);
    assert!(!holds || array.may_hold_handles());
}

/// Does something to an array and to its model.
fn step(dice: &mut Dice, favoured: usize, array: &mut Array, model: &mut Vec<Value>) {
    let len = model.len();
    let at = dice.roll(len + 2);
    match dice.roll(22) {
        0..=3 => {
            let value = dice.value(favoured);
            model.push(value.clone());
            array.push(value);
        }
        4 => assert_eq!(array.pop(), model.pop()),
        5..=6 => {
            let first = (len > 0).then(|| model.remove(0));
            assert_eq!(array.shift(), first);
        }
        7..=8 => {
            let value = dice.value(favoured);
            let at = if dice.roll(2) == 0 { 0 } else { at };
            assert_eq!(array.insert(at, value.clone()), at <= len);
            if at <= len {
                model.insert(at, value);
            }
        }
        9 => {
            let removed = (at < len).then(|| model.remove(at));
            assert_eq!(array.remove(at), removed);
        }
        10..=11 => {
            let value = dice.value(favoured);
            assert_eq!(array.set(at, value.clone()), at < len);
            if at < len {
                model[at] = value;
            }
        }
        12 => {
            let value = dice.value(favoured);
            let old = (at < len).then(|| replace(&mut model[at], value.clone()));
            assert_eq!(array.replace(at, value), old);
        }
        13 => {
            array.truncate(at);
            model.truncate(at);
        }
        14 if dice.roll(4) == 0 => {
            array.clear();
            model.clear();
            assert!(!array.may_hold_handles());
        }
        15 => {
            let (to, fill) = (dice.roll(len + 6), dice.value(favoured));
            array.resize(to, fill.clone());
            model.resize(to, fill);
        }
        16 => {
            array.reverse();
            model.reverse();
        }
        17 => {
            let more = dice.values(favoured);
            match dice.roll(3) {
                0 => array.append(&Array::from(more.clone())),
                1 => array.append(&general(&more)),
                _ => *array = array.concat(&more.iter().cloned().collect()),
            }
            model.extend(more);
        }
        18 => {
            let more = dice.values(favoured);
            array.extend(more.clone());
            model.extend(more);
        }
        19 => {
            let to = dice.roll(len + 3);
            let part = model.get(at..to.min(len)).unwrap_or_default();
            assert_same(&array.slice(at..to), part);
            if dice.roll(4) == 0 {
                (*array, *model) = (array.slice(at..to), part.to_vec());
            }
        }
        20 => {
            array.reserve(at);
            assert!(array.capacity_hint() >= len + at);
            // Taken from both ends, what is left is made an array again.
            let mut items = replace(array, Array::new()).into_iter();
            let ends = (items.next(), items.next_back());
            *array = items.collect();
            if let Some(first) = ends.0 {
                array.insert(0, first);
            }
            array.extend(ends.1);
        }
        _ => write_in_place(dice, array, model),
    }
}

/// What an interpreter does: numbers over numbers, where nothing has to be copied or allocated.
fn write_in_place(dice: &mut Dice, array: &mut Array, model: &mut Vec<Value>) {
    let (n, f) = (dice.roll(100) as i64, dice.roll(100) as f64 / 8.0);
    let (room, unique) = (array.capacity_hint() > array.len(), array.is_unique());
    let is_int = matches!(array.view(), View::Int(_));
    let is_float = matches!(array.view(), View::Float(_));
    assert_eq!(array.push_int(n), room && unique && is_int);
    if room && unique && is_int {
        model.push(Value::Int(n));
    }
    assert_eq!(array.push_float(f), room && unique && is_float);
    if room && unique && is_float {
        model.push(Value::Float(f));
    }
    let at = dice.roll(model.len().max(1));
    assert_eq!(array.view_mut().is_some(), unique);
    if at < model.len() {
        match array.view_mut() {
            Some(ViewMut::Int(items)) => items[at] = n,
            Some(ViewMut::Float(items)) => items[at] = f,
            Some(ViewMut::Value(items)) => items[at] = Value::Int(n),
            None => return,
        }
        model[at] = match is_float {
            true => Value::Float(f),
            false => Value::Int(n),
        };
    }
}

#[test]
fn an_array_is_a_list_of_values_whatever_its_form() {
    let (rounds, steps) = if cfg!(miri) { (6, 30) } else { (300, 120) };
    let mut forms = [0; 3];
    for round in 0..rounds {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (round as u64 + 1) << 20);
        let mut favoured = round % 6;
        let (mut array, mut model) = (Array::with_capacity(dice.roll(9)), Vec::new());
        let mut kept: Option<(Array, Vec<Value>)> = None;
        for _ in 0..steps {
            if dice.roll(60) == 0 {
                favoured = dice.roll(6);
            }
            if dice.roll(10) == 0 {
                kept = match dice.roll(2) {
                    0 => Some((array.clone(), model.clone())),
                    _ => None,
                };
            }
            step(&mut dice, favoured, &mut array, &mut model);
            assert_same(&array, &model);
            if let Some((array, model)) = &kept {
                assert_same(array, model);
            }
            forms[match array.view() {
                View::Int(_) => 0,
                View::Float(_) => 1,
                View::Value(_) => 2,
            }] += 1;
        }
    }
    let enough = rounds * steps / 20;
    assert!(forms.iter().all(|&n| n > enough), "{forms:?}");
}

fn bytes(array: &Array) -> usize {
    match &array.0.items {
        Items::Int(items) => items.capacity() * size_of::<i64>(),
        Items::Float(items) => items.capacity() * size_of::<f64>(),
        Items::Value(items) => items.capacity() * size_of::<Value>(),
    }
}

#[test]
fn numbers_are_packed_however_they_come() {
    let len = if cfg!(miri) { 100 } else { 1000 };
    let ints = || (0..len).map(Value::Int);
    let floats = || (0..len).map(|n| Value::Float(n as f64));
    let mut filled = Array::new();
    filled.resize(len as usize, Value::Float(0.0));
    let mut grown = Array::with_capacity(len as usize);
    ints().for_each(|n| grown.push(n));
    let mut mixed = Array::from([Value::Undef]);
    mixed.extend(floats());
    for array in [
        ints().collect(),
        floats().collect(),
        ints().collect::<Vec<_>>().into(),
        floats().collect::<Vec<_>>().into(),
        (0..len).collect::<Vec<i64>>().into(),
        (0..len).map(|n| n as f64).collect(),
        filled,
        grown,
        mixed.slice(1..),
        Array::from_iter(ints()).concat(&Array::new()),
    ] {
        assert!(!matches!(array.view(), View::Value(_)));
        assert_eq!(
            (array.len(), bytes(&array)),
            (len as usize, 8 * len as usize)
        );
    }
    // And where room grows as it is needed, there is no more than twice as much of it.
    let mut pushed = Array::new();
    ints().for_each(|n| pushed.push(n));
    assert!(bytes(&pushed) <= 16 * pushed.len());
    assert!(matches!(pushed.view(), View::Int(_)));
}

#[test]
fn the_form_becomes_general_once() {
    let form = |array: &Array| match array.view() {
        View::Int(_) => "ints",
        View::Float(_) => "floats",
        View::Value(_) => "values",
    };
    let mut array = Array::new();
    array.push(Value::Float(0.5));
    assert_eq!(form(&array), "floats");
    // An empty array of numbers takes the kind of the next one.
    array.pop();
    array.push(Value::Int(1));
    assert_eq!(form(&array), "ints");
    let copy = array.clone();
    array.push(Value::Float(1.0));
    assert_eq!((form(&array), form(&copy)), ("values", "ints"));
    assert_eq!(array.to_vec(), [Value::Int(1), Value::Float(1.0)]);
    // One of values stays what it is, so that a stack of anything does not go to and fro.
    for empty in [
        |a: &mut Array| a.clear(),
        |a: &mut Array| while a.pop().is_some() {},
    ] {
        empty(&mut array);
        array.push(Value::Int(1));
        assert_eq!(form(&array), "values");
    }
    assert_eq!(form(&array.slice(..)), "values");
    assert_eq!(form(&array.iter().collect()), "ints");
}

#[test]
fn a_copy_on_write_keeps_the_form() {
    for (items, other) in [
        (vec![Value::Int(1); 3], Value::Int(2)),
        (vec![Value::Float(1.0); 3], Value::Float(2.0)),
        (vec![Value::str("a"); 3], Value::str("b")),
    ] {
        let mut array = Array::from(items.clone());
        let before = array.0.items.capacity();
        let copy = array.clone();
        assert!(array.view_mut().is_none() && !array.push_int(1) && !array.push_float(1.0));
        assert!(array.set(1, other.clone()));
        assert!(array.view_mut().is_some() && !array.ptr_eq(&copy));
        assert!(array.items_are_like(&copy));
        assert_eq!(copy, Array::from(items));
        assert_eq!(
            (array.get(1), before),
            (Some(other), copy.0.items.capacity())
        );
    }
}

impl Array {
    fn items_are_like(&self, other: &Array) -> bool {
        std::mem::discriminant(&self.0.items) == std::mem::discriminant(&other.0.items)
    }
}

fn ints(range: std::ops::Range<i64>) -> Array {
    range.collect()
}

#[test]
fn writes_to_a_shared_array_leave_the_other_alone() {
    let writes: [fn(&mut Array); 9] = [
        |a| assert!(a.set(1, Value::Undef)),
        |a| a.push(Value::Undef),
        |a| assert_eq!(a.pop(), Some(Value::Int(4))),
        |a| assert_eq!(a.shift(), Some(Value::Int(0))),
        |a| assert!(a.insert(2, Value::Undef)),
        |a| assert_eq!(a.remove(3), Some(Value::Int(3))),
        |a| a.truncate(2),
        |a| a.clear(),
        |a| a.reverse(),
    ];
    for write in writes {
        let mut a = ints(0..5);
        let copy = a.clone();
        assert!(a.ptr_eq(&copy) && !a.is_unique());
        write(&mut a);
        assert_eq!(copy, ints(0..5));
        assert_ne!(a, copy);
    }
}

#[test]
fn out_of_range_is_quiet() {
    let mut a = ints(0..2);
    assert_eq!(a.get(2), None);
    assert!(!a.set(2, Value::Undef) && !a.insert(3, Value::Undef));
    assert_eq!(a.remove(usize::MAX), None);
    assert_eq!(a.slice(usize::MAX..), Array::new());
    assert_eq!(a.slice(..=usize::MAX), a);
    assert_eq!((Array::new().pop(), Array::new().shift()), (None, None));
    a.reserve(usize::MAX);
    assert!(a.capacity_hint() >= HINT);
}

#[test]
fn shift_and_insert_in_front_move_the_head() {
    let mut a = ints(0..1000);
    for i in 0..1000 {
        assert_eq!(a.get(0), Some(Value::Int(i)));
        assert_eq!(a.shift(), Some(Value::Int(i)));
        assert_eq!(a.len(), 999 - i as usize);
        if i == 500 {
            assert!(a.insert(0, Value::Undef));
            assert_eq!((a.len(), a.shift()), (500, Some(Value::Undef)));
        }
    }
    assert!(a.is_empty());
    let mut queue = Array::new();
    for i in 0..10_000 {
        queue.push(Value::Int(i));
        assert_eq!(queue.shift(), Some(Value::Int(i)));
    }
    assert!(queue.capacity_hint() < 100);
}

#[test]
fn whole_array_operations() {
    let mut a = ints(0..2);
    a.resize(4, Value::Undef);
    a.extend([7]);
    assert_eq!(format!("{a:?}"), "[0, 1, undef, undef, 7]");
    a.resize(1, Value::Undef);
    assert_eq!(a.concat(&a), Array::from(vec![0, 0]));
    a.append(&a.clone());
    a.reverse();
    assert_eq!(a.to_vec(), [Value::Int(0), Value::Int(0)]);
    assert_eq!(ints(0..5).slice(1..=2), ints(1..3));
}

#[cfg(feature = "jit")]
#[test]
fn an_empty_array_takes_a_form_that_is_asked_for() {
    let (int, float, value) = (0, 1, 2);
    let mut empty = Array::new();
    assert!(empty.fit(float) && empty.fit(int));
    empty.push(Value::Int(3));
    assert!(empty.fit(int) && !empty.fit(float) && !empty.fit(value));
    // What was shifted out is no element.
    empty.shift();
    assert!(empty.fit(value));
    empty.push(Value::str("x"));
    assert_eq!(empty, [Value::str("x")].into_iter().collect());
    let mut shared = Array::new();
    let other = shared.clone();
    assert!(!shared.fit(int));
    drop(other);
    assert!(shared.fit(int));
}
