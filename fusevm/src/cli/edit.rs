//! Where a REPL gets its lines: an editor on a terminal, or the lines of a pipe.

use super::streams::{Feed, Sink};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};
use std::path::PathBuf;

/// A line, or why there is none.
pub(super) enum Line {
    Text(String),
    /// The line is to be forgotten, with those before it that it continues.
    Cleared,
    End,
}

/// Where lines come from.
pub(super) enum Lines {
    Pipe(Feed),
    Terminal(Box<Terminal>),
}

/// An editor with history and completion.
pub(super) struct Terminal {
    editor: Editor<Words, FileHistory>,
    history: Option<PathBuf>,
    errors: Sink,
}

/// What can be completed.
struct Words(Vec<String>);

impl Lines {
    /// An editor; lines of `fallback` when the terminal cannot be edited on.
    pub(super) fn terminal(history: Option<PathBuf>, fallback: Feed, errors: Sink) -> Self {
        let Ok(mut editor) = Editor::new() else {
            return Lines::Pipe(fallback);
        };
        editor.set_helper(Some(Words(Vec::new())));
        if let Some(path) = history.as_deref().filter(|path| path.exists())
            && let Err(error) = editor.load_history(path)
        {
            errors.say(&format!("error: cannot read {}: {error}", path.display()));
        }
        Lines::Terminal(Box::new(Terminal {
            editor,
            history,
            errors,
        }))
    }

    /// Whether somebody types them.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Lines::Terminal(_))
    }

    /// Sets what can be completed.
    pub(super) fn complete(&mut self, words: impl FnOnce() -> Vec<String>) {
        if let Lines::Terminal(terminal) = self
            && let Some(helper) = terminal.editor.helper_mut()
        {
            helper.0 = words();
        }
    }

    /// The next line.
    pub(super) fn next(&mut self, prompt: &str) -> Line {
        match self {
            Lines::Pipe(feed) => match feed.line() {
                Ok(Some(line)) => Line::Text(line),
                Ok(None) | Err(_) => Line::End,
            },
            Lines::Terminal(terminal) => match terminal.editor.readline(prompt) {
                Ok(line) => Line::Text(line),
                Err(ReadlineError::Interrupted) => Line::Cleared,
                Err(ReadlineError::Eof) => Line::End,
                Err(error) => {
                    terminal.errors.say(&format!("error: {error}"));
                    Line::End
                }
            },
        }
    }

    /// Adds an input to the history.
    pub(super) fn remember(&mut self, input: &str) {
        let Lines::Terminal(terminal) = self else {
            return;
        };
        let added = terminal.editor.add_history_entry(input);
        let saved = match &terminal.history {
            Some(path) if added.is_ok() => terminal.editor.append_history(path),
            _ => added.map(drop),
        };
        if let Err(error) = saved {
            terminal
                .errors
                .say(&format!("error: the history is not kept: {error}"));
            terminal.history = None;
        }
    }
}

/// Where the word before the cursor starts, and the words that go on from it.
pub(super) fn completions(words: &[String], line: &str, cursor: usize) -> (usize, Vec<String>) {
    let before = line.get(..cursor).unwrap_or(line);
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut start = before.rfind(|c| !part(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(0, char::len_utf8)
    });
    if start == 1 && line.starts_with(':') {
        start = 0;
    }
    let word = &before[start..];
    let mut found: Vec<String> = match word {
        "" => Vec::new(),
        word => words
            .iter()
            .filter(|w| w.starts_with(word))
            .cloned()
            .collect(),
    };
    found.sort();
    found.dedup();
    (start, found)
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(completions(&self.0, line, cursor))
    }
}

impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}
