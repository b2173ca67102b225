//! Every class of parameter, every kind of result, run.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub)]
#![forbid(unsafe_code)]

use fusevm::prelude::*;
use std::fmt;
use std::str::FromStr;

/// A language.
#[derive(Language, Debug)]
#[language(name = "all", host = Machine, ops(ops::OPS, solo), overflow = trap)]
struct All;

/// Its host.
#[derive(Debug, Default)]
struct Machine {
    said: Vec<String>,
}

/// An object.
#[derive(Object, Debug)]
struct Record {
    fields: Vec<Value>,
    #[trace(skip)]
    reads: std::sync::atomic::AtomicU32,
}

/// A host value.
#[derive(FuseValue, Clone, Debug, PartialEq)]
#[fuse_value(name = "Colour", eq, display)]
struct Color(u8, u8, u8);

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// A host value that is passed by reference only.
#[derive(FuseValue, Debug)]
enum Chain {
    End,
    More { rest: Value },
}

/// An enum in the bytecode.
#[derive(Immediate, Clone, Copy, Debug)]
enum Rounding {
    Up,
    Down,
}

/// A text that is parsed when the chunk is loaded.
#[derive(Debug)]
struct Suffix(String);

impl FromStr for Suffix {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.is_empty() {
            true => Err("an empty suffix".to_owned()),
            false => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[ops(All)]
mod ops {
    use super::*;

    #[ext_op(pure, fast, id = 3, version = 2, was = "hyp", was = "length", cost = 4)]
    pub(super) fn hypot(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    #[ext_op(pure)]
    pub(super) fn round(#[imm] to: Rounding, #[imm] by: i8, #[coerce] x: f64) -> i64 {
        let whole = match to {
            Rounding::Up => x.ceil(),
            Rounding::Down => x.floor(),
        };
        whole as i64 + i64::from(by)
    }

    #[ext_op]
    pub(super) fn visits(#[cache] visits: &mut u32, #[callee] callee: &Value) -> i64 {
        let _ = callee;
        *visits += 1;
        i64::from(*visits)
    }

    #[ext_op]
    pub(super) fn record(fields: Rest<'_>) -> Record {
        Record {
            fields: fields.iter().cloned().collect(),
            reads: 0.into(),
        }
    }

    #[ext_op]
    pub(super) fn get(#[imm] index: u8, record: &Record) -> Option<Value> {
        record
            .reads
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        record.fields.get(usize::from(index)).cloned()
    }

    // The object that is written comes before a handle that has to be looked up.
    #[ext_op]
    pub(super) fn adopt(mut record: ObjMut<'_, Record>, other: Obj<Record>) -> i64 {
        record.fields.push(other.into());
        record.fields.len() as i64
    }

    #[ext_op]
    pub(super) fn fields(record: Obj<Record>, heap: &mut Heap) -> Result<i64, Trap> {
        Ok(heap.get(record)?.fields.len() as i64)
    }

    #[ext_op]
    pub(super) fn say(args: Rest<'_>, machine: &mut Machine, out: &mut Output) {
        let _ = out;
        machine
            .said
            .extend(args.iter().map(|value| value.to_string()));
    }

    #[ext_op(pure)]
    pub(super) fn ends_in<'x>(#[imm] suffix: &'x Suffix, text: &'x str) -> bool {
        text.ends_with(&suffix.0)
    }

    #[ext_op]
    pub(super) fn jump_if_undef(#[imm] to: Label, value: &Value) -> Branch {
        let _ = to;
        Branch::when(value.is_undef())
    }

    // Named as what the expansion has inside.
    #[ext_op]
    pub(super) fn call(callee: Func, args: Rest<'_>) -> Invoke {
        let _ = args;
        Invoke::Call {
            callee: callee.clone().into(),
            function: callee,
            first: None,
        }
    }

    #[ext_op]
    pub(super) fn twice(
        f: Value,
        mut cx: Ctx<'_, All>,
        record: Obj<Record>,
    ) -> Result<Value, Trap> {
        let count = cx.heap().get(record)?.fields.len() as i64;
        let once = cx.call(&f, &[Value::Int(count)])?;
        cx.call(&f, &[once])
    }

    #[ext_op]
    pub(super) fn r#match<'x>(r#type: &'x str, other: Option<&'x Hash>) -> &'x str {
        match other {
            Some(_) => "hash",
            None => r#type,
        }
    }

    #[ext_op]
    pub(super) fn swap(a: Value, b: Value) -> (Value, Value) {
        (b, a)
    }

    #[ext_op]
    pub(super) fn color(#[imm] red: u8, #[imm] green: u8, #[imm] blue: u8) -> Color {
        Color(red, green, blue)
    }

    #[ext_op]
    pub(super) fn darker(color: Color, than: &Color, chain: Option<&Chain>) -> Option<Color> {
        match (color == *than, chain) {
            (false, Some(Chain::End)) => Some(Color(color.0 / 2, color.1, color.2)),
            _ => None,
        }
    }

    #[ext_op]
    pub(super) fn longer(rest: Value) -> Chain {
        Chain::More { rest }
    }

    #[ext_op]
    pub(super) fn end() -> Chain {
        Chain::End
    }

    #[ext_op]
    pub(super) fn add_to(#[slot] total: &mut Value, n: i64, #[imm] name: Name<'_>) -> String {
        *total = Value::Int(total.to_int() + n);
        format!("{name} {total}")
    }

    #[ext_op(alt = join)]
    pub(super) fn plus(a: i64, b: i64) -> Result<Value, std::num::TryFromIntError> {
        i8::try_from(a + b).map(|sum| Value::Int(sum.into()))
    }

    #[ext_op]
    pub(super) fn join(a: &Value, b: &Value) -> String {
        format!("{a}{b}")
    }

    // Not an op, and left alone.
    pub(super) fn helper() -> i64 {
        1
    }
}

/// An op of its own.
#[ext_op(All, pure)]
fn solo(a: i64) -> i64 {
    -a
}

fn run(build: impl FnOnce(&mut Builder<All>)) -> Result<Value, Error> {
    let mut b = Builder::<All>::new();
    build(&mut b);
    All::vm(Machine::default()).eval(b.finish().unwrap())
}

fn value(build: impl FnOnce(&mut Builder<All>)) -> Value {
    run(build).unwrap()
}

fn trap(build: impl FnOnce(&mut Builder<All>)) -> String {
    run(build).unwrap_err().to_string()
}

fn main() {
    let table = All::table();
    assert_eq!(
        (table.id("hypot"), table.id("length"), table.id("match")),
        (Some(3), Some(3), Some(12))
    );
    let desc = <ops::hypot as ExtOp<All>>::DESC;
    assert_eq!((desc.version, desc.pure, desc.inputs.len()), (2, true, 2));
    assert!(desc.file.ends_with("pass_every_class.rs"));
    assert!(
        !<ops::get as ExtOp<All>>::DESC.is_wide() && <ops::round as ExtOp<All>>::DESC.is_wide()
    );

    let text = |b: &mut Builder<All>, text: &str| b.load(text);
    assert_eq!(
        value(|b| {
            b.load(3.0);
            b.load(4.0);
            b.op(ops::hypot {})
        }),
        Value::Float(5.0)
    );
    assert_eq!(
        value(|b| {
            b.load("2.5");
            b.op(ops::round {
                to: Rounding::Up,
                by: -1,
            })
        }),
        Value::Int(2)
    );
    assert_eq!(
        value(|b| {
            b.load(2.5);
            b.op(ops::round {
                to: Rounding::Down,
                by: 1,
            })
        }),
        Value::Int(3)
    );
    assert_eq!(
        value(|b| {
            b.load(7);
            b.load(8);
            b.op(ops::record { fields: 2 });
            b.op(ops::get { index: 1 })
        }),
        Value::Int(8)
    );
    assert_eq!(
        value(|b| {
            b.op(ops::record { fields: 0 });
            b.op(ops::get { index: 1 })
        }),
        Value::Undef
    );
    assert_eq!(
        value(|b| {
            b.op(ops::record { fields: 0 });
            b.op(ops::record { fields: 0 });
            b.op(ops::adopt {})
        }),
        Value::Int(1)
    );
    assert_eq!(
        value(|b| {
            b.load(1);
            b.op(ops::record { fields: 1 });
            b.op(ops::fields {})
        }),
        Value::Int(1)
    );
    assert_eq!(
        value(|b| {
            text(b, "fusevm");
            b.op(ops::ends_in {
                suffix: "vm".into(),
            })
        }),
        Value::Bool(true)
    );
    assert_eq!(
        value(|b| {
            let end = b.label();
            b.load(1);
            b.load(Value::Undef);
            b.op(ops::jump_if_undef { to: end });
            b.emit(Op::Inc);
            b.bind(end);
        }),
        Value::Int(1)
    );
    assert_eq!(
        value(|b| {
            text(b, "is");
            b.load(1);
            b.op(ops::r#match {})
        }),
        Value::from("is")
    );
    assert_eq!(
        value(|b| {
            b.load(1);
            b.load(2);
            b.op(ops::swap {});
            b.emit(Op::Sub)
        }),
        Value::Int(1)
    );
    assert_eq!(
        value(|b| {
            b.op(ops::color {
                red: 8,
                green: 0,
                blue: 1,
            });
            b.op(ops::color {
                red: 1,
                green: 0,
                blue: 1,
            });
            b.op(ops::end {});
            b.op(ops::darker {});
        })
        .to_string(),
        "#040001"
    );
    assert_eq!(
        value(|b| {
            b.op(ops::end {});
            b.op(ops::longer {})
        })
        .to_string(),
        "(Chain)"
    );
    assert_eq!(
        value(|b| {
            b.load(1);
            b.load(2);
            b.op(ops::plus {})
        }),
        Value::Int(3)
    );
    assert_eq!(
        value(|b| {
            b.load(1);
            text(b, "x");
            b.op(ops::plus {})
        }),
        Value::from("1x")
    );
    assert_eq!(
        value(|b| {
            b.load(5);
            b.op(solo {})
        }),
        Value::Int(-5)
    );
    assert_eq!(
        value(|b| {
            let f = b.begin_fn("f", &[] as &[&str]);
            b.load(3);
            b.set_slot(0);
            b.load(4);
            b.op(ops::add_to {
                total: Slot(0),
                name: "sum".into(),
            });
            b.emit(Op::ReturnValue);
            b.end_fn(f);
            b.call("f", 0);
        }),
        Value::from("sum 7")
    );

    assert!(
        trap(|b| {
            text(b, "3");
            b.load(4.0);
            b.op(ops::hypot {})
        })
        .contains("`hypot`, operand 1: expected Float, found Str \"3\"")
    );
    assert!(
        trap(|b| {
            b.load(100);
            b.load(100);
            b.op(ops::plus {})
        })
        .contains("out of range")
    );
    assert!(
        trap(|b| {
            text(b, "x");
            b.op(ops::ends_in { suffix: "".into() })
        })
        .contains("an empty suffix")
    );

    let mut vm = All::vm(Machine::default());
    let mut b = Builder::<All>::new();
    b.load(1);
    b.load("two");
    b.op(ops::say { args: 2 });
    vm.eval(b.finish().unwrap()).unwrap();
    assert_eq!(vm.host_mut().said, ["1", "two"]);

    assert_eq!(
        run(|b| {
            let top = b.label_here();
            b.op(ops::visits {});
            b.emit(Op::Dup);
            b.load(3);
            b.emit(Op::NumLt);
            let done = b.label();
            b.jump_if_false(done);
            b.emit(Op::Pop);
            b.jump(top);
            b.bind(done);
        })
        .unwrap(),
        Value::Int(3)
    );

    let mut list = Value::from(Chain::End);
    for _ in 0..200_000 {
        list = Chain::More { rest: list }.into();
    }
    drop(list);
    assert_eq!(
        (
            ops::helper(),
            ops::hypot(3.0, 4.0),
            ops::join(&1.into(), &2.into()).as_str()
        ),
        (1, 5.0, "12")
    );
    let _ = (ops::call { args: 1 }, ops::twice {}, ops::OPS, All);
}
