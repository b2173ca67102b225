//! brain: its programs, what the optimiser makes of loops, a session with errors, hostile sources.

use super::Then::{Fails, Shows};
use super::{programs_print_what_they_say, run, survives};
use fusevm::{SharedBuffer, Vm, compile};

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../examples/brain/main.rs"]
mod example;

use example::Brain;

#[test]
fn programs() {
    programs_print_what_they_say::<Brain>("b", "expect:");
}

/// The ops of a source without their operands, `here` at the end left out.
fn ops(source: &str) -> String {
    let listing = compile::<Brain>("", source)
        .expect("it compiles")
        .to_string();
    let ops = listing.lines().filter_map(|line| {
        let op = line.strip_prefix("  ")?.split(" .").next()?.trim();
        Some(op.strip_prefix("ext ").unwrap_or(op))
    });
    let ops: Vec<&str> = ops.take_while(|op| *op != "here").collect();
    ops.join("; ")
}

#[test]
fn loops_become_what_they_mean() {
    let cases = [
        // Runs.
        ("++--+-+", "add 0, 1"),
        ("+->><<", ""),
        (">+<+>+", "add 1, 2; add 0, 1; shift 1"),
        // A cell set to 0, and what is done to it before and after.
        ("+[-]", "set 0, 0"),
        ("[-]+++", "set 0, 3"),
        ("[+++]", "set 0, 0"),
        ("[-]>[-]<[.]", "set 0, 0; set 1, 0"),
        // Products, and products of what is known.
        ("[->+>++<<]", "spread 0, \"1*1 2*2\""),
        ("[--->+<]", "spread 0, \"1*171\""),
        ("[-]+++[->++<]", "add 1, 6; set 0, 0"),
        // Scans.
        ("[>>]", "scan 2"),
        (">[<]", "shift 1; scan -1"),
    ];
    for (source, expected) in cases {
        assert_eq!(ops(source), expected, "{source}");
    }
}

#[test]
fn loops_count_where_they_can() {
    // A slot goes up to 0; the body does not see the cell.
    let counted = ops("[->.<]");
    assert!(
        counted.starts_with("count 0, 1; SetSlot 0; SlotLtIntJumpIfFalse 0, 0,"),
        "{counted}"
    );
    assert!(
        counted.contains("write 1; SlotIncLtIntJumpBack 0, 0,"),
        "{counted}"
    );
    let known = ops("[-]++[->.<]");
    assert!(known.contains("LoadInt -2; SetSlot 0"), "{known}");
    // Nested counts have slots of their own.
    assert!(ops("[->[->.<]<]").contains("SetSlot 1"));
    // A cell that the body looks at, an even step, a place that wanders off: no count.
    for source in ["[-.]", "[-->.<]", "[->.]", "[->[-<.>]<]", "[>[->.<<->]<]"] {
        assert!(ops(source).contains("again"), "{source}: {}", ops(source));
    }
    // A body that ends at 0 has no second turn.
    assert!(!ops("[.[-]]").contains("again"));
}

#[test]
fn a_session_lives_through_errors_of_every_kind() {
    let session = [
        ("+++", Shows("[3] 0 0 0 0 at 0\n")),
        ("-", Shows("[2] 0 0 0 0 at 0\n")),
        ("[->++<]>", Shows("0 [4] 0 0 0 0 at 1\n")),
        // Lines that go on, until two are empty.
        ("[>++\n<-\n]", Shows("0 [0] 8 0 0 0 at 1\n")),
        (
            "]",
            Fails("`]` without `[`\n --> repl:5:1:1\n  |\n1 | ]\n  | ^\n"),
        ),
        ("+[[-]\n\n", Fails("`[` without `]`\n --> repl:6:1:2\n")),
        // Cells off the tape: read, written, tested, counted, spread; but not when they are passed.
        (
            "<<<<+",
            Fails("cell -3 is before the start of the tape\n --> repl:7:1:5\n"),
        ),
        ("<<.", Fails("cell -1 is before the start of the tape\n")),
        ("<<,", Fails("cell -1 is before the start of the tape\n")),
        ("\n", Shows("")),
        (
            "<<<[.]",
            Fails("cell -2 is before the start of the tape\n --> repl:10:1:4\n"),
        ),
        (
            "<<<[->.<]",
            Fails("cell -2 is before the start of the tape\n"),
        ),
        (
            "<<<[->+<]",
            Fails("cell -2 is before the start of the tape\n"),
        ),
        (
            "+[[-]+<+]",
            Fails("cell -1 is before the start of the tape\n"),
        ),
        (">", Shows("1 [1] 8 0 0 0 at 1\n")),
        ("<<<<>>>", Shows("[1] 1 8 0 0 at 0\n")),
        // Input is the lines that follow; what is printed without a line's end gets one.
        (">>>>,.>,.", Shows("*\n1 8 0 42 [10] 0 0 0 0 at 5\n")),
        ("*", Shows("")),
        ("<.", Shows("*\n1 1 8 0 [42] 10 0 0 0 at 4\n")),
        ("[]", Fails("out of fuel\n")),
        (".", Shows("*\n1 1 8 0 [42] 10 0 0 0 at 4\n")),
    ];
    let args = ["--repl", "--fuel", "1000"];
    survives::<Brain>(&args, &session);
}

/// What a source prints and the tape around its last place, sign by sign; `None` when it takes long or
/// leaves the tape.
fn plain(source: &str) -> Option<(Vec<u8>, String)> {
    let signs = source.as_bytes();
    let (mut tape, mut place, mut out) = ([0u8; 100], 0usize, Vec::new());
    let mut pc = 0;
    for _ in 0..5000 {
        let Some(sign) = signs.get(pc) else {
            let around = tape.get(place - 4..place + 5)?.iter().map(u8::to_string);
            let mut around: Vec<String> = around.collect();
            around[4] = format!("[{}]", around[4]);
            return Some((out, format!("{} at {place}", around.join(" "))));
        };
        let cell = tape.get_mut(place)?;
        match sign {
            b'+' => *cell = cell.wrapping_add(1),
            b'-' => *cell = cell.wrapping_sub(1),
            b'>' => place += 1,
            b'<' => place = place.checked_sub(1)?,
            b'.' => out.push(*cell),
            b'[' if *cell == 0 => pc = partner(signs, pc, 1),
            b']' if *cell != 0 => pc = partner(signs, pc, -1),
            _ => {}
        }
        pc += 1;
    }
    None
}

/// Where the bracket is that belongs to the one at `pc`, forwards or backwards.
fn partner(signs: &[u8], mut pc: usize, step: isize) -> usize {
    let mut depth = 0;
    loop {
        depth += match signs[pc] {
            b'[' => step,
            b']' => -step,
            _ => 0,
        };
        if depth == 0 {
            return pc;
        }
        pc = pc.wrapping_add_signed(step);
    }
}

/// A source of a few signs and loops, mostly such as the optimiser knows.
fn grown(random: &mut fastrand::Rng, depth: u8) -> String {
    let pieces = [
        "+", "-", ">", "<", "+++", ".", "[-]", "[->+<]", "[-<++>]", "[>]", ">+<",
    ];
    let mut source = String::new();
    for _ in 0..random.usize(1..8) {
        match random.u8(0..8) {
            0 if depth > 0 => {
                let (step, body) = (
                    random.choice(["-", "+", "---", ""]),
                    grown(random, depth - 1),
                );
                let moved: i32 = body
                    .bytes()
                    .map(|b| i32::from(b == b'>') - i32::from(b == b'<'))
                    .sum();
                let back = match random.bool() {
                    true => if moved > 0 { "<" } else { ">" }.repeat(moved.unsigned_abs() as usize),
                    false => String::new(),
                };
                source += &format!("[{}{body}{back}]", step.unwrap_or(""));
            }
            _ => source += random.choice(pieces).unwrap_or("+"),
        }
    }
    source
}

#[test]
fn optimised_programs_print_the_same() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut compared = 0;
    for _ in 0..3000 {
        let body = grown(&mut random, 3);
        let source = format!("{}{body}", ">".repeat(50));
        let Some((printed, around)) = plain(&source) else {
            continue;
        };
        let chunk = compile::<Brain>("", &source).expect("its brackets are balanced");
        let out = SharedBuffer::default();
        let mut vm = Vm::<Brain>::default();
        vm.set_output(out.clone());
        let here = vm.eval(&chunk);
        let here = here.unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(here.to_string().trim_start(), around, "{source}");
        assert_eq!(out.text(), String::from_utf8_lossy(&printed), "{source}");
        compared += 1;
    }
    assert!(compared > 1500, "only {compared} ended");
}

#[test]
fn hostile_sources() {
    let deep = 100_000;
    let (code, _, errors) = run::<Brain>(&["-"], "[".repeat(deep));
    assert_eq!(code, 65);
    assert!(errors.starts_with("error: `[` without `]`\n"), "{errors}");
    let (code, _, errors) = run::<Brain>(&["-"], "]".repeat(deep));
    assert_eq!(code, 65);
    assert!(errors.starts_with("error: `]` without `[`\n"), "{errors}");
    let (code, _, errors) = run::<Brain>(&["--no-run", "-"], "[-]>+.".repeat(deep));
    assert_eq!((code, errors.as_str()), (0, ""));
    // What is well formed runs, however deep it is.
    for (open, close) in [("[", "]"), ("[>", "<]"), ("[>", "]"), ("[-[->", "<]]")] {
        let source = format!("{}{}", open.repeat(deep), close.repeat(deep));
        let (code, _, errors) = run::<Brain>(&["-"], source);
        assert_eq!((code, errors.as_str()), (0, ""));
    }
    let (code, _, errors) = run::<Brain>(&["--fuel", "1000", "-"], "+[]".to_owned());
    assert_eq!(code, 70);
    assert!(errors.starts_with("error: out of fuel\n"), "{errors}");
}
