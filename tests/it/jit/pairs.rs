//! Loops whose turns work on floats of their own, two at once where that is the same: whatever the numbers and the
//! lengths, whoever else has the arrays, and whichever turn reads what another one writes.

use super::counting::{called, function, vm};
use super::{entries, none, ways};
use crate::generate::Random;
use fusevm::{Chunk, JitConfig, Value};

/// Has `slot 2` count up to `slot 3`, with arrays in the slots before, and numbers in those behind.
const LOOP: &str = "  LoadFloat 0.25
  SetSlot 4
  LoadFloat 1.5
  SetSlot 5
  GetSlot 2
  SetSlot 6
top:
{body}
  GetSlot 2
  Inc
  SetSlot 2
  GetSlot 2
  GetSlot 3
  NumLt
  JumpIfTrue top
  GetSlot 0
  GetSlot 1
  GetSlot 2
  GetSlot 4
  GetSlot 5
  MakeArray 5
";

/// One whose turns do that.
fn turns(body: &str) -> Chunk {
    let text = function(&LOOP.replace("{body}", body));
    Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is computed from an element, and written to one.
#[derive(Clone, Copy)]
enum At {
    /// The one that is counted.
    Own,
    /// The next one, and the one before.
    Next,
    Last,
    /// Some that are the same in all turns, of which two may be the same.
    Third,
    First,
    Begin,
}

impl At {
    fn index(self) -> &'static str {
        match self {
            At::Own => "  GetSlot 2\n",
            At::Next => "  GetSlot 2\n  Inc\n",
            At::Last => "  GetSlot 2\n  Dec\n",
            At::Third => "  LoadInt 3\n",
            At::First => "  LoadInt 0\n",
            At::Begin => "  GetSlot 6\n",
        }
    }
}

/// A float at random, on the stack.
fn number(r: &mut Random, deep: usize) -> String {
    if deep > 0 {
        let (a, b) = (number(r, deep - 1), number(r, r.clone().below(deep)));
        let op = r.pick(&["Add", "Add", "Sub", "Mul", "Mul", "Div"]);
        return format!("{a}{b}  {op}\n");
    }
    match r.below(10) {
        0 => "  LoadFloat 0.5\n".to_owned(),
        1 => "  GetSlot 4\n".to_owned(),
        2 => "  GetSlot 5\n".to_owned(),
        3 => "  GetSlot 2\n  LoadFloat 0.125\n  Mul\n".to_owned(),
        _ => {
            let at = match r.below(12) {
                0 => At::Next,
                1 => At::Last,
                2 => At::Third,
                3 => r.pick(&[At::First, At::Begin]),
                _ => At::Own,
            };
            format!("{}  SlotArrayGet {}\n", at.index(), r.below(2))
        }
    }
}

/// Some statements at random.
fn body(r: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..1 + r.below(4) {
        let deep = 1 + r.below(3);
        text += &number(r, deep);
        text += &match r.below(6) {
            0 => "  SetSlot 4\n".to_owned(),
            1 => "  SetSlot 5\n".to_owned(),
            _ => {
                let at = match r.below(12) {
                    0 => At::Next,
                    1 => At::Third,
                    2 => r.pick(&[At::First, At::Begin]),
                    _ => At::Own,
                };
                format!("{}  SlotArraySet {}\n", at.index(), r.below(2))
            }
        };
    }
    text
}

/// Arguments: arrays of all lengths and kinds, and where to begin and to end in them.
fn arguments(r: &mut Random, count: usize) -> Vec<[Value; 4]> {
    let array = |r: &mut Random| {
        let len = r.pick(&[0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 30, 31]);
        let kind = r.below(3);
        let item = |r: &mut Random| match kind {
            0 => (r.below(9) as f64 - 2.0) / 4.0,
            // Of those it makes a difference in which order they are added.
            1 => r.below(1000) as f64 / 7.0,
            _ => r.float(),
        };
        match r.one_in(12) {
            true => Value::array((0..len as i64).collect::<Vec<i64>>()),
            false => Value::array((0..len).map(|_| item(r)).collect::<Vec<f64>>()),
        }
    };
    (0..count)
        .map(|_| {
            let a = array(r);
            let b = if r.one_in(4) { a.clone() } else { array(r) };
            let len = |of: &Value| match of {
                Value::Array(array) => array.len() as i64,
                _other => 0,
            };
            let most = len(&a).min(len(&b));
            let (from, less) = (
                r.pick(&[0, 0, 0, 1, 1, 2, 4, -1]),
                r.pick(&[0, 0, 0, 1, 1, -1]),
            );
            [a, b, Value::Int(from), Value::Int(most - less)]
        })
        .collect()
}

/// Runs bodies at random; how many of them were compiled for pairs.
fn same(seeds: std::ops::Range<u64>) -> usize {
    let mut pairs = 0;
    for seed in seeds {
        let mut r = Random::new(seed);
        let text = body(&mut r);
        let chunk = turns(&text);
        let all = arguments(&mut r, 60);
        let (mut ways, mut is_paired) = (ways(), false);
        for fuel in [None, Some(r.pick(&[200_u64, 900, 100_000]))] {
            let expected = called(&mut vm(&chunk, none()), &all, fuel);
            for (name, config) in &mut ways {
                config.listings = fuel.is_none();
                let mut vm = vm(&chunk, config.clone());
                let found = called(&mut vm, &all, fuel);
                for ((found, expected), args) in found.iter().zip(&expected).zip(&all) {
                    assert_eq!(
                        found, expected,
                        "{name}, {seed}, {fuel:?}: {args:?}\n{text}"
                    );
                }
                assert!(entries(&vm) > 0, "{name}, {seed}\n{text}");
                is_paired |= vm.jit_listing().contains(": Pair = ");
            }
        }
        pairs += usize::from(is_paired);
    }
    pairs
}

#[test]
fn turns_at_once_do_what_they_do_one_by_one() {
    let pairs = same(0..150);
    assert!(pairs > 40 || !WIDE, "{pairs}");
}

#[test]
#[ignore = "takes long"]
fn many_turns_at_once_do_what_they_do_one_by_one() {
    let from = super::programs::told("FUSEVM_SEEDS", 150);
    let end = from + super::programs::told("FUSEVM_PROGRAMS", 5_000);
    println!("{} of {}", same(from..end), end - from);
}

/// Where machine registers have room for two floats.
const WIDE: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// What two turns may do at once, and what they may not.
#[test]
fn which_turns_are_done_at_once() {
    let floats = |n: i64| Value::array((0..n).map(|i| i as f64 / 4.0).collect::<Vec<f64>>());
    let listing = |body: &str| {
        let mut config: JitConfig = super::at_once(30);
        config.listings = true;
        let mut vm = vm(&turns(body), config);
        let args = [floats(40), floats(40), Value::Int(1), Value::Int(39)];
        let found = called(&mut vm, &vec![args.clone(); 8], None);
        assert!(found[0].ends_with("None left"), "{}", found[0]);
        vm.jit_listing()
    };
    let own = "  GetSlot 2\n  SlotArrayGet 0\n  GetSlot 2\n  SlotArrayGet 1\n  Mul\n";
    let set = "  GetSlot 2\n  SlotArraySet 1\n";
    let at_once = [
        format!("{own}{set}"),
        // A sum is added up in turn.
        format!("{own}{set}{own}  GetSlot 4\n  Add\n  SetSlot 4\n"),
        // Neighbours of what nobody writes.
        format!("{own}  GetSlot 2\n  Inc\n  SlotArrayGet 0\n  Add\n{set}"),
        format!("{own}  GetSlot 2\n  SlotArrayGet 0\n  Div\n{set}"),
        // An element that is the same in all turns, and is not one of theirs.
        format!("{own}  LoadInt 0\n  SlotArrayGet 1\n  Add\n{set}"),
        format!(
            "{own}{set}{own}  LoadInt 0\n  SlotArrayGet 1\n  Sub\n  LoadInt 0\n  SlotArraySet 1\n"
        ),
        format!("{own}  GetSlot 2\n  LoadFloat 0.5\n  Mul\n  Add\n{set}"),
    ];
    for body in at_once {
        let listing = listing(&body);
        let is_paired = listing.contains(": Pair = FMul");
        assert!(is_paired || !WIDE, "{body}\n{listing}");
    }
    let one_by_one = [
        // What one turn writes, the next one reads.
        format!("{own}  GetSlot 2\n  Inc\n  SlotArraySet 1\n"),
        format!("{own}  GetSlot 2\n  Dec\n  SlotArrayGet 1\n  Add\n{set}"),
        format!("{own}  GetSlot 4\n  Add\n  SetSlot 4\n  GetSlot 4\n{set}"),
    ];
    for body in one_by_one {
        let listing = listing(&body);
        assert!(!listing.contains(": Pair = "), "{body}\n{listing}");
    }
}
