//! Every class of parameter at run time: what the op sees is what the program put there.

mod contexts;
mod immediates;
mod operands;

use super::eval;
use fusevm::{Rules, prelude::*};
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
    pub fn scalars(i: i64, f: f64, b: bool, v: Value) -> String {
        format!("{i} {f} {b} {v:?}")
    }

    #[ext_op]
    pub fn owned(s: Str, t: String, a: Array, h: Hash, c: Celsius) -> String {
        format!("{s} {t} {} {} {}", a.len(), h.len(), c.0)
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
