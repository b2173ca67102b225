//! Profiles: what ran how often, for those who choose ops by it.
//!
//! The interpreter's loop counts places: how often the op at each ran, and how often it did so as the
//! second or third of ops that stand and ran one behind the other. Names, lines and functions are read off
//! the chunks afterwards. `doc/profiling.md` says what to make of it.

use super::{Linked, Program, VM};
use crate::chunk::Chunk;
use crate::interp::{FrameKind, NOT_BEGUN};
use crate::op::Op;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

/// Rows of each table that are shown, unless all are asked for.
const SHOWN: usize = 20;

/// How often what ran: ops, ops in a row, functions and lines; of one program or of many together.
///
/// Ops have the names that listings give them: `Add`, `ext hypot`. One counts whenever control comes to it, as
/// it stands in the chunk, unfused. A pair are two ops of which the second stands behind the first in the
/// chunk and ran right after it, so that one op could do the work of both; jumps and calls end a row
/// where they go elsewhere. Lists begin with what counts most.
///
/// Profiles of several programs add up. `{}` shows the first rows of each list, `{:#}` all.
///
/// ```
/// use fusevm::{Chunk, Profile, VM};
///
/// let chunk = Chunk::parse(
///     "
///       LoadInt 0
///       SetSlot 0
///     top:
///       GetSlot 0
///       Inc
///       SetSlot 0
///       GetSlot 0
///       LoadInt 10
///       NumLt
///       JumpIfTrue top
///       GetSlot 0
///     ",
/// )
/// .unwrap();
/// let mut all = Profile::default();
/// for _ in 0..2 {
///     let mut vm = VM::empty();
///     vm.set_profiling(true);
///     vm.eval(&chunk).unwrap();
///     all += vm.profile();
/// }
/// assert_eq!(all.total(), 2 * (2 + 10 * 7 + 1));
/// assert_eq!(all.ops()[..2], [("GetSlot", 42), ("LoadInt", 22)]);
/// assert_eq!(all.pairs()[0], (["SetSlot", "GetSlot"], 22));
/// print!("{all}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    total: u64,
    ops: BTreeMap<String, u64>,
    pairs: BTreeMap<[String; 2], u64>,
    triples: BTreeMap<[String; 3], u64>,
    functions: BTreeMap<Unit, Counts>,
    lines: BTreeMap<(String, u32), u64>,
}

/// A function: source, line of its first op, name. A main program has no name, and line 0.
type Unit = (String, u32, Option<String>);

/// Of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    calls: u64,
    ops: u64,
}

/// How often a function was called, and how many ops ran in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionCount<'p> {
    /// Its source.
    pub source: &'p str,
    /// The line of its first op; 0 for a main program.
    pub line: u32,
    /// Its name; `None` for a main program.
    pub name: Option<&'p str>,
    /// Calls of it, or runs of the program.
    pub calls: u64,
    /// Ops that ran in it, blocks included and calls not.
    pub ops: u64,
}

/// How many ops of a line ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineCount<'p> {
    /// Its source.
    pub source: &'p str,
    /// Its number, from 1; 0 for ops of no line.
    pub line: u32,
    /// Ops that ran.
    pub ops: u64,
}

impl Profile {
    /// Ops that ran.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Ops by name.
    pub fn ops(&self) -> Vec<(&str, u64)> {
        most_first(&self.ops, String::as_str)
    }

    /// Two ops in a row.
    pub fn pairs(&self) -> Vec<([&str; 2], u64)> {
        most_first(&self.pairs, |ops| ops.each_ref().map(String::as_str))
    }

    /// Three ops in a row.
    pub fn triples(&self) -> Vec<([&str; 3], u64)> {
        most_first(&self.triples, |ops| ops.each_ref().map(String::as_str))
    }

    /// Functions and main programs, by the ops that ran in them.
    pub fn functions(&self) -> Vec<FunctionCount<'_>> {
        let rows = self.functions.iter();
        let mut rows: Vec<_> = rows
            .map(|((source, line, name), counts)| FunctionCount {
                source,
                line: *line,
                name: name.as_deref(),
                calls: counts.calls,
                ops: counts.ops,
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.ops, row.calls)));
        rows
    }

    /// Lines of sources.
    pub fn lines(&self) -> Vec<LineCount<'_>> {
        let rows = most_first(&self.lines, |(source, line)| (source.as_str(), *line));
        rows.into_iter()
            .map(|((source, line), ops)| LineCount { source, line, ops })
            .collect()
    }

    /// Takes in what was counted in a program.
    fn add(&mut self, tally: &Tally) {
        let chunk = tally.program.chunk();
        let name = |pc: usize| op_name(chunk, pc);
        let source = || chunk.source().to_owned();
        for (pc, &[ops, pairs, triples]) in tally.places.iter().enumerate() {
            if ops > 0 {
                self.total += ops;
                *self.ops.entry(name(pc)).or_default() += ops;
                let line = (source(), chunk.line(pc));
                *self.lines.entry(line).or_default() += ops;
            }
            if pairs > 0 {
                let row = [pc - 1, pc].map(name);
                *self.pairs.entry(row).or_default() += pairs;
            }
            if triples > 0 {
                let row = [pc - 2, pc - 1, pc].map(name);
                *self.triples.entry(row).or_default() += triples;
            }
        }
        for (index, counts) in tally.functions.iter().enumerate() {
            if *counts == Counts::default() {
                continue;
            }
            let unit = match chunk.functions().get(index) {
                Some(function) => {
                    let name = tally.program.function_names().get(index);
                    let name = name.map(|name| name.as_str().to_owned());
                    (source(), chunk.line(function.pc), name)
                }
                None => (source(), 0, None),
            };
            *self.functions.entry(unit).or_default() += *counts;
        }
    }
}

/// The entries of a map as those who ask see them, by falling count; equal ones by name.
fn most_first<'p, K, V>(map: &'p BTreeMap<K, u64>, view: impl Fn(&'p K) -> V) -> Vec<(V, u64)> {
    let mut rows: Vec<_> = map.iter().map(|(key, count)| (view(key), *count)).collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    rows
}

/// The name of an op as the listing has it.
fn op_name(chunk: &Chunk, pc: usize) -> String {
    let Some(&op) = chunk.ops().get(pc) else {
        return String::new();
    };
    match op {
        Op::Extended(id, _) | Op::ExtendedWide(id, _) => match chunk.language {
            Some(_) => {
                let import = chunk.imports.get(usize::from(id));
                let name = import.map_or("", |import| import.name.as_str());
                format!("ext {name}")
            }
            None => format!("{} {id}", op.name()),
        },
        op => op.name().to_owned(),
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.ops += other.ops;
    }
}

impl AddAssign for Profile {
    fn add_assign(&mut self, other: Self) {
        fn add<K: Ord, V: AddAssign + Default>(to: &mut BTreeMap<K, V>, from: BTreeMap<K, V>) {
            for (key, count) in from {
                *to.entry(key).or_default() += count;
            }
        }
        self.total += other.total;
        add(&mut self.ops, other.ops);
        add(&mut self.pairs, other.pairs);
        add(&mut self.triples, other.triples);
        add(&mut self.functions, other.functions);
        add(&mut self.lines, other.lines);
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ops ran", self.total)?;
        let ops = (self.ops().into_iter()).map(|(op, n)| (n, op.to_owned()));
        self.table(f, "ops", "", ops.collect())?;
        let pairs = (self.pairs().into_iter()).map(|(ops, n)| (n, ops.join("; ")));
        self.table(f, "pairs of ops", "", pairs.collect())?;
        let triples = (self.triples().into_iter()).map(|(ops, n)| (n, ops.join("; ")));
        self.table(f, "three ops in a row", "", triples.collect())?;
        let functions = (self.functions().into_iter()).map(|row| {
            let place = place(row.source, row.line);
            let name = match row.name {
                Some(name) => format!("{name}() at {place}"),
                None => format!("main program of {place}"),
            };
            (row.ops, format!("{:>12}  {name}", row.calls))
        });
        self.table(f, "functions", "       calls  ", functions.collect())?;
        let lines = self.lines().into_iter();
        let lines = lines.map(|row| (row.ops, place(row.source, row.line)));
        self.table(f, "lines", "", lines.collect())
    }
}

impl Profile {
    /// A table of counts and what they are of, with their shares of all ops.
    fn table(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        columns: &str,
        rows: Vec<(u64, String)>,
    ) -> fmt::Result {
        if rows.is_empty() {
            return Ok(());
        }
        let shown = if f.alternate() { rows.len() } else { SHOWN };
        writeln!(f, "\n{:>12} {:>8}  {columns}{title}", "ops", "share")?;
        for (count, what) in rows.iter().take(shown) {
            let share = 100.0 * *count as f64 / self.total.max(1) as f64;
            writeln!(f, "{count:>12} {share:>6.1} %  {what}")?;
        }
        match rows.len().saturating_sub(shown) {
            0 => Ok(()),
            more => writeln!(f, "{:>12} {:>8}  and {more} more", "", ""),
        }
    }
}

/// A line of a source, or all of it.
fn place(source: &str, line: u32) -> String {
    let source = if source.is_empty() { "chunk" } else { source };
    match line {
        0 => source.to_owned(),
        line => format!("{source}:{line}"),
    }
}

/// Counts of a VM whose ops are counted.
#[derive(Default)]
pub(super) struct Profiler {
    /// By the program's number in the VM.
    programs: Vec<Option<Tally>>,
    /// Program and pc of the op that ran last.
    last: (u32, usize),
    /// How many ops have run in a row, as far as that matters.
    row: usize,
    /// What was counted before.
    done: Profile,
}

/// Counts in a program.
struct Tally {
    /// Held, so that the VM does not give its number to another.
    program: Program,
    /// For each op how often it ran, as the second of a pair, as the third of three.
    places: Vec<[u64; 3]>,
    /// Of its functions, and behind them of its main program.
    functions: Vec<Counts>,
}

impl Profiler {
    /// Makes room for a program, which has that number.
    fn know(&mut self, code: u32, program: &Program) -> Option<&mut Tally> {
        let at = code as usize;
        if self.programs.len() <= at {
            self.programs.resize_with(at + 1, || None);
        }
        let known = &mut self.programs[at];
        let new = || Tally {
            program: program.clone(),
            places: vec![[0; 3]; program.chunk().ops().len()],
            functions: vec![Counts::default(); program.chunk().functions().len() + 1],
        };
        match known {
            Some(tally) if tally.program.identity() != program.identity() => {
                self.done.add(tally);
                *known = Some(new());
            }
            Some(_) => {}
            None => *known = Some(new()),
        }
        known.as_mut()
    }

    #[inline]
    fn count(&mut self, code: u32, function: Option<u32>, pc: usize) {
        let Some(Some(tally)) = self.programs.get_mut(code as usize) else {
            return;
        };
        self.row = match self.last == (code, pc.wrapping_sub(1)) {
            true => (self.row + 1).min(3),
            false => 1,
        };
        self.last = (code, pc);
        for count in &mut tally.places[pc][..self.row] {
            *count += 1;
        }
        if let Some(counts) = tally.of(function) {
            counts.ops += 1;
        }
    }

    fn profile(&self) -> Profile {
        let mut profile = self.done.clone();
        (self.programs.iter().flatten()).for_each(|tally| profile.add(tally));
        profile
    }
}

impl Tally {
    fn of(&mut self, function: Option<u32>) -> Option<&mut Counts> {
        match function {
            Some(index) => self.functions.get_mut(index as usize),
            None => self.functions.last_mut(),
        }
    }
}

impl VM {
    /// Counts what runs from now on, beginning at zero; or stops to, and keeps what was counted. In the
    /// meantime programs run in the base interpreter, op by op. Nothing but time depends on it.
    ///
    /// This is for between runs: what already runs is counted in part.
    pub fn set_profiling(&mut self, on: bool) {
        match (on, &mut self.profiler) {
            (true, profiler) => *profiler = Some(Box::default()),
            (false, Some(profiler)) => {
                profiler.done = profiler.profile();
                profiler.programs.clear();
            }
            (false, None) => {}
        }
        self.profiling = on;
        self.lowering = self.lowering_asked && !on;
        self.changed += 1;
    }

    /// What was counted since profiling was turned on last.
    pub fn profile(&self) -> Profile {
        let profiler = self.profiler.as_deref();
        profiler.map(Profiler::profile).unwrap_or_default()
    }

    /// Gets ready to count ops of the top frame, whose program has that number; its function.
    pub(crate) fn begin_counting(&mut self, code: u32, linked: &Linked) -> Option<u32> {
        if let Some(profiler) = &mut self.profiler {
            profiler.know(code, linked.origin());
            // Whatever ran before ran elsewhere.
            profiler.row = 0;
            profiler.last = (code, usize::MAX - 1);
        }
        self.running_function()
    }

    /// The function whose ops the top frame runs; `None` in a main program.
    pub(crate) fn running_function(&self) -> Option<u32> {
        self.function_of(self.frames.len().checked_sub(1)?)
    }

    /// Counts the op at a pc, before it runs.
    #[inline]
    pub(crate) fn count_op(&mut self, (code, function): (u32, Option<u32>), pc: usize) {
        if let Some(profiler) = &mut self.profiler {
            profiler.count(code, function, pc);
        }
    }

    /// Counts the call that the top frame is of, or the run of a main program, if it has not begun.
    pub(crate) fn count_call(&mut self) {
        let Some(frame) = self.frames.last().filter(|frame| frame.ip == NOT_BEGUN) else {
            return;
        };
        let function = match frame.kind {
            FrameKind::Call { function, .. } => Some(function),
            _main => None,
        };
        let (code, profiler) = (frame.code, &mut self.profiler);
        let known = self.code.get(code).zip(profiler.as_mut());
        let tally = known.and_then(|(linked, profiler)| profiler.know(code, linked.origin()));
        if let Some(counts) = tally.and_then(|tally| tally.of(function)) {
            counts.calls += 1;
        }
    }
}
