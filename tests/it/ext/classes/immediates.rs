//! What stands in the bytecode.

use super::{Classes, PARSED, Rounding, ops, value, vm};
use crate::ext::eval;
use crate::ext::{chunk, returning};
use fusevm::prelude::*;

#[test]
fn numbers_in_the_bytecode() {
    for n in [0, 1, 255] {
        let byte = value(|b| b.op(ops::byte { n }));
        assert_eq!(byte, Value::Int(n.into()));
    }
    for (a, b, c, d, text) in [
        (-128, i32::MIN, true, Rounding::Up, "Up"),
        (127, i32::MAX, false, Rounding::Nearest, "Nearest"),
        (-1, -1, true, Rounding::Down, "Down"),
    ] {
        let got = value(|out| out.op(ops::packed { a, b, c, d, e: 200 }));
        assert_eq!(got, Value::str(format!("{a} {b} {c} {text} 200")));
    }
    let s = Slot(u16::MAX - 1);
    let got = value(|b| b.op(ops::unsigned { n: u32::MAX, s }));
    assert_eq!(got, Value::str("4294967295 65534"));
}

#[test]
fn a_name_has_one_symbol_in_all_chunks_of_a_vm() {
    let mut vm = vm();
    let mut symbol = |before: &[&str], name: &str| {
        let pair = eval(&mut vm, |b| {
            for name in before {
                b.get_var(name);
            }
            b.op(ops::symbol { n: name.into() });
            b.make_array(2);
        });
        let Value::Array(pair) = pair.unwrap() else {
            panic!("an array")
        };
        assert_eq!(pair.get(1), Some(name.into()));
        pair.get(0).unwrap()
    };
    let a = symbol(&[], "a");
    let b = symbol(&["x", "y", "a"], "b");
    assert_ne!(a, b);
    assert_eq!(symbol(&["b", "z"], "a"), a);
    assert_eq!(symbol(&[], "b"), b);
}

#[test]
fn functions_and_blocks_of_the_chunk() {
    let called = value(|b| {
        returning(b, "double", &["x"], |b| {
            b.get_slot(0);
            b.load(2);
            b.emit(Op::Mul);
        });
        b.op(ops::function { f: "double".into() });
        b.load(21);
        b.op(core_ops::call_value { args: 1 });
    });
    assert_eq!(called, Value::Int(42));

    // The block sees the slots of the code around it, and writes them.
    let run = value(|b| {
        b.load(100);
        b.set_slot(0);
        let body = b.begin_block();
        b.get_slot(0);
        b.emit(Op::Inc);
        b.set_slot(0);
        b.load(3);
        b.emit(Op::Mul);
        let body = b.end_block(body);
        b.load(5);
        b.op(ops::twice { body });
        b.get_slot(0);
        b.make_array(2);
    });
    assert_eq!(run, Value::array(vec![Value::Int(45), Value::Int(102)]));
}

#[test]
fn a_text_is_parsed_once_for_a_chunk() {
    let mut vm = vm();
    let before = PARSED.get();
    let chunk = chunk::<Classes>(|b| {
        returning(b, "answers", &[], |b| {
            for text in ["abba", "xyz", "cab"] {
                for letters in ["abc", "xyz"] {
                    let letters = letters.into();
                    b.load(text);
                    b.op(ops::only { letters });
                }
            }
            b.make_array(6);
        });
    });
    let program = vm.load(&chunk).unwrap();
    assert_eq!(PARSED.get() - before, 2, "at load, for each text");
    for _ in 0..10 {
        vm.load(&program).unwrap();
        let answers = vm.call("answers", &[]).unwrap();
        let expected = "[true, false, false, true, true, false]";
        assert_eq!(format!("{answers:?}"), expected);
    }
    assert_eq!(PARSED.get() - before, 2, "and never again");
}

#[test]
fn a_text_that_does_not_parse_is_an_error_of_the_load() {
    let error = eval(&mut vm(), |b| {
        b.load("x");
        b.line(7);
        let letters = "a1".into();
        b.op(ops::only { letters });
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), fusevm::ErrorKind::Load);
    assert_eq!(error.load_errors()[0].line(), Some(7));
    assert_eq!(
        error.to_string(),
        "chunk:7: @1 only: `letters` cannot be \"a1\": '1' is not a letter"
    );
}
