//! Sessions, ways to start, and sources that mean no good.

use super::run;

/// What an input of a session leads to.
enum Then {
    /// This on standard output.
    Shows(&'static str),
    /// An error with this in it.
    Fails(&'static str),
}

#[test]
fn a_session_lives_through_errors_of_every_kind() {
    use Then::{Fails, Shows};
    let session = [
        ("print 1 + 2;", Shows("3\n")),
        ("var a = \"x\";", Shows("")),
        ("print a;", Shows("x\n")),
        // Syntax: line, token and caret.
        (
            "print 1 + ;",
            Fails(
                "Error at ';': Expect expression.\n --> repl:4:1:11\n  |\n1 | print 1 + ;\n  |           ^\n",
            ),
        ),
        (
            "1 = 2;",
            Fails("Error at '=': Invalid assignment target.\n"),
        ),
        ("var var;", Fails("Error at 'var': Expect variable name.\n")),
        ("print @;", Fails("Error: Unexpected character.\n")),
        (
            "return 1;",
            Fails("Error at 'return': Can't return from top-level code.\n"),
        ),
        // Lines that go on.
        ("fun f(n) {\n  return n * 2;\n}", Shows("")),
        ("print f(\n21);", Shows("42\n")),
        ("print \"two\nlines\";", Shows("two\nlines\n")),
        ("print 1 +\n\n", Fails("Error at end: Expect expression.")),
        // At run time.
        ("print b;", Fails("Undefined variable 'b'.\n")),
        ("b = 1;", Fails("Undefined variable 'b'.\n")),
        ("f();", Fails("Expected 1 arguments but got 0.\n")),
        ("a();", Fails("Can only call functions and classes.\n")),
        ("a.x;", Fails("Only instances have properties.\n")),
        (
            "a + 1;",
            Fails("Operands must be two numbers or two strings.\n"),
        ),
        (
            "-a;",
            Fails("Operand must be a number.\n --> repl:19:1:1\n  |\n1 | -a;\n  | ^\n"),
        ),
        ("fun down(n) { return down(n + 1); }", Shows("")),
        ("down(0);", Fails("Stack overflow.\n")),
        (
            "fun inner() { return nil.x; } fun outer() { inner(); }",
            Shows(""),
        ),
        (
            "outer();",
            Fails("  at repl:22:1 in inner()\n  at repl:22:1 in outer()\n"),
        ),
        // And all is still there.
        ("class A { init(x) { this.x = x; } }", Shows("")),
        ("var o = A(a); o.y = o;", Shows("")),
        (
            "print o.y.y.x; print o; print A;",
            Shows("x\nA instance\nA\n"),
        ),
        ("o.z;", Fails("Undefined property 'z'.\n")),
        ("class B < A { get() { return this.x; } }", Shows("")),
        ("print B(f).get()(4);", Shows("8\n")),
        ("class f {} print f; f = nil;", Shows("f\n")),
        ("f(1);", Fails("Can only call functions and classes.\n")),
        // No line that follows could mend these.
        (
            "class C < nil {",
            Fails("Error at 'nil': Expect superclass name.\n"),
        ),
        ("fun (", Fails("Error at '(': Expect function name.\n")),
        (":reset", Shows("")),
        ("print a;", Fails("Undefined variable 'a'.\n")),
        ("print clock() >= 0;", Shows("true\n")),
    ];
    let input: String = session
        .iter()
        .map(|(line, _)| format!("{line}\n"))
        .collect();
    let (code, output, errors) = run(&["--repl", "--max-depth", "1000"], &input);
    assert_eq!(code, 0);
    let shown = session.iter().filter_map(|(_, then)| match then {
        Shows(text) => Some(*text),
        Fails(_) => None,
    });
    assert_eq!(output, shown.collect::<String>(), "{errors}");
    let mut rest = errors.as_str();
    for (line, then) in &session {
        if let Fails(part) = then {
            let found = rest.split_once(part);
            (_, rest) = found.unwrap_or_else(|| panic!("{line:?}: no {part:?} in:\n{rest}"));
        }
    }
}

#[test]
fn a_program_may_come_from_anywhere() {
    let source = "fun f() { nil(); }\nprint 1;\nf();";
    let trace = "Can only call functions and classes.\n[line 1] in f()\n[line 3] in script\n";
    let path = std::env::temp_dir().join(format!("fusevm-lox-{}.lox", std::process::id()));
    std::fs::write(&path, source).expect("it can be written");
    let file = path.to_string_lossy().into_owned();
    let ways: [(&[&str], &str); 3] = [(&[&file], ""), (&["-e", source], ""), (&["-"], source)];
    for (args, input) in ways {
        let (code, output, errors) = run(args, input);
        assert_eq!(
            (code, output.as_str(), errors.as_str()),
            (70, "1\n", trace),
            "{args:?}"
        );
    }
    std::fs::remove_file(&path).expect("it is there");
    let (code, output, errors) = run(&["-e", "print 1;\nprint;\nvar;"], "");
    let expected =
        "[line 2] Error at ';': Expect expression.\n[line 3] Error at ';': Expect variable name.\n";
    assert_eq!((code, output.as_str(), errors.as_str()), (65, "", expected));
}

#[test]
fn an_overflow_shows_both_ends_of_its_trace() {
    let source = "fun f() {\n  f();\n}\nf();";
    let (code, output, errors) = run(&["-"], source);
    assert_eq!((code, output.as_str()), (70, ""));
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!((lines[0], lines[1]), ("Stack overflow.", "[line 2] in f()"));
    assert_eq!(lines.last(), Some(&"[line 4] in script"));
    assert!(lines.len() < 100, "{} lines", lines.len());
}

#[test]
fn hostile_sources_are_errors_and_long_ones_are_not() {
    let deep = 100_000;
    for source in [
        "(".repeat(deep),
        "!".repeat(deep),
        "-".repeat(deep),
        "{".repeat(deep),
        "a = ".repeat(deep),
        "if (1) ".repeat(deep),
        "fun f() {".repeat(deep),
        "class A { m() {".repeat(deep),
        "f(".repeat(deep),
        "a or (".repeat(deep),
        "print \"".repeat(deep),
    ] {
        let (code, _, errors) = run(&["-"], &source);
        let start: String = source.chars().take(12).collect();
        assert_eq!(code, 65, "{start}");
        assert!(errors.starts_with("[line 1] Error"), "{start}: {errors}");
    }
    let long = 10_000;
    let sum = format!("print 0{};", " + 1".repeat(long));
    let chain = format!(
        "class A {{ me() {{ return this; }} }} print A(){};",
        ".me()".repeat(long)
    );
    let either = format!("print nil{} or 7;", " or nil".repeat(long));
    let choice = format!("{}print 8;", "if (false) print 0; else ".repeat(long));
    for (source, output) in [
        (sum, "10000\n"),
        (chain, "A instance\n"),
        (either, "7\n"),
        (choice, "8\n"),
    ] {
        let (code, seen, errors) = run(&["-"], &source);
        assert_eq!((code, seen.as_str(), errors.as_str()), (0, output, ""));
    }
    let nested = format!("{}print 1;{}", "{".repeat(150), "}".repeat(150));
    assert_eq!(run(&["-"], &nested).0, 0);
}
