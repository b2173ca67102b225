//! The REPL, with its lines from a pipe.

use super::super::edit;
use super::{File, run};

#[test]
fn a_repl_keeps_its_state_through_errors() {
    let input = "
1 2 +
7 =x
{ half
1 0 /
}
x x +
half()
1 ?
{ never


x
:functions
read print
this is read
:frobnicate
:glob
:globals
:dump
x
:dump
:time
x
:time
:reset
ten
x
half()
:load no/such/file
:load
:help
:quit
x
";
    let (code, output, errors) = run(&["--repl", "--fuel=1000"], input);
    assert_eq!(code, 0);
    let (before, after) = output
        .split_once("dump on\n")
        .expect("the listing was asked for");
    assert_eq!(
        before,
        "3\n14\n7\nhalf\nthis is read\nARGV = \nten = 10\nx = 7\n"
    );
    assert!(after.contains("GetVar x"), "{after}");
    assert!(
        after.contains("\n7\ndump off\ntime on\n7\ntime off\n10\nType code"),
        "{after}"
    );
    for part in [
        " --> repl:3:2:5\n  |\n2 | 1 0 /\n",
        "  at repl:3:2 in half()\n  at repl:5:1 in the main program\n",
        "what is `?`?\n --> repl:6:1:3\n",
        "expected `}`\n --> repl:7:1:8\n",
        "unknown command `:frobnicate`\n",
        "unknown command `:glob`; did you mean `:globals`?\n",
        "compile ",
        "error: cannot read no/such/file: ",
        "error: `:load` needs a FILE\n",
    ] {
        assert!(errors.contains(part), "no {part:?} in:\n{errors}");
    }
    assert_eq!(errors.matches("error: ").count(), 8, "{errors}");
}

#[test]
fn a_repl_may_follow_a_program() {
    let file = File::new("sets.words", "5 =x 1 0 / print");
    let (code, output, errors) = run(&["--repl", file.path(), "a"], "x\nARGV\n{ f\n");
    assert_eq!((code, output.as_str()), (0, "5\na\n"));
    assert!(
        errors.contains("division by zero") && errors.contains("expected `}`"),
        "{errors}"
    );
    let load = format!(":load {}\nx\n:quit\n", file.path());
    assert_eq!(run(&["--repl", "-e", "1 =x"], &load).1, "5\n");
}

#[test]
fn words_are_completed() {
    let words: Vec<String> = [":help", "help", "print", "property", "ö_1"]
        .map(str::to_owned)
        .to_vec();
    let at_end = |line: &str| edit::completions(&words, line, line.len());
    assert_eq!(
        at_end("1 pr"),
        (2, vec!["print".to_owned(), "property".to_owned()])
    );
    assert_eq!(at_end(":he"), (0, vec![":help".to_owned()]));
    assert_eq!(at_end("1+ö_"), (2, vec!["ö_1".to_owned()]));
    assert_eq!(at_end("1 "), (2, vec![]));
    assert_eq!(
        edit::completions(&words, "pri x", 3),
        (0, vec!["print".to_owned()])
    );
}
