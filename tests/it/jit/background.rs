//! Machine code that another thread makes while programs go on: what they mean depends on nothing of that,
//! whatever is defined, interrupted or dropped meanwhile.

use super::{at_once, entries, repeated, some_way};
use crate::generate::{Forms, Outcome, Random, Setting, program, tight};
use crate::hostile::{Seed, base, plain, setting};
use fusevm::{Chunk, JitConfig, Program, VM, Value};
use std::time::{Duration, Instant};

/// Everything that runs twice, in the background.
fn beside() -> JitConfig {
    let mut config = at_once(30);
    config.background = true;
    config
}

fn parsed(text: &str) -> Chunk {
    Chunk::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The sum of what `one` gives for the first numbers.
fn sum(body: &str) -> Chunk {
    parsed(&format!(
        "fn sum/1\nfn one/1\n  Jump over\nsum:\n  SetSlot 0\n  LoadInt 0\n  SetSlot 1\n  LoadInt 0\n  SetSlot 2\n\
         top:\n  GetSlot 1\n  GetSlot 2\n  Call one, 1\n  Add\n  SetSlot 1\n  PreIncSlotVoid 2\n  GetSlot 2\n  \
         GetSlot 0\n  NumLt\n  JumpIfTrue top\n  GetSlot 1\n  ReturnValue\none:\n  SetSlot 0\n{body}  ReturnValue\nover:\n"
    ))
}

const TRIPLE: &str = "  GetSlot 0\n  LoadInt 3\n  Mul\n";

fn with(config: JitConfig) -> VM {
    let mut vm = VM::empty();
    vm.set_lowering(true);
    vm.set_jit(config);
    vm
}

fn called(vm: &mut VM, n: i64) -> Value {
    vm.call("sum", &[Value::Int(n)]).expect("it runs")
}

/// Runs until something is so, which must not take long.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no {what}");
    }
}

#[test]
fn what_is_hot_becomes_machine_code_while_it_runs() {
    // One run, of one loop: it is entered at its head.
    let text = "
          LoadInt 0
          SetSlot 0
        top:
          PreIncSlotVoid 0
          GetSlot 0
          GetVar end
          NumLt
          JumpIfTrue top
          GetSlot 0
    ";
    let mut n = 1_000_000;
    until("machine code", || {
        let mut vm = with(JitConfig::DEFAULT);
        vm.set_global("end", n);
        assert_eq!(vm.eval(parsed(text)).expect("it runs"), Value::Int(n));
        n *= 2;
        let report = vm.jit_report();
        assert!(report.exits <= report.entries, "{report}");
        report.entries > 0
    });
}

#[test]
fn what_is_called_again_and_again_becomes_hot_however_short_it_is() {
    let mut config = JitConfig::DEFAULT;
    config.background = false;
    let mut vm = with(config);
    vm.eval(sum(TRIPLE)).expect("it runs");
    for _ in 0..1_000 {
        assert_eq!(called(&mut vm, 20), Value::Int(3 * 20 * 19 / 2));
    }
    assert!(entries(&vm) > 0, "{}", vm.jit_report());
}

#[test]
fn a_loop_is_interrupted_on_its_way_to_machine_code() {
    let text = "top:\n  GetVar n\n  Inc\n  LoadInt 1023\n  BitAnd\n  SetVar n\n  Jump top\n";
    for micros in (0..40).map(|n| n * n * 10) {
        let mut vm = with(beside());
        vm.set_global("n", 1);
        let handle = vm.interrupt_handle();
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(micros));
            handle.interrupt();
        });
        let end = vm.eval(parsed(text)).map_err(|error| error.message());
        assert!(end.is_err_and(|end| end.contains("interrupted")));
        other.join().expect("it ends");
    }
}

#[test]
fn functions_are_defined_anew_while_their_code_is_made() {
    let bodies = [
        (TRIPLE, 3),
        ("  GetSlot 0\n  LoadInt 5\n  Mul\n", 5),
        ("  GetSlot 0\n", 1),
    ];
    let programs = bodies.map(|(body, factor)| {
        let program = Program::new(sum(body)).expect("it verifies");
        let alone =
            format!("fn one/1\n  Jump over\none:\n  SetSlot 0\n{body}  ReturnValue\nover:\n");
        (program, parsed(&alone), factor)
    });
    let mut vm = with(beside());
    let (mut turn, begin) = (0u32, Instant::now());
    while turn < 300 || entries(&vm) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "no machine code");
        let (program, alone, factor) = &programs[turn as usize % 3];
        // All of it, or one function alone.
        match turn % 2 {
            0 => vm.eval(program).expect("it runs"),
            _ => vm.eval(alone).expect("it runs"),
        };
        for n in [3, 40, i64::from(turn), 400] {
            assert_eq!(
                called(&mut vm, n),
                Value::Int(factor * n.max(1) * (n.max(1) - 1) / 2)
            );
        }
        turn += 1;
    }
}

#[test]
fn vms_are_dropped_while_their_code_is_made() {
    let program = Program::new(sum(TRIPLE)).expect("it verifies");
    for n in 0..1_000 {
        let mut vm = with(beside());
        vm.eval(&program).expect("it runs");
        assert_eq!(
            called(&mut vm, n + 2),
            Value::Int(3 * (n + 2) * (n + 1) / 2)
        );
        if n % 3 == 0 {
            // The same as dropping what there is of machine code.
            vm.set_jit(beside());
            called(&mut vm, 20);
        }
    }
}

#[test]
fn programs_are_forgotten_while_their_code_is_made() {
    let mut vm = with(beside());
    until("machine code", || {
        for n in 1..60 {
            let text = format!(
                "LoadInt 0\nSetSlot 0\ntop:\nGetSlot 0\nLoadInt {n}\nAdd\nSetSlot 0\nGetSlot 0\nLoadInt {}\nNumLt\n\
                 JumpIfTrue top\nGetSlot 0\n",
                n * 300
            );
            assert_eq!(
                vm.eval(parsed(&text)).expect("it runs"),
                Value::Int(n * 300)
            );
        }
        entries(&vm) > 0
    });
}

/// Threads of this process that compile.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let all = std::fs::read_dir("/proc/self/task").expect("it is there");
    let names = all
        .flatten()
        .map(|task| std::fs::read_to_string(task.path().join("comm")));
    names
        .flatten()
        .filter(|name| name.trim() == "fusevm jit")
        .count()
}

#[test]
fn thousands_of_vms_have_one_thread() {
    let program = Program::new(sum(TRIPLE)).expect("it verifies");
    let mut vms: Vec<VM> = (0..2_000).map(|_| with(beside())).collect();
    for vm in &mut vms {
        vm.eval(&program).expect("it runs");
        assert_eq!(called(vm, 50), Value::Int(3 * 50 * 49 / 2));
    }
    // One may be just about to end.
    #[cfg(target_os = "linux")]
    assert!(threads() <= 2);
    // The last ones wait longest.
    let some = vms.len() - 20;
    let mut some = vms.split_off(some);
    drop(vms);
    until("machine code", || {
        some.retain_mut(|vm| {
            assert_eq!(called(vm, 50), Value::Int(3 * 50 * 49 / 2));
            entries(vm) == 0
        });
        some.is_empty()
    });
    #[cfg(target_os = "linux")]
    assert!(threads() <= 2);
}

#[test]
fn a_vm_goes_from_thread_to_thread_while_its_code_is_made() {
    let mut vm = with(beside());
    vm.eval(sum(TRIPLE)).expect("it runs");
    for _ in 0..50 {
        let run = move || {
            assert_eq!(called(&mut vm, 100), Value::Int(14_850));
            vm
        };
        vm = std::thread::spawn(run).join().expect("it ends");
    }
}

#[test]
fn generated_programs_mean_the_same_whenever_their_code_is_ready() {
    let forms = Forms::new();
    let mut all = 0;
    for seed in 0..60 {
        let named = Seed(seed);
        let mut r = Random::new(seed);
        let room = 20 + r.below(120);
        let chunk = match r.one_in(4) {
            true => program(&mut r, &forms, room),
            false => tight(&mut r, &forms, room),
        };
        let Some(chunk) = repeated(&chunk, 200) else {
            continue;
        };
        let mut setting = setting(&mut r);
        setting.fuel = Some(200_000);
        let (first, ()) = Outcome::of_turns(&chunk, &base(&plain(&setting)), 4, |_| {});
        let mut config = some_way(&mut r);
        config.background = true;
        let setting = Setting {
            jit: Some(config.clone()),
            ..setting
        };
        for _ in 0..2 {
            let (other, report) = Outcome::of_turns(&chunk, &setting, 4, VM::jit_report);
            assert_eq!(
                other,
                first,
                "machine code (left) and base differ, seed {seed}\n{config:?}\n{report}\n{}",
                chunk.listing()
            );
            all += report.entries;
        }
        drop(named);
    }
    println!("{all} entries");
    assert!(all > 0);
}
