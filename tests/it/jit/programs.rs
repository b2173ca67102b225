//! Generated programs, in machine code of all kinds against the base interpreter.

use super::{repeated, some_way};
use crate::generate::{Forms, Outcome, Random, Setting, program, tight, with_ops};
use crate::hostile::{Seed, base, plain, setting};
use fusevm::{Chunk, ErrorKind, JitReport, TrapKind, VM};
use std::collections::BTreeMap;
use std::ops::Range;

/// What came of a number of programs.
#[derive(Debug, Default)]
struct Sum {
    runs: usize,
    repeated: usize,
    compiled: u64,
    entries: u64,
    exits: u64,
    /// Calls by the host without a frame.
    direct: u64,
    /// Runs in which machine code was entered.
    entered: usize,
    /// Why places were not compiled, and how often.
    refused: BTreeMap<String, usize>,
}

impl Sum {
    fn take(&mut self, report: &JitReport) {
        self.runs += 1;
        self.compiled += report.count;
        self.entries += report.entries;
        self.exits += report.exits;
        for place in &report.refused {
            // The instruction without its operands.
            let digits = |c: char| !c.is_ascii_digit();
            let why: String = place.why.chars().filter(|c| digits(*c)).collect();
            let why = why.split('{').next().unwrap_or_default();
            assert_ne!(
                why, "Failed",
                "the code generator was given something wrong"
            );
            *self.refused.entry(why.to_owned()).or_default() += 1;
        }
        self.entered += usize::from(report.entries > 0);
    }
}

const TURNS: usize = 3;

/// Runs generated programs as the base interpreter does and in machine code.
fn generated(seeds: Range<u64>) -> Sum {
    let forms = Forms::new();
    let mut sum = Sum::default();
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 20 + r.below(120);
        let mut chunk = match r.one_in(4) {
            true => program(&mut r, &forms, room),
            false => tight(&mut r, &forms, room),
        };
        if !r.one_in(4)
            && let Some(hot) = repeated(&chunk, 6)
        {
            chunk = hot;
            sum.repeated += 1;
        }
        let mut setting = setting(&mut r);
        if r.one_in(2) {
            setting.fuel = Some(50_000);
        }
        let (first, ()) = Outcome::of_turns(&chunk, &base(&plain(&setting)), TURNS, |_| {});
        let ends = first
            .iter()
            .all(|turn| turn.kind != Some(ErrorKind::Trap(TrapKind::OutOfFuel)));
        for at in 0..2 {
            let config = some_way(&mut r);
            let mut setting = Setting {
                jit: Some(config.clone()),
                fusion: r.one_in(2),
                ..setting.clone()
            };
            if ends && at == 1 {
                setting.fuel = None;
            }
            let (mut other, report) = Outcome::of_turns(&chunk, &setting, TURNS, VM::jit_report);
            if setting.fuel.is_none() {
                other
                    .iter_mut()
                    .zip(&first)
                    .for_each(|(turn, first)| turn.fuel = first.fuel);
            }
            assert_eq!(
                other,
                first,
                "machine code (left) and base differ, seed {seed}\n{config:?}\n{report}\n{}",
                chunk.listing()
            );
            sum.take(&report);
        }
        if ends {
            called(&chunk, &setting, &mut r, &mut sum);
        }
        drop(named);
    }
    sum
}

/// Has the host call the functions of a program, where all of them end soon.
fn called(chunk: &Chunk, setting: &Setting, r: &mut Random, sum: &mut Sum) {
    let metered = Setting {
        fuel: Some(20_000),
        ..setting.clone()
    };
    let (first, ()) = Outcome::of_calls(chunk, &base(&plain(&metered)), |_| {});
    let is_over = |turn: &Outcome| turn.kind != Some(ErrorKind::Trap(TrapKind::OutOfFuel));
    if !first.iter().all(is_over) {
        return;
    }
    let config = some_way(r);
    let setting = Setting {
        jit: Some(config.clone()),
        fusion: r.one_in(2),
        fuel: None,
        ..setting.clone()
    };
    let (mut other, report) = Outcome::of_calls(chunk, &setting, VM::jit_report);
    let both = other.iter_mut().zip(&first);
    both.for_each(|(turn, first)| turn.fuel = first.fuel);
    assert_eq!(
        other,
        first,
        "called by the host, machine code (left) and base differ\n{config:?}\n{report}\n{}",
        chunk.listing()
    );
    sum.direct += report.direct;
    sum.take(&report);
}

#[test]
fn generated_programs_mean_the_same_in_machine_code() {
    let sum = generated(0..400);
    println!("{sum:?}");
    assert!(sum.entered * 5 > sum.runs * 2, "{sum:?}");
    assert!(sum.repeated > 200 && sum.exits > 5_000, "{sum:?}");
    assert!(sum.direct > 200, "{sum:?}");
}

/// A number that the environment says, or else another.
pub(super) fn told(name: &str, or: u64) -> u64 {
    let word = std::env::var(name).ok();
    word.and_then(|n| n.parse().ok()).unwrap_or(or)
}

/// `FUSEVM_SEEDS` says where the seeds begin, `FUSEVM_PROGRAMS` how many there are.
#[test]
#[ignore = "takes long"]
fn many_generated_programs_mean_the_same_in_machine_code() {
    let from = told("FUSEVM_SEEDS", 400);
    let end = from + told("FUSEVM_PROGRAMS", 200_000);
    for begin in (from..end).step_by(10_000) {
        let share = begin..end.min(begin + 10_000);
        println!("{share:?}: {:?}", generated(share.clone()));
    }
}

/// Runs several programs of a language in one VM each, with ext ops between their ops, as the base
/// interpreter does and in machine code.
fn several(seeds: Range<u64>) {
    let forms = Forms::new();
    let told = std::env::var_os("FUSEVM_TELL").is_some();
    for seed in seeds {
        // For what ends the process.
        if told {
            eprintln!("seed {seed}");
        }
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let mut chunks: Vec<Chunk> = Vec::new();
        for _ in 0..1 + r.below(3) {
            let room = 10 + r.below(80);
            let chunk = match r.one_in(3) {
                true => program(&mut r, &forms, room),
                false => tight(&mut r, &forms, room),
            };
            let chunk = match r.one_in(2) {
                true => with_ops(&chunk, &mut r),
                false => chunk,
            };
            chunks.push(repeated(&chunk, 4).unwrap_or(chunk));
        }
        let mut setting = setting(&mut r);
        setting.fuel = setting.fuel.map(|fuel| fuel.min(5_000));
        let first = Outcome::of_several(&chunks, &base(&plain(&setting)));
        let config = some_way(&mut r);
        if told {
            chunks
                .iter()
                .for_each(|chunk| eprintln!("{}", chunk.listing()));
            eprintln!("{config:?} {:?}", setting.limits);
        }
        setting.jit = Some(config.clone());
        let other = Outcome::of_several(&chunks, &setting);
        let listing = || chunks.iter().map(Chunk::listing).collect::<String>();
        assert!(
            other == first,
            "base differ, seed {seed}, {config:?}\n{}\n  left: {other:?}\n right: {first:?}\n",
            listing()
        );
        drop(named);
    }
}

#[test]
fn programs_of_a_language_in_one_vm_mean_the_same_in_machine_code() {
    several(0..300);
}

#[test]
fn what_was_moved_is_there_although_something_else_was_seen() {
    several(4_215..4_216);
}

#[test]
fn nothing_is_read_before_a_loop_that_a_guard_in_it_keeps_from_being_read() {
    several(13_048..13_049);
}

#[test]
#[ignore = "takes long"]
fn many_programs_of_a_language_in_one_vm_mean_the_same_in_machine_code() {
    let from = told("FUSEVM_SEEDS", 300);
    several(from..from + told("FUSEVM_PROGRAMS", 20_000));
}
