//! Chunks: bytecode with its pools, as untrusted plain data.
//!
//! A [`Chunk`] may come from a front end through [`Builder`] or [`ChunkBuilder`], from text
//! ([`Chunk::parse`]) or from bytes ([`Chunk::from_bytes`]); nothing here assumes that it makes
//! sense. Only [`verify`](crate::verify::verify) turns it into something that runs.

mod builder;
mod classic;
mod diagnostic;
mod encode;
pub(crate) mod fixed;
mod text;
mod wire;

#[cfg(feature = "macros")]
pub use builder::Local;
pub use builder::{BlockId, BuildError, BuildErrors, Builder, FnId, Mark, Piece};
pub use classic::ChunkBuilder;
pub use diagnostic::{Diagnostic, Parsed, Span};
pub use text::ParseError;
pub use wire::WireError;

use crate::ext::Import;
use crate::op::Op;
use crate::semantics::Policy;
use crate::value::{Kind, Str, Value};
use std::ops::Range;
#[cfg(all(feature = "jit", unix))]
use std::sync::{Arc, OnceLock};

/// Bytecode: ops, pools, function entries, block ranges, and where each op comes from in the source.
///
/// Equal when all of that is equal, floats by their bits.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    pub(crate) source: Str,
    pub(crate) language: Option<Str>,
    pub(crate) policy: Policy,
    pub(crate) imports: Vec<Import>,
    pub(crate) constants: Vec<Value>,
    pub(crate) names: Vec<Str>,
    pub(crate) functions: Vec<FunctionEntry>,
    pub(crate) blocks: Vec<Range<usize>>,
    pub(crate) ops: Vec<Op>,
    /// One per op.
    pub(crate) lines: Vec<u32>,
    /// None, or one per op.
    pub(crate) spans: Vec<Place>,
    /// Packed immediates of `ExtendedWide` where `usize` is narrower than they are: the op then holds
    /// an index into this table. Empty on machines of 64 bits and in chunks without a language.
    pub(crate) wide: Vec<u64>,
    #[cfg(all(feature = "jit", unix))]
    identity: Identity,
}

/// What a chunk is known again by, which does not change once it is built: made when somebody asks, and that of no other
/// chunk as long as somebody holds it. A copy has one of its own.
#[cfg(all(feature = "jit", unix))]
#[derive(Debug, Default)]
struct Identity(OnceLock<Arc<()>>);

#[cfg(all(feature = "jit", unix))]
impl Clone for Identity {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Where a function of a chunk starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionEntry {
    /// Index of its name in the name pool.
    pub name: u16,
    /// Its first op.
    pub pc: usize,
    /// The number of arguments it takes; `None` when it is called with any number.
    pub arity: Option<u8>,
}

/// Ends the name of a function that is reached by value alone, and begins what tells it apart from
/// others of that name in its chunk: [`Builder::begin_inner_fn`]. Such functions are not defined in
/// the VM, and call chains show them by the name alone.
const INNER: char = '@';

/// Whether a function of that name can be called by it.
pub(crate) fn is_named(function: &str) -> bool {
    !function.contains(INNER)
}

/// The name of a function as its author knows it.
pub(crate) fn own_name(function: &Str) -> Str {
    match function.as_str().split_once(INNER) {
        Some((own, _)) => own.into(),
        None => function.clone(),
    }
}

/// Column and byte range of an op in its source; all zero when they are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// The byte past the last.
    pub end: u32,
}

impl Chunk {
    /// What it is known again by, while that is held.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn identity(&self) -> &Arc<()> {
        self.identity.0.get_or_init(Arc::default)
    }

    /// Name of the source, as errors show it.
    pub fn source(&self) -> &str {
        self.source.as_str()
    }

    /// The language whose ops the chunk imports; `None` when its ext ops are raw ids.
    pub fn language(&self) -> Option<&str> {
        self.language.as_ref().map(Str::as_str)
    }

    /// Numeric policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The ext ops it uses.
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// The constant pool.
    pub fn constants(&self) -> &[Value] {
        &self.constants
    }

    /// The name pool.
    pub fn names(&self) -> &[Str] {
        &self.names
    }

    /// The functions.
    pub fn functions(&self) -> &[FunctionEntry] {
        &self.functions
    }

    /// The block ranges.
    pub fn blocks(&self) -> &[Range<usize>] {
        &self.blocks
    }

    /// The ops.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Source line of the op at `pc`, from 1; 0 when there is none.
    pub fn line(&self, pc: usize) -> u32 {
        self.lines.get(pc).copied().unwrap_or(0)
    }

    /// Place of the op at `pc` in its source, if the front end said.
    pub fn place(&self, pc: usize) -> Option<Place> {
        self.spans
            .get(pc)
            .copied()
            .filter(|p| p.end > 0 || p.column > 0)
    }

    /// The operand of `ExtendedWide` after its packed immediates have changed; `held` is what it was.
    pub(crate) fn change_wide(&mut self, held: usize, packed: u64) -> usize {
        match self.holds_wide().then(|| self.wide.get_mut(held)).flatten() {
            Some(place) => {
                *place = packed;
                held
            }
            None => packed as usize,
        }
    }

    /// Packed immediates of the ext op at `pc`, and its id; `None` for other ops.
    pub fn packed(&self, pc: usize) -> Option<(u16, u64)> {
        self.ops.get(pc).and_then(|op| self.immediates(*op))
    }

    /// Text of name `n`.
    pub fn name(&self, n: u16) -> Option<&Str> {
        self.names.get(usize::from(n))
    }

    /// Bits of the immediates of an ext op at some place; `None` for other ops.
    pub(crate) fn immediates(&self, op: Op) -> Option<(u16, u64)> {
        match op {
            Op::Extended(id, arg) => Some((id, u64::from(arg))),
            Op::ExtendedWide(id, arg) if self.holds_wide() => {
                Some((id, self.wide.get(arg).copied().unwrap_or(0)))
            }
            Op::ExtendedWide(id, arg) => Some((id, arg as u64)),
            _ => None,
        }
    }

    /// Whether packed immediates stand in the side table.
    pub(crate) fn holds_wide(&self) -> bool {
        cfg!(not(target_pointer_width = "64")) && self.language.is_some()
    }

    /// The operand of `ExtendedWide` that stands for packed immediates.
    pub(crate) fn hold_wide(&mut self, packed: u64) -> usize {
        if self.holds_wide() {
            self.wide.push(packed);
            self.wide.len() - 1
        } else {
            packed as usize
        }
    }

    /// A hash of the whole content, the same in every process and on every machine: the SipHash-1-3
    /// of the wire form. Not for telling forgeries apart: compare chunks for that.
    pub fn content_hash(&self) -> u64 {
        encode::hash(&self.to_bytes_without_hash())
    }
}

impl PartialEq for Chunk {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
            && self.language == other.language
            && self.policy == other.policy
            && self.imports == other.imports
            && self.names == other.names
            && self.functions == other.functions
            && self.blocks == other.blocks
            && self.ops == other.ops
            && self.wide == other.wide
            && self.lines == other.lines
            && self.spans == other.spans
            && self.constants.len() == other.constants.len()
            && (self.constants.iter().zip(&other.constants)).all(|(a, b)| same_constant(a, b))
    }
}

/// Equality of constants: floats by their bits, everything else as values.
fn same_constant(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Array(_) | Value::Hash(_), _) => encode::constant(a) == encode::constant(b),
        _ => a == b,
    }
}

/// Whether a value is plain data that a chunk may hold: everything but handles, functions and host
/// values, which belong to a running VM.
pub(crate) fn is_plain(value: &Value) -> bool {
    let mut rest = vec![value.clone()];
    let mut budget = MAX_CONSTANT_PARTS;
    while let Some(value) = rest.pop() {
        if budget == 0 {
            return false;
        }
        budget -= 1;
        match value {
            Value::Array(array) => rest.extend(array.iter()),
            Value::Hash(hash) => rest.extend(hash.values()),
            other if matches!(other.kind(), Kind::Ref | Kind::Func | Kind::Obj) => return false,
            _ => {}
        }
    }
    true
}

/// Values a constant may have inside it, counted as often as they are shared.
pub(crate) const MAX_CONSTANT_PARTS: usize = 1 << 22;
