//! calc: its programs, a session with errors of every kind, hostile sources.

use super::Then::{Fails, Shows};
use super::{programs_print_what_they_say, run, survives};

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../examples/calc/main.rs"]
mod example;

fusevm::testing::test_ops!(example::Calc);

#[test]
fn programs() {
    programs_print_what_they_say::<example::Calc>("calc", "#");
}

#[test]
fn a_session_lives_through_errors_of_every_kind() {
    let session = [
        ("1 + 2 * 3", Shows("7\n")),
        ("let x = 6", Shows("")),
        ("x * 7", Shows("42\n")),
        ("fn square(n) = n * n", Shows("")),
        ("square(x)", Shows("36\n")),
        // Syntax.
        (
            "1 + )",
            Fails("expected a number, a name or `(`\n --> repl:6:1:5\n"),
        ),
        ("let = 5", Fails("expected a name\n")),
        ("fn (a) = a", Fails("expected a name\n")),
        (
            "1 2",
            Fails("expected the end of the line\n --> repl:9:1:3\n"),
        ),
        ("\u{b0}", Fails("1 | \u{b0}\n  | ^\n")),
        ("fn later(n) = square(n", Fails("expected `)`")),
        ("\n", Shows("")),
        ("x", Shows("6\n")),
        // Lines that go on.
        ("square(\n  9\n)", Shows("81\n")),
        ("if x < 5\nthen 1\nelse 2", Shows("2\n")),
        // Names.
        ("y", Fails("undefined variable: y\n")),
        ("let y = x + z", Fails("undefined variable: z\n")),
        ("y", Fails("undefined variable: y\n")),
        ("cube(2)", Fails("undefined function: cube\n")),
        ("fn cube(n) = n * square(n)", Shows("")),
        ("cube(2)", Shows("8\n")),
        // Arguments.
        (
            "square(1, 2)",
            Fails("`square` takes 1 argument, but got 2\n"),
        ),
        ("square()", Fails("`square` takes 1 argument, but got 0\n")),
        ("cube(3)", Shows("27\n")),
        (
            "fn twice(n) = n  fn twice(n) = n",
            Fails("expected the end of the line\n"),
        ),
        // Ext ops.
        ("hypot(3, 4)", Shows("5\n")),
        (
            "hypot(ARGV, 4)",
            Fails("`hypot`, operand 1: expected Float, found Array"),
        ),
        ("put(72) + put(105)", Shows("Hi177\n")),
        ("put(0 - 1)", Fails("no character has code -1\n")),
        (
            "put(1 / 3)",
            Fails("`put`, operand 1: expected Int, found Float"),
        ),
        // Arithmetic.
        ("1 / 0", Fails("division by zero")),
        ("fn inverse(n) = 1 / n", Shows("")),
        ("inverse(4)", Shows("0.25\n")),
        (
            "inverse(0)",
            Fails("1 | fn inverse(n) = 1 / n\n  |                   ^\n"),
        ),
        ("7 % (x - 6)", Fails("division by zero")),
        ("print x, square(x)", Shows("636\n")),
        // Depth and fuel.
        ("fn down(n) = 1 + down(n + 1)", Shows("")),
        ("down(0)", Fails("call depth exceeds 1000\n")),
        (
            "fn spin(n) = if n < 1 then 0 else spin(n - 1) + spin(n - 1)",
            Shows(""),
        ),
        ("spin(40)", Fails("out of fuel\n")),
        ("spin(5)", Shows("0\n")),
        (
            "fn down(n) = if n < 1 then 0 else 1 + down(n - 1)",
            Shows(""),
        ),
        ("down(100)", Shows("100\n")),
        // Commands.
        (":functions", Shows("cube\ndown\ninverse\nspin\nsquare\n")),
        (":nonsense", Fails("unknown command `:nonsense`\n")),
        (":load no/such/file", Fails("cannot read no/such/file: ")),
        (":globals", Shows("ARGV = \nx = 6\n")),
        // And all is still there.
        ("let x = x + 1", Shows("")),
        ("x", Shows("7\n")),
        ("cube(x)", Shows("343\n")),
        (":reset", Shows("")),
        ("x", Fails("undefined variable: x\n")),
        ("fn x(n) = n", Shows("")),
        ("x(1)", Shows("1\n")),
    ];
    assert!(session.len() >= 50);
    let args = ["--repl", "--fuel", "200000", "--max-depth", "1000"];
    survives::<example::Calc>(&args, &session);
}

#[test]
fn hostile_sources_are_errors() {
    for source in [
        "(".repeat(100_000),
        "if ".repeat(100_000),
        "1 - (".repeat(100_000),
    ] {
        let (code, _, errors) = run::<example::Calc>(&["-"], source);
        assert_eq!(code, 65);
        assert!(
            errors.starts_with("error: expected less in one another\n"),
            "{errors}"
        );
    }
    let (code, output, _) =
        run::<example::Calc>(&["-"], format!("print 0{}", " + 1".repeat(10_000)));
    assert_eq!((code, output.as_str()), (0, "10000\n"));
}
