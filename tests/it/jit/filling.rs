//! Arrays that loops fill: whatever form they had, whoever else has them, and wherever the filling begins and ends.

use super::counting::{called, function, vm};
use super::{entries, none, ways};
use fusevm::{Chunk, JitConfig, Value};

/// Writes `slot 3`, or twice that, to the places from `slot 1` up to `slot 2` of the array in `slot 0`.
const FILLS: &str = "top:
{body}
  GetSlot 1
  Inc
  SetSlot 1
  GetSlot 1
  GetSlot 2
  NumLt
  JumpIfTrue top
  GetSlot 0
";

const ONE: &str = "  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0";
/// Reads what was written in the turn before.
const READS: &str =
    "  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0\n  GetSlot 1\n  SlotArrayGet 0\n  SetSlot 3";
/// What is written becomes a float on its way.
const TURNS: &str =
    "  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0\n  GetSlot 3\n  LoadFloat 0.5\n  Add\n  SetSlot 3";
/// Shares the array in each turn.
const SHARES: &str = "  GetSlot 0\n  SetSlot 4\n  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0";
/// Fills another one as well.
const TWO: &str =
    "  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0\n  LoadFloat 2.5\n  GetSlot 1\n  SlotArraySet 4";
/// Leaves out every second place.
const SKIPS: &str = "  GetSlot 1\n  LoadInt 1\n  BitAnd\n  JumpIfTrue on\n  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0\non:";
/// Writes the same place twice.
const TWICE: &str =
    "  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0\n  GetSlot 3\n  GetSlot 1\n  SlotArraySet 0";

#[test]
fn arrays_take_the_form_of_what_comes_as_long_as_they_are_empty() {
    let numbers = |n: i64| (0..n).map(Value::Int).collect::<Vec<Value>>();
    let floats = |n: i64| {
        (0..n)
            .map(|i| Value::Float(i as f64))
            .collect::<Vec<Value>>()
    };
    let mixed = vec![Value::Int(1), Value::str("x"), Value::Float(2.0)];
    let arrays = [
        Value::array(numbers(0)),
        Value::array(numbers(3)),
        Value::array(numbers(60)),
        Value::array(floats(4)),
        Value::array(mixed),
    ];
    let values = [
        Value::Int(7),
        Value::Float(1.5),
        Value::str("a text that is longer than what stands in a value"),
        Value::Undef,
    ];
    let mut all = Vec::new();
    for value in &values {
        for array in &arrays {
            for (from, to) in [(0, 40), (3, 70), (0, 1), (5, 30)] {
                all.push([
                    array.clone(),
                    Value::Int(from),
                    Value::Int(to),
                    value.clone(),
                ]);
            }
        }
    }
    // Some kinds settle, and others come now and then.
    let few: Vec<[Value; 4]> = (all.iter().cycle().take(400).enumerate())
        .map(|(i, args)| {
            if i % 5 == 0 {
                args.clone()
            } else {
                all[i % 4].clone()
            }
        })
        .collect();
    for body in [ONE, READS, TURNS, SHARES, TWO, SKIPS, TWICE] {
        let text = function(&FILLS.replace("{body}", body));
        let chunk = Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for fuel in [None, Some(100_000), Some(300)] {
            for all in [&all, &few] {
                let expected = called(&mut vm(&chunk, none()), all, fuel);
                for (name, config) in ways() {
                    let mut vm = vm(&chunk, config);
                    let found = called(&mut vm, all, fuel);
                    for ((found, expected), args) in found.iter().zip(&expected).zip(all) {
                        assert_eq!(found, expected, "{name}, {fuel:?}: {args:?}\n{text}");
                    }
                    assert!(entries(&vm) > 0, "{name}, {fuel:?}\n{text}");
                }
            }
        }
    }
}

/// Both are made room for, in a unit that has to find its window first.
#[test]
fn two_arrays_that_are_given_are_filled() {
    let body = "  LoadFloat 0.5\n  GetSlot 1\n  SlotArraySet 0\n  LoadFloat 0.75\n  GetSlot 1\n  SlotArraySet 3";
    let text = function(&FILLS.replace("{body}", body));
    let chunk = Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let floats = |n: usize| Value::array(vec![1.5; n]);
    let all: Vec<[Value; 4]> = (0..60)
        .map(|i| {
            let (from, to) = (i % 5, 20 + i);
            [
                floats(i % 5),
                Value::Int(from as i64),
                Value::Int(to as i64),
                floats((i + i / 7) % 5),
            ]
        })
        .collect();
    for fuel in [None, Some(100_000)] {
        let expected = called(&mut vm(&chunk, none()), &all, fuel);
        for (name, config) in ways() {
            let mut vm = vm(&chunk, config);
            assert_eq!(called(&mut vm, &all, fuel), expected, "{name}, {fuel:?}");
            assert!(entries(&vm) > 0, "{name}, {fuel:?}");
        }
    }
}

/// A limit on elements is found where it is in the interpreter.
#[test]
fn an_array_grows_to_its_limit() {
    let text = function(&FILLS.replace("{body}", ONE));
    let chunk = Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let all: Vec<[Value; 4]> = (0..40)
        .map(|i| {
            [
                Value::array(Vec::<Value>::new()),
                Value::Int(0),
                Value::Int(480 + i),
                Value::Int(i),
            ]
        })
        .collect();
    let limited = |config: JitConfig| {
        let mut vm = vm(&chunk, config);
        let mut limits = vm.limits().clone();
        limits.max_array_len = 500;
        vm.set_limits(limits);
        vm
    };
    let expected = called(&mut limited(none()), &all, None);
    assert!(expected[39].contains("500"), "{}", expected[39]);
    for (name, config) in ways() {
        assert_eq!(called(&mut limited(config), &all, None), expected, "{name}");
    }
}

/// Looks up `slot 1` in a constant, and then writes `slot 2` there, beside it and, now and then, far behind it.
const LOOKS_UP: &str = "  LoadConst {table}
  SetSlot 4
  GetSlot 1
  SlotArrayGet 4
  SetSlot 5
  GetSlot 2
  GetSlot 1
  SlotArraySet 4
  GetSlot 2
  LoadInt 1
  SlotArraySet 4
  GetSlot 1
  SlotArrayGet 4
  LoadInt 2
  SlotArrayGet 4
  GetSlot 5
  GetSlot 4
  MakeArray 4
";

/// What is known of a constant while code is made holds for it and its copy, and for nothing that is written behind.
#[test]
fn constants_stay_what_they_are() {
    let values = [Value::Int(7), Value::Float(1.5), Value::str("text")];
    let mut all: Vec<[Value; 4]> = Vec::new();
    for round in 0..40 {
        // Some kinds settle first.
        let value = &values[if round < 20 { 0 } else { round % values.len() }];
        for at in [0, 1, 2, 3, -1, if round % 7 == 3 { 40 } else { 1 }] {
            all.push([Value::Undef, Value::Int(at), value.clone(), Value::Undef]);
        }
    }
    for table in [
        "[1, 2, 3]",
        "[0.5, 1.5, 2.5]",
        "[1, \"x\", 2.5]",
        "[]",
        "[4]",
    ] {
        let text = function(&LOOKS_UP.replace("{table}", table));
        let chunk = Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let expected = called(&mut vm(&chunk, none()), &all, None);
        for (name, config) in ways() {
            let mut vm = vm(&chunk, config);
            assert_eq!(called(&mut vm, &all, None), expected, "{name}, {table}");
            assert!(entries(&vm) > 0, "{name}, {table}");
        }
    }
}
