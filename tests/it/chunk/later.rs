//! Chunks with values that come from Rust expressions when they are made.

use super::forms::{Forms, Mode, ops};
use fusevm::prelude::*;
use fusevm::testing::assert_chunk;

#[test]
fn values_are_pushed() {
    let (n, x, text) = (5, 1.5, String::from("text"));
    let list = vec![Value::from(1), Value::from("two")];
    let chunk = chunk! { ();
        {n}; {n + 1}; {x}; {text}; {true}; {()}; {list.clone()}; {let y = n; y * y};
        MakeArray(8);
    };
    let expected = vec![
        Value::Int(5),
        Value::Int(6),
        Value::Float(1.5),
        Value::from("text"),
        Value::Bool(true),
        Value::Undef,
        Value::array(list),
        Value::Int(25),
    ];
    assert_chunk!(chunk => expected);
}

#[test]
fn operands_of_every_kind() {
    let (slot, name, argc) = (3u16, "g", 2u8);
    let chunk = chunk! { ();
        fn less(a, b) { GetSlot(a); GetSlot(b); Sub; ReturnValue; }
        LoadInt({40 + 2}); SetSlot({slot});
        LoadFloat({0.5}); SetVar({name.to_owned() + "h"});
        LoadConst({vec![Value::from(7)]}); SetArray(xs);
        LoadInt(0); ArrayGet({"xs"});
        GetSlot(3); GetVar(gh);
        Call({"less"}, {argc});
        MakeArray({argc.into()});
    };
    assert_chunk!(chunk => vec![Value::Int(7), Value::Float(41.5)]);
    let limit = 6;
    let sum = chunk! { ();
        let sum; let i;
        LoadInt(0); SetSlot(sum); LoadInt({i64::from(limit) / 6}); SetSlot(i);
      'top:
        SlotLtIntJumpIfFalse(i, {limit}, 'end);
        AddAssignSlotVoid(sum, i); PreIncSlotVoid(i); Jump('top);
      'end:
        GetSlot(sum);
    };
    assert_chunk!(sum => 15);
}

#[test]
fn immediates_of_every_kind() {
    let build = |index: u8, mode: Mode| {
        chunk! { Forms;
            LoadInt(3); LoadInt(4); MakeArray(2); Dup;
            ops::field({index}, {mode}); Swap;
            ops::field { mode: {Mode::Plain}, index: {1u64} }; Add;
            ops::numbers({-1}, {i32::MAX}, {true}); Sub;
            ops::word({format!("w{index}")}); Concat;
            ops::parsed({"0.25"}); Concat;
            LoadInt(1); LoadInt(2); ops::sum({2}, {2}); Concat;
        }
    };
    let expected = |n: i64, rest: &str| format!("{}{rest}", n - i64::from(i32::MAX));
    assert_chunk!(Forms; build(0, Mode::Twice) => expected(10, "w00.256"));
    assert_chunk!(Forms; build(1, Mode::Plain) => expected(8, "w10.256"));
}

#[test]
fn spliced_ops_move_what_stands_behind_them() {
    let build = |ops: Vec<Op>| {
        chunk! { ();
            fn twice(x) { GetSlot(x); ..{ops.clone()}; Dup; Add; ReturnValue; }
            LoadInt(10); LoadTrue; JumpIfFalse('skip);
            ..{ops.iter().copied()};
          'skip:
            Call(twice, 1);
            MakeArray(1); MapBlock { ..{[Op::Inc; 3]}; LoadInt(1); Add; };
        }
    };
    assert_chunk!(build(vec![]) => vec![Value::Int(24)]);
    assert_chunk!(build(vec![Op::Nop; 5]) => vec![Value::Int(24)]);
    // Targets count from the first of the spliced ops: past the last is what stands behind them.
    let jumps = vec![Op::LoadInt(3), Op::JumpIfTrue(3), Op::Jump(2), Op::Nop];
    assert_chunk!(build(jumps) => vec![Value::Int(24)]);
}

#[test]
fn what_does_not_fit_says_where() {
    let message = |make: fn()| {
        let panic = std::panic::catch_unwind(make).expect_err("it does not fit");
        let text = panic
            .downcast_ref::<String>()
            .expect("the message is a text");
        let (place, message) = text.split_once(": ").expect("a place stands before it");
        assert!(place.starts_with("tests/it/chunk/later.rs:"), "{place}");
        message.to_owned()
    };
    let wide = message(|| drop(chunk! { Forms; ops::numbers({200}, 0, true); }));
    assert_eq!(
        wide,
        "immediate `a` of `numbers` is a number from -128 to 127"
    );
    let kind = message(|| drop(chunk! { Forms; LoadUndef; ops::field({1}, {"Slow"}); }));
    assert_eq!(
        kind,
        "immediate `mode` of `field` is one of `Plain`, `Twice`"
    );
    let raw = message(|| drop(chunk! { Forms; ..{[Op::Extended(1, 2)]}; }));
    assert_eq!(
        raw,
        "`Extended` among spliced ops: name ext ops in the chunk"
    );
}
