//! A VM with what the command line knows about it: the texts it ran and how it is to run.

use super::args::Options;
use super::report::Report;
use super::streams::Streams;
use crate::chunk::{BuildErrors, Chunk, WireError};
use crate::frontend::{Frontend, compile};
use crate::semantics::Trap;
use crate::value::{Array, Value};
use crate::vm::{Error, ErrorKind, Vm};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Programs of one language, run one after the other in one VM.
pub(super) struct Session<'h, L: Frontend> {
    host: &'h dyn Fn() -> L::Host,
    pub(super) vm: Vm<L>,
    pub(super) options: Options,
    pub(super) streams: Streams,
    report: Report,
    /// Whether errors are shown as the language does it, when it has a way of its own.
    own_errors: bool,
    /// How long compiling took, until that has been told.
    compiled: Option<Duration>,
}

/// What a file holds.
pub(super) enum Content {
    /// Source text.
    Text(String),
    /// A compiled chunk, or one in text form.
    Chunk(Box<Chunk>),
    /// Neither, and why.
    Neither(String),
}

/// Why a program did not run to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It does not compile or load.
    Compile,
    /// It trapped.
    Trap,
}

impl<'h, L: Frontend> Session<'h, L> {
    pub(super) fn new(host: &'h dyn Fn() -> L::Host, options: Options, streams: Streams) -> Self {
        Self {
            host,
            vm: new_vm(host, &options, &streams),
            report: Report::new(streams.color),
            own_errors: true,
            compiled: None,
            options,
            streams,
        }
    }

    /// Starts over with a new VM.
    pub(super) fn reset(&mut self) {
        self.tell_compiled();
        self.vm = new_vm(self.host, &self.options, &self.streams);
    }

    /// Shows errors with the lines they point at from now on, whatever the language does.
    pub(super) fn point_at_errors(&mut self) {
        self.own_errors = false;
    }

    /// Compiles a text, which is kept for errors to point at.
    ///
    /// # Errors
    /// All that is wrong with it, not shown yet.
    pub(super) fn compile(&mut self, name: &str, text: &str) -> Result<Chunk, BuildErrors> {
        self.report.keep(name, text);
        let start = Instant::now();
        let compiled = compile::<L>(name, text);
        self.compiled = Some(start.elapsed());
        compiled
    }

    /// Shows errors of compiling.
    pub(super) fn show_errors(&self, name: &str, errors: &BuildErrors) -> Failure {
        let text = self.report.text(name).filter(|_| self.own_errors);
        let own = text.and_then(|text| L::show_errors(text, errors));
        let shown = own.unwrap_or_else(|| self.report.build(name, errors));
        self.streams.errors.say(&shown);
        Failure::Compile
    }

    /// The chunk of a file's content.
    ///
    /// # Errors
    /// That there is none, which has been shown.
    pub(super) fn chunk(&mut self, name: &str, content: Content) -> Result<Chunk, Failure> {
        match content {
            Content::Chunk(chunk) => Ok(*chunk),
            Content::Text(text) => self
                .compile(name, &text)
                .map_err(|errors| self.show_errors(name, &errors)),
            Content::Neither(why) => {
                self.streams.errors.say(&format!("error: {name}: {why}"));
                Err(Failure::Compile)
            }
        }
    }

    /// Loads a chunk and runs it, unless it is not to be run.
    ///
    /// # Errors
    /// Why it did not run to its end, which has been shown.
    pub(super) fn execute(&mut self, chunk: &Chunk) -> Result<Value, Failure> {
        if self.options.dump {
            self.streams.output.say(&chunk.to_string());
        }
        let start = Instant::now();
        let loaded = self.vm.load(chunk);
        let load = start.elapsed();
        let program = loaded.map_err(|error| self.show_error(Some(chunk), &error))?;
        if self.options.dump && !self.options.no_lower {
            self.streams.output.say(&program.register_listing());
        }
        if self.options.no_run {
            self.tell_time(&[("load", load)]);
            return Ok(Value::Undef);
        }
        self.vm.set_fuel(self.options.fuel);
        if self.options.profile {
            self.vm.set_profiling(true);
        }
        let start = Instant::now();
        let result = self.vm.eval(&program);
        self.tell_time(&[("load", load), ("run", start.elapsed())]);
        if self.options.profile {
            self.streams.errors.say(&self.vm.profile().to_string());
        }
        result.map_err(|error| self.show_error(Some(chunk), &error))
    }

    fn show_error(&self, chunk: Option<&Chunk>, error: &Error) -> Failure {
        // Whoever reads the output has seen enough, as `head` has.
        let closed = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
        if !matches!(error.as_trap(), Some(Trap::Io(e)) if closed(e)) {
            let message = error.as_trap().and_then(L::message);
            let message = message.unwrap_or_else(|| error.message());
            let traps = self.own_errors && error.as_trap().is_some();
            let own = traps.then(|| L::show_trap(&message, error)).flatten();
            let shown = own.unwrap_or_else(|| self.report.error(chunk, error, &message));
            self.streams.errors.say(&shown);
        }
        match error.kind() {
            ErrorKind::Load => Failure::Compile,
            ErrorKind::Trap(_) => Failure::Trap,
        }
    }

    /// Says that there is no machine code, where it was asked for.
    pub(super) fn tell_missing(&self) {
        let asked = self.options.jit == Some(true) || self.options.jit_listing;
        if asked && !cfg!(all(feature = "jit", unix)) {
            let note = "note: this was built without machine code (feature `jit`)";
            self.streams.errors.say(note);
        }
    }

    /// Shows what was compiled to machine code, if that was asked for.
    pub(super) fn tell_compiled(&self) {
        #[cfg(all(feature = "jit", unix))]
        if self.options.jit_listing {
            let listing = self.vm.jit_listing();
            if !listing.is_empty() {
                self.streams.errors.say(&listing);
            }
            let report = self.vm.jit_report();
            if report.count > 0 || !report.refused.is_empty() {
                self.streams.errors.say(report.to_string().trim_end());
            }
        }
    }

    fn tell_time(&mut self, stages: &[(&str, Duration)]) {
        let compile = self.compiled.take().map(|took| ("compile", took));
        if self.options.time {
            let stages: Vec<String> = (compile.iter().chain(stages))
                .map(|(what, took)| format!("{what} {:.3} ms", took.as_secs_f64() * 1e3))
                .collect();
            self.streams.errors.say(&stages.join(", "));
        }
    }
}

fn new_vm<L: Frontend>(host: &dyn Fn() -> L::Host, options: &Options, streams: &Streams) -> Vm<L> {
    let mut vm = Vm::<L>::new(host());
    vm.set_output(streams.output.clone());
    vm.set_input(streams.input.clone());
    vm.set_fusion(!options.no_fuse);
    vm.set_lowering(!options.no_lower);
    #[cfg(all(feature = "jit", unix))]
    vm.set_jit(crate::JitConfig {
        enabled: options.jit != Some(false),
        listings: options.jit_listing,
        // A listing is to have all that was hot, however short the program is.
        background: !options.jit_listing,
        ..Default::default()
    });
    if let Some(depth) = options.max_depth {
        let mut limits = vm.limits().clone();
        limits.max_call_depth = depth;
        vm.set_limits(limits);
    }
    let args: Vec<Value> = options
        .args
        .iter()
        .map(|arg| Value::from(arg.as_str()))
        .collect();
    vm.set_global("ARGV", Value::Array(Array::from(args)));
    L::prepare(&mut vm);
    vm
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn read(path: &Path, streams: &Streams) -> io::Result<Content> {
    let bytes = match path.as_os_str() == "-" {
        true => streams.input.rest()?,
        false => std::fs::read(path)?,
    };
    Ok(match Chunk::from_bytes(&bytes) {
        Ok(chunk) => Content::Chunk(Box::new(chunk)),
        Err(WireError::NotAChunk) => match String::from_utf8(bytes) {
            Ok(text) if path.extension().is_some_and(|e| e == "fvm") => match Chunk::parse(&text) {
                Ok(chunk) => Content::Chunk(Box::new(chunk)),
                Err(error) => Content::Neither(error.to_string()),
            },
            Ok(text) => Content::Text(match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_owned(),
                None => text,
            }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Content::Neither(format!("byte {at} is not UTF-8"))
            }
        },
        Err(damage) => Content::Neither(damage.to_string()),
    })
}

/// The name of a file, as errors show it.
pub(super) fn name_of(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    }
}
