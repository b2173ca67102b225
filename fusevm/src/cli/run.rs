//! What a command line does.

use super::args::{self, Options, Task};
use super::session::{Content, Failure, Session, name_of, read};
use super::streams::Streams;
use super::{help, repl};
use crate::chunk::Chunk;
use crate::frontend::Frontend;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const EXIT_USAGE: u8 = 2;
const EXIT_NO_INPUT: u8 = 66;
const EXIT_CANNOT_CREATE: u8 = 73;

/// Does what the arguments say: the exit code.
pub(super) fn run<L: Frontend>(
    host: &dyn Fn() -> L::Host,
    streams: Streams,
    args: impl Iterator<Item = OsString>,
) -> u8 {
    match args::parse(args) {
        Err(wrong) => {
            streams
                .errors
                .say(&format!("{}: {wrong}\nTry `{0} --help`.", L::NAME));
            EXIT_USAGE
        }
        Ok(Task::Help) => {
            streams
                .output
                .say(&help::usage(L::NAME, L::EXIT_COMPILE, L::EXIT_TRAP));
            0
        }
        Ok(Task::Version) => {
            streams.output.say(&help::version(L::NAME));
            0
        }
        Ok(Task::Reference) => {
            streams.output.say(L::reference().trim_end());
            0
        }
        Ok(Task::Explain(op)) => match L::explain(&op) {
            Ok(text) => {
                streams.output.say(text.trim_end());
                0
            }
            Err(unknown) => {
                streams.errors.say(&format!("{}: {unknown}", L::NAME));
                EXIT_USAGE
            }
        },
        Ok(Task::Run(options)) => run_options::<L>(host, streams, options).unwrap_or_else(|e| e),
    }
}

/// Runs the program that the options name, and the REPL if one is to follow; the error is an exit
/// code as well.
fn run_options<L: Frontend>(
    host: &dyn Fn() -> L::Host,
    streams: Streams,
    mut options: Options,
) -> Result<u8, u8> {
    let (code, file) = (options.code.take(), options.file.take());
    let repl = options.repl || (code.is_none() && file.is_none() && streams.terminal);
    let program = match (code, file) {
        (Some(code), _) => Some(("-e".to_owned(), Content::Text(code))),
        (None, None) if repl => None,
        (None, file) => {
            let path = file.unwrap_or_else(|| PathBuf::from("-"));
            let name = name_of(&path);
            let content = read(&path, &streams).map_err(|error| {
                streams
                    .errors
                    .say(&format!("error: cannot read {name}: {error}"));
                EXIT_NO_INPUT
            })?;
            Some((name, content))
        }
    };
    let mut session = Session::<L>::new(host, options, streams);
    session.tell_missing();
    let ran = match program {
        Some((name, content)) => run_program(&mut session, &name, content),
        None => Ok(()),
    };
    if !repl {
        session.tell_compiled();
    }
    if repl {
        repl::run(session);
        return Ok(0);
    }
    ran.map(|()| 0)
}

fn run_program<L: Frontend>(
    session: &mut Session<'_, L>,
    name: &str,
    content: Content,
) -> Result<(), u8> {
    let code = |failure| match failure {
        Failure::Compile => L::EXIT_COMPILE,
        Failure::Trap => L::EXIT_TRAP,
    };
    let chunk = session.chunk(name, content).map_err(code)?;
    if let Some(path) = session.options.emit.take() {
        emit(&chunk, &path).map_err(|error| {
            session.streams.errors.say(&error);
            EXIT_CANNOT_CREATE
        })?;
    }
    session.execute(&chunk).map(drop).map_err(code)
}

fn emit(chunk: &Chunk, path: &Path) -> Result<(), String> {
    std::fs::write(path, chunk.to_bytes())
        .map_err(|error| format!("error: cannot write {}: {error}", path.display()))
}
