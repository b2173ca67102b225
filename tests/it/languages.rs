//! The example languages: their programs print what they say, and their REPLs live through errors.

use fusevm::cli::Cli;
use fusevm::{Frontend, SharedBuffer, Vm, compile};
use std::fs;
use std::path::{Path, PathBuf};

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../examples/calc/main.rs"]
mod calc;

/// The programs of an example, by name.
fn programs(language: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(language);
    let entries = fs::read_dir(folder.join("programs")).expect("an example has programs");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut programs: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == language))
        .collect();
    programs.sort();
    assert!(
        programs.len() >= 4,
        "{language} has too few programs to show anything"
    );
    programs
}

/// What a program is to print: the file beside it, or its `# expect: LINE` comments.
fn expected(path: &Path, source: &str) -> String {
    if let Ok(text) = fs::read_to_string(path.with_extension("expected")) {
        return text;
    }
    let lines = source
        .lines()
        .filter_map(|line| line.split_once("# expect:"));
    lines
        .map(|(_, text)| format!("{}\n", text.strip_prefix(' ').unwrap_or(text)))
        .collect()
}

/// Runs all programs of a language, with and without fused sequences.
fn programs_print_what_they_say<L: Frontend<Host: Default>>() {
    for path in programs(L::NAME) {
        let name = path.file_name().expect("it is a file").to_string_lossy();
        let source = fs::read_to_string(&path).expect("it can be read");
        let expected = expected(&path, &source);
        assert!(!expected.is_empty(), "{name} expects nothing");
        let chunk =
            compile::<L>(&name, &source).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        let mut fuel = Vec::new();
        for fusion in [true, false] {
            let out = SharedBuffer::default();
            let mut vm = Vm::<L>::default();
            L::prepare(&mut vm);
            vm.set_fusion(fusion);
            vm.set_fuel(Some(u64::MAX / 2));
            vm.set_output(out.clone());
            vm.eval(&chunk)
                .unwrap_or_else(|error| panic!("{}", error.render()));
            assert_eq!(out.text(), expected, "{name}, fusion {fusion}");
            fuel.push(vm.fuel());
        }
        assert_eq!(fuel[0], fuel[1], "{name}: fuel depends on fusion");
    }
}

/// Exit code, output, errors of a command line of calc.
fn run_calc(args: &[&str], input: String) -> (u8, String, String) {
    let (output, errors) = (SharedBuffer::default(), SharedBuffer::default());
    let cli = Cli::<calc::Calc>::new(|| ()).input(std::io::Cursor::new(input));
    let code = cli.output(output.clone()).errors(errors.clone()).run(args);
    (code, output.text(), errors.text())
}

#[test]
fn programs_of_calc() {
    programs_print_what_they_say::<calc::Calc>();
}

/// What an input of a REPL leads to.
enum Then {
    /// This on standard output.
    Shows(&'static str),
    /// An error with this in it.
    Fails(&'static str),
}

#[test]
fn a_session_of_calc_lives_through_errors_of_every_kind() {
    use Then::{Fails, Shows};
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
    let input: String = session
        .iter()
        .map(|(line, _)| format!("{line}\n"))
        .collect();
    let args = ["--repl", "--fuel", "200000", "--max-depth", "1000"];
    let (code, output, errors) = run_calc(&args, input);
    assert_eq!(code, 0);
    let shown = session.iter().filter_map(|(_, then)| match then {
        Shows(text) => Some(*text),
        Fails(_) => None,
    });
    assert_eq!(output, shown.collect::<String>());
    let mut rest = errors.as_str();
    for (line, then) in &session {
        if let Fails(part) = then {
            let (_, after) = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("{line:?}: no {part:?} in:\n{rest}"));
            rest = after;
        }
    }
    let failures = session
        .iter()
        .filter(|(_, then)| matches!(then, Fails(_)))
        .count();
    assert_eq!(errors.matches("error: ").count(), failures, "{errors}");
}

#[test]
fn hostile_sources_of_calc_are_errors() {
    for source in [
        "(".repeat(100_000),
        "if ".repeat(100_000),
        "1 - (".repeat(100_000),
    ] {
        let (code, _, errors) = run_calc(&["-"], source);
        assert_eq!(code, 65);
        assert!(
            errors.starts_with("error: expected less in one another\n"),
            "{errors}"
        );
    }
    let (code, output, _) = run_calc(&["-"], format!("print 0{}", " + 1".repeat(10_000)));
    assert_eq!((code, output.as_str()), (0, "10000\n"));
}
