//! Ops that machine code calls by themselves: with numbers, with immediates, and with the addresses of what
//! they look at. In every tier they give the same, fail once where they fail, and leave nothing behind; what
//! is pure runs once for all turns.

use fusevm::prelude::*;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

#[derive(Language)]
#[language(name = "native", ops(ops::OPS))]
struct Native;

#[derive(Language)]
#[language(name = "widening", ops(wide::OPS), coerce)]
struct Widening;

thread_local! {
    /// Runs of an op on this thread.
    static RUNS: Cell<i64> = const { Cell::new(0) };
}

fn ran() -> i64 {
    RUNS.set(RUNS.get() + 1);
    RUNS.get()
}

/// What is told of a run, and the runs of ops in it.
fn runs<T>(run: impl FnOnce() -> T) -> (T, i64) {
    RUNS.set(0);
    let result = run();
    (result, RUNS.get())
}

#[derive(Debug)]
struct Odd(i64);

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

impl std::error::Error for Odd {}

/// A type by another name is the type.
type Number = i64;

#[derive(Immediate, Clone, Copy, Debug)]
enum By {
    One,
    Two,
}

/// Its copies are counted.
#[derive(FuseValue, Clone)]
struct Counted(Arc<()>);

#[ops(Native)]
mod ops {
    use super::*;

    /// Fails at the run of that number, and never again.
    #[ext_op]
    pub fn once(at: i64, x: i64) -> Result<i64, Odd> {
        match ran() == at {
            true => Err(Odd(at)),
            false => Ok(x.wrapping_mul(3)),
        }
    }

    /// The same by a panic.
    #[ext_op]
    pub fn stumbles(at: i64, x: f64) -> f64 {
        if ran() == at {
            std::panic::resume_unwind(Box::new("a text"));
        }
        x * 0.5
    }

    /// The same of one that looks at a text.
    #[ext_op]
    pub fn reads(text: &str, at: i64) -> Result<i64, Odd> {
        match ran() == at {
            true => Err(Odd(text.len() as i64)),
            false => Ok(text.len() as i64),
        }
    }

    #[ext_op]
    pub fn nothing(x: i64) {
        RUNS.set(RUNS.get() + x);
    }

    #[ext_op]
    pub fn alias(x: Number, y: Number) -> Number {
        x - y
    }

    #[ext_op]
    pub fn immediates(#[imm] a: i8, #[imm] b: u32, x: i64, #[imm] is: bool, #[imm] by: By) -> i64 {
        let by = match by {
            By::One => 1,
            By::Two => 2,
        };
        (x ^ i64::from(a)) * by + i64::from(b) + i64::from(is)
    }

    #[ext_op]
    pub fn kinds(v: &Value, text: Option<&str>, n: Option<i64>) -> i64 {
        let kind = i64::from(v.kind() as u8);
        kind + 100 * text.map_or(1, |text| text.len() as i64) + 10_000 * n.unwrap_or(-1)
    }

    #[ext_op]
    pub fn sizes(array: &Array, hash: &Hash, text: &Str, own: String) -> i64 {
        (array.len() + 10 * hash.len() + 100 * text.len() + 1000 * own.len()) as i64
    }

    #[ext_op]
    pub fn counted(what: &Counted, x: i64) -> i64 {
        Arc::strong_count(&what.0) as i64 + x
    }

    #[ext_op(cost = 5)]
    pub fn dear(x: i64) -> i64 {
        x + 1
    }

    #[ext_op(pure)]
    pub fn rare(x: i64) -> Result<i64, Odd> {
        ran();
        match x {
            13 => Err(Odd(x)),
            x => Ok(x * x),
        }
    }

    #[ext_op(pure)]
    pub fn length(text: &str, plus: i64) -> i64 {
        ran();
        text.len() as i64 + plus
    }

    #[ext_op(alt = joined)]
    pub fn plus(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    #[ext_op]
    pub fn joined(a: &Value, b: &Value) -> i64 {
        -i64::from(a.kind() as u8) - i64::from(b.kind() as u8)
    }
}

#[ops(Widening)]
mod wide {
    #[ext_op]
    pub fn half(x: f64) -> f64 {
        x / 2.0
    }

    #[ext_op]
    pub fn or_zero(x: Option<i64>) -> i64 {
        x.unwrap_or(0)
    }
}

/// Every tier: the oracle, register code, and machine code, from the first turn on and left at random.
pub(super) fn tiers<L: Language<Host: Default>>() -> Vec<(String, Vm<L>)> {
    let mut all = Vec::new();
    for (name, lowering) in [("base", false), ("registers", true)] {
        let mut vm = L::vm(L::Host::default());
        vm.set_lowering(lowering);
        #[cfg(feature = "jit")]
        vm.set_jit(crate::jit::none());
        all.push((name.to_owned(), vm));
    }
    #[cfg(feature = "jit")]
    for (name, config) in crate::jit::ways() {
        let mut vm = L::vm(L::Host::default());
        vm.set_jit(config);
        all.push((name.to_owned(), vm));
    }
    all
}

/// Runs a function of the chunk in every tier: what it gives or fails with and the runs of ops are the same.
#[track_caller]
fn agree<L: Language<Host = ()>>(chunk: &Chunk, args: &[Value]) -> (String, i64) {
    let mut expected: Option<(String, i64)> = None;
    for (name, mut vm) in tiers::<L>() {
        vm.eval(chunk).expect("the chunk is right");
        // What is hot, and what was before it.
        for turn in 0..3 {
            let (result, runs) = runs(|| vm.call("run", args));
            let told = match result {
                Ok(value) => format!("{value:?}"),
                Err(error) => error.render(),
            };
            let found = (told, runs);
            match &expected {
                Some(expected) => assert_eq!(*expected, found, "{name}, turn {turn}"),
                None => expected = Some(found),
            }
        }
    }
    expected.expect("there are tiers")
}

#[test]
fn what_fails_once_fails_once() {
    let chunk = fusevm_chunk! { Native;
        fn run(at: i64, how: i64) {
            let mut x = 1;
            let mut y = 1.0;
            let mut s = 0;
            let text = "four";
            for i in 0..400 {
                if how == 0 { x = ops::once(at, x + i); }
                if how == 1 { y = ops::stumbles(at, y + 1.0); }
                if how == 2 { s = s + ops::reads(text, at) + ops::reads("const", -1); }
            }
            s
        }
    };
    for how in 0..3 {
        for at in [1, 2, 57, 399, 400, 801, 900] {
            let (told, runs) = agree::<Native>(&chunk, &[Value::Int(at), Value::Int(how)]);
            let all = if how == 2 { 800 } else { 400 };
            // Reading by turns, an op of the second place never fails.
            let fails = at <= all && (how != 2 || at % 2 == 1);
            assert_eq!(runs, if fails { at } else { all }, "{how} {at}: {told}");
            assert_eq!(
                told.contains("odd") || told.contains("panicked"),
                fails,
                "{told}"
            );
        }
    }
}

#[test]
fn immediates_names_of_types_and_ops_that_give_nothing() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64) {
            let mut x = 1;
            for i in 0..n {
                x = ops::alias(x, i * 3);
                x = ops::immediates(-7, 70000, true, Two, x & 0xffff) ^ ops::immediates(127, 1, false, One, x);
                ops::nothing(i & 1);
            }
            x
        }
    };
    let (_, runs) = agree::<Native>(&chunk, &[Value::Int(300)]);
    assert_eq!(runs, 150);
}

#[test]
fn what_is_looked_at_stays_where_it_is() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64, what, other) {
            let mut x = 0;
            let mut text = "a text";
            let list = [1, 2, 3];
            let table = hash!{ "a" => 1 };
            for i in 0..n {
                x = x + ops::kinds(text, text, i) + ops::kinds(list, list, list) + ops::kinds(i, "const", text);
                x = x + ops::sizes(list, table, text, text) + ops::sizes([i], table, format!("{text}{i}"), "x");
                x = x + ops::counted(what, i) * ops::counted(other, x & 7);
                if i == 70 { text = "another text"; }
            }
            x
        }
    };
    let what = Counted(Arc::default());
    let args = [Value::Int(200), what.clone().into(), what.clone().into()];
    let (told, _) = agree::<Native>(&chunk, &args);
    drop(args);
    assert_eq!(Arc::strong_count(&what.0), 1, "{told}");
}

#[test]
fn another_kind_is_told_as_the_interpreter_tells_it() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64, at: i64, bad) {
            let mut x = 0;
            let mut text = "a text";
            let mut number = bad;
            number = 3;
            for i in 0..n {
                if i == at { text = bad; number = bad; }
                x = x + ops::reads(text, -1) + ops::alias(number, i);
            }
            x
        }
    };
    for bad in [
        Value::Int(3),
        Value::Float(0.5),
        Value::from("text"),
        Value::Undef,
    ] {
        let (told, _) = agree::<Native>(&chunk, &[Value::Int(200), Value::Int(150), bad]);
        assert!(told.contains("operand"), "{told}");
    }
}

#[test]
fn other_kinds_go_to_the_other_op_and_numbers_are_widened() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64, mixed) {
            let mut x = 0;
            for i in 0..n {
                let mut y = mixed;
                if i & 3 == 0 { y = i; }
                x = x ^ ops::plus(x, y);
                x = x ^ ops::plus(i, x);
            }
            x
        }
    };
    for mixed in [Value::from("text"), Value::Float(1.5), Value::Int(7)] {
        agree::<Native>(&chunk, &[Value::Int(300), mixed]);
    }
    let chunk = fusevm_chunk! { Widening;
        fn run(n: i64, text) {
            let mut x = 0.0;
            let mut y = 0;
            for i in 0..n {
                x = wide::half(i) + wide::half(text) + wide::half(x);
                y = y + wide::or_zero(text) + wide::or_zero(i) + wide::or_zero(2.0);
            }
            format!("{x} {y}")
        }
    };
    for text in [
        Value::from("3"),
        Value::Float(4.0),
        Value::Int(7),
        Value::Bool(true),
    ] {
        agree::<Widening>(&chunk, &[Value::Int(200), text]);
    }
}

#[test]
fn fuel_ends_at_the_same_op() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64) {
            let mut x = 0;
            for i in 0..n {
                x = ops::dear(x) + ops::alias(i, x & 3);
            }
            x
        }
    };
    for fuel in (0..400).step_by(7).chain([5_000, u64::MAX / 2]) {
        let mut expected = None;
        for (name, mut vm) in tiers::<Native>() {
            vm.eval(&chunk).expect("the chunk is right");
            for turn in 0..3 {
                vm.set_fuel(Some(fuel));
                let told = match vm.call("run", &[Value::Int(100)]) {
                    Ok(value) => format!("{value:?}"),
                    Err(error) => error.render(),
                };
                let found = (told, vm.fuel());
                let expected = expected.get_or_insert_with(|| found.clone());
                assert_eq!(*expected, found, "{name}, turn {turn}, fuel {fuel}");
            }
        }
    }
}

/// In machine code, what is pure runs before the loop, once for both places.
#[test]
fn what_is_pure_runs_once() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64, x: i64, text) {
            let mut s = 0;
            for i in 0..n {
                s = s + ops::rare(x) + (i & ops::rare(x)) + ops::length(text, x) + ops::length("text", 3);
            }
            s
        }
    };
    let text = Value::from("some text");
    for (name, mut vm) in tiers::<Native>() {
        vm.eval(&chunk).expect("the chunk is right");
        for x in [5, 13, 5, 7] {
            let mut call = |n: i64| {
                let args = [Value::Int(n), Value::Int(x), text.clone()];
                runs(|| vm.call("run", &args).map_err(|error| error.render()))
            };
            let (nothing, _) = call(0);
            assert_eq!(nothing, Ok(Value::Int(0)), "{name}: a loop without a turn");
            let (told, runs) = call(2_000);
            match told {
                Ok(_) => assert_ne!(x, 13, "{name}"),
                Err(told) => assert!(x == 13 && told.contains("13 is odd"), "{name}: {told}"),
            }
            match (name.as_str(), x) {
                ("base", 5) => assert_eq!(runs, 8_000),
                // The loop is compiled by now, and so is what is before it.
                ("at once", 7) => assert_eq!(runs, 2, "{name}"),
                _other => {}
            }
        }
    }
}

/// A loop of machine code that shows texts and values to ops asks for no memory, and counts nobody who holds
/// them: it does nothing but call the ops.
#[test]
#[cfg(feature = "jit")]
fn nothing_is_allocated_for_what_is_looked_at() {
    let chunk = fusevm_chunk! { Native;
        fn run(n: i64, text) {
            let mut x = 0;
            let list = [1, 2];
            for i in 0..n {
                x = x + ops::reads(text, -1) + ops::kinds(list, text, i) + ops::reads("const", -1);
            }
            x
        }
    };
    let mut vm = Native::vm(());
    let mut config = crate::jit::at_once(30);
    config.listings = true;
    vm.set_jit(config);
    vm.eval(&chunk).expect("the chunk is right");
    let mut call = |n: i64| {
        let args = [Value::Int(n), Value::from("a text")];
        let (count, result) = crate::allocations::count(|| vm.call("run", &args));
        result.expect("the program runs");
        count
    };
    for _ in 0..2 {
        call(2_000);
    }
    let (few, many) = (call(10), call(100_000));
    assert!(many <= few + 4, "{few} and {many} allocations");
    let listing = vm.jit_listing();
    let middle = listing
        .split("-- middle form")
        .nth(1)
        .expect("it is listed");
    let middle = middle.split("-- CLIF").next().unwrap_or_default();
    let lines = |what: &str| middle.lines().filter(|line| line.contains(what)).count();
    assert_eq!(lines("native ("), 3, "{middle}");
    assert_eq!(lines("native (&r"), 2, "{middle}");
    assert_eq!(lines("lib "), 0, "{middle}");
}
