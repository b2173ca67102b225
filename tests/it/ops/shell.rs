//! A shell that is made of words: it starts nothing and looks at nothing.

use fusevm::{SharedBuffer, ShellError, ShellHost, ShellResult, Str, Value, file_test};
use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::io::Write;

/// A host that grants nothing.
pub(super) struct Refusing;

impl ShellHost for Refusing {}

/// A host that writes each call it gets to the output, as `> method what`, and knows a few commands:
///
/// * `echo WORDS` writes the words and a line break,
/// * `cat` writes what it is fed by a here document, a pipeline or a process substitution,
/// * `write PATH WORDS` writes the words and a line break to a path,
/// * `status N` does nothing and ends with N,
/// * `kill SIGNAL` sends a signal.
///
/// What else it is asked for is in its methods.
pub(super) struct Scripted {
    out: SharedBuffer,
    /// What is written inside open captures, innermost last.
    captures: Vec<Vec<u8>>,
    /// What the open pipeline's stage has written.
    pipe: Option<Vec<u8>>,
    last: i32,
    fed: Vec<u8>,
    written: HashMap<String, Vec<u8>>,
    caught: Vec<Str>,
    arrived: VecDeque<Str>,
    paths: usize,
}

impl Scripted {
    pub(super) fn new(out: SharedBuffer) -> Self {
        Self {
            out,
            captures: Vec::new(),
            pipe: None,
            last: 0,
            fed: Vec::new(),
            written: HashMap::new(),
            caught: Vec::new(),
            arrived: VecDeque::new(),
            paths: 0,
        }
    }

    fn log(&mut self, method: &str, what: impl Display) {
        let line = format!("> {method} {what}");
        writeln!(self.out, "{}", line.trim_end()).expect("the buffer takes all");
    }

    /// What a command writes.
    fn write(&mut self, bytes: &[u8]) {
        match (&mut self.pipe, self.captures.last_mut()) {
            (Some(pipe), _) => pipe.extend(bytes),
            (None, Some(capture)) => capture.extend(bytes),
            (None, None) => self.out.write_all(bytes).expect("the buffer takes all"),
        }
    }

    fn command(&mut self, words: &[Str]) -> ShellResult<i32> {
        let words: Vec<&str> = words.iter().map(Str::as_str).collect();
        match words[..] {
            ["echo", ref rest @ ..] => self.write(format!("{}\n", rest.join(" ")).as_bytes()),
            ["cat"] => {
                let fed = std::mem::take(&mut self.fed);
                self.write(&fed);
            }
            ["write", path, ref rest @ ..] => {
                let text = format!("{}\n", rest.join(" "));
                self.written.insert(path.to_owned(), text.into_bytes());
            }
            ["status", code] => {
                return code
                    .parse()
                    .map_err(|_| ShellError::new("status needs a number"));
            }
            ["kill", signal] => {
                let caught = self.caught.iter().find(|name| name.as_str() == signal);
                self.arrived.extend(caught.cloned());
            }
            _ => return Err(ShellError::new(format!("no command `{}`", words.join(" ")))),
        }
        Ok(0)
    }

    fn path(&mut self, of: &str) -> Str {
        self.paths += 1;
        Str::from(format!("/{of}/{}", self.paths))
    }
}

fn joined(words: &[Str]) -> String {
    words.iter().map(Str::as_str).collect::<Vec<_>>().join(" ")
}

fn strings(words: &[&str]) -> Vec<Str> {
    words.iter().map(|word| Str::from(*word)).collect()
}

impl ShellHost for Scripted {
    fn exec(&mut self, words: &[Str]) -> ShellResult<i32> {
        self.log("exec", joined(words));
        self.last = self.command(words)?;
        Ok(self.last)
    }

    fn exec_bg(&mut self, words: &[Str]) -> ShellResult<i32> {
        self.log("exec_bg", joined(words));
        self.command(words).map(|_| 0)
    }

    fn pipeline_begin(&mut self, stages: u8) -> ShellResult {
        self.log("pipeline_begin", stages);
        self.pipe = Some(Vec::new());
        Ok(())
    }

    fn pipeline_stage(&mut self) -> ShellResult {
        self.log("pipeline_stage", "");
        self.fed = self.pipe.replace(Vec::new()).unwrap_or_default();
        Ok(())
    }

    fn pipeline_end(&mut self) -> ShellResult<i32> {
        self.log("pipeline_end", "");
        let rest = self.pipe.take().unwrap_or_default();
        self.write(&rest);
        Ok(self.last)
    }

    fn redirect(&mut self, fd: u8, op: u8, target: &str) -> ShellResult {
        self.log("redirect", format_args!("{fd} by {op} to {target}"));
        Ok(())
    }

    fn here_doc(&mut self, fd: i64, text: &str) -> ShellResult {
        self.log("here_doc", format_args!("{fd} {text:?}"));
        self.fed = text.as_bytes().to_vec();
        Ok(())
    }

    fn capture_begin(&mut self) -> ShellResult {
        self.log("capture_begin", "");
        self.captures.push(Vec::new());
        Ok(())
    }

    fn capture_write(&mut self, bytes: &[u8]) -> ShellResult {
        self.write(bytes);
        Ok(())
    }

    fn capture_end(&mut self) -> ShellResult<Vec<u8>> {
        self.log("capture_end", "");
        self.captures
            .pop()
            .ok_or_else(|| ShellError::new("no capture is open"))
    }

    fn subshell_begin(&mut self) -> ShellResult {
        self.log("subshell_begin", "");
        Ok(())
    }

    fn subshell_end(&mut self) -> ShellResult {
        self.log("subshell_end", "");
        Ok(())
    }

    fn process_sub_in(&mut self, output: &[u8]) -> ShellResult<Str> {
        self.log(
            "process_sub_in",
            format_args!("{:?}", String::from_utf8_lossy(output)),
        );
        Ok(self.path("in"))
    }

    fn process_sub_out(&mut self) -> ShellResult<Str> {
        self.log("process_sub_out", "");
        Ok(self.path("out"))
    }

    fn process_sub_enter(&mut self, path: &str) -> ShellResult {
        self.log("process_sub_enter", path);
        self.fed = self.written.remove(path).unwrap_or_default();
        Ok(())
    }

    fn process_sub_leave(&mut self, path: &str) -> ShellResult {
        self.log("process_sub_leave", path);
        Ok(())
    }

    /// Finds `a.rs` and `b.rs` for `*.rs`, and else nothing.
    fn glob(&mut self, pattern: &str) -> ShellResult<Vec<Str>> {
        self.log("glob", pattern);
        Ok(match pattern {
            "*.rs" => strings(&["a.rs", "b.rs"]),
            _ => Vec::new(),
        })
    }

    /// Finds `a.rs` and `sub/c.rs` for `**/*.rs`, and else nothing.
    fn glob_recursive(&mut self, pattern: &str) -> ShellResult<Vec<Str>> {
        self.log("glob_recursive", pattern);
        Ok(match pattern {
            "**/*.rs" => strings(&["a.rs", "sub/c.rs"]),
            _ => Vec::new(),
        })
    }

    /// There is a file `file` with something in it, and a folder `folder`.
    fn test_file(&mut self, path: &str, test: u8) -> ShellResult<bool> {
        self.log("test_file", format_args!("{test} {path}"));
        let of_file = [
            file_test::EXISTS,
            file_test::IS_FILE,
            file_test::IS_NONEMPTY,
        ];
        let of_folder = [file_test::EXISTS, file_test::IS_DIR];
        Ok(match path {
            "file" => of_file.contains(&test),
            "folder" => of_folder.contains(&test),
            _ => false,
        })
    }

    fn trap_set(&mut self, signal: &str) -> ShellResult {
        self.log("trap_set", signal);
        self.caught.push(Str::from(signal));
        Ok(())
    }

    fn take_signal(&mut self) -> ShellResult<Option<Str>> {
        Ok(self.arrived.pop_front())
    }

    /// Gives what it was asked, `MODIFIER(VALUE, ARGUMENTS)`.
    fn expand_param(&mut self, modifier: u8, value: &Value, args: &[Value]) -> ShellResult<Value> {
        let args: Vec<String> = args.iter().map(|arg| format!(", {arg:?}")).collect();
        Ok(Value::str(format!(
            "{modifier}({value:?}{})",
            args.concat()
        )))
    }

    fn word_split(&mut self, text: &str) -> ShellResult<Vec<Str>> {
        Ok(text.split_whitespace().map(Str::from).collect())
    }

    /// Knows one pair of braces.
    fn brace_expand(&mut self, text: &str) -> ShellResult<Vec<Str>> {
        let parts = text.split_once('{').zip(text.split_once('}'));
        let Some(((before, inner), (_, after))) = parts else {
            return Ok(strings(&[text]));
        };
        let inner = inner.split('}').next().unwrap_or_default();
        Ok(inner
            .split(',')
            .map(|one| Str::from(format!("{before}{one}{after}")))
            .collect())
    }

    /// The home folder is `/home/me`.
    fn tilde_expand(&mut self, text: &str) -> ShellResult<Str> {
        Ok(match text.strip_prefix('~') {
            Some(rest) => Str::from(format!("/home/me{rest}")),
            None => Str::from(text),
        })
    }
}
