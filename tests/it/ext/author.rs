//! What helps authors of a language: tests of all ops, the reference, and what is said of one op.

use fusevm::prelude::*;
use fusevm::testing::{check_ops, test_ops};
use std::panic::catch_unwind;

#[derive(Language)]
#[language(name = "author", host = Steps, ops(ops::OPS), operators(Add = ops::join))]
struct Author;

/// A host that all ops leave a trace in.
#[derive(Default)]
struct Steps(i64);

#[derive(Object)]
struct Thing {
    #[trace(skip)]
    n: i64,
}

#[derive(Immediate, Clone, Copy, Debug)]
enum Way {
    Up,
    Down,
}

#[ops(Author)]
mod ops {
    use super::*;

    /// Holds `x` between two others.
    ///
    /// `lo` wins.
    #[ext_op(inline, was = "limit")]
    pub fn clamp(x: i64, lo: i64, hi: i64) -> i64 {
        if x < lo { lo } else { x.min(hi) }
    }

    #[ext_op(inline)]
    pub fn ratio(#[imm] by: u8, a: i64, b: i64) -> i64 {
        a * by as i64 / b
    }

    #[ext_op(fast, pure, cost = 3)]
    pub fn hypot(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    /// How many are left.
    #[ext_op(fast)]
    pub fn left(#[imm] from: u8, text: &str) -> Result<i64, String> {
        let left = text.len().checked_sub(from.into());
        left.map(|n| n as i64).ok_or_else(|| text.to_owned())
    }

    /// How many.
    #[ext_op]
    pub fn measure(
        text: &str,
        items: &Array,
        any: &Value,
        host: &mut Steps,
    ) -> Result<i64, String> {
        host.0 += 1;
        match any {
            Value::Undef => Err("nothing".to_owned()),
            _ => Ok((text.len() + items.len()) as i64 + host.0),
        }
    }

    /// One behind the other.
    #[ext_op(pure)]
    pub fn join(a: &Value, b: &Value) -> String {
        format!("{a}{b}")
    }

    #[ext_op(pure)]
    pub fn round(#[imm] way: Way, x: f64) -> f64 {
        match way {
            Way::Up => x.ceil(),
            Way::Down => x.floor(),
        }
    }

    #[ext_op(cost = |inputs| inputs.len() as u64)]
    pub fn both(
        first: Option<i64>,
        rest: Rest<'_>,
        out: &mut Output,
    ) -> std::io::Result<(bool, i64)> {
        use std::io::Write;
        writeln!(out, "{}", rest.len())?;
        Ok((first.is_some(), first.unwrap_or(-1)))
    }

    #[ext_op(alt = join)]
    pub fn sum(a: i64, b: i64) -> Value {
        Value::Int(a.wrapping_add(b))
    }

    #[ext_op]
    pub fn panics(n: i64) -> bool {
        assert!(n % 2 == 0, "odd");
        true
    }

    #[ext_op]
    pub fn thing(n: i64) -> Thing {
        Thing { n }
    }

    #[ext_op]
    pub fn thing_of(thing: &Thing) -> i64 {
        thing.n
    }

    #[ext_op]
    pub fn unless(#[imm] to: Label, flag: bool) -> Branch<i64, ()> {
        let _ = to;
        if flag {
            Branch::Jump(())
        } else {
            Branch::Fall(1)
        }
    }

    #[ext_op]
    pub fn call(callee: &Value, args: Rest<'_>) -> Result<Invoke, Trap> {
        fusevm::core_ops::call_value(callee, args)
    }

    #[ext_op]
    pub fn twice(f: Value, mut cx: Ctx<'_, Author>) -> Result<Value, Trap> {
        cx.call(&f, &[])?;
        cx.call(&f, &[])
    }

    #[ext_op]
    pub fn again(n: i64, #[cache] seen: &mut i64) -> i64 {
        *seen += n;
        *seen
    }
}

test_ops!(Author);

mod of_all_languages {
    fusevm::testing::test_ops!(());
}

#[test]
fn what_is_tested() {
    let report = check_ops::<Author>(&["panics", "again"]);
    let tested = [
        "clamp", "ratio", "hypot", "left", "measure", "join", "round", "both", "sum", "thing",
        "twice",
    ];
    assert_eq!(report.tested, tested);
    assert!(report.left_out.contains(&("unless", "it jumps")));
    let text = "left out: thing_of, only the language can make what it takes";
    assert!(report.to_string().contains(text), "{report}");
}

mod moody {
    use fusevm::prelude::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[derive(Language)]
    #[language(name = "moody", ops(ops::OPS))]
    pub struct Moody;

    static CALLS: AtomicI64 = AtomicI64::new(0);

    #[ops(Moody)]
    mod ops {
        use super::*;

        #[ext_op]
        pub fn mood(n: i64) -> i64 {
            n.wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed))
        }
    }
}

#[test]
fn an_op_that_is_not_the_same_twice_is_found() {
    let failed = catch_unwind(|| check_ops::<moody::Moody>(&[])).expect_err("it moves on");
    let text = failed.downcast_ref::<String>().expect("it says why");
    assert!(text.contains("as it is, the chunk gives"), "{text}");
    assert!(text.contains("in the base interpreter, it gives"), "{text}");
    assert!(text.contains("mood"), "the listing is there: {text}");
    assert_eq!(check_ops::<moody::Moody>(&["mood"]).tested, [""; 0]);
    let wrong = catch_unwind(|| check_ops::<moody::Moody>(&["mod"])).expect_err("no such op");
    let text = wrong.downcast_ref::<String>().expect("it says why");
    assert_eq!(
        text,
        "`except`: language `moody` has no op `mod`; there is `mood`"
    );
}

#[test]
fn the_reference() {
    let text = Author::reference();
    let clamp = "\
# The ops of author

## clamp

`clamp(x: Int, lo: Int, hi: Int) -> Int`

- stack: `x lo hi -- Int`
- cost: 1 fuel
- pure: equal operands give equal results, and nothing else happens
- was: `limit`
- machine code: expanded in place

Holds `x` between two others.

`lo` wins.

## ratio

`ratio(#[imm] by: u8, a: Int, b: Int) -> Result<Int>`
";
    assert!(text.starts_with(clamp), "{text}");
    let parts = [
        "called unboxed; if it were `inline` and short, it would be expanded in place",
        "`measure(text: Str, items: Array, any: Any) -> Result<Int>`",
        "called unboxed, with the addresses of what it looks at: that stays where it is",
        "called directly, with what it asks for of the VM",
        "- in place of: `Add`",
        "`round(#[imm] way: Up | Down, x: Float) -> Float`",
        "`both(first: Option<Int>, rest: Rest) -> Result<(Bool, Int)>`",
        "- stack: `first ..rest -- Bool Int`",
        "- cost: fuel that depends on the operands",
        "- operands of other kinds: `join`",
        "`unless(#[imm] to: Label, flag: Bool) -> Branch<Int, ()>`",
        "- stack: `flag -- Int; at the label:`",
        "`call(callee: Any, args: Rest) -> Result<Invoke>`",
        "- stack: `callee ..args -- Any`",
        "done without the op where it has said what to do for the operand's shape",
        "because the op takes `Ctx`, so that machine code has to write its state back around the call",
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(!text.contains("core."));
    assert!(<() as Language>::reference().contains("## core.idiv\n"));
}

#[test]
fn what_is_said_of_one_op() {
    let hypot = Author::explain("hypot").unwrap();
    assert!(hypot.starts_with("## hypot\n"), "{hypot}");
    assert!(hypot.contains("tests/it/ext/author.rs:"), "{hypot}");
    assert!(Author::explain("limit").unwrap().starts_with("## clamp\n"));
    assert!(Author::explain("core.sqrt").is_ok());
    let says = |name| Author::explain(name).unwrap_err().to_string();
    assert_eq!(
        says("sqrt"),
        "language `author` has no op `sqrt`; there is `core.sqrt`"
    );
    assert_eq!(
        says("clmap"),
        "language `author` has no op `clmap`; there is `clamp`"
    );
    assert_eq!(says("zzzzzz"), "language `author` has no op `zzzzzz`");
}
