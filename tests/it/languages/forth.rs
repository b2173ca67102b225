//! forth: its programs, what each word does, a session with errors of every kind, hostile sources.

use super::Then::{Fails, Shows};
use super::{programs_print_what_they_say, run, survives};
use fusevm::{Frontend, Language, SharedBuffer, Vm, compile};

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../examples/forth/main.rs"]
mod forth;

use forth::Forth;

#[test]
fn programs() {
    programs_print_what_they_say::<Forth>("fth", "\\");
}

/// What sources leave on the stack behind what they print.
const CASES: &[(&str, &str)] = &[
    // The stack.
    ("1 dup", "1 1"),
    ("1 2 drop", "1"),
    ("1 2 swap", "2 1"),
    ("1 2 over", "1 2 1"),
    ("1 2 3 rot", "2 3 1"),
    ("1 2 3 -rot", "3 1 2"),
    ("1 2 2dup", "1 2 1 2"),
    ("1 2 3 2drop", "1"),
    ("1 2 3 4 2swap", "3 4 1 2"),
    ("1 2 3 4 2over", "1 2 3 4 1 2"),
    ("0 ?dup 5 ?dup", "0 5 5"),
    ("7 8 9 0 pick 2 pick", "7 8 9 9 8"),
    ("7 8 9 2 roll 0 roll", "8 9 7"),
    ("depth 5 depth", "0 5 2"),
    // Numbers.
    ("2 3 + 9223372036854775807 1 +", "5 -9223372036854775808"),
    ("2 3 - 4 5 *", "-1 20"),
    ("7 2 / -7 2 / 7 -2 / -7 -2 /", "3 -4 -4 3"),
    ("7 2 mod -7 2 mod 7 -2 mod -7 -2 mod", "1 1 -1 -1"),
    ("-7 2 /mod", "1 -4"),
    ("$8000000000000000 -1 /", "-9223372036854775808"),
    ("9223372036854775807 10 20 */", "4611686018427387903"),
    ("1 1+ 1- 3 2* -3 2/", "1 6 -2"),
    ("5 negate -5 abs", "-5 5"),
    ("2 3 min 2 3 max", "2 3"),
    ("%1100 %1010 and %1100 %1010 or %1100 %1010 xor", "8 14 6"),
    ("0 invert", "-1"),
    ("1 4 lshift 1 64 lshift -1 60 rshift", "16 0 15"),
    // Comparisons.
    ("1 2 = 2 2 = 1 2 <> 2 2 <>", "0 -1 -1 0"),
    ("1 2 < 2 2 < 2 1 >", "-1 0 -1"),
    ("1 2 <= 2 2 <= 3 2 <=", "-1 -1 0"),
    ("1 2 >= 2 2 >= 3 2 >=", "0 -1 -1"),
    ("-1 1 u< 1 -1 u<", "0 -1"),
    ("0 0= 1 0= 0 0<> 5 0<>", "-1 0 0 -1"),
    ("-1 0< 0 0< 1 0> 0 0>", "-1 0 -1 0"),
    ("true false bl", "-1 0 32"),
    // Memory.
    ("variable x x @ 5 x ! x @ 3 x +! x @", "0 5 8"),
    (
        "create x 1 , 2 , x @ x cell+ @ here x - 2 cells =",
        "1 2 -1",
    ),
    ("create x 3 c, 4 c, x c@ x 1+ c@ 260 x c! x c@", "3 4 4"),
    (
        "create x 8 allot x 8 255 fill x @ -8 allot here x =",
        "-1 -1",
    ),
    (
        "create x 3 allot s\" abc\" x swap move x 2 + c@ x x 1+ 2 move x 2 + c@",
        "99 98",
    ),
    ("s\" ab\" s\" b\" compare s\" b\" s\" ab\" compare", "-1 1"),
    ("5 constant five five 6 value six six 7 to six six", "5 6 7"),
    // Control.
    (": f if 1 else 2 then ; 0 f 5 f", "2 1"),
    (": f 0= if 1 exit then 2 ; 0 f 5 f", "1 2"),
    (": f 3 begin dup while dup 1- repeat ; f", "3 2 1 0"),
    (": f 1 begin 2* dup 100 > until ; f", "128"),
    (": f 0 begin 1+ dup 5 = if exit then again ; f", "5"),
    (": f 0 swap 0 ?do i + loop ; 5 f 0 f", "10 0"),
    (
        ": f 3 0 do i 10 3 do j i + 5 +loop loop ; f",
        "0 3 8 1 4 9 2 5 10",
    ),
    (": f 5 0 do i i 2 = if leave then loop 9 ; f", "0 1 2 9"),
    (": f 5 0 do i 2 = if i unloop exit then loop 9 ; f", "2"),
    (": f 2 5 do i -1 +loop ; f", "5 4 3 2"),
    (": f 9223372036854775807 dup 2 - do i 1 and loop ; f", "1 0"),
    (
        ": f case 1 of 10 endof 2 of 20 endof 30 swap endcase ; 1 f 2 f 3 f",
        "10 20 30",
    ),
    (": f 1 2 >r r@ swap r> ; f", "2 1 2"),
    (": f dup 1 > if dup 1- recurse * then ; 5 f", "120"),
    (
        ": f 1 ; : g ['] f ' f = ; g ' f execute ' + 2 3 rot execute",
        "-1 1 5",
    ),
    ("1 0 abort\" never\"", "1"),
    ("char a [char] B 'c' 'D'", "97 66 99 68"),
    ("1 2 exit 3", "1 2"),
    ("1 ( of ) \\ three\n2", "1 2"),
    // Names: of case, known later, defined twice, defined anew.
    (": Up 1 ; UP up", "1 1"),
    (": f g ; : g 1 ; f", "1"),
    (": f 1 ; : g f ; : f 2 ; f g", "2 1"),
    (": f 1 ; : f f 1+ ; f", "2"),
    ("1 constant x : g x ; 2 constant x x g", "2 1"),
    (": nip 5 ; nip", "5"),
    // The prelude.
    ("1 2 nip 3 4 tuck", "2 4 3 4"),
    ("1 1 5 within 5 1 5 within 0 1 5 within", "-1 0 0"),
    ("20 5 bounds", "25 20"),
    ("create x 1 , x 8 erase x @", "0"),
    ("create x 2 c, 65 c, x count swap x - ", "2 1"),
    (
        "0 sqrt 15 sqrt 16 sqrt 9223372036854775807 sqrt",
        "0 3 4 3037000499",
    ),
    // What is printed is not looked at here.
    (
        "1 . 2 u. 3 4 .r .s 65 emit s\" x\" type cr space 2 spaces .\" y\"",
        "",
    ),
];

#[test]
fn words_do_what_they_say() {
    for (source, left) in CASES {
        let chunk = compile::<Forth>("", source).unwrap_or_else(|e| panic!("{source}: {e}"));
        for fusion in [true, false] {
            let mut vm = Vm::<Forth>::default();
            vm.set_fusion(fusion);
            vm.set_output(SharedBuffer::default());
            Forth::prepare(&mut vm);
            let said = vm.eval(&chunk).unwrap_or_else(|e| panic!("{source}: {e}"));
            let said = said.to_string();
            let stack = said.strip_prefix(" ok").map(str::trim_start);
            assert_eq!(stack, Some(*left), "{source}");
        }
    }
}

#[test]
fn every_word_has_a_case() {
    let words: Vec<&str> = CASES
        .iter()
        .flat_map(|(source, _)| source.split_whitespace())
        .collect();
    let own = [
        "start", "done", "require", "held", "literal", "push", "named",
    ];
    let ops = Forth::table().ops().map(|(_, op)| op.name);
    let ops = ops.filter(|name| !name.starts_with("core.") && !own.contains(name));
    for word in ops.chain(Forth::keywords().iter().copied()) {
        assert!(words.contains(&word), "no case for `{word}`");
    }
}

#[test]
fn what_is_printed() {
    let cases = [
        ("-1 . -1 u.", "-1 18446744073709551615 "),
        ("1 4 .r -1 0 .r 12345 2 .r", "   1-112345"),
        ("1 2 .s", "<2> 1 2 "),
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
fn hostile_sources() {
    let many = 100_000;
    let numbered = |f: fn(usize) -> String| (0..many).map(f).collect::<String>();
    let sources = [
        (": x ".repeat(many), "`:` inside of `x`"),
        ("if ".repeat(many), "`if` without `then`"),
        ("case 1 of ".repeat(many), "`of` without `endof`"),
        (
            ": x ".to_owned() + &"begin ".repeat(many) + ";",
            "`begin` without `until` or `repeat`",
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
    for source in [
        "1 ".repeat(many),
        "0 if ".repeat(many) + &"then ".repeat(many),
    ] {
        let (code, _, errors) = run::<Forth>(&["-"], source);
        assert_eq!((code, errors.as_str()), (0, ""));
    }
}
