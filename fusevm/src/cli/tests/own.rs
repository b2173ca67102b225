//! A language that shows errors in its own way.

use crate::chunk::{BuildErrors, Builder, Diagnostic, Parsed};
use crate::cli::Cli;
use crate::frontend::Frontend;
use crate::semantics::Trap;
use crate::vm::Error;
use crate::{Language, Op, OpTable, Policy, SharedBuffer};

/// Sources of one word: `call` and `divide` call what is not there, all else is
/// wrong.
struct Own;

impl Language for Own {
    type Host = ();
    const NAME: &'static str = "own";
    const POLICY: Policy = <() as Language>::POLICY;
    const COERCE: bool = false;

    fn table() -> &'static OpTable {
        <()>::table()
    }
}

impl Frontend for Own {
    fn compile(source: &str, b: &mut Builder<Self>) -> Parsed {
        match source.trim() {
            "call" => b.call("nobody", 0),
            "divide" => {
                b.load("x");
                b.emit(Op::Negate);
                b.call_builtin(7, 1);
            }
            _ => return Err(Diagnostic::at(0..1, "what is this?")),
        }
        Ok(())
    }

    fn message(trap: &Trap) -> Option<String> {
        match trap {
            Trap::UndefinedFunction(name) => Some(format!("no {name} here")),
            _ => None,
        }
    }

    fn show_errors(source: &str, errors: &BuildErrors) -> Option<String> {
        (!source.starts_with('?')).then(|| format!("{} in {source:?}", errors.iter().count()))
    }

    fn show_trap(message: &str, error: &Error) -> Option<String> {
        Some(format!("{message}, {} deep", error.trace().len()))
    }
}

fn errors(args: &[&str], input: &str) -> (u8, String) {
    let errors = SharedBuffer::default();
    let cli = Cli::<Own>::new(|| ()).input(std::io::Cursor::new(input.to_owned()));
    let code = cli
        .output(SharedBuffer::default())
        .errors(errors.clone())
        .run(args);
    (code, errors.text())
}

#[test]
fn a_command_shows_errors_as_the_language_does() {
    assert_eq!(errors(&["-e", "word"], ""), (65, "1 in \"word\"\n".into()));
    assert_eq!(
        errors(&["-e", "call"], ""),
        (70, "no nobody here, 1 deep\n".into())
    );
    assert_eq!(
        errors(&["-e", "divide"], ""),
        (70, "undefined builtin: 7, 1 deep\n".into())
    );
    // Where it has nothing to say, the line is shown.
    let (code, text) = errors(&["-e", "?"], "");
    assert_eq!(code, 65);
    assert!(
        text.starts_with("error: what is this?\n --> -e:1:1\n"),
        "{text}"
    );
}

#[test]
fn a_session_points_at_the_line_in_the_words_of_the_language() {
    let (code, text) = errors(&["--repl"], "word\ncall\n");
    assert_eq!(code, 0);
    assert!(
        text.contains("error: what is this?\n --> repl:1:1:1\n"),
        "{text}"
    );
    assert!(
        text.contains("error: no nobody here\n --> repl:2:1:1\n"),
        "{text}"
    );
}
