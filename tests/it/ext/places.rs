//! Memory of places (`#[cache]`) and the callee (`#[callee]`).

use super::{chunk, eval, returning};
use fusevm::{ErrorKind, TrapKind, prelude::*};

#[derive(Language)]
#[language(name = "places", host = Seen, ops(ops::OPS))]
struct Places;

/// What the memories of places have had in them.
#[derive(Default)]
struct Seen(Vec<i64>);

/// How often a place was reached.
#[derive(Default)]
struct Hits(i64);

/// The last object a place has seen.
#[derive(Default)]
struct Last(Option<Obj<Pair>>);

/// A function with what it has captured.
#[derive(Object)]
struct Pair {
    #[trace(skip)]
    function: Func,
    captured: Value,
}

#[ops(Places)]
mod ops {
    use super::*;

    /// How often this place was reached.
    #[ext_op]
    pub fn hit(#[cache] hits: &mut Hits) -> i64 {
        hits.0 += 1;
        hits.0
    }

    /// The same, beside everything an op may have beside a memory.
    #[ext_op]
    pub fn note(
        #[imm] by: i32,
        n: i64,
        #[cache] hits: &mut Hits,
        #[slot] slot: &mut Value,
        seen: &mut Seen,
        out: &mut Output,
        rest: Rest<'_>,
    ) -> std::io::Result<()> {
        use std::io::Write;
        hits.0 += i64::from(by) * n + rest.len() as i64;
        seen.0.push(hits.0);
        *slot = Value::Int(hits.0);
        write!(out, "{}", hits.0)
    }

    /// Fails or panics after it has written its memory.
    #[ext_op]
    pub fn fail(n: i64, #[cache] hits: &mut Hits) -> Result<i64, String> {
        hits.0 += 1;
        match n {
            0 => Ok(hits.0),
            1 => Err(format!("at hit {}", hits.0)),
            _ => panic!("at hit {}", hits.0),
        }
    }

    /// Strings are counted by the other op.
    #[ext_op(alt = count_text)]
    pub fn count(n: i64) -> i64 {
        n
    }

    #[ext_op]
    pub fn count_text(_text: &str, #[cache] hits: &mut Hits) -> i64 {
        hits.0 += 1;
        hits.0
    }

    /// The object that was here before, as far as it lives; remembers this one.
    #[ext_op]
    pub fn previous(
        pair: Obj<Pair>,
        #[cache] last: &mut Last,
        heap: &mut Heap,
    ) -> Result<Value, Trap> {
        match last.0.replace(pair) {
            Some(before) => Ok(heap.get(before)?.captured.clone()),
            None => Ok(Value::Undef),
        }
    }

    #[ext_op]
    pub fn pair(#[imm] f: Function, captured: Value) -> Pair {
        let function = f.into();
        Pair { function, captured }
    }

    #[ext_op]
    pub fn apply(callee: &Value, heap: &mut Heap, args: Rest<'_>) -> Result<Invoke, Trap> {
        let _ = args;
        let pair = heap.downcast::<Pair>(callee);
        let pair = pair.ok_or(Trap::NotCallable(callee.kind()))?;
        Ok(Invoke::Call {
            function: heap.get(pair)?.function.clone(),
            callee: callee.clone(),
            first: None,
        })
    }

    #[ext_op]
    pub fn captured(#[callee] this: &Pair) -> Value {
        this.captured.clone()
    }

    #[ext_op]
    pub fn capture(#[callee] this: Obj<Pair>, value: Value, heap: &mut Heap) -> Result<(), Trap> {
        heap.get_mut(this)?.captured = value;
        Ok(())
    }

    #[ext_op]
    pub fn callee(#[callee] this: &Value) -> Value {
        this.clone()
    }

    /// Integers go to an op without callee, all else to one with.
    #[ext_op(alt = captured_or)]
    pub fn int_or(n: i64) -> Value {
        n.into()
    }

    #[ext_op]
    pub fn captured_or(_other: &Value, #[callee] this: &Pair) -> Value {
        this.captured.clone()
    }

    #[ext_op]
    pub fn run(#[imm] block: Block, mut cx: Ctx<'_, Places>) -> Result<Value, Trap> {
        cx.run(block, &[])
    }
}

fn vm() -> Vm<Places> {
    Places::vm(Seen::default())
}

/// A loop of `n` turns around `body`, in slot 9.
fn turns(b: &mut Builder<Places>, n: i64, body: impl FnOnce(&mut Builder<Places>)) {
    let done = b.label();
    b.load(0);
    b.set_slot(9);
    let top = b.label_here();
    b.get_slot(9);
    b.load(n);
    b.emit(Op::NumLt);
    b.jump_if_false(done);
    body(b);
    b.emit(Op::PreIncSlotVoid(9));
    b.jump(top);
    b.bind(done);
}

#[test]
fn each_place_has_its_own_and_keeps_it() {
    let mut vm = vm();
    let chunk = chunk(|b: &mut Builder<Places>| {
        turns(b, 3, |b| {
            b.op(ops::hit {});
            b.set_slot(0);
        });
        b.op(ops::hit {});
        b.get_slot(0);
        b.make_array(2);
    });
    let program = vm.load(&chunk).unwrap();
    let result = |vm: &mut Vm<Places>| format!("{:?}", vm.eval(&program).unwrap());
    assert_eq!(result(&mut vm), "[1, 3]");
    assert_eq!(result(&mut vm), "[2, 6]");
    // Another VM that runs the same program, at the same time.
    let mut other = Places::vm(Seen::default());
    assert_eq!(result(&mut other), "[1, 3]");
    assert_eq!(result(&mut vm), "[3, 9]");
    // Another program, equal to the first.
    let again = vm.eval(&chunk).unwrap();
    assert_eq!(format!("{again:?}"), "[1, 3]");
}

#[test]
fn functions_share_the_places_in_them() {
    let result = eval(&mut vm(), |b| {
        returning(b, "count", &[], |b| b.op(ops::hit {}));
        b.call("count", 0);
        b.call("count", 0);
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", result.unwrap()), "[1, 2]");
}

#[test]
fn a_memory_beside_other_parameters() {
    let mut vm = vm();
    let result = eval(&mut vm, |b| {
        turns(b, 2, |b| {
            b.load(5);
            b.load(0);
            b.load(0);
            b.op(ops::note {
                by: 10,
                slot: fusevm::Slot(3),
                rest: 2,
            });
        });
        b.get_slot(3);
    });
    assert_eq!(result.unwrap(), Value::Int(104));
    assert_eq!(vm.host().0, [52, 104]);
}

#[test]
fn an_error_keeps_the_memory_and_a_panic_does_not() {
    let mut vm = vm();
    let chunk = chunk(|b: &mut Builder<Places>| {
        b.get_var("n");
        b.op(ops::fail {});
    });
    let program = vm.load(&chunk).unwrap();
    let mut run = |n: i64| {
        vm.set_global("n", n);
        match vm.eval(&program) {
            Ok(value) => format!("{value}"),
            Err(error) => error.message(),
        }
    };
    assert_eq!(run(0), "1");
    assert_eq!(run(1), "at hit 2");
    assert_eq!(run(0), "3");
    assert_eq!(run(2), "handler panicked: at hit 4");
    assert_eq!(run(0), "1");
}

#[test]
fn the_alt_of_an_op_has_the_place_of_the_op() {
    let result = eval(&mut vm(), |b| {
        turns(b, 4, |b| {
            b.load("text");
            b.op(ops::count {});
            b.set_slot(0);
        });
        b.get_slot(0);
    });
    assert_eq!(result.unwrap(), Value::Int(4));
}

#[test]
fn handles_in_a_memory_are_weak() {
    let mut vm = vm();
    let chunk = chunk(|b: &mut Builder<Places>| {
        returning(b, "nothing", &[], |b| b.load(0));
        b.get_var("n");
        b.op(ops::pair {
            f: "nothing".into(),
        });
        b.op(ops::previous {});
    });
    let program = vm.load(&chunk).unwrap();
    vm.set_global("n", 1);
    assert_eq!(vm.eval(&program).unwrap(), Value::Undef);
    vm.set_global("n", 2);
    assert_eq!(vm.eval(&program).unwrap(), Value::Int(1));
    assert_eq!(vm.collect(), 2);
    let error = vm.eval(&program).unwrap_err();
    assert_eq!(error.message(), "object no longer exists");
    assert_eq!(vm.eval(&program).unwrap(), Value::Int(2));
}

/// Runs the function `f`, whose body `body` writes, as a pair that has captured 7.
fn in_pair(body: impl FnOnce(&mut Builder<Places>)) -> Result<Value, Error> {
    eval(&mut vm(), |b| {
        returning(b, "f", &[], body);
        b.load(7);
        b.op(ops::pair { f: "f".into() });
        b.op(ops::apply { args: 0 });
    })
}

#[test]
fn a_closure_reaches_and_writes_what_it_has_captured() {
    assert_eq!(in_pair(|b| b.op(ops::captured {})).unwrap(), Value::Int(7));
    let written = in_pair(|b| {
        b.op(ops::captured {});
        b.load(1);
        b.emit(Op::Add);
        b.op(ops::capture {});
        b.op(ops::captured {});
    });
    assert_eq!(written.unwrap(), Value::Int(8));
    let alt = in_pair(|b| {
        b.load("text");
        b.op(ops::int_or {});
    });
    assert_eq!(alt.unwrap(), Value::Int(7));
}

#[test]
fn scopes_and_blocks_have_the_callee_of_their_function() {
    let result = in_pair(|b| {
        b.emit(Op::PushFrame);
        b.op(ops::captured {});
        b.set_var("in_scope");
        b.emit(Op::PopFrame);
        let block = b.begin_block();
        b.op(ops::captured {});
        let block = b.end_block(block);
        b.op(ops::run { block });
        let block = b.begin_block();
        b.emit(Op::Pop);
        b.op(ops::captured {});
        let block = b.end_block(block);
        b.load(0);
        b.make_array(1);
        b.emit(Op::MapBlock(block.0));
        b.get_var("in_scope");
        b.make_array(3);
    });
    assert_eq!(format!("{:?}", result.unwrap()), "[7, [7], 7]");
}

#[test]
fn where_there_is_no_callee() {
    let main = eval(&mut vm(), |b| b.op(ops::callee {}));
    assert_eq!(main.unwrap(), Value::Undef);
    let by_name = in_pair(|b| b.call("plain", 0));
    assert!(by_name.is_err(), "there is no such function");
    let by_name = eval(&mut vm(), |b| {
        returning(b, "plain", &[], |b| b.op(ops::captured {}));
        b.call("plain", 0);
    });
    let error = by_name.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Operand));
    let text = "`captured`, callee (`this`): expected Pair, found Undef undef";
    assert_eq!(error.message(), text);
    let as_object = eval(&mut vm(), |b| {
        b.load(1);
        b.op(ops::capture {});
    });
    let text = "`capture`, callee (`this`): expected Pair, found Undef undef";
    assert_eq!(as_object.unwrap_err().message(), text);
}
