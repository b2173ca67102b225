//! What is on the stack and in slots.

use super::{everywhere, ops, value};
use crate::ext::returning;
use fusevm::prelude::*;

#[test]
fn operands_by_value() {
    let text = value(|b| {
        b.load(1);
        b.load(2.5);
        b.load(true);
        b.load(Value::Undef);
        b.op(ops::scalars {});
    });
    assert_eq!(text, Value::str("1 2.5 true undef"));
    let text = value(|b| {
        b.load("s");
        b.load("t");
        b.load(7);
        b.make_array(1);
        b.make_hash(0);
        b.load(21.5);
        b.op(everywhere::celsius {});
        b.op(ops::owned {});
    });
    assert_eq!(text, Value::str("s t 1 0 21.5"));
}

#[test]
fn operands_that_are_handles() {
    let text = value(|b| {
        returning(b, "f", &[], |b| b.load(1));
        b.op(ops::function { f: "f".into() });
        b.load("held");
        b.op(everywhere::cell {});
        b.op(everywhere::counter {});
        b.op(ops::handles {});
    });
    assert_eq!(text, Value::str("f \"held\" 11"));
}

#[test]
fn operands_borrowed() {
    let text = value(|b| {
        b.op(everywhere::counter {});
        b.set_slot(0);
        b.load("s");
        b.load(1);
        b.load(9);
        b.make_array(1);
        b.load("k");
        b.load(true);
        b.make_hash(1);
        b.load(-3.5);
        b.op(everywhere::celsius {});
        // One object twice: two shared borrows of it.
        b.get_slot(0);
        b.get_slot(0);
        b.op(ops::borrowed {});
    });
    let expected = "s 1 Some(9) Some(true) -3.5 10 10";
    assert_eq!(text, Value::str(expected));
}

#[test]
fn options_are_none_for_other_kinds() {
    let some = value(|b| {
        b.load(1);
        b.load("s");
        b.op(everywhere::counter {});
        b.load(0.5);
        b.op(everywhere::celsius {});
        b.op(ops::optional {});
    });
    let expected = "Some(1) Some(\"s\") Some(10) Some(Celsius(0.5))";
    assert_eq!(some, Value::str(expected));
    let none = value(|b| {
        b.load("1");
        b.load(Value::Undef);
        b.load(0.5);
        b.op(everywhere::celsius {});
        b.op(everywhere::counter {});
        b.op(ops::optional {});
    });
    assert_eq!(none, Value::str("None None None None"));
}

#[test]
fn objects_are_written_through_any_handle() {
    let counts = value(|b| {
        b.op(everywhere::counter {});
        b.set_slot(0);
        b.get_slot(0);
        b.load(5);
        b.op(ops::bump {});
        b.get_slot(0);
        b.op(ops::maybe_bump {});
        b.load("no counter");
        b.op(ops::maybe_bump {});
        b.get_slot(0);
        b.load(0);
        b.op(ops::bump {});
        b.make_array(4);
    });
    assert_eq!(format!("{counts:?}"), "[15, true, false, 16]");
}

#[test]
fn a_slot_of_the_callers_frame_is_written_in_place() {
    let totals = value(|b| {
        returning(b, "sum3", &["n"], |b| {
            for _ in 0..3 {
                b.get_slot(0);
                b.op(ops::add_to { total: Slot(4) });
            }
            b.get_slot(4);
        });
        b.load(1000);
        b.set_slot(4);
        b.load(7);
        b.call("sum3", 1);
        b.get_slot(4);
        b.make_array(2);
    });
    assert_eq!(format!("{totals:?}"), "[21, 1000]");
}

#[test]
fn the_rest_is_as_long_as_the_op_says() {
    for n in [0u8, 1, 3, 255] {
        let list = value(|b| {
            b.load("first");
            for i in 0..i64::from(n) {
                b.load(i);
            }
            b.op(ops::list { rest: n });
        });
        let mut expected: Array = (0..i64::from(n)).rev().collect();
        expected.push("first".into());
        assert_eq!(list, Value::Array(expected));
    }
}
