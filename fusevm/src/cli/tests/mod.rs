//! The command line driven with a language of a dozen words, over every option and every error.

mod errors;
mod jit;
mod own;
mod repl;

use super::Cli;
use crate::{
    Builder, Diagnostic, Frontend, Language, Op, OpTable, Parsed, Policy, SharedBuffer, VM, Value,
    ZeroDiv,
};
use std::path::PathBuf;

/// Words behind their operands: numbers, `+`, `/`, `=name`, `name`, `name()`, `print`, `read`, `spin`;
/// `{ name … }` defines a function without parameters.
struct Words;

impl Language for Words {
    type Host = ();
    const NAME: &'static str = "words";
    const POLICY: Policy = Policy {
        zero_div: ZeroDiv::Trap,
        ..<() as Language>::POLICY
    };
    const COERCE: bool = false;

    fn table() -> &'static OpTable {
        <()>::table()
    }
}

impl Frontend for Words {
    fn compile(source: &str, b: &mut Builder<Self>) -> Parsed {
        let (mut at, mut open) = (0, Vec::new());
        let mut words = source.split_inclusive(char::is_whitespace).map(|word| {
            let span = at..at + word.trim_end().len();
            at += word.len();
            (word.trim_end(), span)
        });
        while let Some((word, span)) = words.next() {
            b.at(span.clone());
            match word {
                "" => {}
                "{" => {
                    let (name, _) = words.next().unwrap_or_default();
                    open.push((b.begin_fn(name, &[] as &[&str]), span));
                }
                "}" => match open.pop() {
                    Some((f, _)) => {
                        b.emit(Op::ReturnValue);
                        b.end_fn(f);
                    }
                    None => b.report(Diagnostic::at(span, "nothing to close").note("`{` opens")),
                },
                "+" => b.emit(Op::Add),
                "/" => b.emit(Op::Div),
                "print" => b.println(1),
                "read" => b.emit(Op::ReadLine),
                "spin" => {
                    let head = b.label_here();
                    b.jump(head);
                }
                word => match (Value::parse_number(word), word.strip_prefix('=')) {
                    (Some(number), _) => b.load(number),
                    (None, Some(name)) => b.set_var(name),
                    (None, None) if word.ends_with("()") => b.call(word.trim_end_matches("()"), 0),
                    (None, None) if word.starts_with(char::is_alphabetic) => b.get_var(word),
                    (None, None) => b.report(Diagnostic::at(span, format!("what is `{word}`?"))),
                },
            }
        }
        match open.pop() {
            None => Ok(()),
            Some(_) => Err(Diagnostic::at(at..at, "expected `}`").incomplete()),
        }
    }

    fn keywords() -> &'static [&'static str] {
        &["print", "read", "spin"]
    }

    fn prepare(vm: &mut VM) {
        vm.set_global("ten", 10);
    }
}

/// Exit code, output, errors.
fn run(args: &[&str], input: &str) -> (u8, String, String) {
    let (output, errors) = (SharedBuffer::default(), SharedBuffer::default());
    let cli = Cli::<Words>::new(|| ()).input(std::io::Cursor::new(input.to_owned()));
    let code = cli.output(output.clone()).errors(errors.clone()).run(args);
    (code, output.text(), errors.text())
}

fn ok(args: &[&str], input: &str) -> String {
    let (code, output, errors) = run(args, input);
    assert_eq!((code, errors.as_str()), (0, ""), "{args:?}");
    output
}

fn fails(args: &[&str], input: &str) -> (u8, String) {
    let (code, _, errors) = run(args, input);
    (code, errors)
}

/// A file that goes when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("fusevm-{}-{name}", std::process::id()));
        std::fs::write(&path, content).expect("the folder for temporary files can be written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the names here are UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn programs_come_from_files_code_and_input() {
    let file = File::new("three.words", "1 2 + print");
    assert_eq!(ok(&[file.path()], ""), "3\n");
    assert_eq!(ok(&["run", file.path()], ""), "3\n");
    assert_eq!(ok(&["-e", "4", "-e", "5 + print"], ""), "9\n");
    assert_eq!(ok(&[], "\u{feff}6 print"), "6\n");
    assert_eq!(ok(&["-"], "7 print"), "7\n");
    assert_eq!(ok(&["-e", "ten print"], ""), "10\n");
    assert_eq!(ok(&["-e", "ARGV print", "a", "--dump"], ""), "a --dump\n");
    let reads = File::new("reads.words", "read print read print");
    assert_eq!(ok(&[reads.path()], "one\ntwo\n"), "one\ntwo\n");
}

#[test]
fn what_is_said_about_the_command_line_itself() {
    let help = ok(&["--help"], "");
    assert!(
        help.starts_with("Runs programs of the language words.\n"),
        "{help}"
    );
    assert!(help.lines().all(|line| line.len() <= 84), "{help}");
    assert!(ok(&["-V"], "").starts_with("words (fusevm "));
    let (code, errors) = fails(&["--duump", "x"], "");
    assert_eq!(code, 2);
    assert_eq!(
        errors,
        "words: unknown option `--duump`; did you mean `--dump`?\nTry `words --help`.\n"
    );
    let (code, errors) = fails(&["no/such/file"], "");
    assert_eq!(code, 66);
    assert!(
        errors.starts_with("error: cannot read no/such/file: "),
        "{errors}"
    );
    let (code, errors) = fails(&["-e", "1", "--emit", "no/such/folder/x"], "");
    assert_eq!(code, 73);
    assert!(
        errors.starts_with("error: cannot write no/such/folder/x: "),
        "{errors}"
    );
}

#[test]
fn listings_times_and_limits() {
    let (code, output, errors) = run(&["--dump", "--no-run", "--time", "-e", "1 print"], "");
    assert_eq!(code, 0);
    assert!(
        output.contains("LoadInt 1") && !output.contains("\n1\n"),
        "{output}"
    );
    assert!(
        errors.starts_with("compile ") && !errors.contains("run "),
        "{errors}"
    );
    let (_, output, errors) = run(&["--dump", "--time", "-e", "1 print"], "");
    assert!(output.ends_with("\n1\n"), "{output}");
    assert!(
        errors.contains(" ms, load ") && errors.contains(" ms, run "),
        "{errors}"
    );
    assert_eq!(
        ok(&["--no-fuse", "--fuel", "100", "-e", "1 print"], ""),
        "1\n"
    );
    assert_eq!(ok(&["--no-lower", "-e", "1 print"], ""), "1\n");
    let (code, output, errors) = run(&["--profile", "-e", "{ f 1 } f() print"], "");
    assert_eq!((code, output.as_str()), (0, "1\n"));
    assert!(errors.contains(" 20.0 %  Call\n"), "{errors}");
    assert!(errors.contains("           1  f() at -e:1\n"), "{errors}");
    // A program that stops has a profile too, and each input of a REPL has its own.
    let (code, errors) = fails(&["--profile", "-e", "1 0 /"], "");
    assert_eq!(code, 70);
    assert!(errors.starts_with("3 ops ran\n"), "{errors}");
    let (_, _, errors) = run(&["--profile", "--repl"], "1\n1 2 +\n");
    assert!(
        errors.contains("1 ops ran\n") && errors.contains("3 ops ran\n"),
        "{errors}"
    );
    let (_, output, _) = run(&["--dump", "--no-run", "-e", "1 2 + print"], "");
    assert!(output.contains("\n; main program: "), "{output}");
    assert!(output.contains("AddI r0, r0, 2"), "{output}");
    let (code, errors) = fails(&["--fuel=100", "-e", "spin"], "");
    assert_eq!(code, 70);
    assert!(errors.starts_with("error: out of fuel\n"), "{errors}");
    let (code, errors) = fails(&["--max-depth", "20", "-e", "{ f f() } f()"], "");
    assert_eq!(code, 70);
    assert!(errors.contains("20"), "{errors}");
}

#[test]
fn compiled_chunks_run_and_show_no_lines() {
    let out = File::new("out.fvb", "");
    assert_eq!(
        ok(&["--emit", out.path(), "--no-run", "-e", "1 0 / print"], ""),
        ""
    );
    let (code, errors) = fails(&[out.path()], "");
    assert_eq!(code, 70);
    assert!(
        errors.contains("--> -e:1\n") && !errors.contains('^'),
        "{errors}"
    );
    let mut bytes = std::fs::read(out.path()).expect("it was written");
    let at = bytes.len() / 2;
    bytes[at] ^= 0x40;
    let damaged = File::new("damaged.fvb", &bytes);
    let (code, errors) = fails(&[damaged.path()], "");
    assert_eq!(code, 65);
    assert!(
        errors.starts_with("error: ") && errors.contains("damaged.fvb: "),
        "{errors}"
    );
    let binary = File::new("binary", b"1 \xff");
    assert!(
        fails(&[binary.path()], "")
            .1
            .ends_with("byte 2 is not UTF-8\n")
    );
}

#[test]
fn what_dump_shows_runs() {
    let listing = ok(&["--dump", "--no-run", "-e", "1 2 + print"], "");
    let text = File::new("listing.fvm", listing);
    assert_eq!(ok(&[text.path()], ""), "3\n");
    let wrong = File::new("wrong.fvm", "Adx");
    let (code, errors) = fails(&[wrong.path()], "");
    assert_eq!(code, 65);
    assert!(errors.contains("did you mean `Add`?"), "{errors}");
}

#[test]
fn colour_is_only_for_terminals() {
    let mut cli = Cli::<Words>::new(|| ()).errors(SharedBuffer::default());
    assert!(!cli.streams.color);
    let errors = SharedBuffer::default();
    cli = cli.errors(errors.clone()).output(SharedBuffer::default());
    cli.streams.color = true;
    cli.run(["-e", "1 0 / print"]);
    assert!(errors.text().contains("\u{1b}["));
}

#[test]
fn what_there_is_to_know_about_ops() {
    let (code, output, _) = run(&["--reference"], "");
    assert_eq!(code, 0);
    assert!(
        output.starts_with("# The ops of core\n\n## core."),
        "{output}"
    );
    let (code, output, _) = run(&["--explain", "core.floor"], "");
    assert_eq!(code, 0);
    assert!(
        output.starts_with("## core.floor\n\n`core.floor("),
        "{output}"
    );
    let (code, errors) = fails(&["--explain", "flor"], "");
    assert_eq!(
        (code, errors.as_str()),
        (
            2,
            "words: language `core` has no op `flor`; there is `core.floor`\n"
        )
    );
}
