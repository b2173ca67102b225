//! Loops that count, up to whatever end and by whatever step, and what they count as an index: looks at interrupts and
//! lengths that are made now and then change nothing but the time that it takes.

use super::{entries, none, ways};
use fusevm::{Chunk, JitConfig, VM, Value};
use std::time::Duration;

/// A function whose four arguments are in the first slots, and which gives what is on the stack behind that.
pub(super) fn function(body: &str) -> String {
    let head = "fn f/4\n  Jump over\nf:\n  SetSlot 3\n  SetSlot 2\n  SetSlot 1\n  SetSlot 0\n";
    format!("{head}{body}  ReturnValue\nover:\n")
}

/// Counts from `slot 0` to `slot 1` by `slot 2`, 5,000 turns at the most, and reads and writes an array by the index.
fn counting(policy: &str, compare: &str, body: &str) -> Chunk {
    let body = format!(
        "  LoadInt 0
  SetSlot 4
  LoadInt 0
  SetSlot 5
top:
{body}
  GetSlot 0
  GetSlot 2
  Add
  SetSlot 0
  GetSlot 0
  GetSlot 1
  {compare}
  JumpIfTrue top
  GetSlot 4
  GetSlot 0
  GetSlot 3
  MakeArray 3
"
    );
    let text = format!("policy {policy}\n{}", function(&body));
    Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Sums up what is read there.
const READS: &str = "  GetSlot 4\n  LoadInt 3\n  Mul\n  GetSlot 0\n  SlotArrayGet 3\n  Add\n  LoadInt 65535\n  BitAnd\n  SetSlot 4";
/// Writes there.
const WRITES: &str = "  LoadInt 7\n  GetSlot 0\n  SlotArraySet 3";
/// Reads only where what was read so far is even.
const READS_AT_TIMES: &str = "  GetSlot 4\n  LoadInt 1\n  Add\n  SetSlot 4\n  GetSlot 4\n  LoadInt 2\n  Mod\n  JumpIfTrue skip
  GetSlot 4\n  GetSlot 0\n  SlotArrayGet 3\n  Add\n  LoadInt 2\n  Mul\n  SetSlot 4\nskip:";
const NOTHING: &str = "  GetSlot 4\n  LoadInt 5\n  BitXor\n  SetSlot 4";

/// One that has loaded it.
pub(super) fn vm(chunk: &Chunk, config: JitConfig) -> VM {
    let mut vm = VM::empty();
    vm.set_jit(config);
    vm.eval(chunk).expect("it loads");
    vm
}

/// What the calls lead to, with so much fuel for each, and what is left of it.
pub(super) fn called(vm: &mut VM, all: &[[Value; 4]], fuel: Option<u64>) -> Vec<String> {
    let call = |args: &[Value; 4]| {
        vm.set_fuel(fuel);
        let end = match vm.call("f", args) {
            Ok(value) => format!("{value}"),
            Err(error) => error.render(),
        };
        format!("{end}, {:?} left", vm.fuel())
    };
    all.iter().map(call).collect()
}

#[test]
fn ends_steps_and_lengths() {
    let array = |n: i64| Value::array((0..n).map(|i| i * i % 251).collect::<Vec<i64>>());
    let mut all = Vec::new();
    for (from, to, by) in [
        (0, 100, 1),
        (0, 9000, 1),
        (0, 3001, 3),
        (-5, 40, 1),
        (5, 2000, 7),
        (4092, 4102, 1),
        (10, 5, 1),
        (0, i64::MAX, 1 << 60),
        (i64::MAX - 100, i64::MAX, 1),
        (0, 1_000_000_000, 1 << 19),
        (0, 9_000_000_000, 1 << 21),
        (100, 50, -1),
        (i64::MAX - 6000, i64::MAX - 1, 1),
        (i64::MAX - 2000, i64::MAX - 3, 7),
        (i64::MIN, i64::MIN + 50, 1),
        (i64::MIN, i64::MAX, 0),
    ] {
        for len in [0, 1, 60, 3001, 4096, 8191, 8192, 8193, 9000, 9001, 9002] {
            all.push([Value::Int(from), Value::Int(to), Value::Int(by), array(len)]);
        }
    }
    // What is written far behind the end makes a long array.
    let near = all.iter().filter(|args| args[1].to_int() < 10_000);
    let near: Vec<[Value; 4]> = near.cloned().collect();
    for (body, all) in [
        (READS, &all),
        (WRITES, &near),
        (READS_AT_TIMES, &all),
        (NOTHING, &all),
    ] {
        for compare in ["NumLt", "NumLe"] {
            for policy in ["overflow=wrap", "overflow=trap"] {
                let chunk = counting(policy, compare, body);
                // What is left again and again takes its time.
                for (fuel, most) in [(Some(150_000), 2), (Some(9_000), 5)] {
                    let expected = called(&mut vm(&chunk, none()), all, fuel);
                    for (name, config) in ways().into_iter().take(most) {
                        let mut vm = vm(&chunk, config);
                        let found = called(&mut vm, all, fuel);
                        for ((found, expected), args) in found.iter().zip(&expected).zip(all) {
                            let [from, to, by, items] = args;
                            let len = match items {
                                Value::Array(items) => items.len(),
                                _other => 0,
                            };
                            assert_eq!(
                                found, expected,
                                "{name}, {policy}, {compare}: {from} to {to} by {by}, length {len}\n{chunk}"
                            );
                        }
                        assert!(entries(&vm) > 0, "{name}: {chunk}");
                    }
                }
            }
        }
    }
}

/// Where the greatest integer is below the end, counting begins at the least one again.
#[test]
fn a_loop_that_wraps_around_is_interrupted() {
    let chunk = counting("overflow=wrap", "NumLe", NOTHING);
    for (from, by) in [
        (i64::MAX - 5000, 1),
        (i64::MAX - 5000, 0),
        (i64::MAX - 5000, 3),
        (i64::MAX - 5000, 1 << 19),
        (i64::MAX - 5000, -1),
        (i64::MIN, 0),
    ] {
        for (name, config) in ways() {
            let mut vm = vm(&chunk, config);
            let handle = vm.interrupt_handle();
            let other = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                handle.interrupt();
            });
            let args = [from, i64::MAX, by, 0].map(Value::Int);
            let end = match vm.call("f", &args) {
                Ok(value) => format!("{value}"),
                Err(error) => error.render(),
            };
            assert!(
                end.contains("interrupted"),
                "{name}, from {from} by {by}: {end}"
            );
            other.join().expect("it ends");
        }
    }
}

/// Leaves the loop by itself where the array ends: machine code never asks for what the turn does not come to.
#[test]
fn what_ends_before_its_index_does_stays_in_machine_code() {
    let text = "
fn f/2
  Jump over
f:
  SetSlot 1
  SetSlot 0
  LoadInt 0
  SetSlot 2
  LoadInt 0
  SetSlot 3
  GetSlot 1
  StringLen
  SetSlot 4
top:
  GetSlot 2
  GetSlot 4
  NumEq
  JumpIfTrue done
  GetSlot 3
  GetSlot 2
  SlotArrayGet 1
  Add
  SetSlot 3
  GetSlot 2
  Inc
  SetSlot 2
  GetSlot 2
  GetSlot 0
  NumLt
  JumpIfTrue top
done:
  GetSlot 3
  ReturnValue
over:
";
    let chunk = Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut vm = vm(&chunk, super::at_once(60));
    for len in 0..200i64 {
        let items = Value::array((0..len).collect::<Vec<i64>>());
        let sum = vm.call("f", &[Value::Int(1000), items]).expect("it runs");
        assert_eq!(sum, Value::Int(len * (len - 1) / 2));
    }
    let report = vm.jit_report();
    assert!(report.refused.is_empty(), "{report}");
    assert!(entries(&vm) > 150, "{report}");
}
