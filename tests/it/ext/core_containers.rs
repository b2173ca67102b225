//! The core ops on containers: on the stack, in slots, and by a path; and that they write in place.

use fusevm::testing::assert_chunk;
use fusevm::{ErrorKind, Loadable, TrapKind, prelude::*};

/// How the value the program ends with is written.
fn shown(program: impl Loadable) -> String {
    let value = VM::empty().eval(program);
    format!(
        "{:?}",
        value.unwrap_or_else(|error| panic!("{}", error.render()))
    )
}

fn trap(program: impl Loadable) -> TrapKind {
    match VM::empty().eval(program).expect_err("it traps").kind() {
        ErrorKind::Trap(kind) => kind,
        other => panic!("{other:?}"),
    }
}

fn array(items: &[i64]) -> Value {
    Value::array(items.to_vec())
}

#[test]
fn elements_on_the_stack() {
    let get =
        |container: Value, key: Value| shown(chunk! { (); {container}; {key}; core_ops::get; });
    assert_eq!(get(array(&[7, 8]), 1.into()), "8");
    assert_eq!(get(array(&[7, 8]), (-2).into()), "7");
    assert_eq!(get(array(&[7, 8]), 2.into()), "undef");
    assert_eq!(get(Value::hash([("k", 1)]), "k".into()), "1");
    assert_eq!(get(Value::hash([("k", 1)]), "x".into()), "undef");
    assert_eq!(get(Value::Int(5), 0.into()), "undef");

    let set = |container: Value, key: Value| {
        shown(chunk! { (); {container}; {key}; LoadConst("new"); core_ops::set; })
    };
    assert_eq!(set(array(&[7, 8]), 1.into()), "[7, \"new\"]");
    assert_eq!(set(array(&[7]), 2.into()), "[7, undef, \"new\"]");
    assert_eq!(set(Value::Undef, 0.into()), "[\"new\"]");
    assert_eq!(set(Value::Undef, "k".into()), "{\"k\": \"new\"}");
    assert_eq!(set(Value::hash([("k", 1)]), "k".into()), "{\"k\": \"new\"}");

    let delete = |container: Value, key: Value| {
        shown(chunk! { (); {container}; {key}; core_ops::delete; MakeArray(2); })
    };
    assert_eq!(delete(array(&[7, 8, 9]), 1.into()), "[[7, 9], 8]");
    assert_eq!(delete(array(&[7]), 1.into()), "[[7], undef]");
    assert_eq!(delete(Value::hash([("k", 1)]), "k".into()), "[{}, 1]");
}

#[test]
fn ends_and_lengths_on_the_stack() {
    let ends = shown(chunk! { ();
        let two; let one;
        {array(&[1])}; LoadInt(2); core_ops::push;
        core_ops::pop; SetSlot(two);
        core_ops::pop; SetSlot(one);
        core_ops::pop; GetSlot(two); GetSlot(one);
        MakeArray(4);
    });
    assert_eq!(ends, "[[], undef, 2, 1]");
    for (v, len) in [
        (array(&[1, 2]), 2),
        (Value::hash([("k", 1)]), 1),
        (Value::str("größe"), 7),
        (Value::Undef, 0),
        (Value::Int(-12), 3),
    ] {
        assert_chunk!(chunk! { (); {v}; core_ops::len; } => len);
    }
    let no_array = chunk! { (); {"text"}; LoadInt(1); core_ops::push; };
    assert_eq!(trap(no_array), TrapKind::Operand);
}

#[test]
fn arrays_and_hashes_as_wholes() {
    let hash = || Value::hash([("a", 1), ("b", 2)]);
    assert_chunk!(chunk! { (); {hash()}; core_ops::keys; } => Value::array(vec!["a", "b"]));
    assert_chunk!(chunk! { (); {hash()}; core_ops::values; } => Value::array(vec![1, 2]));
    assert_chunk!(chunk! { (); {hash()}; LoadConst("a"); core_ops::contains_key; } => true);
    assert_chunk!(chunk! { (); {hash()}; LoadConst("c"); core_ops::contains_key; } => false);
    assert_chunk!(chunk! { (); {array(&[7, 8])}; core_ops::array_len; } => 2);
    let no_array = chunk! { (); {"no array"}; core_ops::array_len; };
    assert_eq!(trap(no_array), TrapKind::Operand);
    let fill = |n: i64| chunk! { (); LoadConst("x"); LoadInt({n}); core_ops::fill; };
    assert_eq!(shown(fill(2)), "[\"x\", \"x\"]");
    assert_eq!(shown(fill(-1)), "[]");
    assert_eq!(trap(fill(i64::MAX)), TrapKind::TooLong);
}

#[test]
fn texts_in_slots() {
    let appended = |first: Value, then: Value| {
        chunk! { ();
            let s;
            {first}; SetSlot(s); {then}; core_ops::slot_append(s); GetSlot(s);
        }
    };
    for (first, then, both) in [
        (Value::str("ab"), Value::str("c"), "abc"),
        (Value::str("n = "), Value::Float(1.5), "n = 1.5"),
        (Value::Int(1), Value::Int(2), "12"),
        (Value::Undef, Value::str("x"), "x"),
        (array(&[1, 2]), Value::str("!"), "1 2!"),
    ] {
        assert_chunk!(appended(first, then) => both);
    }
    let mut vm = VM::empty();
    let mut limits = Limits::default();
    limits.max_string_len = 3;
    vm.set_limits(limits);
    let error = vm.eval(appended("abc".into(), "d".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::TooLong));
}

#[test]
fn a_container_that_is_held_twice_is_copied() {
    let both = shown(chunk! { ();
        let held;
        {array(&[1])}; SetSlot(held);
        GetSlot(held); LoadInt(2); core_ops::push;
        GetSlot(held); LoadInt(0); LoadInt(9); core_ops::set;
        GetSlot(held);
        MakeArray(3);
    });
    assert_eq!(both, "[[1, 2], [9], [1]]");
}

#[test]
fn containers_in_slots() {
    let all = shown(&chunk! { ();
        let a;
        // An unset slot becomes what is written to it.
        LoadInt(5); core_ops::slot_push(a);
        LoadInt(6); core_ops::slot_push(a);
        LoadInt(7); core_ops::slot_push(a);
        LoadInt(0); LoadConst("zero"); core_ops::slot_set(a);
        core_ops::slot_pop(a);
        LoadInt(1); core_ops::slot_get(a);
        LoadInt(0); core_ops::slot_delete(a);
        core_ops::slot_len(a);
        GetSlot(a);
        MakeArray(5);
    });
    assert_eq!(all, "[7, 6, \"zero\", 1, [6]]");
    let hash = shown(&chunk! { ();
        LoadConst("a"); LoadInt(1); core_ops::slot_set(3);
        LoadConst("b"); LoadInt(2); core_ops::slot_set(3);
        LoadConst("a"); core_ops::slot_delete(3);
        LoadConst("b"); core_ops::slot_get(3);
        core_ops::slot_len(9);
        GetSlot(3);
        MakeArray(4);
    });
    assert_eq!(hash, "[1, 2, 0, {\"b\": 2}]");
    let wrong = trap(&chunk! { ();
        let s;
        LoadConst("text"); SetSlot(s); LoadInt(1); core_ops::slot_push(s);
    });
    assert_eq!(wrong, TrapKind::NotContainer);
}

#[test]
fn paths_into_nested_containers() {
    let all = shown(&chunk! { ();
        let s;
        // Containers are made on the way, arrays for integers and hashes for other keys.
        LoadConst("deep");
        LoadConst("a"); LoadInt(1); LoadConst("x"); core_ops::slot_set_path(s, 3);
        LoadInt(1); LoadConst("list"); core_ops::slot_push_path(s, 1);
        LoadInt(2); LoadConst("list"); core_ops::slot_push_path(s, 1);
        LoadConst("a"); LoadInt(1); LoadConst("x"); core_ops::slot_get_path(s, 3);
        LoadConst("list"); core_ops::slot_pop_path(s, 1);
        LoadConst("a"); LoadInt(1); LoadConst("x"); core_ops::slot_delete_path(s, 3);
        LoadConst("no"); LoadInt(3); core_ops::slot_get_path(s, 2);
        GetSlot(s);
        MakeArray(5);
    });
    assert_eq!(
        all,
        "[\"deep\", 2, \"deep\", undef, {\"a\": [undef, {}], \"list\": [1]}]"
    );
    // The empty path is the slot itself.
    let whole = shown(&chunk! { ();
        let s;
        LoadInt(1); core_ops::slot_set_path(s, 0);
        core_ops::slot_get_path(s, 0);
        core_ops::slot_delete_path(s, 0);
        LoadInt(2); core_ops::slot_push_path(s, 0);
        core_ops::slot_pop_path(s, 0);
        GetSlot(s);
        MakeArray(4);
    });
    assert_eq!(whole, "[1, 1, 2, []]");
}

#[test]
fn a_path_that_leads_nowhere_changes_nothing() {
    let mut vm = VM::empty();
    let result = vm.eval(&chunk! { ();
        fn f(data) {
            GetSlot(data); SetVar(held);
            LoadConst("new");
            LoadConst("a"); LoadInt(0); LoadConst("k"); core_ops::slot_set_path(data, 3);
        }
        LoadConst("a"); LoadConst("text"); MakeArray(1); MakeHash(2);
        Call(f, 1);
    });
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::NotContainer));
    assert_eq!(format!("{:?}", vm.global("held")), "{\"a\": [\"text\"]}");
    let negative = trap(&chunk! { ();
        let s;
        LoadInt(1); LoadInt(0); LoadInt(-1); core_ops::slot_set_path(s, 2);
    });
    assert_eq!(negative, TrapKind::NegativeIndex);
}

/// A program that takes the global `big` into the slot `data`, which alone holds it then, and runs ops
/// 300 times.
macro_rules! turns {
    ({ $($before:tt)* } $($body:tt)*) => {
        chunk! { ();
            let data; let i;
            GetVar(big); SetSlot(data);
            LoadUndef; SetVar(big);
            $($before)*
            LoadInt(0); SetSlot(i);
          'top:
            $($body)*
            GetSlot(i); Inc; SetSlot(i);
            GetSlot(i); LoadInt(300); NumLt; JumpIfTrue('top);
        }
    };
}

/// The same with `[{"k": big}]` in the slot.
macro_rules! nested_turns {
    ($($body:tt)*) => {
        turns! {
            {
                LoadConst("k"); GetSlot(data); LoadUndef; SetSlot(data);
                MakeHash(2); MakeArray(1); SetSlot(data);
            }
            $($body)*
        }
    };
}

/// Bytes allocated in the turns of a program on a container of `len` elements.
fn bytes(program: &StaticChunk, len: i64) -> usize {
    let mut vm = VM::empty();
    let mut least = usize::MAX;
    for _ in 0..2 {
        vm.set_global("big", Value::array((0..len).collect::<Array>()));
        let (bytes, result) = crate::allocations::bytes(|| vm.eval(program));
        result.unwrap();
        least = least.min(bytes);
    }
    least
}

#[test]
fn writes_are_in_place() {
    const LARGE: i64 = 10_000;
    let slot_set = turns! { {} GetSlot(i); LoadInt(5); core_ops::slot_set(data); };
    let slot_ends = turns! { {}
        LoadInt(5); core_ops::slot_push(data);
        core_ops::slot_pop(data); core_ops::slot_len(data); Pop; Pop;
    };
    let stack = turns! { {}
        GetSlot(data); LoadUndef; SetSlot(data);
        LoadInt(5); core_ops::push; core_ops::pop; Pop;
        LoadInt(3); LoadInt(4); core_ops::set; SetSlot(data);
    };
    let paths = nested_turns! {
        LoadInt(5); LoadInt(0); LoadConst("k"); core_ops::slot_push_path(data, 2);
        LoadInt(0); LoadConst("k"); core_ops::slot_pop_path(data, 2);
        LoadInt(0); LoadConst("k"); LoadInt(7); core_ops::slot_set_path(data, 3);
    };
    let reads = nested_turns! {
        LoadInt(0); LoadConst("k"); LoadInt(7); core_ops::slot_get_path(data, 3); Pop;
    };
    for (name, program) in [
        ("slot_set", slot_set),
        ("slot_push, slot_pop, slot_len", slot_ends),
        ("on the stack", stack),
        ("paths", paths),
        ("reads by a path", reads),
    ] {
        let (small, large) = (bytes(&program, 10), bytes(&program, LARGE));
        // The first push may grow the array, by half of it at most; a copy in each turn is 300 of them.
        let bound = small + 3 * 16 * LARGE as usize;
        assert!(
            large < bound,
            "{name}: {small} bytes with a small array, {large} with a large one"
        );
    }
}
