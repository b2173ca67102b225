//! `Chunk → Verified`: the only door to running.
//!
//! The rules. Each op, reachable or not: its operands name entries of their pools, existing blocks,
//! targets inside the chunk or at its end; `MakeHash` takes an even number; an ext op has the form and
//! the immediates its import declares. The chunk: pools that their indices can name, plain constants,
//! function names once, entries and block ranges inside it.
//!
//! Then each *unit*: the main program from op 0, each function with each number of arguments it is
//! called with, each block with each use of it. First whether the unit returns a value, by plain
//! reachability; then one stack height per op on all paths: no op pops below its frame (or the scope
//! it is in), heights and scopes agree where paths meet, scopes close in order, jumps of a block stay
//! in it and it leaves what its op takes, control does not run off the end inside a function, a block
//! does not contain itself. A call of a function that is not known ends its path.
//!
//! Total work is at most 8 steps per op and 65,536 more: functions may overlap, but not so that
//! checking them takes time that is not linear in the chunk. What is known of functions outside the
//! chunk comes with the call ([`verify_with`]); a VM passes the functions it has.
//!
//! Deliberately plain: one pass, no pruning, no trust in hints. It collects errors and goes on; the
//! interpreters would stay memory-safe and panic-free even if it accepted everything.
//!
//! A chunk whose ext ops are raw ids has ops without a declared effect. After such an op the height
//! is unknown, and whatever follows is checked while it runs.

pub(crate) mod early;
mod error;
pub(crate) mod flow;
mod heights;
mod operands;
mod reach;

pub use error::{Broken, VerifyError, VerifyErrors};

use crate::chunk::Chunk;
use crate::op::{Flags, Op};
use crate::value::Str;
use flow::BlockUse;
use heights::{Facts, Heights, Scratch};
use reach::Reach;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A chunk that keeps the rules, with what was found out about it. Only [`verify`] makes one.
#[derive(Debug)]
pub struct Verified {
    chunk: Arc<Chunk>,
    /// For each name: what a call of it leads to.
    callees: Vec<Callee>,
    /// For each function: whether it returns a value.
    returns: Vec<bool>,
    main_returns: bool,
    /// Ops that need a `ShellHost`.
    grants: Vec<usize>,
    /// Whether there are raw ext ops, so that the stack is checked while it runs.
    raw: bool,
    /// Units that were verified, and those verified later because something outside calls them.
    units: RwLock<HashSet<Unit>>,
    late: Mutex<Late>,
}

/// A piece of code that is verified on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    Main,
    Function { index: usize, argc: u8 },
    Block { index: usize, usage: BlockUse },
}

/// What is known of the function of some name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callee {
    /// Whether it returns a value; `None` when the function is not known.
    pub(crate) returns: Option<bool>,
    /// Its index, when it is the chunk's own.
    pub(crate) own: Option<u32>,
}

/// Work the verifier may still do.
pub(super) struct Budget {
    left: u64,
    limit: u64,
}

impl Budget {
    fn of(chunk: &Chunk) -> Self {
        let limit = 8 * chunk.ops.len() as u64 + 65_536;
        Self { left: limit, limit }
    }

    pub(super) fn spend(&mut self, n: u64) -> Result<(), Broken> {
        match self.left.checked_sub(n) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Broken::Work { limit: self.limit }),
        }
    }
}

/// Verifies a chunk on its own: functions outside it are not known.
///
/// # Errors
/// All rules it breaks, each with op, pc and line.
pub fn verify(chunk: impl Into<Arc<Chunk>>) -> Result<Verified, VerifyErrors> {
    verify_with(chunk, &|_| None)
}

/// Verifies a chunk among functions outside it: `outside` says of a name whether there is such a
/// function, and whether it returns a value.
///
/// # Errors
/// All rules it breaks, each with op, pc and line.
pub fn verify_with(
    chunk: impl Into<Arc<Chunk>>,
    outside: &dyn Fn(&str) -> Option<bool>,
) -> Result<Verified, VerifyErrors> {
    let chunk: Arc<Chunk> = chunk.into();
    let mut errors = Vec::new();
    if !operands::check_tables(&chunk, &mut errors) {
        return Err(VerifyErrors(errors));
    }
    operands::check_ops(&chunk, &mut errors);
    if errors.is_empty() {
        return check_flow(chunk, outside);
    }
    // The other ops are looked at all the same, as if each wrong one ended its path.
    let mut rest = Chunk::clone(&chunk);
    for pc in errors.iter().filter_map(|e| e.pc) {
        rest.ops[pc] = Op::Jump(pc);
    }
    if let Err(VerifyErrors(more)) = check_flow(Arc::new(rest), outside) {
        errors.extend(more);
        errors.sort_by_key(|e| e.pc);
    }
    Err(VerifyErrors(errors))
}

/// Checks a chunk whose tables and operands are sound.
fn check_flow(
    chunk: Arc<Chunk>,
    outside: &dyn Fn(&str) -> Option<bool>,
) -> Result<Verified, VerifyErrors> {
    let mut budget = Budget::of(&chunk);
    walk_all(chunk.clone(), outside, &mut budget)
        .unwrap_or_else(|rule| Err(VerifyErrors(vec![VerifyError::chunk(&chunk, rule)])))
}

/// Finds out what units return, then walks them; the outer error is that of the budget.
fn walk_all(
    chunk: Arc<Chunk>,
    outside: &dyn Fn(&str) -> Option<bool>,
    budget: &mut Budget,
) -> Result<Result<Verified, VerifyErrors>, Broken> {
    let mut callees: Vec<Callee> = (chunk.names.iter())
        .map(|name| Callee {
            returns: outside(name.as_str()),
            own: None,
        })
        .collect();
    let own: HashMap<&Str, u32> = (chunk.functions.iter().zip(0..))
        .map(|(f, index)| (&chunk.names[usize::from(f.name)], index))
        .collect();
    for (callee, name) in callees.iter_mut().zip(&chunk.names) {
        callee.own = own.get(name).copied();
    }
    let mut reach = Reach::new(&chunk);
    let main_returns = reach.returns(0, budget)?;
    let mut returns = Vec::with_capacity(chunk.functions.len());
    for function in &chunk.functions {
        returns.push(reach.returns(function.pc, budget)?);
    }
    for callee in callees.iter_mut() {
        if let Some(index) = callee.own {
            callee.returns = Some(returns[index as usize]);
        }
    }

    let mut first = Vec::with_capacity(1 + chunk.functions.len());
    first.push((Unit::Main, 0));
    for (index, function) in chunk.functions.iter().enumerate() {
        if let Some(argc) = function.arity {
            first.push((Unit::Function { index, argc }, function.pc));
        }
    }
    let raw = is_raw(&chunk);
    let (units, errors) = {
        let mut scratch = Scratch::default();
        let facts = Facts {
            chunk: &chunk,
            callees: &callees,
            raw,
        };
        walk_units(facts, first, &HashSet::new(), (&mut scratch, budget))?
    };
    if !errors.is_empty() {
        return Ok(Err(VerifyErrors(errors)));
    }
    let has = |op: &Op, flag| op.info().flags.has(flag);
    let grants = (chunk.ops.iter().enumerate())
        .filter(|(_, op)| has(op, Flags::GRANT))
        .map(|(pc, _)| pc)
        .collect();
    Ok(Ok(Verified {
        chunk,
        callees,
        returns,
        main_returns,
        grants,
        raw,
        units: RwLock::new(units),
        late: Mutex::default(),
    }))
}

/// Whether a chunk has ext ops whose effect nobody has declared.
fn is_raw(chunk: &Chunk) -> bool {
    let is_ext = |op: &Op| matches!(op, Op::Extended(..) | Op::ExtendedWide(..));
    chunk.language.is_none() && chunk.ops.iter().any(is_ext)
}

/// How often a program may cost late what it may cost at first.
const LATE: u64 = 64;

/// Units that were looked at after the chunk was verified, because something outside calls them so.
#[derive(Debug, Default)]
struct Late {
    /// Steps that were taken for them.
    spent: u64,
    failed: HashMap<Unit, VerifyErrors>,
    scratch: Scratch,
}

/// Walks units and all they lead to that is not `done`; those that were walked, and all errors by pc.
fn walk_units(
    facts: Facts<'_>,
    first: Vec<(Unit, usize)>,
    done: &HashSet<Unit>,
    (scratch, budget): (&mut Scratch, &mut Budget),
) -> Result<(HashSet<Unit>, Vec<VerifyError>), Broken> {
    let mut heights = Heights::new(facts, std::mem::take(scratch));
    heights.found = first;
    let mut walked = HashSet::new();
    while let Some((unit, origin)) = heights.found.pop() {
        // Nothing leads to the main program: it is looked at once as it is.
        if unit == Unit::Main || (!done.contains(&unit) && walked.insert(unit)) {
            heights.walk(unit, origin, budget)?;
        }
    }
    let mut errors = std::mem::take(&mut heights.errors);
    check_nesting(facts.chunk, &heights.nested, &mut errors);
    errors.sort_by_key(|e| e.pc);
    errors.dedup();
    *scratch = heights.into_scratch();
    Ok((walked, errors))
}

/// Reports blocks that contain themselves, through others or directly.
fn check_nesting(chunk: &Chunk, nested: &[(usize, usize, usize)], errors: &mut Vec<VerifyError>) {
    // In order, so that a chunk breaks the same rules in every run.
    let mut inner: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for &(outer, block, pc) in nested {
        inner.entry(outer).or_default().push((block, pc));
    }
    // Depth-first with an explicit stack: a block met again while it is open contains itself.
    let (mut closed, mut open) = (HashSet::new(), HashSet::new());
    for &root in inner.keys() {
        let mut stack = vec![(root, 0)];
        while let Some((block, next)) = stack.pop() {
            if next == 0 && (closed.contains(&block) || !open.insert(block)) {
                continue;
            }
            match inner.get(&block).and_then(|all| all.get(next)) {
                Some(&(child, pc)) => {
                    stack.push((block, next + 1));
                    if open.contains(&child) {
                        let rule = Broken::BlockInItself { block: child };
                        errors.push(VerifyError::at(chunk, pc, rule));
                    } else {
                        stack.push((child, 0));
                    }
                }
                None => {
                    open.remove(&block);
                    closed.insert(block);
                }
            }
        }
    }
}

impl Verified {
    /// The chunk.
    pub fn chunk(&self) -> &Chunk {
        &self.chunk
    }

    pub(crate) fn chunk_arc(&self) -> &Arc<Chunk> {
        &self.chunk
    }

    pub(crate) fn callee(&self, name: u16) -> Callee {
        self.callees
            .get(usize::from(name))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn callees(&self) -> &[Callee] {
        &self.callees
    }

    /// Whether function `index` of the chunk returns a value on some path.
    pub fn returns(&self, index: usize) -> bool {
        self.returns.get(index).copied().unwrap_or(false)
    }

    /// Whether the main program returns a value on some path.
    pub fn main_returns(&self) -> bool {
        self.main_returns
    }

    /// Pcs of the ops that touch the outside world, and so need a `ShellHost`.
    pub fn grants(&self) -> &[usize] {
        &self.grants
    }

    /// Whether the chunk has ext ops whose effect nobody has declared.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// Verifies one more unit, because something outside the chunk calls it so; remembered.
    ///
    /// All such work on a program together is bounded, by [`LATE`] times what verifying it may take:
    /// whoever calls its functions with ever other numbers of arguments gets an error in the end.
    pub(crate) fn ensure(&self, unit: Unit) -> Result<(), VerifyErrors> {
        let is_done = |units: &HashSet<Unit>| units.contains(&unit);
        if self.units.read().is_ok_and(|units| is_done(&units)) {
            return Ok(());
        }
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let mut units = self.units.write().unwrap_or_else(PoisonError::into_inner);
        if is_done(&units) {
            return Ok(());
        }
        if let Some(errors) = late.failed.get(&unit) {
            return Err(errors.clone());
        }
        let mut budget = Budget::of(&self.chunk);
        let limit = LATE.saturating_mul(budget.limit);
        budget.left = budget.left.min(limit.saturating_sub(late.spent));
        let before = budget.left;
        let work = (&mut late.scratch, &mut budget);
        let facts = Facts {
            chunk: &self.chunk,
            callees: &self.callees,
            raw: self.raw,
        };
        let walked = walk_units(facts, vec![(unit, 0)], &units, work);
        late.spent += before - budget.left;
        let errors = match walked {
            Ok((walked, errors)) if errors.is_empty() => {
                units.extend(walked);
                return Ok(());
            }
            Ok((_, errors)) => errors,
            Err(rule) => vec![VerifyError::chunk(&self.chunk, rule)],
        };
        let errors = VerifyErrors(errors);
        late.failed.insert(unit, errors.clone());
        Err(errors)
    }
}
