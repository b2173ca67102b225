//! Programs nobody wrote: generated ones that must mean the same in every form, and broken ones that
//! must do no harm.
//!
//! A plain run takes a share; `cargo test -- --ignored` takes the rest. A failure names its seed.

mod mutate;
mod shell;

use crate::generate::{
    Forms, Outcome, Random, Setting, overlay_is_exact, program, shifted, with_ops,
};
use fusevm::{Chunk, ErrorKind, Limits, Program, TrapKind, VM, VMResult, Value, verify};
use mutate::Parts;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Says which seed was tried when a test fails.
pub(crate) struct Seed(pub(crate) u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}

/// Limits that programs run into, and fuel.
pub(crate) fn setting(r: &mut Random) -> Setting {
    let mut limits = Limits::default();
    limits.max_call_depth = 50;
    limits.max_reentry = 5;
    limits.max_string_len = 2_000;
    limits.max_array_len = 300;
    limits.max_hash_len = 50;
    limits.max_stack = 100_000;
    if r.one_in(3) {
        limits.max_call_depth = r.below(4);
        limits.max_reentry = 1 + r.below(3);
        limits.max_string_len = 20 + r.below(80);
        limits.max_array_len = 5 + r.below(20);
        limits.max_hash_len = 4 + r.below(5);
    }
    if r.one_in(8) {
        limits.max_stack = r.below(100);
    }
    let fuel = match r.one_in(2) {
        true => 10_000,
        false => r.below(1_000) as u64,
    };
    Setting {
        lowering: true,
        fusion: true,
        fuel: Some(fuel),
        limits,
        #[cfg(all(feature = "jit", unix))]
        jit: None,
    }
}

pub(crate) fn plain(setting: &Setting) -> Setting {
    Setting {
        fusion: false,
        ..setting.clone()
    }
}

/// In the base interpreter.
pub(crate) fn base(setting: &Setting) -> Setting {
    Setting {
        lowering: false,
        ..setting.clone()
    }
}

/// Runs generated programs in every form; how often each end was come to.
fn generated(seeds: Range<u64>) -> BTreeMap<String, usize> {
    let forms = Forms::new();
    let mut ends = BTreeMap::new();
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 20 + r.below(200);
        let chunk = program(&mut r, &forms, room);
        if let Err(errors) = verify(chunk.clone()) {
            panic!("seed {seed}: {errors}\n{}", chunk.listing());
        }
        let text = chunk.to_string();
        let read = Chunk::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(read == chunk, "the text reads as another chunk\n{text}");
        let sent = Chunk::from_bytes(&chunk.to_bytes()).expect("its own bytes are a chunk");
        assert!(sent == chunk, "the bytes read as another chunk\n{text}");
        for _ in 0..2 {
            let setting = setting(&mut r);
            let first = Outcome::of(chunk.clone(), &setting);
            assert_eq!(first.past_limits, None, "seed {seed}\n{}", chunk.listing());
            if first.kind != Some(ErrorKind::Trap(TrapKind::OutOfFuel)) {
                // Code that counts no fuel is another.
                let unlimited = Setting {
                    fuel: None,
                    ..setting.clone()
                };
                for setting in [&unlimited, &plain(&unlimited)] {
                    let mut other = Outcome::of(chunk.clone(), setting);
                    other.fuel = first.fuel;
                    assert_eq!(other, first, "unmetered, seed {seed}\n{}", chunk.listing());
                }
            }
            for (form, chunk, setting) in [
                ("in base, unfused", &chunk, &base(&plain(&setting))),
                ("in base", &chunk, &base(&setting)),
                ("unfused", &chunk, &plain(&setting)),
                ("from text", &read, &setting),
                ("from bytes, unfused", &sent, &plain(&setting)),
            ] {
                let other = Outcome::of(chunk.clone(), setting);
                assert_eq!(other, first, "{form}, seed {seed}\n{}", chunk.listing());
            }
            let end = match first.kind {
                Some(kind) => format!("{kind:?}"),
                None => "ended".to_owned(),
            };
            *ends.entry(end).or_default() += 1;
        }
        drop(named);
    }
    ends
}

#[test]
fn generated_programs_mean_the_same_in_every_form() {
    let ends = generated(0..20_000);
    // They come to all kinds of ends, and most of them to a good one.
    assert!(ends["ended"] > 1_500 && ends.len() > 9, "{ends:?}");
}

#[test]
#[ignore = "takes minutes"]
fn a_million_generated_programs_mean_the_same_in_every_form() {
    println!("{:?}", generated(20_000..1_000_000));
}

/// Runs generated programs on many registers in every form; how many had code for them, of all.
fn wide(seeds: Range<u64>) -> (usize, usize) {
    let forms = Forms::new();
    let (mut lowered, mut all) = (0, 0);
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 20 + r.below(200);
        let chunk = program(&mut r, &forms, room);
        let by = match r.below(3) {
            0 => 235 + r.below(25),
            1 => 300,
            _ => 600 + r.below(200),
        };
        let chunk = shifted(&chunk, by as u16);
        let listing = Program::new(chunk.clone()).map(|program| program.register_listing());
        lowered += usize::from(listing.is_ok_and(|l| !l.contains("in the base interpreter")));
        all += 1;
        let setting = setting(&mut r);
        let first = Outcome::of(chunk.clone(), &base(&plain(&setting)));
        for setting in [&setting, &plain(&setting)] {
            let other = Outcome::of(chunk.clone(), setting);
            assert_eq!(other, first, "seed {seed}\n{}", chunk.listing());
        }
        if first.kind != Some(ErrorKind::Trap(TrapKind::OutOfFuel)) {
            let unlimited = Setting {
                fuel: None,
                ..setting
            };
            let mut other = Outcome::of(chunk.clone(), &unlimited);
            other.fuel = first.fuel;
            assert_eq!(other, first, "unmetered, seed {seed}\n{}", chunk.listing());
        }
        drop(named);
    }
    (lowered, all)
}

#[test]
fn generated_programs_on_many_registers_mean_the_same_in_every_form() {
    let (lowered, all) = wide(0..1_000);
    assert!(lowered > all * 9 / 10, "{lowered} of {all}");
}

#[test]
#[ignore = "takes minutes"]
fn a_million_generated_programs_on_many_registers_mean_the_same_in_every_form() {
    println!("{:?}", wide(1_000..1_000_000));
}

/// Runs several programs of a language in one VM each, in every form; how often each end was come to.
fn several(seeds: Range<u64>) -> BTreeMap<String, usize> {
    let forms = Forms::new();
    let mut ends = BTreeMap::new();
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let mut chunks: Vec<Chunk> = Vec::new();
        for _ in 0..1 + r.below(3) {
            let room = 10 + r.below(80);
            let chunk = program(&mut r, &forms, room);
            let mut chunk = with_ops(&chunk, &mut r);
            if r.one_in(4) {
                let by = 240 + r.below(60) as u16;
                chunk = shifted(&chunk, by);
            }
            chunks.push(chunk);
        }
        let mut setting = setting(&mut r);
        setting.fuel = setting.fuel.map(|fuel| fuel.min(3_000));
        let first = Outcome::of_several(&chunks, &base(&plain(&setting)));
        let listing = || chunks.iter().map(Chunk::listing).collect::<String>();
        for (form, setting) in [
            ("in base", &base(&setting)),
            ("unfused", &plain(&setting)),
            ("fused", &setting),
        ] {
            let other = Outcome::of_several(&chunks, setting);
            assert!(
                other == first,
                "{form}, seed {seed}\n{other:#?}\n{first:#?}\n{}",
                listing()
            );
        }
        for outcome in first {
            let end = outcome
                .kind
                .map_or("ended".to_owned(), |kind| format!("{kind:?}"));
            *ends.entry(end).or_default() += 1;
        }
        drop(named);
    }
    ends
}

#[test]
fn programs_of_a_language_in_one_vm_mean_the_same_in_every_form() {
    let ends = several(0..500);
    assert!(ends["ended"] > 500 && ends.len() > 9, "{ends:?}");
    assert!(!ends.contains_key("Load"), "{ends:?}");
}

#[test]
#[ignore = "takes minutes"]
fn many_programs_of_a_language_mean_the_same_in_every_form() {
    println!("{:?}", several(500..100_000));
}

/// Handlers for raw ops that pop and push, and a shell.
fn open(vm: &mut VM) {
    vm.set_extension_handler(Box::new(|vm, id, arg| raw(vm, id, arg.into())));
    vm.set_extension_wide_handler(Box::new(raw));
    vm.set_shell(shell::Yes::default());
}

fn raw(vm: &mut VM, id: u16, arg: usize) {
    match id % 7 {
        0 => {}
        1 => vm.push(Value::Int(arg as i64)),
        2 => drop(vm.pop()),
        3 => {
            let (a, b) = (vm.pop(), vm.pop());
            [a, b].into_iter().for_each(|value| vm.push(value));
        }
        4 => vm.push(Value::str("raw")),
        5 => {
            // The whole program again, above the one that runs.
            if let VMResult::Ok(value) = vm.run() {
                vm.push(value);
            }
        }
        _ => {
            let result = vm.call("f0", &[Value::Int(1)]);
            vm.push(result.unwrap_or_default());
        }
    }
}

/// What became of mutants.
#[derive(Debug, Default)]
struct Fates {
    tried: usize,
    refused: usize,
    ran: usize,
    ended: usize,
}

impl Fates {
    /// Loads a chunk that may be anything, and runs it if it is let in.
    fn try_one(&mut self, chunk: &Chunk, r: &mut Random) {
        self.tried += 1;
        let start = Instant::now();
        let verified = verify(chunk.clone());
        if let Err(errors) = &verified {
            assert!(!errors.to_string().is_empty());
            self.refused += 1;
        } else {
            self.ran += 1;
            assert!(
                verified.is_ok_and(|v| overlay_is_exact(&v)),
                "{}",
                chunk.listing()
            );
            let mut setting = setting(r);
            setting.fuel = setting.fuel.map(|fuel| fuel.min(3_000));
            let fused = Outcome::with(chunk.clone(), &setting, open);
            let unfused = Outcome::with(chunk.clone(), &plain(&setting), open);
            assert_eq!(fused.past_limits, None, "{}", chunk.listing());
            assert_eq!(fused, unfused, "{}", chunk.listing());
            let base = Outcome::with(chunk.clone(), &base(&setting), open);
            assert_eq!(fused, base, "in base\n{}", chunk.listing());
            self.ended += usize::from(fused.kind.is_none());
        }
        let took = start.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "took {took:?}\n{}",
            chunk.listing()
        );
    }
}

/// Generated programs with a few changes each.
fn mutants(seeds: Range<u64>) -> Fates {
    let forms = Forms::new();
    let mut fates = Fates::default();
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 10 + r.below(60);
        let parts = Parts::of(&program(&mut r, &forms, room));
        for _ in 0..20 {
            let chunk = parts.changed(&mut r, 3);
            fates.try_one(&chunk, &mut r);
            if r.one_in(8) {
                let text = chunk.to_string();
                assert!(Chunk::parse(&text).as_ref() == Ok(&chunk), "{text}");
                let bytes = chunk.to_bytes();
                assert!(Chunk::from_bytes(&bytes).as_ref() == Ok(&chunk), "{text}");
            }
        }
        drop(named);
    }
    fates
}

#[test]
fn mutants_do_no_harm() {
    let fates = mutants(0..1_000);
    assert!(fates.ran * 20 >= fates.tried, "{fates:?}");
    assert!(fates.refused > 0 && fates.ended > 0, "{fates:?}");
}

#[test]
#[ignore = "takes minutes"]
fn a_million_mutants_do_no_harm() {
    println!("{:?}", mutants(1_000..51_000));
}

/// Programs in which no stack height is known, with many changes: what the verifier says of stacks
/// holds nowhere, and the interpreter's own checks are the only ones.
fn unknown_heights(seeds: Range<u64>) -> Fates {
    let forms = Forms::new();
    let mut fates = Fates::default();
    for seed in seeds {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 10 + r.below(60);
        let mut parts = Parts::of(&program(&mut r, &forms, room));
        parts.forget_heights();
        for _ in 0..20 {
            let chunk = parts.changed(&mut r, 6);
            fates.try_one(&chunk, &mut r);
        }
        drop(named);
    }
    fates
}

#[test]
fn the_interpreter_does_not_rely_on_heights() {
    let fates = unknown_heights(0..500);
    assert!(fates.ran * 5 >= fates.tried, "{fates:?}");
}

#[test]
#[ignore = "takes minutes"]
fn the_interpreter_does_not_rely_on_heights_at_length() {
    println!("{:?}", unknown_heights(500..50_000));
}

#[test]
fn damaged_texts_and_bytes_do_no_harm() {
    let forms = Forms::new();
    let mut fates = Fates::default();
    for seed in 0..400 {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let chunk = program(&mut r, &forms, 30);
        let bytes = chunk.to_bytes();
        for _ in 0..10 {
            let mut damaged = bytes.clone();
            let at = r.below(damaged.len());
            damaged[at] ^= 1 << r.below(8);
            assert!(Chunk::from_bytes(&damaged).is_err());
            assert!(Chunk::from_bytes(&bytes[..at]).is_err());
        }
        let text: Vec<char> = chunk.to_string().chars().collect();
        for _ in 0..5 {
            let mut damaged = text.clone();
            for _ in 0..1 + r.below(3) {
                let (at, other) = (r.below(damaged.len()), r.below(damaged.len()));
                match r.below(4) {
                    0 => drop(damaged.remove(at)),
                    1 => damaged[at] = damaged[other],
                    2 => damaged.swap(at, other),
                    _ => damaged[at] = r.pick(&['0', '9', '-', '#', '@', ' ', '\n', '"']),
                }
            }
            let damaged: String = damaged.into_iter().collect();
            if let Ok(chunk) = Chunk::parse(&damaged) {
                fates.try_one(&chunk, &mut r);
            }
        }
        drop(named);
    }
    assert!(fates.ran > 100 && fates.tried > 0, "{fates:?}");
}
