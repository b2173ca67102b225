//! Chunks as constants: what `chunk!` writes into a binary, and the way from there to a [`Chunk`].
//!
//! A [`StaticCode`] is laid out: labels are pcs, functions and blocks stand behind the main program,
//! each in one piece. What a macro cannot know is left to this room: what the immediates of ext ops
//! are ([`Given`]), which imports there are, and what Rust expressions give, which a [`Filling`] puts
//! in their places. Whether the code makes sense is said by `verify::early` in a constant, and by
//! [`verify`](crate::verify::verify) when the chunk is loaded, as for every chunk.

mod fill;

pub use fill::Filling;

use super::{Chunk, FunctionEntry, Place};
use crate::ext::{Given, ImmediatePool, Import, Language, OpDesc, named, pack_given};
use crate::op::Op;
use crate::semantics::Policy;
use crate::value::{Str, Value};
use std::collections::HashMap;

/// A chunk as constant data.
#[derive(Debug)]
pub struct StaticCode {
    /// Name of the source.
    pub source: &'static str,
    /// The language.
    pub language: StaticLanguage,
    /// The name pool, to begin with: what ext ops name comes behind.
    pub names: &'static [&'static str],
    /// The constant pool, to begin with.
    pub constants: &'static [Literal],
    /// The pieces of code in the order in which they lie, the main program first.
    pub bodies: &'static [StaticBody],
    /// Blocks, as indices of their bodies.
    pub blocks: &'static [usize],
    /// Functions of other programs, by the indices of their names, and the numbers of their parameters.
    pub declared: &'static [(u16, u8)],
    /// Labels by body and pc.
    pub labels: &'static [StaticLabel],
    /// The ops.
    pub ops: &'static [StaticOp],
    /// For each op the label it may jump to; [`NO_LABEL`] for none.
    pub jumps: &'static [u32],
    /// Line and column of each op.
    pub places: &'static [(u32, u32)],
}

/// Stands in [`StaticCode::jumps`] where an op has no label.
pub const NO_LABEL: u32 = u32::MAX;

/// What a chunk has to know of its language.
#[derive(Clone, Copy, Debug)]
pub struct StaticLanguage {
    /// Its name.
    pub name: &'static str,
    /// Its policy.
    pub policy: Policy,
    /// Whether it widens operands.
    pub coerce: bool,
}

impl StaticLanguage {
    /// What there is to know of `L`.
    pub const fn of<L: Language>() -> Self {
        Self {
            name: L::NAME,
            policy: L::POLICY,
            coerce: L::COERCE,
        }
    }
}

/// A constant of the pool.
#[derive(Clone, Copy, Debug)]
pub enum Literal {
    /// A string.
    Str(&'static str),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A bool.
    Bool(bool),
}

impl From<Literal> for Value {
    fn from(literal: Literal) -> Self {
        match literal {
            Literal::Str(text) => text.into(),
            Literal::Int(i) => i.into(),
            Literal::Float(f) => f.into(),
            Literal::Bool(b) => b.into(),
        }
    }
}

/// A piece of code: ops `start..end`.
#[derive(Clone, Copy, Debug)]
pub struct StaticBody {
    /// What it is.
    pub kind: BodyKind,
    /// Its first op.
    pub start: usize,
    /// The op behind its last.
    pub end: usize,
}

/// What a piece of code is.
#[derive(Clone, Copy, Debug)]
pub enum BodyKind {
    /// The main program.
    Main,
    /// A function.
    Function {
        /// Index of its name in the name pool.
        name: u16,
        /// The number of its parameters.
        arity: u8,
    },
    /// A block.
    Block,
}

/// A place that jumps go to.
#[derive(Clone, Copy, Debug)]
pub struct StaticLabel {
    /// Its name.
    pub name: &'static str,
    /// The body it stands in.
    pub body: usize,
    /// The op it stands before.
    pub pc: usize,
    /// Whether an op behind it jumps to it.
    pub back: bool,
}

/// An op as a macro writes it.
#[derive(Clone, Copy, Debug)]
pub enum StaticOp {
    /// A core op.
    Core(Op),
    /// A core op with an operand that comes when the chunk is built.
    Open(Op),
    /// An ext op and its immediates; a label is an index into [`StaticCode::labels`].
    Ext(&'static OpDesc, &'static [Given<'static>]),
    /// Pushes a value that comes when the chunk is built.
    Load,
    /// Any number of ops that come when the chunk is built.
    Splice,
    /// An op with an error that was reported.
    Broken,
}

/// Immediates that were given by name, in the order in which the op declares them. What is missing
/// comes later; what there is no immediate for is left out: [`assert_named`] says so.
pub const fn arranged<const N: usize>(
    op: &OpDesc,
    names: [&str; N],
    given: [Given<'static>; N],
) -> [Given<'static>; N] {
    let mut all = [Given::Later; N];
    let mut i = 0;
    while i < N {
        if let Some(at) = named(op, names[i])
            && at < N
        {
            all[at] = given[i];
        }
        i += 1;
    }
    all
}

/// Checks that an op has an immediate of that name.
///
/// # Panics
/// When it has none; the macros call it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_named(op: &OpDesc, name: &str) {
    if named(op, name).is_some() {
        return;
    }
    let mut text = (crate::ext::ConstText::EMPTY.and("`").and(op.name))
        .and("` has no immediate `")
        .and(name)
        .and("`");
    let mut i = 0;
    while i < op.immediates.len() {
        let sep = if i == 0 { "; it has `" } else { ", `" };
        text = text.and(sep).and(op.immediates[i].name).and("`");
        i += 1;
    }
    panic!("{}", text.as_str());
}

/// Checks what stands for the immediate of an op that has that name.
///
/// # Panics
/// When it does not fit; the macros call it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_given_named(op: &OpDesc, name: &str, given: Given<'_>) {
    if let Some(at) = named(op, name) {
        crate::ext::assert_given(op, at, given);
    }
}

impl StaticCode {
    /// The chunk. What comes later is missing in it: then a [`Filling`] makes the chunk.
    pub fn to_chunk(&'static self) -> Chunk {
        Filling::new(self).finish()
    }
}

/// The pools of a chunk that is made.
#[derive(Debug, Default)]
struct Pools {
    chunk: Chunk,
    names: HashMap<Str, u16>,
    texts: HashMap<Str, u16>,
    imports: HashMap<&'static str, u16>,
}

impl Pools {
    fn of(code: &StaticCode) -> Self {
        let StaticLanguage { name, policy, .. } = code.language;
        let mut pools = Self {
            chunk: Chunk {
                source: code.source.into(),
                language: Some(name.into()),
                policy,
                ..Chunk::default()
            },
            ..Self::default()
        };
        for name in code.names {
            pools.name(name);
        }
        for literal in code.constants {
            match literal {
                Literal::Str(text) => pools.text(text),
                other => pools.constant((*other).into()),
            };
        }
        pools
    }

    /// Index of a new constant; past the end of the pool one that does not verify.
    fn constant(&mut self, value: Value) -> u16 {
        self.chunk.constants.push(value);
        last(self.chunk.constants.len())
    }

    fn import(&mut self, desc: &'static OpDesc) -> u16 {
        let (imports, chunk) = (&mut self.imports, &mut self.chunk);
        *imports.entry(desc.name).or_insert_with(|| {
            chunk.imports.push(Import::of(desc));
            last(chunk.imports.len())
        })
    }

    fn ext(&mut self, desc: &'static OpDesc, packed: u64) -> Op {
        let import = self.import(desc);
        match desc.is_wide() {
            true => Op::ExtendedWide(import, self.chunk.hold_wide(packed)),
            false => Op::Extended(import, packed as u8),
        }
    }
}

impl ImmediatePool for Pools {
    fn name(&mut self, text: &str) -> u16 {
        let text = Str::from(text);
        if let Some(index) = self.names.get(&text) {
            return *index;
        }
        self.chunk.names.push(text.clone());
        let index = last(self.chunk.names.len());
        self.names.insert(text, index);
        index
    }

    fn text(&mut self, text: &str) -> u16 {
        let text = Str::from(text);
        if let Some(index) = self.texts.get(&text) {
            return *index;
        }
        let index = self.constant(Value::Str(text.clone()));
        self.texts.insert(text, index);
        index
    }
}

/// Index of the last entry of a pool of that length. One that is too long does not verify.
fn last(len: usize) -> u16 {
    u16::try_from(len - 1).unwrap_or(u16::MAX)
}

/// Entry of a function of the chunk.
fn entry(name: u16, arity: u8, pc: usize) -> FunctionEntry {
    FunctionEntry {
        name,
        pc,
        arity: Some(arity),
    }
}

/// Packed immediates of an ext op; those that come later are added by a [`Filling`].
fn packed(
    desc: &'static OpDesc,
    given: &[Given<'static>],
    pools: &mut Pools,
) -> Result<u64, String> {
    let mut packed = 0;
    for (at, given) in given.iter().enumerate() {
        if *given != Given::Later {
            packed |= pack_given(desc, at, *given, pools)?;
        }
    }
    Ok(packed)
}

/// The place of an op in the source.
fn place(column: u32) -> Place {
    Place {
        column,
        ..Place::default()
    }
}
