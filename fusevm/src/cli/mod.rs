//! A command line and a REPL for any [`Frontend`].
//!
//! [`main`] is the whole `fn main` of a language: it runs files, standard input, `-e CODE` and
//! compiled chunks, shows errors with the line they point at, and on a terminal starts a REPL.
//! [`Cli`] is the same with its streams given, for tests and for programs that embed it.
//!
//! It assumes nothing about the language beyond [`Frontend`], and nothing about sources and chunks,
//! which may be anything. It only reads the environment to decide on colour (`NO_COLOR`, `TERM`). It
//! grants programs no [`ShellHost`](crate::ShellHost); a language that wants one sets it in
//! [`Frontend::prepare`]. An interrupt (Ctrl-C) clears the line that is edited, but ends the
//! process while a program runs, as for any command.
//!
//! | exit code | when |
//! |---|---|
//! | 0 | it ran |
//! | 2 | the command line makes no sense |
//! | 66 | a file cannot be read |
//! | 73 | the file of `--emit` cannot be written |
//! | [`Frontend::EXIT_COMPILE`] | the source does not compile, or the chunk does not load |
//! | [`Frontend::EXIT_TRAP`] | the program trapped |
//!
//! A REPL always ends with 0: its errors were shown where they happened.

mod args;
mod edit;
mod excerpt;
mod help;
mod repl;
mod report;
mod run;
mod session;
mod streams;
impl<L: Frontend> std::fmt::Debug for Cli<'_, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cli")
            .field("language", &L::NAME)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

use crate::frontend::Frontend;
use std::ffi::OsString;
use std::io::{self, BufReader, IsTerminal, Read, Write};
use std::process::ExitCode;
use streams::{Feed, Sink, Streams};

/// The `fn main` of a language: a command line over the arguments and streams of the process.
///
/// ```no_run
/// # use fusevm::{Builder, Frontend, Parsed};
/// # struct Mine;
/// # impl fusevm::Language for Mine {
/// #     type Host = ();
/// #     const NAME: &'static str = "mine";
/// #     const POLICY: fusevm::Policy = <() as fusevm::Language>::POLICY;
/// #     const COERCE: bool = false;
/// #     fn table() -> &'static fusevm::OpTable {
/// #         <() as fusevm::Language>::table()
/// #     }
/// # }
/// # impl Frontend for Mine {
/// #     fn compile(_: &str, _: &mut Builder<Self>) -> Parsed {
/// #         Ok(())
/// #     }
/// # }
/// fn main() -> std::process::ExitCode {
///     fusevm::cli::main::<Mine>()
/// }
/// ```
pub fn main<L: Frontend<Host: Default>>() -> ExitCode {
    main_with::<L>(L::Host::default)
}

/// Like [`main`], with hosts made by `host`: one for each VM, of which a REPL makes another when it
/// is reset.
pub fn main_with<L: Frontend>(host: impl Fn() -> L::Host) -> ExitCode {
    ExitCode::from(Cli::<L>::new(host).run(std::env::args_os().skip(1)))
}

/// A command line of language `L`, with streams that may be others than those of the process.
pub struct Cli<'h, L: Frontend> {
    host: Box<dyn Fn() -> L::Host + 'h>,
    streams: Streams,
}

impl<'h, L: Frontend> Cli<'h, L> {
    /// A command line over the streams of the process. `host` makes the host of each VM.
    pub fn new(host: impl Fn() -> L::Host + 'h) -> Self {
        let plain = |name| std::env::var_os(name).is_some_and(|v: OsString| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            host: Box::new(host),
            streams: Streams {
                input: Feed::new(BufReader::new(io::stdin())),
                output: Sink::new(io::stdout()),
                errors: Sink::new(io::stderr()),
                terminal: io::stdin().is_terminal(),
                color: io::stderr().is_terminal() && !plain("NO_COLOR") && !dumb,
            },
        }
    }

    /// Reads `source` instead of standard input; it counts as piped.
    #[must_use]
    pub fn input(mut self, source: impl Read + Send + 'static) -> Self {
        self.streams.input = Feed::new(BufReader::new(source));
        self.streams.terminal = false;
        self
    }

    /// Writes to `sink` instead of standard output.
    #[must_use]
    pub fn output(mut self, sink: impl Write + Send + 'static) -> Self {
        self.streams.output = Sink::new(sink);
        self
    }

    /// Writes to `sink` instead of standard error, without colour.
    #[must_use]
    pub fn errors(mut self, sink: impl Write + Send + 'static) -> Self {
        self.streams.errors = Sink::new(sink);
        self.streams.color = false;
        self
    }

    /// Does what the arguments say, the program's name not among them: the exit code.
    pub fn run<A: Into<OsString>>(self, args: impl IntoIterator<Item = A>) -> u8 {
        let args = args.into_iter().map(Into::into);
        run::run::<L>(&*self.host, self.streams, args)
    }
}
