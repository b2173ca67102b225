//! Every class of parameter at run time: what the op sees is what the program put there.

use super::eval;
use fusevm::{Error, Rules, TrapKind, prelude::*};
use std::cell::Cell;
use std::fmt;
use std::io::Write;
use std::str::FromStr;

#[derive(Language)]
#[language(name = "classes", host = Log, ops(ops::OPS, everywhere::OPS, alone), linked)]
struct Classes;

/// The host.
#[derive(Default)]
struct Log(Vec<String>);

#[derive(Object)]
#[object(name = "Counter")]
struct Counter {
    count: i64,
}

#[derive(FuseValue, Clone, Debug, PartialEq)]
struct Celsius(f64);

#[derive(Immediate, Clone, Copy, Debug)]
enum Rounding {
    Up,
    Down,
    Nearest,
}

/// A set of letters: a text that is parsed at load.
#[derive(Debug)]
struct Letters(String);

thread_local! {
    static PARSED: Cell<usize> = const { Cell::new(0) };
}

impl FromStr for Letters {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        PARSED.set(PARSED.get() + 1);
        match text.chars().find(|c| !c.is_alphabetic()) {
            None => Ok(Letters(text.into())),
            Some(c) => Err(format!("{c:?} is not a letter")),
        }
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[ops(Classes)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn byte(#[imm] n: u8) -> i64 {
        n.into()
    }

    #[ext_op]
    pub fn packed(
        #[imm] a: i8,
        #[imm] b: i32,
        #[imm] c: bool,
        #[imm] d: Rounding,
        #[imm] e: u8,
    ) -> String {
        format!("{a} {b} {c} {d:?} {e}")
    }

    #[ext_op]
    pub fn unsigned(#[imm] n: u32, #[imm] s: Slot) -> String {
        format!("{n} {}", s.0)
    }

    #[ext_op]
    pub fn symbol(#[imm] n: Name<'_>) -> (i64, String) {
        (n.symbol().into(), n.as_str().into())
    }

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    #[ext_op]
    pub fn twice(#[imm] body: Block, x: Value, mut cx: Ctx<'_, Classes>) -> Result<Value, Trap> {
        let once = cx.run(body, &[x])?;
        cx.run(body, &[once])
    }

    #[ext_op]
    pub fn only(#[imm] letters: &Letters, text: &str) -> bool {
        text.chars().all(|c| letters.0.contains(c))
    }

    #[ext_op]
    pub fn owned(
        i: i64,
        f: f64,
        b: bool,
        v: Value,
        s: Str,
        t: String,
        a: Array,
        h: Hash,
        c: Celsius,
    ) -> String {
        let (a, h) = (a.len(), h.len());
        format!("{i} {f} {b} {v:?} {s} {t} {a} {h} {}", c.0)
    }

    #[ext_op]
    pub fn handles(f: Func, r: Ref, o: Obj<Counter>, heap: &mut Heap) -> Result<String, Trap> {
        let held = heap.ref_set(r, o.into())?;
        heap.get_mut(o)?.count += 1;
        Ok(format!("{} {held:?} {}", f.name(), heap.get(o)?.count))
    }

    #[ext_op]
    pub fn borrowed(
        s: &str,
        v: &Value,
        a: &Array,
        h: &Hash,
        c: &Celsius,
        o: &Counter,
        p: &Counter,
    ) -> String {
        let (a, h) = (a.get(0), h.get("k"));
        format!("{s} {v:?} {a:?} {h:?} {} {} {}", c.0, o.count, p.count)
    }

    #[ext_op]
    pub fn optional(
        i: Option<i64>,
        s: Option<&str>,
        o: Option<&Counter>,
        c: Option<Celsius>,
    ) -> String {
        format!("{i:?} {s:?} {:?} {c:?}", o.map(|o| o.count))
    }

    #[ext_op]
    pub fn bump(mut o: ObjMut<'_, Counter>, by: i64) -> i64 {
        o.count += by;
        o.count
    }

    #[ext_op]
    pub fn maybe_bump(o: Option<ObjMut<'_, Counter>>) -> bool {
        o.map(|mut o| o.count += 1).is_some()
    }

    #[ext_op]
    pub fn add_to(#[slot] total: &mut Value, n: i64) {
        *total = Value::Int(total.to_int() + n);
    }

    #[ext_op]
    pub fn list(first: &Value, rest: Rest<'_>) -> Array {
        let mut all: Array = rest.iter().rev().cloned().collect();
        all.push(first.clone());
        all
    }

    #[ext_op]
    pub fn side_by_side(
        text: &str,
        log: &mut Log,
        heap: &mut Heap,
        out: &mut Output,
    ) -> Result<Obj<Counter>, Trap> {
        log.0.push(text.into());
        writeln!(out, "{} {text}", log.0.len())?;
        let count = log.0.len() as i64;
        Ok(heap.alloc(Counter { count })?)
    }

    #[ext_op]
    pub fn text_of(v: &Value, rules: Rules<'_>) -> Result<String, Trap> {
        let limit = rules.limits.max_string_len;
        let text = v.text_with(rules.objects, limit);
        Ok(text.map_err(|_| Trap::TextTooLong { limit })?.into_owned())
    }

    #[ext_op]
    pub fn everything(mut cx: Ctx<'_, Classes>) -> Result<String, Trap> {
        cx.host().0.push("all".into());
        let object = cx.heap().alloc(Counter { count: 5 })?;
        write!(cx.output(), "printed")?;
        let x = cx.global("x").to_int();
        cx.set_global("x", x + 1);
        let text = cx.text(&object.into())?;
        let called = cx.call("inc", &[Value::Int(x)])?;
        Ok(format!("{text} {called:?} {:?}", cx.callee()))
    }
}

/// Ops of every language.
#[ops]
mod everywhere {
    use super::*;

    #[ext_op]
    pub fn counter() -> Counter {
        Counter { count: 10 }
    }

    #[ext_op]
    pub fn cell(v: Value, heap: &mut Heap) -> Result<Ref, Trap> {
        Ok(heap.new_ref(v)?)
    }

    #[ext_op]
    pub fn celsius(x: f64) -> Celsius {
        Celsius(x)
    }
}

/// A set of one.
#[ext_op(Classes, name = "by_itself")]
fn alone(x: i64) -> i64 {
    -x
}

/// Found at link time.
#[ops(Classes, linked)]
mod from_afar {
    #[ext_op]
    pub fn far() -> i64 {
        77
    }
}

fn vm() -> Vm<Classes> {
    Classes::vm(Log::default())
}

fn value(build: impl FnOnce(&mut Builder<Classes>)) -> Value {
    eval(&mut vm(), build).unwrap_or_else(|error| panic!("{}", error.render()))
}

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
        super::returning(b, "double", &["x"], |b| {
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
    let chunk = super::chunk::<Classes>(|b| {
        super::returning(b, "answers", &[], |b| {
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

#[test]
fn operands_by_value() {
    let text = value(|b| {
        b.load(1);
        b.load(2.5);
        b.load(true);
        b.load(Value::Undef);
        b.load("s");
        b.load("t");
        b.load(7);
        b.make_array(1);
        b.make_hash(0);
        b.load(21.5);
        b.op(everywhere::celsius {});
        b.op(ops::owned {});
    });
    assert_eq!(text, Value::str("1 2.5 true undef s t 1 0 21.5"));
}

#[test]
fn operands_that_are_handles() {
    let text = value(|b| {
        super::returning(b, "f", &[], |b| b.load(1));
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
        super::returning(b, "sum3", &["n"], |b| {
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

#[test]
fn contexts_side_by_side() {
    let out = fusevm::SharedBuffer::default();
    let mut vm = vm();
    vm.set_output(out.clone());
    for text in ["one", "two"] {
        let object = eval(&mut vm, |b| {
            b.load(text);
            b.op(ops::side_by_side {});
        });
        assert_eq!(object.unwrap().kind(), Kind::Obj);
    }
    assert_eq!(vm.host().0, ["one", "two"]);
    assert_eq!(out.text(), "1 one\n2 two\n");
    assert_eq!(vm.heap().len(), 2);
}

#[test]
fn rules_carry_limits_and_the_texts_of_objects() {
    let mut vm = vm();
    let mut limits = Limits::default();
    limits.max_string_len = 20;
    vm.set_limits(limits);
    let text = |vm: &mut Vm<Classes>, n: usize| -> Result<Value, Error> {
        eval(vm, |b| {
            for _ in 0..n {
                b.op(everywhere::counter {});
            }
            b.make_array(n);
            b.op(ops::text_of {});
        })
    };
    assert_eq!(text(&mut vm, 2).unwrap(), Value::str("(Counter) (Counter)"));
    let error = text(&mut vm, 3).unwrap_err();
    assert_eq!(error.kind(), fusevm::ErrorKind::Trap(TrapKind::TextTooLong));
}

#[test]
fn the_whole_vm_at_once() {
    let out = fusevm::SharedBuffer::default();
    let mut vm = vm();
    vm.set_output(out.clone());
    vm.set_global("x", 41);
    let text = eval(&mut vm, |b| {
        super::returning(b, "inc", &["n"], |b| {
            b.get_slot(0);
            b.emit(Op::Inc);
        });
        b.op(ops::everything {});
    });
    assert_eq!(text.unwrap(), Value::str("(Counter) 42 undef"));
    assert_eq!(vm.global("x"), Value::Int(42));
    assert_eq!((vm.host().0.len(), out.text().as_str()), (1, "printed"));
}

#[test]
fn sets_of_all_kinds_are_in_the_language() {
    let both = value(|b| {
        b.load(4);
        b.op(alone {});
        b.op(from_afar::far {});
        b.make_array(2);
    });
    assert_eq!(format!("{both:?}"), "[-4, 77]");
    let table = Classes::table();
    assert_eq!(table.id("byte"), Some(0));
    let id = |name: &str| table.id(name).unwrap_or_else(|| panic!("no {name}"));
    assert!(id("far") > id("core.idiv"), "linked ops stand at the end");
    assert!(table.id("alone").is_none() && id("by_itself") < id("core.idiv"));
}
