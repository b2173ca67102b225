//! Errors as they are shown.

use super::fails;

#[test]
fn errors_of_compiling_come_all_at_once() {
    let (code, errors) = fails(&[], "1 ? +\r\n\t} ä? print");
    assert_eq!(code, 65);
    assert_eq!(
        errors,
        "\
error: what is `?`?
 --> stdin:1:3
  |
1 | 1 ? +
  |   ^
error: nothing to close
 --> stdin:2:2
  |
2 |     } ä? print
  |     ^
  |
  = note: `{` opens
"
    );
    let (code, errors) = fails(&["-e", "{ f 1\n\n"], "");
    assert_eq!(code, 65);
    assert!(errors.contains("1 | { f 1\n  |      ^\n"), "{errors}");
    let many = "? ".repeat(1000);
    assert!(
        fails(&["-e", &many], "")
            .1
            .ends_with("... and 980 more errors\n")
    );
}

#[test]
fn errors_of_building_point_at_their_line() {
    let (code, errors) = fails(&["-e", "{ f 1 }\n{ f 2 }"], "");
    assert_eq!(code, 65);
    assert_eq!(
        errors,
        "error: function `f` is defined twice\n --> -e:2:1\n  |\n2 | { f 2 }\n  | ^^^^^^^\n"
    );
}

#[test]
fn errors_of_loading_point_at_the_source() {
    let (code, errors) = fails(&["-e", "1\n2 + +"], "");
    assert_eq!(code, 65);
    assert_eq!(
        errors,
        "\
error: stack underflow: it pops 2, but the stack holds 1
 --> -e:2:5
  |
2 | 2 + +
  |     ^
  |
  = note: in the bytecode: @3 Add
"
    );
}

#[test]
fn traps_show_line_and_call_chain() {
    let (code, errors) = fails(&["-e", "1 0 / print"], "");
    assert_eq!(code, 70);
    assert_eq!(
        errors,
        "error: division by zero in `Div`\n --> -e:1:5\n  |\n1 | 1 0 / print\n  |     ^\n"
    );
    let (_, errors) = fails(&["-e", "{ f 1 0 / }\n{ g f() }\n\ng() print"], "");
    assert_eq!(
        errors,
        "\
error: division by zero in `Div`
 --> -e:1:9
  |
1 | { f 1 0 / }
  |         ^
  at -e:1 in f()
  at -e:2 in g()
  at -e:4 in the main program
"
    );
    let (_, errors) = fails(&["-e", "{ f f() }\nf()"], "");
    assert_eq!(errors.matches("  at -e:1 in f()\n").count(), 14, "{errors}");
    assert!(errors.contains("  ... more calls\n"), "{errors}");
    assert!(
        errors.ends_with("  at -e:2 in the main program\n"),
        "{errors}"
    );
}

#[test]
fn sources_of_every_kind_show() {
    for (source, lines) in [
        ("1\t0\t/", "1 | 1    0    /\n  |           ^\n"),
        ("1 0 /\r\n5", "1 | 1 0 /\n  |     ^\n"),
        ("é 0 /", "1 | é 0 /\n  |     ^\n"),
        ("漢 0 /", "1 | 漢 0 /\n  |      ^\n"),
    ] {
        let (code, errors) = fails(&[], source);
        assert!(code != 0 && errors.contains(lines), "{source:?}:\n{errors}");
    }
    // A line far longer than a terminal is wide.
    for (words, shown) in [(100, true), (10_000, false)] {
        let long = format!("{}\u{1b}? {}", "漢\t".repeat(words), "é ".repeat(words));
        let (code, errors) = fails(&[], &long);
        assert_eq!(code, 65, "{errors}");
        let place = format!(" --> stdin:1:{}\n", 2 * words + 1);
        assert!(errors.contains(place.trim_start()), "{errors}");
        assert_eq!(errors.contains("\n  |\n"), shown, "{errors}");
        assert!(
            errors.lines().all(|line| line.chars().count() < 200),
            "{errors}"
        );
    }
}
