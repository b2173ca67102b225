//! Code generation that fails, by errors and by panics: programs run on, and give what they give.

use super::{repeated, some_way};
use crate::generate::{Forms, Outcome, Random, Setting, program, tight};
use crate::hostile::{Seed, base, plain, setting};
use fusevm::{Chunk, VM, Value};
use std::ops::Range;

/// Runs generated programs with a code generator that fails; how many units were compiled, and how many
/// stay interpreted because it failed.
fn generated(seeds: Range<u64>) -> (u64, usize) {
    let forms = Forms::new();
    let (mut compiled, mut failed) = (0, 0);
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 20 + r.below(120);
        let mut chunk = match r.one_in(4) {
            true => program(&mut r, &forms, room),
            false => tight(&mut r, &forms, room),
        };
        if let Some(hot) = repeated(&chunk, 6) {
            chunk = hot;
        }
        let setting = setting(&mut r);
        let (first, ()) = Outcome::of_turns(&chunk, &base(&plain(&setting)), 3, |_| {});
        let mut config = some_way(&mut r);
        config.fail = 1 + r.below(5) as u32;
        let setting = Setting {
            jit: Some(config.clone()),
            ..setting
        };
        let (other, report) = Outcome::of_turns(&chunk, &setting, 3, VM::jit_report);
        assert_eq!(
            other,
            first,
            "machine code (left) and base differ, seed {seed}\n{config:?}\n{report}\n{}",
            chunk.listing()
        );
        compiled += report.count;
        failed += (report.refused.iter())
            .filter(|place| place.why == "Failed")
            .count();
        drop(named);
    }
    (compiled, failed)
}

#[test]
fn programs_run_on_when_code_generation_fails() {
    let (compiled, failed) = generated(0..200);
    println!("{compiled} compiled, {failed} failed");
    assert!(compiled > 50 && failed > 80, "{compiled} {failed}");
}

#[test]
#[ignore = "takes minutes"]
fn many_programs_run_on_when_code_generation_fails() {
    println!("{:?}", generated(200..20_000));
}

/// Functions that call each other in a row, too long to be built into each other, so that code is made for
/// several at once; and what they give.
fn chain() -> (Chunk, impl Fn(i64) -> i64) {
    const TURNS: usize = 90;
    let mut text = String::from("fn main/1\n");
    let mut bodies = String::new();
    for n in 0..4 {
        text += &format!("fn f{n}/1\n");
        let work = "  LoadInt 3\n  Mul\n  LoadInt 1000003\n  Mod\n".repeat(TURNS);
        let call = match n {
            0 => String::new(),
            n => format!("  Call f{}, 1\n", n - 1),
        };
        bodies += &format!("f{n}:\n  SetSlot 0\n  GetSlot 0\n{work}{call}  ReturnValue\n");
    }
    let turns = |name: &str, f: &str| {
        format!(
            "  LoadInt 0\n  SetSlot 1\n{name}:\n  GetSlot 1\n  Call {f}, 1\n  SetSlot 2\n  PreIncSlotVoid 1\n  GetSlot 1\n\
             \x20 GetSlot 0\n  NumLt\n  JumpIfTrue {name}\n"
        )
    };
    text += &format!(
        "  Jump over\n{bodies}main:\n  SetSlot 0\n{}  GetSlot 2\n  SetSlot 3\n{}{}  GetSlot 3\n  ReturnValue\nover:\n",
        turns("all", "f3"),
        turns("three", "f2"),
        turns("two", "f1")
    );
    let chunk = Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let last = |n: i64| (0..4 * TURNS).fold(n - 1, |x, _| x * 3 % 1_000_003);
    (chunk, last)
}

/// Each request fails in turn, in the middle of making several, while others are in use.
#[test]
fn each_request_of_several_may_fail() {
    let (chunk, last) = chain();
    let (mut refused, mut compiled) = (0, 0);
    for (fail, seed) in (1..20).flat_map(|fail| [(fail, 0), (fail, 1)]) {
        let mut config = super::at_once(3_000);
        (config.fail, config.seed) = (fail, seed);
        let mut vm = VM::empty();
        vm.set_jit(config);
        // Machine code that is made anew does not pile up.
        for round in 0..6 {
            vm.eval(&chunk).expect("it runs");
            for n in [5, 20, 60] {
                let end = vm.call("main", &[Value::Int(n)]).expect("it runs");
                let about = format!("fails every {fail}, {seed}, round {round}");
                assert_eq!(end, Value::Int(last(n)), "{about}");
                // In machine code or not, each of them by itself.
                for f in ["f3", "f2", "f1", "f0"] {
                    vm.call(f, &[Value::Int(n)]).expect("it runs");
                }
            }
            let report = vm.jit_report();
            // A page for each function and each loop, and one for what is fetched in the middle of them.
            assert!(report.code_memory <= 10 * (16 << 10), "{report}");
        }
        let report = vm.jit_report();
        refused += (report.refused.iter())
            .filter(|place| place.why == "Failed")
            .count();
        compiled += report.count;
    }
    println!("{compiled} compiled, {refused} failed");
    assert!(
        refused > 20 && compiled > 200,
        "{refused}, {compiled} compiled"
    );
}
