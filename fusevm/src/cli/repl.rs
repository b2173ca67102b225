//! The REPL: inputs of one or more lines, each a chunk of its own, in one VM.

use super::edit::{Line, Lines};
use super::help::{self, COMMANDS};
use super::session::{Session, name_of, read};
use crate::chunk::{BuildErrors, Chunk};
use crate::ext::nearest;
use crate::frontend::Frontend;
use std::path::Path;

/// Characters of a value that `:globals` shows.
const SHOWN: usize = 100;

/// Runs inputs until they end.
pub(super) fn run<L: Frontend>(mut session: Session<'_, L>) {
    session.point_at_errors();
    let (streams, history) = (&session.streams, session.options.history.clone());
    let lines = match streams.terminal {
        true => Lines::terminal(history, streams.input.clone(), streams.errors.clone()),
        false => Lines::Pipe(streams.input.clone()),
    };
    let mut repl = Repl {
        session,
        lines,
        inputs: 0,
    };
    if repl.lines.is_terminal() {
        let hello = format!("{}; :help shows what there is", help::version(L::NAME));
        repl.session.streams.output.say(&hello);
    }
    while repl.step() {}
    repl.session.tell_compiled();
}

struct Repl<'h, L: Frontend> {
    session: Session<'h, L>,
    lines: Lines,
    /// Inputs so far.
    inputs: usize,
}

/// An input: a compiled chunk, what is wrong with it, or a command.
enum Input {
    Command(String),
    Code(String, Result<Box<Chunk>, BuildErrors>),
}

impl<L: Frontend> Repl<'_, L> {
    /// Reads an input and runs it; whether another may follow.
    fn step(&mut self) -> bool {
        let session = &self.session;
        self.lines.complete(|| words(session));
        match self.read() {
            None => false,
            Some(Input::Command(command)) => self.command(&command),
            Some(Input::Code(name, Err(errors))) => {
                self.session.show_errors(&name, &errors);
                true
            }
            Some(Input::Code(_, Ok(chunk))) => {
                self.show(&chunk);
                true
            }
        }
    }

    /// Reads lines until they are an input that is finished or given up.
    fn read(&mut self) -> Option<Input> {
        let (first, more) = (format!("{}> ", L::NAME), "...> ");
        let mut text = String::new();
        let mut unfinished = None;
        loop {
            let prompt = if text.is_empty() { &first } else { more };
            match self.lines.next(prompt) {
                Line::End => {
                    return unfinished.map(|(name, errors)| Input::Code(name, Err(errors)));
                }
                Line::Cleared => {
                    text.clear();
                    unfinished = None;
                    continue;
                }
                Line::Text(line) if text.is_empty() => {
                    if line.trim().is_empty() {
                        continue;
                    }
                    let line = line.trim_end();
                    let command = line.strip_prefix(':');
                    if let Some(command) = command.filter(|c| c.starts_with(char::is_alphabetic)) {
                        self.lines.remember(line);
                        return Some(Input::Command(command.to_owned()));
                    }
                    text.push_str(line);
                    self.inputs += 1;
                }
                Line::Text(line) => {
                    text.push('\n');
                    text.push_str(&line);
                }
            }
            let name = format!("repl:{}", self.inputs);
            match self.session.compile(&name, &text) {
                Err(errors) if errors.is_incomplete() && !text.ends_with("\n\n") => {
                    unfinished = Some((name, errors));
                }
                compiled => {
                    self.lines.remember(text.trim_end());
                    return Some(Input::Code(name, compiled.map(Box::new)));
                }
            }
        }
    }

    /// Runs a chunk and shows its value.
    fn show(&mut self, chunk: &Chunk) {
        if let Ok(value) = self.session.execute(chunk)
            && let Some(text) = L::show(&self.session.vm, &value)
        {
            self.session.streams.output.say(&text);
        }
    }

    /// Obeys a command; whether another input may follow.
    fn command(&mut self, command: &str) -> bool {
        let (name, operand) = match command.split_once(char::is_whitespace) {
            Some((name, operand)) => (name, operand.trim()),
            None => (command, ""),
        };
        let output = self.session.streams.output.clone();
        let options = &mut self.session.options;
        match name {
            "help" => output.say(&help::commands()),
            "dump" => {
                options.dump = !options.dump;
                output.say(if options.dump { "dump on" } else { "dump off" });
            }
            "time" => {
                options.time = !options.time;
                output.say(if options.time { "time on" } else { "time off" });
            }
            "globals" => self.globals(),
            "functions" => {
                let mut names: Vec<&str> = self.session.vm.function_names().collect();
                names.sort_unstable();
                names.iter().for_each(|name| output.say(name));
            }
            "load" => self.load(Path::new(operand)),
            "reset" => self.session.reset(),
            "quit" | "q" => return false,
            _ => {
                let names = COMMANDS.map(|(name, _)| name);
                let near = nearest(name, &names);
                let near = near.map_or(String::new(), |near| format!("; did you mean `:{near}`?"));
                self.session
                    .streams
                    .errors
                    .say(&format!("error: unknown command `:{name}`{near}"));
            }
        }
        true
    }

    fn globals(&self) {
        let vm = &self.session.vm;
        let mut names: Vec<&str> = vm.global_names().collect();
        names.sort_unstable();
        for name in names {
            let value = vm.global(name);
            let plain = || vm.text(&value).unwrap_or_else(|trap| format!("({trap})"));
            let text = L::show(vm, &value).unwrap_or_else(plain);
            let mut line: String = text.chars().take(SHOWN).collect();
            if line.len() < text.len() {
                line.push_str("...");
            }
            self.session
                .streams
                .output
                .say(&format!("{name} = {}", line.escape_debug()));
        }
    }

    fn load(&mut self, path: &Path) {
        if path.as_os_str().is_empty() {
            return self
                .session
                .streams
                .errors
                .say("error: `:load` needs a FILE");
        }
        let name = name_of(path);
        match read(path, &self.session.streams) {
            Err(error) => {
                self.session
                    .streams
                    .errors
                    .say(&format!("error: cannot read {name}: {error}"));
            }
            Ok(content) => {
                if let Ok(chunk) = self.session.chunk(&name, content) {
                    self.show(&chunk);
                }
            }
        }
    }
}

/// What can be completed now.
fn words<L: Frontend>(session: &Session<'_, L>) -> Vec<String> {
    let vm = &session.vm;
    let commands = COMMANDS.iter().filter(|(name, _)| name.len() > 1);
    let mut words: Vec<String> = commands.map(|(name, _)| format!(":{name}")).collect();
    words.extend(L::keywords().iter().map(|word| (*word).to_owned()));
    words.extend(vm.table().ops().map(|(_, op)| op.name.to_owned()));
    words.extend(
        vm.global_names()
            .chain(vm.function_names())
            .map(str::to_owned),
    );
    words
}
