//! forth: its programs, a session with errors of every kind, hostile sources.

use super::Then::{Fails, Shows};
use super::{programs_print_what_they_say, run, survives};
use fusevm::{ErrorKind, Frontend, Language, SharedBuffer, Vm, compile};

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../examples/forth/main.rs"]
mod example;
mod words;

use example::Forth;

fusevm::testing::test_ops!(Forth);

#[test]
fn programs() {
    programs_print_what_they_say::<Forth>("fth", "\\");
}

#[test]
fn what_is_printed() {
    let cases = [
        ("-1 . -1 u.", "-1 18446744073709551615 "),
        ("1 4 .r -1 0 .r 12345 2 .r", "   1-112345"),
        ("1 2 .s", "<2> 1 2 "),
        (
            ": f 20 0 do i loop ; f .s",
            "<20> ... 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ",
        ),
        (".\" a b\" space .\" \u{e4}\" cr", "a b \u{e4}\n"),
        ("9731 emit s\" type\" type", "\u{2603}type"),
        ("3 spaces -1 spaces .\" |\"", "   |"),
    ];
    for (source, printed) in cases {
        let (code, output, errors) = run::<Forth>(&["-e", source], String::new());
        assert_eq!((code, output.as_str(), errors.as_str()), (0, printed, ""));
    }
}

#[test]
fn arguments() {
    let args = ["-e", "argc . 0 arg type 1 argn 2* .", "some text", "21"];
    let (code, output, errors) = run::<Forth>(&args, String::new());
    assert_eq!(
        (code, output.as_str(), errors.as_str()),
        (0, "2 some text42 ", "")
    );
    let args = ["-e", "argc . 0 argn", "some text"];
    let (code, output, errors) = run::<Forth>(&args, String::new());
    assert_eq!((code, output.as_str()), (70, "1 "));
    assert!(
        errors.contains("expected Int, found Str \"some text\""),
        "{errors}"
    );
    let (code, _, errors) = run::<Forth>(&["-e", "3 arg type"], String::new());
    assert_eq!(code, 70);
    assert!(errors.contains("expected Str, found Undef"), "{errors}");
    let (_, _, errors) = run::<Forth>(&["-e", "arg"], String::new());
    assert!(
        errors.contains("`arg` takes 1, but the stack holds 0"),
        "{errors}"
    );
}

#[test]
fn a_session_lives_through_errors_of_every_kind() {
    let session = [
        ("1 2 +", Shows(" ok 3\n")),
        (".", Shows("3  ok\n")),
        (": square dup * ;", Shows(" ok\n")),
        ("3 square 4 square", Shows(" ok 9 16\n")),
        // Words that nobody knows, before anything runs.
        (
            "1 . foo",
            Fails("error: unknown word: foo\n --> repl:5:1:5\n  |\n1 | 1 . foo\n  |     ^^^\n"),
        ),
        (": bar foo ;", Fails("unknown word: foo\n --> repl:6:1:7\n")),
        ("' foo", Fails("unknown word: foo\n")),
        // Underflow, with the way to it; then the stack is empty.
        ("1 2 3", Shows(" ok 1 2 3\n")),
        (
            "2drop 2drop",
            Fails("stack underflow: `2drop` takes 2, but the stack holds 1\n"),
        ),
        (
            "square",
            Fails("stack underflow: `dup` takes 1, but the stack holds 0\n --> repl:3:1:10\n"),
        ),
        (": twice square square ;", Shows(" ok\n")),
        (
            "twice",
            Fails(
                "at repl:3:1 in square()\n  at repl:11:1 in twice()\n  at repl:12:1 in the main program\n",
            ),
        ),
        ("1 5 pick", Fails("`pick` takes 6, but the stack holds 1\n")),
        ("-1 roll", Fails("stack underflow: `roll` takes ")),
        ("if\n\n", Fails("`if` without `then`\n")),
        ("1 +loop", Fails("`+loop` without `do`\n")),
        // Arithmetic.
        (
            "1 0 /",
            Fails("division by zero in `/`\n --> repl:17:1:5\n"),
        ),
        ("1 0 mod", Fails("division by zero in `mod`\n")),
        (": half 2 / ; : bad 0 /mod ;", Shows(" ok\n")),
        (
            "5 half bad",
            Fails("division by zero in `/mod`\n --> repl:19:1:22\n"),
        ),
        ("1 2 0 */", Fails("division by zero in `*/`\n")),
        // Control structures.
        ("then", Fails("`then` without `if`\n")),
        ("0 if else else then", Shows(" ok\n")),
        (": x if ;", Fails("`if` without `then`\n --> repl:24:1:5\n")),
        (
            ": x begin loop ;",
            Fails(
                "`loop` without `do`\n --> repl:25:1:11\n  |\n1 | : x begin loop ;\n  |           ^^^^\n  |\n  = note: `begin` is still open\n",
            ),
        ),
        (": x while repeat ;", Fails("`while` without `begin`\n")),
        (": x begin repeat ;", Fails("`repeat` without `while`\n")),
        (": x 1 of endof ;", Fails("`of` without `case`\n")),
        (": x endcase ;", Fails("`endcase` without `case`\n")),
        ("i", Fails("`i` outside of a loop\n")),
        (": x 2 0 do j loop ;", Fails("`j` outside of two loops\n")),
        ("leave", Fails("`leave` outside of a loop\n")),
        ("unloop", Fails("`unloop` outside of a loop\n")),
        (": x r> ;", Fails("`r>` without `>r`\n")),
        (": x >r ;", Fails("`>r` without `r>`\n")),
        (
            ": x if 1 >r then ;",
            Fails("`>r` and `r>` are not balanced where `then` joins two paths\n"),
        ),
        (
            ": x >r 3 0 do r> loop ;",
            Fails("`r>` inside of a loop that began behind `>r`\n"),
        ),
        (
            ": x begin >r again ;",
            Fails("where `again` joins two paths\n"),
        ),
        // Definitions.
        (": x : y ;", Fails("`:` inside of `x`\n")),
        (": x variable y ;", Fails("`variable` inside of `x`\n")),
        ("1 if : x ; then", Fails("`:` inside of `if`\n")),
        (";", Fails("`;` without `:`\n")),
        (":\n\n", Fails("`:` needs a name\n")),
        (": x 1\n2 + ;", Shows(" ok\n")),
        ("x", Shows(" ok 3\n")),
        (": x 1\n\n", Fails("`:` without `;`\n")),
        (
            ": dup 1 ;",
            Fails("`dup` is a core word, which stays as it is\n"),
        ),
        (": 12 1 ;", Fails("`12` is a number\n")),
        ("x", Shows(" ok 3 3\n")),
        (": x x ;", Fails("`x` inside of itself\n")),
        ("recurse", Fails("`recurse` outside of a definition\n")),
        ("' if", Fails("`if` has no execution token\n")),
        ("7 to x", Fails("the definition of `x` has not run yet\n")),
        (
            ": late y ; late variable y",
            Fails("the definition of `y` has not run yet\n"),
        ),
        ("variable y y @", Shows(" ok 0\n")),
        // Memory, tokens, texts.
        ("0 @", Fails("no memory at 0 for 8 bytes\n")),
        ("here @", Fails("for 8 bytes\n")),
        ("1 here !", Fails("for 8 bytes\n")),
        ("here -1 type", Fails("for -1 bytes\n")),
        (
            "100000000 allot",
            Fails("the memory has 16777216 bytes at most\n"),
        ),
        ("-100000 allot", Fails("no memory at ")),
        ("5 execute", Fails("5 is not an execution token\n")),
        ("-1 emit", Fails("no character has code -1\n")),
        ("1 100000 .r", Fails("100000 columns are too many\n")),
        ("s\" abc", Fails("`s\"` without `\"`\n")),
        ("( abc\n\n", Fails("`(` without `)`\n")),
        ("1 abort\" it was said\"", Fails("error: it was said\n")),
        // Depth and fuel.
        (": down recurse ;", Shows(" ok\n")),
        ("down", Fails("call depth exceeds 1000\n")),
        (": fill-up begin 1 again ;", Shows(" ok\n")),
        ("fill-up", Fails("out of fuel\n")),
        ("5 5 do loop", Fails("out of fuel\n")),
        // And all is still there; what is defined anew is so in words of before.
        ("3 square y !", Shows(" ok\n")),
        (": square drop 5 ;", Shows(" ok\n")),
        ("y @ twice", Shows(" ok 5\n")),
        (":reset", Shows("")),
        ("square", Fails("unknown word: square\n")),
        (
            "1 nip",
            Fails("stack underflow: `swap` takes 2, but the stack holds 1\n"),
        ),
    ];
    let args = ["--repl", "--fuel", "20000", "--max-depth", "1000"];
    survives::<Forth>(&args, &session);
}

#[test]
fn what_compiles_loads_and_runs_alike() {
    let core = Forth::table().ops().map(|(_, op)| op.name);
    let core: Vec<&str> = core.chain(Forth::keywords().iter().copied()).collect();
    let often = [
        "if",
        "then",
        "else",
        "begin",
        "until",
        "while",
        "repeat",
        "do",
        "loop",
        "+loop",
        "i",
        ">r",
        "r>",
        "exit",
        "leave",
        ": w",
        ";",
        "w",
        "recurse",
        "0",
        "1",
        "5",
        "dup",
        "drop",
        "variable v",
        "v",
    ];
    let mut random = fastrand::Rng::with_seed(11);
    let mut ran = 0;
    for _ in 0..60_000 {
        let words = (0..random.usize(1..20)).map(|_| match random.u8(0..4) {
            0 => core[random.usize(..core.len())],
            _ => often[random.usize(..often.len())],
        });
        let source = format!("5 4 3 {}", words.collect::<Vec<_>>().join(" "));
        let Ok(chunk) = compile::<Forth>("", &source) else {
            continue;
        };
        let outcome = |fusion| {
            let mut vm = Vm::<Forth>::default();
            vm.set_fusion(fusion);
            vm.set_output(SharedBuffer::default());
            vm.set_fuel(Some(500));
            Forth::prepare(&mut vm);
            let result = vm.eval(&chunk).map_err(|error| {
                assert_ne!(error.kind(), ErrorKind::Load, "{source}: {error}");
                error.to_string()
            });
            (result, vm.fuel())
        };
        assert_eq!(outcome(true), outcome(false), "{source}");
        ran += 1;
    }
    assert!(ran > 2000, "only {ran} compiled");
}

#[test]
fn hostile_sources() {
    let many = 100_000;
    let numbered = |f: fn(usize) -> String| (0..many).map(f).collect::<String>();
    let sources = [
        (": x ".repeat(many), "`:` inside of `x`"),
        (
            "if ".repeat(many),
            "too many control structures in one another",
        ),
        (
            "case 1 of ".repeat(many),
            "too many control structures in one another",
        ),
        (
            ": x ".to_owned() + &"begin ".repeat(many) + ";",
            "too many control structures in one another",
        ),
        (
            "1 >r ".repeat(many),
            "too many loops and `>r` in one another",
        ),
        (
            "9 0 do ".repeat(many),
            "too many loops and `>r` in one another",
        ),
        ("then ".repeat(many), "`then` without `if`"),
        ("( ".repeat(many), "`(` without `)`"),
        (numbered(|n| format!(": w{n} ; ")), "more than 65536 names"),
        (numbered(|n| format!("w{n} ")), "more than 65536 names"),
        (
            numbered(|n| format!(".\" {n}\" ")),
            "more than 65536 constants",
        ),
    ];
    for (source, expected) in sources {
        let (code, _, errors) = run::<Forth>(&["-"], source);
        assert_eq!(code, 65);
        let line = errors.lines().next().unwrap_or_default();
        assert!(line.contains(expected), "{expected}: {line}");
    }
    // What is well formed runs, however long it is.
    for source in ["1 ".repeat(many), "0 if then ".repeat(many)] {
        let (code, _, errors) = run::<Forth>(&["-"], source);
        assert_eq!((code, errors.as_str()), (0, ""));
    }
}
