//! Units of more registers than a narrow instruction can name.

use super::{Seen, core, run};
use crate::allocations::bytes;
use fusevm::{ErrorKind, Limits, Program, TrapKind, VM, Value, Vm};
use std::fmt::Write;

fn plain(_: &mut Vm<()>) {}

/// The program, of which every unit has register code.
fn lowered(text: &str) -> Program {
    let program = Program::new(core(text)).unwrap_or_else(|error| panic!("{error}"));
    let listing = program.register_listing();
    let mut base = listing
        .lines()
        .filter(|line| line.contains("in the base interpreter"));
    assert_eq!(base.next(), None);
    program
}

/// `row`, with each number of `numbers` in place of `#`.
fn rows(row: &str, numbers: std::ops::Range<usize>) -> String {
    numbers.map(|n| row.replace('#', &n.to_string())).collect()
}

/// What a program does in every form with each of those amounts of fuel, and with no limit.
fn agree_at(program: &Program, fuels: &[u64], prepare: impl Fn(&mut Vm<()>)) -> Seen {
    for fuel in fuels.iter().copied().map(Some).chain([None]) {
        let base = run(program, (Some(false), false), fuel, &prepare);
        for fusion in [false, true] {
            let other = run(program, (Some(true), fusion), fuel, &prepare);
            assert_eq!(other, base, "fusion {fusion}, fuel {fuel:?}");
        }
    }
    run(program, (Some(true), true), None, prepare)
}

/// Sets `n` slots, sums them in a loop of calls, and goes on as `end` says. `f` has as many slots and calls
/// `g`, which has few and calls `f`.
fn with_slots(n: usize, end: &str) -> String {
    let mut text = String::from("fn f/2\nfn g/2\nfn nothing/0\n");
    text += &rows("  LoadInt #\n  SetSlot #\n", 0..n);
    let (last, sum, i) = (n - 1, n, n + 1);
    let _ = write!(
        text,
        "  LoadInt 0\n  SetSlot {sum}\n  LoadInt 4\n  SetSlot {i}
top:
  GetSlot {sum}\n  GetSlot {last}\n  GetSlot {i}\n  Call f, 2\n  Add\n  SetSlot {sum}
  Call nothing, 0
  GetSlot {i}\n  Dec\n  SetSlot {i}
  GetSlot {i}\n  LoadInt 0\n  NumGt\n  JumpIfTrue top
{end}
  Jump end
f:
  SetSlot 1\n  SetSlot 0
  GetSlot 1\n  LoadInt 0\n  NumGt\n  JumpIfTrue deeper
  GetSlot {last}\n  GetSlot 0\n  MakeArray 2\n  StringLen\n  ReturnValue
deeper:
  GetSlot 0\n  SetSlot {last}
  GetSlot {last}\n  GetSlot {last}\n  GetSlot 1\n  Dec\n  Call g, 2\n  Add\n  ReturnValue
g:
  SetSlot 1\n  SetSlot 0
  GetSlot 0\n  LoadInt 1\n  Add\n  GetSlot 1\n  Call f, 2\n  GetSlot 0\n  Sub\n  ReturnValue
nothing:
  LoadInt 1\n  SetSlot {last}\n  Return
end:
"
    );
    // A function with many slots is lowered if it is long enough for them.
    let long = rows("  LoadInt #\n  SetSlot #\n", 2..n / 8);
    text = text.replace("f:\n  SetSlot 1", &format!("f:\n{long}  SetSlot 1"));
    text.replace("nothing:\n", &format!("nothing:\n{long}"))
}

/// The ends of programs: values, a trap, a place where the base interpreter goes on.
const ENDS: [&str; 5] = [
    "  GetSlot 0\n  GetSlot 299\n  GetSlot 300\n  MakeArray 3",
    "  GetSlot 299\n  GetVar none\n  ArrayGet none\n  Add\n  LoadInt 0\n  Mod",
    "  GetSlot 299\n  LoadInt 7\n  Call unknown, 1\n  Add",
    "  GetSlot 299\n  PushFrame\n  LoadInt 9\n  SetSlot 298\n  GetSlot 298\n  PrintLn 1\n  PopFrame\n  GetSlot 300",
    "  LoadConst \"a\"\n  SetSlot 299\n  GetSlot 299\n  GetSlot 299\n  Concat\n  SetSlot 299\n  GetSlot 299\n  GetSlot 3\n  Concat",
];

#[test]
fn units_of_many_slots_mean_the_same_in_registers() {
    for end in ENDS {
        let program = lowered(&with_slots(300, end));
        let fuels: Vec<u64> = (590..720).chain((720..3_000).step_by(31)).collect();
        agree_at(&program, &fuels, plain);
    }
    for (n, ends) in [(1_000, &ENDS[..]), (60_000, &ENDS[1..3])] {
        for end in ends {
            let end = end.replace("299", &(n - 1).to_string());
            let program = lowered(&with_slots(n, &end));
            let up = 2 * n as u64;
            let fuels = [up / 2, up + 7, up + n as u64, 20 * up];
            agree_at(&program, &fuels, plain);
        }
    }
}

#[test]
fn places_beyond_the_slots_may_be_many() {
    for n in [300, 1_000, 60_000] {
        for value in ["LoadInt #", "GetSlot 0", "GetVar g", "GetSlot 0\n  Inc"] {
            let row = format!("  {value}\n");
            let text = format!(
                "fn f/1\n  LoadInt 5\n  SetSlot 0\n  LoadInt 6\n  SetVar g\n{}  GetSlot 0\n  Call f, 1\n  LoadInt 1\n  SetSlot 0\n  \
                 GetSlot 0\n  JumpIfTrue on\n  Inc\non:\n  MakeArray {}\n  Dup\n  StringLen\n  Swap\n  SetVar all\n  Jump end\n\
                 f:\n  SetSlot 0\n  LoadInt 1\n  GetSlot 0\n  Add\n  ReturnValue\nend:\n",
                rows(&row, 0..n),
                n + 1
            );
            let program = lowered(&text);
            let fuel = n as u64;
            let fuels = [10, fuel, fuel + 5, fuel + 9, fuel + 13, 2 * fuel, 4 * fuel];
            let seen = agree_at(&program, &fuels, plain);
            assert_eq!(seen.end, (n + 1).to_string());
        }
    }
}

#[test]
fn a_scope_ends_on_values_that_were_never_in_their_registers() {
    let values = "  LoadInt 1\n  GetSlot 2\n  LoadUndef\n";
    for text in [
        format!("  LoadInt 1\n  SetSlot 300\n  PushFrame\n{values}  PopFrame\n  GetSlot 300\n"),
        format!(
            "  LoadInt 1\n  SetSlot 300\n  PushFrame\n{values}{values}  PopFrame\n  GetSlot 300\n"
        ),
    ] {
        agree_at(&lowered(&text), &[5, 7, 20], plain);
    }
}

#[test]
fn calls_begin_where_their_arguments_are_however_far_that_is() {
    let text = format!(
        "fn f/2\nfn deep/1\nblock each each_end\n{}  LoadInt 3\n  LoadInt 4\n  Call f, 2\n  LoadConst [1, 2, 3]\n  MapBlock 0\n  \
         LoadInt 30\n  Call deep, 1\n  MakeArray 303\n  Jump end\n\
         each:\n  LoadInt 2\n  Call f, 2\neach_end:\n  ReturnValue\n\
         f:\n  SetSlot 1\n  SetSlot 0\n  GetSlot 0\n  GetSlot 1\n  Mul\n  ReturnValue\n\
         deep:\n  SetSlot 0\n  GetSlot 0\n  JumpIfFalse bottom\n  {}  GetSlot 0\n  Dec\n  Call deep, 1\n  MakeArray 401\n  \
         StringLen\n  GetSlot 0\n  Add\n  ReturnValue\nbottom:\n  LoadInt 0\n  ReturnValue\nend:\n",
        rows("  LoadInt #\n", 0..300),
        rows("  LoadInt #\n", 0..400),
    );
    let program = lowered(&text);
    let fuels: Vec<u64> = (0..60).map(|n| 290 + n).chain([5_000, 20_000]).collect();
    let seen = agree_at(&program, &fuels, plain);
    assert!(seen.end.ends_with("[2, 4, 6], 431]"), "{}", seen.end);
}

#[test]
fn wide_frames_that_do_not_fit_go_on_without_registers() {
    // Of its many slots it uses few.
    let slots = rows("  LoadInt #\n  SetSlot #\n", 0..20_000);
    let unit = format!("  LoadInt 1\n  JumpIfTrue over\n{slots}over:\n  LoadInt 7\n");
    let called = format!(
        "fn f/0\n  Call f, 0\n  Call f, 0\n  Add\n  Jump end\nf:\n{unit}  ReturnValue\nend:\n"
    );
    let deep = format!(
        "fn f/1\n  LoadInt 150\n  Call f, 1\n  Jump end\nf:\n  SetSlot 0\n  GetSlot 0\n  JumpIfFalse bottom\n  \
         GetSlot 0\n  Dec\n  Call f, 1\n  Inc\n  ReturnValue\nbottom:\n{unit}  ReturnValue\nend:\n"
    );
    for (text, end) in [(unit, "7"), (called, "14"), (deep, "157")] {
        let program = lowered(&text);
        for max_stack in [5_000, 20_100, 40_000, 1_000_000] {
            let mut limits = Limits::default();
            limits.max_stack = max_stack;
            let limited = |vm: &mut Vm<()>| vm.set_limits(limits.clone());
            assert_eq!(
                agree_at(&program, &[10_000], limited).end,
                end,
                "{max_stack}"
            );
        }
    }
}

#[test]
fn recursion_of_wide_frames_ends_at_the_limits() {
    let slots = rows("  LoadInt #\n  SetSlot #\n", 0..1_000);
    let text = format!(
        "fn f/0\n  Call f, 0\n  Jump end\nf:\n{slots}  Call f, 0\n  GetSlot 999\n  Add\n  ReturnValue\nend:\n"
    );
    let program = lowered(&text);
    for (depth, stack, kind) in [
        (100, 1_000_000, TrapKind::CallDepth),
        (100_000, 1_000_000, TrapKind::StackLimit),
        (100_000, 10_000, TrapKind::StackLimit),
    ] {
        for lowering in [false, true] {
            let mut vm = VM::empty();
            let mut limits = Limits::default();
            (limits.max_call_depth, limits.max_stack) = (depth, stack);
            vm.set_limits(limits);
            vm.set_lowering(lowering);
            let error = vm.eval(&program).expect_err("there is no end to it");
            assert_eq!(error.kind(), ErrorKind::Trap(kind), "{lowering}");
        }
    }
}

#[test]
fn endless_loops_on_high_registers_hear_of_an_interrupt() {
    // Not one of their instructions is narrow, or numbers do not do.
    for body in [
        "top:\n  GetSlot 400\n  SetSlot 401\n  GetSlot 400\n  GetSlot 401\n  NumEq\n  JumpIfTrue top\n",
        "top:\n  GetSlot 401\n  Inc\n  SetSlot 401\n  GetSlot 401\n  LoadInt 0\n  NumGt\n  JumpIfTrue top\n",
        "top:\n  GetSlot 400\n  LoadConst \"1\"\n  NumEq\n  JumpIfTrue top\n",
        "  LoadConst \"1\"\n  SetSlot 0\n  LoadConst \"1\"\n  SetSlot 1\ntop:\n  GetSlot 0\n  GetSlot 1\n  NumEq\n  JumpIfFalse end\n  \
         Jump top\nend:\n",
    ] {
        let text = format!(
            "  CallBuiltin 1, 0\n  SetSlot 400\n  LoadInt 1\n  SetSlot 401\n{body}  LoadInt 1\n"
        );
        let mut vm = VM::empty();
        vm.register_builtin(1, |vm, _| {
            vm.interrupt_handle().interrupt();
            Value::Int(1)
        });
        let error = vm.eval(lowered(&text)).expect_err("it is endless");
        assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Interrupted));
    }
}

#[test]
fn frames_of_which_little_is_used_stay_in_base() {
    let text = "fn f/1\n  LoadInt 1\n  Call f, 1\n  Jump end\nf:\n  SetSlot 0\n  GetSlot 60000\n  ReturnValue\nend:\n";
    let program = Program::new(core(text)).expect("it verifies");
    let listing = program.register_listing();
    assert!(
        listing.contains("; f: in the base interpreter"),
        "{listing}"
    );
    assert!(listing.contains("; main program: 1 registers"), "{listing}");
}

#[test]
fn what_many_values_on_the_stack_cost_does_not_grow_with_what_comes_behind() {
    // Each call and each target may be a place to leave from.
    let (n, calls) = (30_000, 10_000);
    for (behind, left) in [
        ("  GetSlot 0\n  Call f, 1\n  JumpIfTrue on#\non#:\n", 0),
        ("  GetSlot 0\n  Call f, 1\n", calls),
        ("  GetVar g\n  Call g, 0\n  Call f, 1\n  Add\n", calls),
    ] {
        let text = format!(
            "fn f/1\nfn g/0\n{}{}  MakeArray {}\n  Jump end\nf:\n  SetSlot 0\n  LoadInt 1\n  ReturnValue\n\
             g:\n  LoadInt 1\n  ReturnValue\nend:\n",
            rows("  GetSlot 0\n", 0..n),
            rows(behind, 0..calls),
            n + left
        );
        let program = Program::new(core(&text)).expect("it verifies");
        let (taken, listing) = bytes(|| program.register_listing());
        assert!(!listing.contains("in the base interpreter"));
        assert!(taken < 200 << 20, "{taken}");
    }
}
