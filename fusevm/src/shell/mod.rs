//! The outside world: what the shell ops ask of it, and the codes they carry.
//!
//! Bytecode never has ambient authority. The shell ops act only through a [`ShellHost`] that the
//! embedder grants to a VM with [`VM::set_shell`](crate::VM::set_shell); a chunk that has one of them
//! does not load into a VM without a grant. The interpreter runs the blocks (of substitutions and
//! traps) and passes on what they print; everything that starts a process, opens a file or looks at
//! one is the host's.

use crate::value::{Str, Value};
use std::fmt;

/// Codes of `TestFile`.
pub mod file_test {
    /// A regular file.
    pub const IS_FILE: u8 = 0;
    /// A folder.
    pub const IS_DIR: u8 = 1;
    /// Can be read.
    pub const IS_READABLE: u8 = 2;
    /// Can be written.
    pub const IS_WRITABLE: u8 = 3;
    /// Can be executed.
    pub const IS_EXECUTABLE: u8 = 4;
    /// Exists.
    pub const EXISTS: u8 = 5;
    /// Has more than no bytes.
    pub const IS_NONEMPTY: u8 = 6;
    /// A symbolic link.
    pub const IS_SYMLINK: u8 = 7;
    /// A socket.
    pub const IS_SOCKET: u8 = 8;
    /// A named pipe.
    pub const IS_FIFO: u8 = 9;
    /// A block device.
    pub const IS_BLOCK_DEV: u8 = 10;
    /// A character device.
    pub const IS_CHAR_DEV: u8 = 11;
    /// How many codes there are.
    pub(crate) const COUNT: u8 = 12;
}

/// Codes of `Redirect`.
pub mod redirect_op {
    /// `>`.
    pub const WRITE: u8 = 0;
    /// `>>`.
    pub const APPEND: u8 = 1;
    /// `<`.
    pub const READ: u8 = 2;
    /// `<>`.
    pub const READ_WRITE: u8 = 3;
    /// `>|`.
    pub const CLOBBER: u8 = 4;
    /// `<&`.
    pub const DUP_READ: u8 = 5;
    /// `>&`.
    pub const DUP_WRITE: u8 = 6;
    /// `&>`.
    pub const WRITE_BOTH: u8 = 7;
    /// `&>>`.
    pub const APPEND_BOTH: u8 = 8;
    /// How many codes there are.
    pub(crate) const COUNT: u8 = 9;
}

/// Codes of `ExpandParam`.
pub mod param_mod {
    /// `${v:-word}`: value, word → the word when the value is empty.
    pub const DEFAULT: u8 = 0;
    /// `${v:=word}`: like `DEFAULT`; the front end assigns the result.
    pub const ASSIGN: u8 = 1;
    /// `${v:?word}`: an error with that text when the value is empty.
    pub const ERROR: u8 = 2;
    /// `${v:+word}`: the word when the value is not empty.
    pub const ALTERNATE: u8 = 3;
    /// `${#v}`.
    pub const LENGTH: u8 = 4;
    /// `${v#pattern}`.
    pub const STRIP_SHORT: u8 = 5;
    /// `${v##pattern}`.
    pub const STRIP_LONG: u8 = 6;
    /// `${v%pattern}`.
    pub const RSTRIP_SHORT: u8 = 7;
    /// `${v%%pattern}`.
    pub const RSTRIP_LONG: u8 = 8;
    /// `${v/pattern/text}`: value, pattern, text.
    pub const SUBST_FIRST: u8 = 9;
    /// `${v//pattern/text}`: value, pattern, text.
    pub const SUBST_ALL: u8 = 10;
    /// `${v^^}`.
    pub const UPPER: u8 = 11;
    /// `${v,,}`.
    pub const LOWER: u8 = 12;
    /// `${v^}`.
    pub const UPPER_FIRST: u8 = 13;
    /// `${v,}`.
    pub const LOWER_FIRST: u8 = 14;
    /// `${!v}`: the value names a global.
    pub const INDIRECT: u8 = 15;
    /// `${!v[@]}`.
    pub const KEYS: u8 = 16;
    /// `${v:offset:length}`: value, offset, length.
    pub const SLICE: u8 = 17;
    /// How many codes there are.
    pub(crate) const COUNT: u8 = 18;

    /// How many arguments follow the value on the stack; `None` for what is no code.
    pub const fn arguments(code: u8) -> Option<usize> {
        match code {
            LENGTH | UPPER | LOWER | UPPER_FIRST | LOWER_FIRST | INDIRECT | KEYS => Some(0),
            SUBST_FIRST | SUBST_ALL | SLICE => Some(2),
            code if code < COUNT => Some(1),
            _ => None,
        }
    }
}

/// Why a shell op failed. The program gets it as a trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellError(String);

impl ShellError {
    /// An error with that message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for ShellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ShellError {}

impl From<std::io::Error> for ShellError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What a shell op gives.
pub type ShellResult<T = ()> = Result<T, ShellError>;

fn refused<T>(what: &str) -> ShellResult<T> {
    Err(ShellError(format!("the host does not grant {what}")))
}

/// What the shell ops ask of the outside world; granted with [`VM::set_shell`](crate::VM::set_shell).
///
/// Every method that is not written refuses, so that a host can grant a part: globbing without
/// processes, say. Before a command starts, the VM has flushed its output. Texts come from the stack
/// as the text of the value.
pub trait ShellHost: Send {
    /// `Exec(n)`: runs the command `words[0]` with its arguments and the redirections made since the
    /// last command, waits, and gives its exit code. Inside a pipeline it is the stage's command.
    fn exec(&mut self, words: &[Str]) -> ShellResult<i32> {
        let _ = words;
        refused("running commands")
    }

    /// `ExecBg(n)`: starts the command and gives 0, or the code that says why it did not start.
    fn exec_bg(&mut self, words: &[Str]) -> ShellResult<i32> {
        let _ = words;
        refused("running commands in the background")
    }

    /// `PipelineBegin(n)`: opens a pipeline that will have `stages` stages, and the first of them.
    fn pipeline_begin(&mut self, stages: u8) -> ShellResult {
        let _ = stages;
        refused("pipelines")
    }

    /// `PipelineStage`: closes a stage and opens the next, which reads what the last one writes.
    fn pipeline_stage(&mut self) -> ShellResult {
        refused("pipelines")
    }

    /// `PipelineEnd`: closes the last stage, waits for all, and gives the exit code of the last.
    fn pipeline_end(&mut self) -> ShellResult<i32> {
        refused("pipelines")
    }

    /// `Redirect(fd, op)`: redirects `fd` of the next command to `target`; `op` is a code of
    /// [`redirect_op`].
    fn redirect(&mut self, fd: u8, op: u8, target: &str) -> ShellResult {
        let _ = (fd, op, target);
        refused("redirections")
    }

    /// `HereDoc(k)`: feeds `text` to `fd` of the next command.
    fn here_doc(&mut self, fd: i64, text: &str) -> ShellResult {
        let _ = (fd, text);
        refused("here documents")
    }

    /// `HereString`: feeds `word` and a line break to `fd` of the next command.
    fn here_string(&mut self, fd: i64, word: &str) -> ShellResult {
        self.here_doc(fd, &format!("{word}\n"))
    }

    /// `CmdSubst`, `ProcessSubIn`: from here on to the matching [`capture_end`](Self::capture_end),
    /// what commands write to their output is kept. Captures nest.
    fn capture_begin(&mut self) -> ShellResult {
        refused("command substitution")
    }

    /// What the program itself printed inside a capture, in order with what its commands wrote.
    fn capture_write(&mut self, bytes: &[u8]) -> ShellResult {
        let _ = bytes;
        refused("command substitution")
    }

    /// Ends a capture and gives all that was written inside it.
    fn capture_end(&mut self) -> ShellResult<Vec<u8>> {
        refused("command substitution")
    }

    /// `SubshellBegin`: from here on to the matching end, changes of directory, environment and
    /// traps stay inside.
    fn subshell_begin(&mut self) -> ShellResult {
        refused("subshells")
    }

    /// `SubshellEnd`: leaves the innermost subshell.
    fn subshell_end(&mut self) -> ShellResult {
        refused("subshells")
    }

    /// `ProcessSubIn`: a path from which `output`, the captured output of the block, can be read.
    fn process_sub_in(&mut self, output: &[u8]) -> ShellResult<Str> {
        let _ = output;
        refused("process substitution")
    }

    /// `ProcessSubOut`: a path that the next command may write to.
    fn process_sub_out(&mut self) -> ShellResult<Str> {
        refused("process substitution")
    }

    /// The command after a `ProcessSubOut` has ended, and its block runs now: until
    /// [`process_sub_leave`](Self::process_sub_leave), commands read what was written to `path`.
    fn process_sub_enter(&mut self, path: &str) -> ShellResult {
        let _ = path;
        refused("process substitution")
    }

    /// The block of a `ProcessSubOut` has ended; `path` is no longer needed.
    fn process_sub_leave(&mut self, path: &str) -> ShellResult {
        let _ = path;
        refused("process substitution")
    }

    /// `Glob`: the paths that match `pattern`, sorted; none is no error.
    fn glob(&mut self, pattern: &str) -> ShellResult<Vec<Str>> {
        let _ = pattern;
        refused("globbing")
    }

    /// `GlobRecursive`: the same, and `**` crosses folders.
    fn glob_recursive(&mut self, pattern: &str) -> ShellResult<Vec<Str>> {
        let _ = pattern;
        refused("globbing")
    }

    /// `TestFile(t)`: whether the file passes test `test`, a code of [`file_test`].
    fn test_file(&mut self, path: &str, test: u8) -> ShellResult<bool> {
        let _ = (path, test);
        refused("looking at files")
    }

    /// `TrapSet(b)`: from now on `signal` is kept for [`take_signal`](Self::take_signal).
    fn trap_set(&mut self, signal: &str) -> ShellResult {
        let _ = signal;
        refused("signals")
    }

    /// `TrapCheck`: the next signal that has arrived, by the name `trap_set` got; `None` when there
    /// is no more.
    fn take_signal(&mut self) -> ShellResult<Option<Str>> {
        refused("signals")
    }

    /// `ExpandParam(m)`: `value` expanded by `modifier`, a code of [`param_mod`], with its arguments.
    fn expand_param(&mut self, modifier: u8, value: &Value, args: &[Value]) -> ShellResult<Value> {
        let _ = (modifier, value, args);
        refused("parameter expansion")
    }

    /// `WordSplit`: the words of `text`.
    fn word_split(&mut self, text: &str) -> ShellResult<Vec<Str>> {
        let _ = text;
        refused("word splitting")
    }

    /// `BraceExpand`: what `a{b,c}` and `{1..3}` in `text` stand for.
    fn brace_expand(&mut self, text: &str) -> ShellResult<Vec<Str>> {
        let _ = text;
        refused("brace expansion")
    }

    /// `TildeExpand`: `text` with a leading `~` or `~name` replaced by a home folder.
    fn tilde_expand(&mut self, text: &str) -> ShellResult<Str> {
        let _ = text;
        refused("tilde expansion")
    }
}
