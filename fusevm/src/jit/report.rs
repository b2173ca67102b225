//! What can be told of the machine code of a VM.

use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use std::time::{Duration, Instant};

/// What a VM has compiled, what it has not, and what became of it: see [`VM::jit_report`](crate::VM::jit_report).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct JitReport {
    /// Functions and loops that were compiled, for certain kinds of values each. Those of programs that are
    /// gone, or that were compiled before a function was defined, are not among them.
    pub compiled: Vec<JitUnit>,
    /// How many there were in all.
    pub count: u64,
    /// How often the interpreter, or a call by the host, went into machine code.
    pub entries: u64,
    /// How many of them were calls by the host that went there at once, without the interpreter.
    pub direct: u64,
    /// How often machine code was left before its end.
    pub exits: u64,
    /// Places that stay interpreted.
    pub refused: Vec<JitRefused>,
    /// Time that compiling took, on whichever thread.
    pub time: Duration,
    /// The longest that the program stood still at a time because something was hot: to compile it, or to
    /// have it compiled, or to place what was compiled.
    pub longest_pause: Duration,
    /// The longest that its thread worked for that at a time: the same without what the system gave others
    /// meanwhile.
    pub longest_work: Duration,
    /// Whether something is just being compiled on another thread.
    pub is_compiling: bool,
    /// Bytes of code memory in use, by whole pages.
    pub code_memory: usize,
}

/// A function, or a loop, that was compiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JitUnit {
    /// The program: the VM gives each that it loads a number.
    pub program: u64,
    /// The number of the function in the program; the main program comes after the functions.
    pub unit: u32,
    /// The register instruction where it begins.
    pub instruction: u32,
    /// Whether it is a loop.
    pub is_loop: bool,
    /// Kinds of a function's arguments.
    pub kinds: String,
    /// Bytes of machine code.
    pub bytes: usize,
    /// How often the interpreter went into it; calls from machine code are not counted.
    pub entered: u64,
    /// Whether it is still in use.
    pub is_in_use: bool,
    /// Exits that were taken.
    pub exits: Vec<JitExit>,
}

/// A way out of machine code that was taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JitExit {
    /// The register instruction that came next.
    pub instruction: u32,
    /// Why it was taken.
    pub why: String,
    /// How often.
    pub taken: u64,
}

/// A place that stays interpreted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JitRefused {
    /// The program: the VM gives each that it loads a number.
    pub program: u64,
    /// The number of the function in the program; the main program comes after the functions.
    pub unit: u32,
    /// The register instruction where it would have been entered.
    pub instruction: u32,
    /// Why it was not compiled.
    pub why: String,
}

/// Times how long the program stands still.
#[derive(Debug)]
pub(super) struct Watch {
    begin: Instant,
    worked: Duration,
}

impl Watch {
    pub(super) fn start() -> Watch {
        Watch {
            begin: Instant::now(),
            worked: worked(),
        }
    }

    /// What has passed, and what this thread has worked of it.
    pub(super) fn stop(self) -> (Duration, Duration) {
        let worked = worked().saturating_sub(self.worked);
        (self.begin.elapsed(), worked)
    }
}

/// How long this thread has worked.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

impl fmt::Display for JitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: usize = self.compiled.iter().map(|unit| unit.bytes).sum();
        writeln!(
            f,
            "{} compiled in {:?}, pauses {:?} at most: {bytes} bytes, {} of memory; {} entries, {} exits",
            self.count, self.time, self.longest_pause, self.code_memory, self.entries, self.exits,
        )?;
        for unit in &self.compiled {
            let what = if unit.is_loop { "loop" } else { "function" };
            let gone = if unit.is_in_use { "" } else { ", gone" };
            writeln!(
                f,
                "  {what} {}.{}@{} {}: {} bytes, {} entries{gone}",
                unit.program, unit.unit, unit.instruction, unit.kinds, unit.bytes, unit.entered
            )?;
            for exit in &unit.exits {
                let JitExit {
                    instruction,
                    why,
                    taken,
                } = exit;
                writeln!(f, "    exit @{instruction} {why}: {taken}")?;
            }
        }
        for place in &self.refused {
            let JitRefused {
                program,
                unit,
                instruction,
                why,
            } = place;
            writeln!(f, "  not {program}.{unit}@{instruction}: {why}")?;
        }
        Ok(())
    }
}
