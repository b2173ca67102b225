//! The builder of front ends: labels, names, spans, functions and blocks; all errors at the end.

mod body;
mod error;
mod layout;
#[cfg(feature = "macros")]
mod local;
mod ops;
mod place;

pub use body::{Mark, Piece};
pub use error::{BuildError, BuildErrors};
#[cfg(feature = "macros")]
pub use local::Local;

use super::{Chunk, Diagnostic, FunctionEntry, Place};
use crate::ext::{Block, ExtOp, ImmediatePool, Import, Label, Language, OpDesc};
use crate::op::{Flags, Op};
use crate::value::{Str, Value};
use body::{Body, BodyKind, Emitted};
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

/// Builds a chunk of language `L`.
///
/// Code goes to the innermost open function or block, else to the main program. Functions and blocks
/// are placed behind the main program, which ends with one jump over all of them. Nothing fails on
/// the way: [`finish`](Builder::finish) reports all errors at once.
///
/// A front end of one pass may learn late what it would have needed before: whether a closure shares a
/// variable ([`local`](Builder::local)), where code belongs ([`cut`](Builder::cut)), that a value is
/// not wanted ([`discard`](Builder::discard)).
///
/// ```
/// use fusevm::prelude::*;
///
/// let mut b = Builder::<()>::new();
/// let f = b.begin_fn("double", &["x"]);
/// b.get_slot(0);
/// b.load(2);
/// b.emit(Op::Mul);
/// b.emit(Op::ReturnValue);
/// b.end_fn(f);
/// b.load(21);
/// b.call("double", 1);
/// let chunk = b.finish().unwrap();
/// assert_eq!(VM::empty().eval(&chunk).unwrap(), Value::Int(42));
/// ```
pub struct Builder<L: Language> {
    chunk: Chunk,
    names: HashMap<Str, u16>,
    texts: HashMap<Str, u16>,
    imports: HashMap<&'static str, u16>,
    bodies: Vec<Body>,
    /// Indices of the bodies that are open, innermost last; the main program is body 0.
    open: Vec<usize>,
    /// Where each label is bound: body and offset in it.
    labels: Vec<Option<(usize, usize)>>,
    #[cfg(feature = "macros")]
    locals: Vec<local::Variable>,
    line: u32,
    place: Place,
    line_starts: Vec<usize>,
    text: Str,
    /// A place in the text, and the characters before it in its line.
    counted: (usize, usize),
    errors: Vec<BuildError>,
    /// Names of the functions so far.
    functions: HashSet<u16>,
    language: PhantomData<fn() -> L>,
}

/// A function that is being built; given back to [`Builder::end_fn`].
#[derive(Debug)]
#[must_use = "end the function with `end_fn`"]
pub struct FnId(usize);

/// A block that is being built; given back to [`Builder::end_block`].
#[derive(Debug)]
#[must_use = "end the block with `end_block`"]
pub struct BlockId(usize);

impl<L: Language> Default for Builder<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Language> Builder<L> {
    /// An empty chunk with the language's policy.
    pub fn new() -> Self {
        Self {
            chunk: Chunk {
                language: Some(L::NAME.into()),
                policy: L::POLICY,
                ..Chunk::default()
            },
            names: HashMap::new(),
            texts: HashMap::new(),
            imports: HashMap::new(),
            bodies: vec![Body::default()],
            open: vec![0],
            labels: Vec::new(),
            #[cfg(feature = "macros")]
            locals: Vec::new(),
            line: 1,
            place: Place::default(),
            line_starts: Vec::new(),
            text: Str::default(),
            counted: (0, 0),
            errors: Vec::new(),
            functions: HashSet::new(),
            language: PhantomData,
        }
    }

    /// An empty chunk of a source with that name and text; lines and columns of spans come from the text.
    pub fn with_source(name: &str, text: &str) -> Self {
        let mut b = Self::new();
        b.chunk.source = name.into();
        b.line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        b.text = text.into();
        b
    }

    /// Records an error of the front end; parsing may go on.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.errors.push(BuildError::Source(diagnostic));
    }

    /// Appends a core op. Ops with targets go through [`Builder::branch`] and its short forms.
    pub fn emit(&mut self, op: Op) {
        if op.target().is_some() {
            let (op, line) = (op.name(), self.line);
            self.errors.push(BuildError::RawTarget { op, line });
        } else if matches!(op, Op::Extended(..) | Op::ExtendedWide(..)) {
            let line = self.line;
            self.errors.push(BuildError::RawExtOp { line });
        } else {
            self.push(op);
        }
    }

    /// Appends an op of the language, by its struct: `b.op(ops::field { index: 3 })`.
    pub fn op<X: ExtOp<L>>(&mut self, op: X) {
        let op = self.ext(op);
        self.push(op);
    }

    fn ext<X: ExtOp<L>>(&mut self, op: X) -> Op {
        let bits = op.encode(self);
        self.ext_of(X::DESC, bits)
    }

    /// Appends the op of that description, with its immediates packed.
    #[cfg(feature = "macros")]
    pub(crate) fn op_of(&mut self, desc: &'static OpDesc, bits: u64) {
        let op = self.ext_of(desc, bits);
        self.push(op);
    }

    fn ext_of(&mut self, desc: &'static OpDesc, bits: u64) -> Op {
        let import = self.import(desc);
        match desc.is_wide() {
            true => Op::ExtendedWide(import, self.chunk.hold_wide(bits)),
            false => Op::Extended(import, bits as u8),
        }
    }

    fn import(&mut self, desc: &'static OpDesc) -> u16 {
        if let Some(index) = self.imports.get(desc.name) {
            return *index;
        }
        let index = self.index(self.chunk.imports.len(), "imports");
        self.chunk.imports.push(Import::of(desc));
        self.imports.insert(desc.name, index);
        index
    }

    fn push(&mut self, op: Op) {
        let (line, place) = (self.line, self.place);
        self.body().1.ops.push(Emitted {
            op,
            line,
            place,
            #[cfg(feature = "macros")]
            of: None,
        });
    }

    /// Pushes a value: a literal, or a constant of the pool.
    pub fn load(&mut self, value: impl Into<Value>) {
        let op = match value.into() {
            Value::Undef => Op::LoadUndef,
            Value::Bool(true) => Op::LoadTrue,
            Value::Bool(false) => Op::LoadFalse,
            Value::Int(i) => Op::LoadInt(i),
            Value::Float(f) => Op::LoadFloat(f),
            Value::Str(text) => Op::LoadConst(self.text(text.as_str())),
            other => Op::LoadConst(self.constant(other)),
        };
        self.push(op);
    }

    /// Index of a new constant.
    fn constant(&mut self, value: Value) -> u16 {
        let index = self.index(self.chunk.constants.len(), "constants");
        self.chunk.constants.push(value);
        index
    }

    /// The next index of a pool of that length; the first that does not fit is an error.
    fn index(&mut self, len: usize, pool: &'static str) -> u16 {
        u16::try_from(len).unwrap_or_else(|_| {
            let line = self.line;
            if len == usize::from(u16::MAX) + 1 {
                self.errors.push(BuildError::PoolFull { pool, line });
            }
            u16::MAX
        })
    }

    /// A number as an operand of type `T`; an error when it does not fit.
    fn fit<T: TryFrom<usize> + Default>(
        &mut self,
        value: usize,
        what: &'static str,
        max: usize,
    ) -> T {
        T::try_from(value).unwrap_or_else(|_| {
            let line = self.line;
            self.errors.push(BuildError::OutOfRange {
                what,
                value,
                max,
                line,
            });
            T::default()
        })
    }

    fn slot(&mut self, slot: usize) -> u16 {
        self.fit(slot, "slot", u16::MAX.into())
    }

    fn argc(&mut self, argc: usize) -> u8 {
        self.fit(argc, "argument count", u8::MAX.into())
    }

    /// A new label, not bound yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label((self.labels.len() - 1) as u32)
    }

    /// Binds a label to the place of the next op.
    pub fn bind(&mut self, label: Label) {
        let (body, code) = self.body();
        let at = (body, code.ops.len());
        code.bound.push((at.1, label));
        match self.labels.get_mut(label.0 as usize) {
            Some(place @ None) => *place = Some(at),
            _ => {
                let line = self.line;
                self.errors.push(BuildError::LabelBoundTwice { line });
            }
        }
    }

    /// A new label bound here: the head of a loop.
    pub fn label_here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Opens a function; its parameters come in slots 0, 1, …, put there by a prologue.
    pub fn begin_fn<P: AsRef<str>>(&mut self, name: &str, params: &[P]) -> FnId {
        let name_index = ImmediatePool::name(self, name);
        if !self.functions.insert(name_index) {
            let (name, line) = (name.to_owned(), self.line);
            self.errors
                .push(BuildError::DuplicateFunction { name, line });
        }
        let arity = self.argc(params.len());
        let entry = self.chunk.functions.len();
        self.chunk.functions.push(FunctionEntry {
            name: name_index,
            pc: 0,
            arity: Some(arity),
        });
        let id = self.begin(BodyKind::Function { entry });
        for slot in (0..u16::from(arity)).rev() {
            self.push(Op::SetSlot(slot));
        }
        FnId(id)
    }

    /// Ends a function. When control can reach its end, it returns there without a value.
    pub fn end_fn(&mut self, function: FnId) {
        if self.falls_through(function.0) {
            self.push(Op::Return);
        }
        self.end(function.0);
    }

    /// Opens a block, for the ops that take one. It shares the slots of the code around it.
    pub fn begin_block(&mut self) -> BlockId {
        let index = self.index(self.chunk.blocks.len(), "blocks");
        self.chunk.blocks.push(0..0);
        BlockId(self.begin(BodyKind::Block { index }))
    }

    /// Ends a block; what `MapBlock(b.0)` and the like take.
    pub fn end_block(&mut self, block: BlockId) -> Block {
        self.end(block.0);
        match self.bodies[block.0].kind {
            BodyKind::Block { index } => Block(index),
            BodyKind::Main | BodyKind::Function { .. } => Block(0),
        }
    }

    fn begin(&mut self, kind: BodyKind) -> usize {
        self.bodies.push(Body {
            kind,
            ..Body::default()
        });
        self.open.push(self.bodies.len() - 1);
        self.bodies.len() - 1
    }

    fn end(&mut self, body: usize) {
        if self.open.last() == Some(&body) {
            self.open.pop();
        } else {
            let line = self.line;
            self.errors.push(BuildError::Unbalanced { line });
        }
    }

    /// Whether control can reach the end of a body: its last op falls through, or a label is there.
    fn falls_through(&self, body: usize) -> bool {
        let body = &self.bodies[body];
        let ends = |emitted: &Emitted| emitted.op.info().flags.has(Flags::ENDS);
        body.ends_in_label() || !body.ops.last().is_some_and(ends)
    }
}

impl<L: Language> ImmediatePool for Builder<L> {
    fn name(&mut self, text: &str) -> u16 {
        let text = Str::from(text);
        if let Some(index) = self.names.get(&text) {
            return *index;
        }
        let index = self.index(self.chunk.names.len(), "names");
        self.chunk.names.push(text.clone());
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

impl<L: Language> std::fmt::Debug for Builder<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("language", &L::NAME)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}
