//! Ops that machine code gives what they ask for: the host, the heap and its objects, the output, limits, memory of
//! a place, texts that are looked up; and ops that give what is no number. In every tier they give the same and
//! leave the same behind.

use fusevm::prelude::*;
use fusevm::{HeapError, Rules, SharedBuffer};
use std::fmt;
use std::str::FromStr;

#[derive(Language)]
#[language(name = "inside", host = Diary, ops(ops::OPS))]
struct Inside;

/// What the host keeps.
#[derive(Debug, Default, Trace)]
struct Diary {
    seen: i64,
    kept: Vec<Value>,
}

#[derive(Debug, Object)]
struct Pair {
    left: i64,
    right: Value,
}

/// An object of a type that comes late.
#[derive(Debug, Object)]
struct Late(i64);

#[derive(FuseValue, Clone, Debug, PartialEq)]
struct Point {
    x: i64,
}

#[derive(Debug)]
struct Refused(i64);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused", self.0)
    }
}

impl std::error::Error for Refused {}

/// What a text stands for.
#[derive(Debug)]
struct Scale(i64);

impl FromStr for Scale {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Scale, Self::Err> {
        text.parse().map(Scale)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[ops(Inside)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn see(x: i64, host: &mut Diary) -> i64 {
        host.seen = host.seen.wrapping_mul(3) ^ x;
        host.seen
    }

    /// Keeps a copy.
    #[ext_op]
    pub fn keep(items: &Array, host: &mut Diary) -> i64 {
        host.kept.push(Value::Array(items.clone()));
        items.len() as i64
    }

    #[ext_op]
    pub fn forget(host: &mut Diary) {
        host.kept.clear();
    }

    #[ext_op]
    pub fn pair(left: i64, right: Value) -> Pair {
        Pair { left, right }
    }

    #[ext_op]
    pub fn late(n: i64) -> Late {
        Late(n)
    }

    #[ext_op]
    pub fn number(late: &Late) -> i64 {
        late.0
    }

    #[ext_op]
    pub fn left(pair: &Pair) -> i64 {
        pair.left
    }

    #[ext_op]
    pub fn right(pair: &Pair) -> Value {
        pair.right.clone()
    }

    #[ext_op]
    pub fn set(mut pair: ObjMut<'_, Pair>, left: i64, right: Value) {
        pair.left = left;
        pair.right = right;
    }

    /// A new object while another is looked at.
    #[ext_op]
    pub fn grown(pair: &Pair, by: i64) -> Pair {
        Pair {
            left: pair.left + by,
            right: pair.right.clone(),
        }
    }

    /// A chain of new objects, by the heap itself.
    #[ext_op]
    pub fn chain(n: i64, heap: &mut Heap) -> Result<Obj<Pair>, HeapError> {
        let mut right = Value::Undef;
        for left in 0..n {
            right = heap.alloc(Pair { left, right })?.into();
        }
        heap.alloc(Pair { left: n, right })
    }

    #[ext_op]
    pub fn first(pair: Option<&Pair>, otherwise: i64) -> Option<i64> {
        pair.map(|pair| pair.left)
            .or((otherwise > 40).then_some(otherwise))
    }

    #[ext_op]
    pub fn say(x: &Value, out: &mut Output) -> Result<(), std::io::Error> {
        use std::io::Write;
        write!(out, "{x} ")
    }

    #[ext_op]
    pub fn text(x: i64) -> String {
        format!("number {x}")
    }

    #[ext_op]
    pub fn size(text: &str) -> i64 {
        text.len() as i64
    }

    #[ext_op]
    pub fn doubled(text: &str) -> Str {
        Str::from(format!("{text}{text}").as_str())
    }

    #[ext_op]
    pub fn pushed(mut items: Array, x: Value) -> Array {
        items.push(x);
        items
    }

    #[ext_op]
    pub fn swapped(a: Value, b: &Value) -> Value {
        match (a, b) {
            (Value::Int(a), _) => Value::Int(a + 1),
            (_, b) => b.clone(),
        }
    }

    #[ext_op]
    pub fn moved(point: Point, by: i64) -> Point {
        Point { x: point.x + by }
    }

    #[ext_op]
    pub fn at(point: &Point) -> i64 {
        point.x
    }

    #[derive(Debug, Default)]
    pub struct Last(i64);

    /// Fails and panics where it is told to, after it has written its memory.
    #[ext_op]
    pub fn since(x: i64, bad: i64, #[cache] last: &mut Last) -> Result<i64, Refused> {
        let before = std::mem::replace(&mut last.0, x);
        if x == bad {
            std::panic::resume_unwind(Box::new("a text"));
        }
        match x == -bad {
            true => Err(Refused(before)),
            false => Ok(x - before),
        }
    }

    #[ext_op]
    pub fn named(#[imm] name: Name<'_>, #[imm] scale: &Scale, x: i64) -> i64 {
        name.as_str().len() as i64 + scale.0 * x
    }

    #[ext_op]
    pub fn shown(x: &Value, rules: Rules<'_>) -> i64 {
        let ruled = rules.limits.max_string_len as i64;
        ruled + i64::from(x.kind() as u8)
    }
}

// Objects, hosts and values that say nothing of being equal are compared as well as can be. A chain may be as long as
// memory.
fusevm::testing::test_ops!(Inside, except "chain");

/// What is left behind.
type Left = (String, i64, Vec<String>, String);

/// Runs a function of the chunk a few times in every tier, in a VM that is set up: it gives or fails with the same,
/// and what the host and the output have then is the same.
#[track_caller]
fn agree(chunk: &Chunk, args: &[Value], set_up: impl Fn(&mut Vm<Inside>)) -> Vec<String> {
    let mut expected: Option<Vec<Left>> = None;
    for (name, mut vm) in super::native::tiers::<Inside>() {
        set_up(&mut vm);
        let out = SharedBuffer::default();
        vm.set_output(out.clone());
        vm.eval(chunk).expect("the chunk is right");
        let mut all = Vec::new();
        for _ in 0..3 {
            let told = match vm.call("run", args) {
                Ok(value) => vm.text(&value).unwrap_or_else(|_| format!("{value:?}")),
                Err(error) => error.render(),
            };
            let kept = vm.host().kept.iter().map(|v| format!("{v:?}")).collect();
            all.push((told, vm.host().seen, kept, out.text()));
        }
        match &expected {
            Some(expected) => assert_eq!(*expected, all, "{name}"),
            None => expected = Some(all),
        }
    }
    let expected = expected.expect("there are tiers");
    expected.into_iter().map(|(told, ..)| told).collect()
}

fn nothing(_: &mut Vm<Inside>) {}

#[test]
fn the_host_the_output_and_limits() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64, what) {
            let mut x = 1;
            for i in 0..n {
                x = x ^ ops::see(x + i) ^ ops::shown(what);
                if i & 63 == 0 { ops::say(what); ops::say(x); }
            }
            x
        }
    };
    for what in [Value::Int(7), Value::from("text"), Value::Undef] {
        let told = agree(&chunk, &[Value::Int(300), what], nothing);
        assert_ne!(told[0], told[1], "the host keeps what it has seen");
    }
}

#[test]
fn a_copy_that_the_host_keeps_stays_what_it_is() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64) {
            let mut items = [0, 0, 0];
            let mut sum = 0;
            for i in 0..n {
                items[i % 3] = i;
                items[1] = items[1] + 1;
                if i % 50 == 7 { sum = sum + ops::keep(items); }
                items[2] = sum;
                if i % 170 == 169 { ops::forget(); }
            }
            items[0] + sum
        }
    };
    agree(&chunk, &[Value::Int(400)], nothing);
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64) {
            let mut items = [0, 0, 0];
            let mut sum = 0;
            for i in 0..n {
                sum = sum + ops::keep(items);
                items[1] = i;
            }
            sum + items[1]
        }
    };
    agree(&chunk, &[Value::Int(90)], nothing);
}

#[test]
fn objects_are_made_read_and_written_while_others_are_collected() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64) {
            let keep = ops::pair(1, "kept");
            let mut last = ops::pair(0, keep);
            let mut sum = 0;
            for i in 0..n {
                let pair = ops::pair(i, last);
                sum = sum + ops::left(pair) + ops::left(ops::right(pair)) + ops::number(ops::late(i));
                let grown = ops::grown(pair, sum & 7);
                ops::set(last, ops::left(grown), i);
                if i % 5 == 0 { last = ops::grown(last, 1); } else { last = pair; }
                if i % 9 == 0 { last = ops::chain(i % 4); }
                sum = sum ^ ops::left(keep);
            }
            format!("{} {} {}", sum, ops::right(keep), ops::left(last))
        }
    };
    for (floor, factor) in [(1 << 14, 2), (0, 1), (1, 1), (3, 1), (17, 2)] {
        agree(&chunk, &[Value::Int(300)], |vm| {
            vm.heap_mut().set_pace(floor, factor)
        });
    }
}

#[test]
fn a_full_heap_traps() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64) {
            let mut last = ops::pair(0, 0);
            let mut sum = 0;
            for i in 0..n {
                last = ops::pair(i, last);
                if i % 7 == 0 { last = ops::grown(last, 1); }
                sum = sum + ops::left(last);
            }
            sum
        }
    };
    // At which of the two it is depends on what stale registers still hold.
    for (most, is_full) in [(10, true), (57, true), (100, true), (1000, false)] {
        for (name, mut vm) in super::native::tiers::<Inside>() {
            let mut limits = Limits::default();
            limits.max_objects = most;
            vm.set_limits(limits);
            vm.eval(&chunk).expect("the chunk is right");
            for _ in 0..3 {
                let told = match vm.call("run", &[Value::Int(100)]) {
                    Ok(value) => format!("{value:?}"),
                    Err(error) => error.render(),
                };
                let says = told.contains("too many objects");
                assert_eq!(says, is_full, "{name}, {most}: {told}");
            }
        }
    }
}

#[test]
fn what_is_no_number_is_given_and_taken() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64, point, other) {
            let mut text = "";
            let mut items = [];
            let mut point = point;
            let mut what = other;
            let mut sum = 0;
            for i in 0..n {
                text = ops::text(i);
                if i % 3 == 0 { text = ops::doubled(text); }
                items = ops::pushed(items, text);
                items = ops::pushed(items, i);
                let shared = items;
                items = ops::pushed(items, ops::swapped(i, text));
                what = ops::swapped(what, items[i]);
                point = ops::moved(point, i);
                sum = sum + ops::at(point) + shared.len();
                if ops::first(what, i) == i { sum = sum + 1; }
            }
            format!("{} {} {} {} {}", sum, text, what, items.len(), items[50])
        }
    };
    for other in [Value::Int(3), Value::from("text"), Value::Float(0.5)] {
        agree(
            &chunk,
            &[Value::Int(200), Point { x: 5 }.into(), other],
            nothing,
        );
    }
}

#[test]
fn what_is_too_long_and_what_is_of_another_kind() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64, at: i64, bad) {
            let mut text = "t";
            let mut pair = ops::pair(1, "x");
            for i in 0..n {
                if i == at { pair = bad; }
                text = ops::doubled(text);
                if i % 11 == 10 { text = "t"; }
                ops::set(pair, i, ops::left(pair));
            }
            ops::left(pair)
        }
    };
    for (most, at) in [
        (5_000, 1000),
        (2048, 1000),
        (2047, 1000),
        (5_000, 90),
        (5_000, 0),
    ] {
        let told = agree(
            &chunk,
            &[Value::Int(120), Value::Int(at), Value::Int(3)],
            |vm| {
                let mut limits = Limits::default();
                limits.max_string_len = most;
                vm.set_limits(limits);
            },
        );
        assert_eq!(told[0].contains("string"), most < 2048, "{}", told[0]);
        assert_eq!(told[0].contains("operand"), at < 1000, "{}", told[0]);
    }
}

#[test]
fn the_memory_of_a_place_is_one_for_all_tiers_and_lost_in_a_panic() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64, bad: i64) {
            let mut sum = 0;
            for i in 1..n {
                sum = sum * 3 ^ ops::since(i * i, bad);
                sum = sum + ops::since(i, 0);
            }
            sum
        }
    };
    for bad in [0, 49, -49, 22500, -22500, -40000] {
        let told = agree(&chunk, &[Value::Int(200), Value::Int(bad)], nothing);
        let fails = bad != 0 && bad != -40000;
        assert_eq!(
            told[0].contains("refused") || told[0].contains("panicked"),
            fails,
            "{bad} {}",
            told[0]
        );
    }
}

#[test]
fn immediates_that_are_looked_up() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64) {
            let mut x = 1;
            for i in 0..n {
                x = x ^ ops::named("some", "7", i) ^ ops::named("other one", "-3", x);
            }
            x
        }
    };
    agree(&chunk, &[Value::Int(300)], nothing);
}

/// A loop of machine code that makes objects, and asks the host, does so by itself.
#[test]
#[cfg(feature = "jit")]
fn nothing_is_left_to_the_interpreter() {
    let chunk = fusevm_chunk! { Inside;
        fn run(n: i64) {
            let mut last = ops::pair(0, 0);
            let mut sum = 0;
            for i in 0..n {
                last = ops::pair(i, "x");
                ops::set(last, i, sum);
                sum = sum + ops::left(last) + ops::see(i) + ops::since(i + 1, 0) + ops::size(ops::text(i));
            }
            sum
        }
    };
    let mut vm = Inside::vm(Diary::default());
    let mut config = crate::jit::at_once(30);
    config.listings = true;
    vm.set_jit(config);
    vm.eval(&chunk).expect("the chunk is right");
    let before = vm.heap().stats().collections;
    for _ in 0..3 {
        vm.call("run", &[Value::Int(40_000)]).expect("it runs");
    }
    let collections = vm.heap().stats().collections - before;
    assert!(collections > 3, "{collections}");
    let listing = vm.jit_listing();
    let middle = listing
        .split("-- middle form")
        .nth(1)
        .expect("it is listed");
    let middle = middle.split("-- CLIF").next().unwrap_or_default();
    assert!(!middle.contains("lib Step"), "{middle}");
    assert_eq!(middle.matches("in the world").count(), 6, "{middle}");
    let exits = vm.jit_report().exits;
    assert!(exits < 50, "{exits} exits\n{listing}");
}
