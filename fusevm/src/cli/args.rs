//! The arguments of a command line.

use crate::ext::nearest;
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Help,
    Version,
    Reference,
    Explain(String),
    Run(Options),
}

/// What is to be run, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// The texts of `-e`, as lines of one program.
    pub(super) code: Option<String>,
    /// `-` is standard input.
    pub(super) file: Option<PathBuf>,
    /// What the program sees as `ARGV`.
    pub(super) args: Vec<String>,
    pub(super) repl: bool,
    pub(super) dump: bool,
    pub(super) time: bool,
    pub(super) profile: bool,
    pub(super) no_run: bool,
    pub(super) no_fuse: bool,
    pub(super) no_lower: bool,
    /// Whether machine code was asked for, or forbidden; the last word counts.
    pub(super) jit: Option<bool>,
    pub(super) jit_listing: bool,
    pub(super) fuel: Option<u64>,
    pub(super) max_depth: Option<usize>,
    pub(super) emit: Option<PathBuf>,
    pub(super) history: Option<PathBuf>,
}

/// The long options.
const LONG: [&str; 18] = [
    "dump",
    "emit",
    "explain",
    "fuel",
    "help",
    "history",
    "jit",
    "jit-listing",
    "max-depth",
    "no-fuse",
    "no-jit",
    "no-lower",
    "no-run",
    "profile",
    "reference",
    "repl",
    "time",
    "version",
];

/// Reads the arguments.
///
/// # Errors
/// What is wrong with them, as a line to show.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task, String> {
    let mut options = Options::default();
    let mut run_word = false;
    let args: Vec<OsString> = args.into_iter().collect();
    let mut parser = Parser::from_args(args);
    let said = |error: lexopt::Error| error.to_string();
    while let Some(arg) = parser.next().map_err(said)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Task::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Task::Version),
            Arg::Long("reference") => return Ok(Task::Reference),
            Arg::Long("explain") => {
                let op = parser.value().and_then(|v| v.string()).map_err(said)?;
                return Ok(Task::Explain(op));
            }
            Arg::Short('e') => {
                let line = parser.value().and_then(|v| v.string()).map_err(said)?;
                let code = options.code.get_or_insert_default();
                if !code.is_empty() {
                    code.push('\n');
                }
                code.push_str(&line);
            }
            Arg::Long("dump") => options.dump = true,
            Arg::Long("time") => options.time = true,
            Arg::Long("profile") => options.profile = true,
            Arg::Long("no-run") => options.no_run = true,
            Arg::Long("no-fuse") => options.no_fuse = true,
            Arg::Long("no-lower") => options.no_lower = true,
            Arg::Long("jit") => options.jit = Some(true),
            Arg::Long("no-jit") => options.jit = Some(false),
            Arg::Long("jit-listing") => options.jit_listing = true,
            Arg::Long("repl") => options.repl = true,
            Arg::Long("fuel") => options.fuel = Some(number(&mut parser, "fuel")?),
            Arg::Long("max-depth") => options.max_depth = Some(number(&mut parser, "max-depth")?),
            Arg::Long("emit") => options.emit = Some(parser.value().map_err(said)?.into()),
            Arg::Long("history") => options.history = Some(parser.value().map_err(said)?.into()),
            Arg::Short(letter) => return Err(unknown(&format!("-{letter}"))),
            Arg::Long(name) => return Err(unknown(&format!("--{name}"))),
            Arg::Value(word) if word == "run" && !run_word && options.code.is_none() => {
                run_word = true;
            }
            Arg::Value(word) => {
                match options.code {
                    None => options.file = Some(word.into()),
                    Some(_) => options.args.push(lossy(word)),
                }
                options
                    .args
                    .extend(parser.raw_args().map_err(said)?.map(lossy));
            }
        }
    }
    if run_word && options.file.is_none() {
        return Err("`run` needs a FILE".to_owned());
    }
    Ok(Task::Run(options))
}

fn lossy(text: OsString) -> String {
    text.to_string_lossy().into_owned()
}

/// The number behind an option.
fn number<T: std::str::FromStr>(parser: &mut Parser, option: &str) -> Result<T, String> {
    let text = lossy(parser.value().map_err(|e| e.to_string())?);
    let wrong = || format!("`--{option}` needs a whole number, not `{text}`");
    text.replace('_', "").parse().map_err(|_| wrong())
}

fn unknown(option: &str) -> String {
    let name = option.trim_start_matches('-');
    let near = match option.starts_with("--") {
        true => nearest(name, &LONG),
        false => LONG.iter().copied().find(|long| long.starts_with(name)),
    };
    match near {
        Some(near) => format!("unknown option `{option}`; did you mean `--{near}`?"),
        None => format!("unknown option `{option}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Options {
        match parse(args.iter().map(OsString::from)) {
            Ok(Task::Run(options)) => options,
            other => panic!("{args:?}: {other:?}"),
        }
    }

    fn wrong(args: &[&str]) -> String {
        parse(args.iter().map(OsString::from)).expect_err("it makes no sense")
    }

    #[test]
    fn a_file_takes_all_that_follows() {
        let seen = options(&["--dump", "--fuel=1_000", "a.x", "--time", "--", "-e"]);
        assert_eq!(seen.file, Some("a.x".into()));
        assert_eq!(seen.args, ["--time", "--", "-e"]);
        assert_eq!((seen.dump, seen.time, seen.fuel), (true, false, Some(1000)));
        assert_eq!(
            options(&["run", "--time", "run", "x"]).file,
            Some("run".into())
        );
        assert_eq!(options(&["-"]).file, Some("-".into()));
        assert_eq!(options(&["--", "--dump"]).file, Some("--dump".into()));
    }

    #[test]
    fn codes_are_lines_and_words_behind_them_are_arguments() {
        let seen = options(&["-e", "1", "-e2", "--time", "run", "--dump"]);
        assert_eq!(seen.code.as_deref(), Some("1\n2"));
        assert_eq!(seen.args, ["run", "--dump"]);
        assert!(seen.time && !seen.dump && seen.file.is_none());
    }

    #[test]
    fn the_last_word_on_machine_code_counts() {
        assert_eq!(options(&["a"]).jit, None);
        assert_eq!(options(&["--no-jit", "--jit", "a"]).jit, Some(true));
        let seen = options(&["--jit-listing", "--jit", "--no-jit", "a", "--jit"]);
        assert_eq!((seen.jit, seen.jit_listing), (Some(false), true));
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(
            wrong(&["--dmup"]),
            "unknown option `--dmup`; did you mean `--dump`?"
        );
        assert_eq!(
            wrong(&["--max"]),
            "unknown option `--max`; did you mean `--max-depth`?"
        );
        assert_eq!(
            wrong(&["-d"]),
            "unknown option `-d`; did you mean `--dump`?"
        );
        assert_eq!(
            wrong(&["--jit-list"]),
            "unknown option `--jit-list`; did you mean `--jit-listing`?"
        );
        assert!(wrong(&["--jit=off"]).contains("--jit"));
        assert_eq!(wrong(&["-ä"]), "unknown option `-ä`");
        assert_eq!(
            wrong(&["--fuel", "lots"]),
            "`--fuel` needs a whole number, not `lots`"
        );
        assert_eq!(
            wrong(&["--fuel=-1"]),
            "`--fuel` needs a whole number, not `-1`"
        );
        assert_eq!(wrong(&["--fuel"]), "missing argument for option '--fuel'");
        assert_eq!(wrong(&["run"]), "`run` needs a FILE");
        assert!(wrong(&["--dump=3"]).contains("--dump"));
        assert!(wrong(&["-e"]).contains("-e"));
    }
}
