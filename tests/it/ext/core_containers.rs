//! The core ops on containers: on the stack, in slots, and by a path; and that they write in place.

use super::{chunk, eval};
use fusevm::{ErrorKind, TrapKind, prelude::*};

type B = Builder<()>;

fn run(build: impl FnOnce(&mut B)) -> Result<Value, Error> {
    eval::<()>(&mut Vm::default(), build)
}

/// How the value the program ends with is written.
fn shown(build: impl FnOnce(&mut B)) -> String {
    let value = run(build).unwrap_or_else(|error| panic!("{}", error.render()));
    format!("{value:?}")
}

fn trap(build: impl FnOnce(&mut B)) -> TrapKind {
    match run(build).expect_err("it traps").kind() {
        ErrorKind::Trap(kind) => kind,
        other => panic!("{other:?}"),
    }
}

fn array(items: &[i64]) -> Value {
    Value::array(items.to_vec())
}

#[test]
fn elements_on_the_stack() {
    let get = |container: Value, key: Value| {
        shown(|b| {
            b.load(container);
            b.load(key);
            b.op(core_ops::get {});
        })
    };
    assert_eq!(get(array(&[7, 8]), 1.into()), "8");
    assert_eq!(get(array(&[7, 8]), (-2).into()), "7");
    assert_eq!(get(array(&[7, 8]), 2.into()), "undef");
    assert_eq!(get(Value::hash([("k", 1)]), "k".into()), "1");
    assert_eq!(get(Value::hash([("k", 1)]), "x".into()), "undef");
    assert_eq!(get(Value::Int(5), 0.into()), "undef");

    let set = |container: Value, key: Value| {
        shown(|b| {
            b.load(container);
            b.load(key);
            b.load("new");
            b.op(core_ops::set {});
        })
    };
    assert_eq!(set(array(&[7, 8]), 1.into()), "[7, \"new\"]");
    assert_eq!(set(array(&[7]), 2.into()), "[7, undef, \"new\"]");
    assert_eq!(set(Value::Undef, 0.into()), "[\"new\"]");
    assert_eq!(set(Value::Undef, "k".into()), "{\"k\": \"new\"}");
    assert_eq!(set(Value::hash([("k", 1)]), "k".into()), "{\"k\": \"new\"}");

    let delete = |container: Value, key: Value| {
        shown(|b| {
            b.load(container);
            b.load(key);
            b.op(core_ops::delete {});
            b.make_array(2);
        })
    };
    assert_eq!(delete(array(&[7, 8, 9]), 1.into()), "[[7, 9], 8]");
    assert_eq!(delete(array(&[7]), 1.into()), "[[7], undef]");
    assert_eq!(delete(Value::hash([("k", 1)]), "k".into()), "[{}, 1]");
}

#[test]
fn ends_and_lengths_on_the_stack() {
    let ends = shown(|b| {
        b.load(array(&[1]));
        b.load(2);
        b.op(core_ops::push {});
        b.op(core_ops::pop {});
        b.set_slot(0);
        b.op(core_ops::pop {});
        b.set_slot(1);
        b.op(core_ops::pop {});
        b.get_slot(0);
        b.get_slot(1);
        b.make_array(4);
    });
    assert_eq!(ends, "[[], undef, 2, 1]");
    for (v, len) in [
        (array(&[1, 2]), 2),
        (Value::hash([("k", 1)]), 1),
        (Value::str("größe"), 7),
        (Value::Undef, 0),
        (Value::Int(-12), 3),
    ] {
        let got = run(|b| {
            b.load(v);
            b.op(core_ops::len {});
        });
        assert_eq!(got.unwrap(), Value::Int(len));
    }
    let no_array = trap(|b| {
        b.load("text");
        b.load(1);
        b.op(core_ops::push {});
    });
    assert_eq!(no_array, TrapKind::Operand);
}

#[test]
fn arrays_and_hashes_as_wholes() {
    let on = |value: Value, op: fn(&mut B)| {
        shown(|b| {
            b.load(value);
            op(b);
        })
    };
    let hash = || Value::hash([("a", 1), ("b", 2)]);
    assert_eq!(on(hash(), |b| b.op(core_ops::keys {})), "[\"a\", \"b\"]");
    assert_eq!(on(hash(), |b| b.op(core_ops::values {})), "[1, 2]");
    for (key, there) in [("a", "true"), ("c", "false")] {
        let found = shown(|b| {
            b.load(hash());
            b.load(key);
            b.op(core_ops::contains_key {});
        });
        assert_eq!(found, there);
    }
    assert_eq!(on(array(&[7, 8]), |b| b.op(core_ops::array_len {})), "2");
    assert_eq!(
        trap(|b| {
            b.load("no array");
            b.op(core_ops::array_len {});
        }),
        TrapKind::Operand
    );
    let fill = |n: i64| {
        shown(|b| {
            b.load("x");
            b.load(n);
            b.op(core_ops::fill {});
        })
    };
    assert_eq!(fill(2), "[\"x\", \"x\"]");
    assert_eq!(fill(-1), "[]");
    let too_many = trap(|b| {
        b.load(0);
        b.load(i64::MAX);
        b.op(core_ops::fill {});
    });
    assert_eq!(too_many, TrapKind::TooLong);
}

#[test]
fn texts_in_slots() {
    let appended = |first: Value, then: Value| {
        run(|b| {
            b.load(first);
            b.set_slot(0);
            b.load(then);
            b.op(core_ops::slot_append { s: Slot(0) });
            b.get_slot(0);
        })
    };
    for (first, then, both) in [
        (Value::str("ab"), Value::str("c"), "abc"),
        (Value::str("n = "), Value::Float(1.5), "n = 1.5"),
        (Value::Int(1), Value::Int(2), "12"),
        (Value::Undef, Value::str("x"), "x"),
        (array(&[1, 2]), Value::str("!"), "1 2!"),
    ] {
        assert_eq!(appended(first, then).unwrap(), Value::str(both));
    }
    let mut vm = Vm::<()>::default();
    let mut limits = Limits::default();
    limits.max_string_len = 3;
    vm.set_limits(limits);
    let error = eval(&mut vm, |b| {
        b.load("abc");
        b.set_slot(0);
        b.load("d");
        b.op(core_ops::slot_append { s: Slot(0) });
    });
    let kind = error.unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Trap(TrapKind::TooLong));
}

#[test]
fn a_container_that_is_held_twice_is_copied() {
    let both = shown(|b| {
        b.load(array(&[1]));
        b.set_slot(0);
        b.get_slot(0);
        b.load(2);
        b.op(core_ops::push {});
        b.get_slot(0);
        b.load(0);
        b.load(9);
        b.op(core_ops::set {});
        b.get_slot(0);
        b.make_array(3);
    });
    assert_eq!(both, "[[1, 2], [9], [1]]");
}

#[test]
fn containers_in_slots() {
    let slot = Slot(3);
    let all = shown(|b| {
        // An unset slot becomes what is written to it.
        for i in [5, 6, 7] {
            b.load(i);
            b.op(core_ops::slot_push { s: slot });
        }
        b.load(0);
        b.load("zero");
        b.op(core_ops::slot_set { s: slot });
        b.op(core_ops::slot_pop { s: slot });
        b.load(1);
        b.op(core_ops::slot_get { s: slot });
        b.load(0);
        b.op(core_ops::slot_delete { s: slot });
        b.op(core_ops::slot_len { s: slot });
        b.get_slot(3);
        b.make_array(5);
    });
    assert_eq!(all, "[7, 6, \"zero\", 1, [6]]");
    let hash = shown(|b| {
        for (key, value) in [("a", 1), ("b", 2)] {
            b.load(key);
            b.load(value);
            b.op(core_ops::slot_set { s: slot });
        }
        b.load("a");
        b.op(core_ops::slot_delete { s: slot });
        b.load("b");
        b.op(core_ops::slot_get { s: slot });
        b.op(core_ops::slot_len { s: Slot(9) });
        b.get_slot(3);
        b.make_array(4);
    });
    assert_eq!(hash, "[1, 2, 0, {\"b\": 2}]");
    let wrong = trap(|b| {
        b.load("text");
        b.set_slot(3);
        b.load(1);
        b.op(core_ops::slot_push { s: slot });
    });
    assert_eq!(wrong, TrapKind::NotContainer);
}

/// The keys of a path.
fn path(b: &mut B, keys: &[Value]) -> u8 {
    keys.iter().for_each(|key| b.load(key.clone()));
    keys.len() as u8
}

#[test]
fn paths_into_nested_containers() {
    let s = Slot(0);
    let to_x = [Value::str("a"), Value::Int(1), Value::str("x")];
    let all = shown(|b| {
        // Containers are made on the way, arrays for integers and hashes for other keys.
        b.load("deep");
        let n = path(b, &to_x);
        b.op(core_ops::slot_set_path { s, path: n });
        for i in [1, 2] {
            b.load(i);
            let n = path(b, &[Value::str("list")]);
            b.op(core_ops::slot_push_path { s, path: n });
        }
        let n = path(b, &to_x);
        b.op(core_ops::slot_get_path { s, path: n });
        let n = path(b, &[Value::str("list")]);
        b.op(core_ops::slot_pop_path { s, path: n });
        let n = path(b, &to_x);
        b.op(core_ops::slot_delete_path { s, path: n });
        let n = path(b, &[Value::str("no"), Value::Int(3)]);
        b.op(core_ops::slot_get_path { s, path: n });
        b.get_slot(0);
        b.make_array(5);
    });
    assert_eq!(
        all,
        "[\"deep\", 2, \"deep\", undef, {\"a\": [undef, {}], \"list\": [1]}]"
    );
    // The empty path is the slot itself.
    let whole = shown(|b| {
        b.load(1);
        b.op(core_ops::slot_set_path { s, path: 0 });
        b.op(core_ops::slot_get_path { s, path: 0 });
        b.op(core_ops::slot_delete_path { s, path: 0 });
        b.load(2);
        b.op(core_ops::slot_push_path { s, path: 0 });
        b.op(core_ops::slot_pop_path { s, path: 0 });
        b.get_slot(0);
        b.make_array(4);
    });
    assert_eq!(whole, "[1, 1, 2, []]");
}

#[test]
fn a_path_that_leads_nowhere_changes_nothing() {
    let mut vm = Vm::<()>::default();
    let s = Slot(0);
    let result = eval(&mut vm, |b| {
        let f = b.begin_fn("f", &["data"]);
        b.get_slot(0);
        b.set_var("held");
        b.load("new");
        let n = path(b, &[Value::str("a"), Value::Int(0), Value::str("k")]);
        b.op(core_ops::slot_set_path { s, path: n });
        b.end_fn(f);
        b.load("a");
        b.load("text");
        b.make_array(1);
        b.make_hash(1);
        b.call("f", 1);
    });
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::NotContainer));
    assert_eq!(format!("{:?}", vm.global("held")), "{\"a\": [\"text\"]}");
    let negative = trap(|b| {
        b.load(1);
        let n = path(b, &[Value::Int(0), Value::Int(-1)]);
        b.op(core_ops::slot_set_path { s, path: n });
    });
    assert_eq!(negative, TrapKind::NegativeIndex);
}

/// Bytes allocated in 300 turns of a loop around `body` on a container of `len` elements, made by `setup`.
fn loop_bytes(len: i64, setup: fn(&mut B), body: fn(&mut B)) -> usize {
    let program = chunk::<()>(|b| {
        b.get_var("big");
        b.set_slot(0);
        // Nothing but the slot holds it.
        b.load(Value::Undef);
        b.set_var("big");
        setup(b);
        b.load(0);
        b.set_slot(1);
        let top = b.label_here();
        body(b);
        b.get_slot(1);
        b.emit(Op::Inc);
        b.set_slot(1);
        b.get_slot(1);
        b.load(300);
        b.emit(Op::NumLt);
        b.jump_if_true(top);
    });
    let mut vm = Vm::<()>::default();
    let mut least = usize::MAX;
    for _ in 0..2 {
        vm.set_global("big", Value::array((0..len).collect::<Array>()));
        let (bytes, result) = crate::allocations::bytes(|| vm.eval(&program));
        result.unwrap();
        least = least.min(bytes);
    }
    least
}

#[test]
fn writes_are_in_place() {
    const LARGE: i64 = 10_000;
    let nest: fn(&mut B) = |b| {
        // `[{"k": big}]` in slot 0, and nothing else holds it.
        b.load("k");
        b.get_slot(0);
        b.load(Value::Undef);
        b.set_slot(0);
        b.make_hash(1);
        b.make_array(1);
        b.set_slot(0);
    };
    let plain: fn(&mut B) = |_| {};
    let cases: [(&str, fn(&mut B), fn(&mut B)); 5] = [
        ("slot_set", plain, |b| {
            b.get_slot(1);
            b.load(5);
            b.op(core_ops::slot_set { s: Slot(0) });
        }),
        ("slot_push, slot_pop, slot_len", plain, |b| {
            b.load(5);
            b.op(core_ops::slot_push { s: Slot(0) });
            b.op(core_ops::slot_pop { s: Slot(0) });
            b.op(core_ops::slot_len { s: Slot(0) });
            b.emit(Op::Pop);
            b.emit(Op::Pop);
        }),
        ("on the stack", plain, |b| {
            b.get_slot(0);
            b.load(Value::Undef);
            b.set_slot(0);
            b.load(5);
            b.op(core_ops::push {});
            b.op(core_ops::pop {});
            b.emit(Op::Pop);
            b.load(3);
            b.load(4);
            b.op(core_ops::set {});
            b.set_slot(0);
        }),
        ("paths", nest, |b| {
            b.load(5);
            let n = path(b, &[Value::Int(0), Value::str("k")]);
            b.op(core_ops::slot_push_path {
                s: Slot(0),
                path: n,
            });
            let n = path(b, &[Value::Int(0), Value::str("k")]);
            b.op(core_ops::slot_pop_path {
                s: Slot(0),
                path: n,
            });
            let n = path(b, &[Value::Int(0), Value::str("k"), Value::Int(7)]);
            b.op(core_ops::slot_set_path {
                s: Slot(0),
                path: n,
            });
        }),
        ("reads by a path", nest, |b| {
            let n = path(b, &[Value::Int(0), Value::str("k"), Value::Int(7)]);
            b.op(core_ops::slot_get_path {
                s: Slot(0),
                path: n,
            });
            b.emit(Op::Pop);
        }),
    ];
    for (name, setup, body) in cases {
        let (small, large) = (loop_bytes(10, setup, body), loop_bytes(LARGE, setup, body));
        // The first push may grow the array, by half of it at most; a copy in each turn is 300 of them.
        let bound = small + 3 * 16 * LARGE as usize;
        assert!(
            large < bound,
            "{name}: {small} bytes with a small array, {large} with a large one"
        );
    }
}
