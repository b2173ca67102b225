//! Programs: verified chunks that any number of VMs and threads run, and what a VM makes of one.

use super::LoadError;
use super::load::site;
use super::share::Handle;
use crate::chunk::Chunk;
use crate::ext::{Fold, ImmTag, OpDesc, OpTable};
use crate::interp::{Frame, FrameKind};
use crate::lower::{Code, Form, fused_loop, lower};
use crate::op::{Flags, Op, Opcode, OperandKind};
use crate::value::{Func, Str, Value};
use crate::verify::{Unit, Verified, VerifyErrors, verify};
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

/// A chunk that was verified once, to be run by any number of VMs, on any number of threads.
///
/// ```
/// use fusevm::{ChunkBuilder, Op, Program, VM, Value};
///
/// let mut b = ChunkBuilder::new();
/// b.emit(Op::LoadInt(7), 1);
/// let program = Program::new(b.build()).unwrap();
/// for _ in 0..3 {
///     assert_eq!(VM::empty().eval(&program).unwrap(), Value::Int(7));
/// }
/// ```
#[derive(Clone)]
pub struct Program(pub(super) Arc<Handle>);

/// What programs share: the verified chunk and what is derived from it when first needed.
pub(crate) struct ProgramInner {
    verified: Verified,
    /// Whether each op of the main program runs once at most.
    straight: OnceLock<bool>,
    overlay: OnceLock<Vec<Op>>,
    units: OnceLock<Box<[Lowered]>>,
    /// By import, the ops that code runs early: as the VM has them that loaded the program first.
    folds: OnceLock<Box<[Option<Fold>]>>,
    /// Places of ext ops in the code that was made of it so far.
    numbered: AtomicU32,
}

/// The register forms of a unit, by what they count and expect; `None` where there is none.
#[derive(Default)]
pub(crate) struct Lowered([OnceLock<Option<Box<(u8, Code)>>>; 16]);

impl Lowered {
    /// The code in that form, and the number of arguments it was made for.
    #[inline(always)]
    pub(crate) fn made(&self, form: Form) -> Option<&(u8, Code)> {
        self.0[form.index()].get()?.as_deref()
    }
}

impl ProgramInner {
    pub(super) fn chunk(&self) -> &Chunk {
        self.verified.chunk()
    }
}

impl Program {
    /// Verifies a chunk.
    ///
    /// # Errors
    /// All rules it breaks.
    pub fn new(chunk: impl Into<Arc<Chunk>>) -> Result<Self, VerifyErrors> {
        verify(chunk).map(Self::from)
    }

    /// The chunk.
    pub fn chunk(&self) -> &Chunk {
        self.0.inner.chunk()
    }

    /// What the chunk was verified to be.
    #[inline]
    pub(crate) fn verified(&self) -> &Verified {
        &self.0.inner.verified
    }

    /// The same for all handles of it and for nothing else, while there is one.
    #[inline]
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0.inner).addr()
    }

    /// The same program, to be counted by this thread.
    pub(super) fn lend(&self) -> Self {
        Self(self.0.lend())
    }

    /// The register form of the program's units, as far as they have one, for people: instructions with
    /// the ops they come from. In comment lines, so that it may stand behind a chunk's text.
    pub fn register_listing(&self) -> String {
        let form = Form {
            fused: true,
            folded: !self.folds().is_empty(),
            ..Form::default()
        };
        let chunk = self.chunk();
        let functions = chunk.functions().iter().zip(0..).filter_map(|(f, index)| {
            let name = chunk.name(f.name)?.as_str();
            Some((name.to_owned(), Some(index), f.arity?))
        });
        let mut out = String::new();
        for (name, function, argc) in
            std::iter::once(("main program".to_owned(), None, 0)).chain(functions)
        {
            match self.code(function, argc, form) {
                Some(code) => crate::lower::listing(&name, code, chunk, &mut out),
                None => out += &format!("; {name}: in the base interpreter\n"),
            }
        }
        out
    }

    /// The ops that code runs early, by import; empty where no VM has loaded it, or there are none.
    fn folds(&self) -> &[Option<Fold>] {
        self.0.inner.folds.get().map_or(&[], |folds| folds)
    }

    /// Whether each op of the main program, calls aside, runs once at most.
    pub(crate) fn is_straight(&self) -> bool {
        *(self.0.inner.straight).get_or_init(|| is_straight(self.chunk()))
    }

    /// The same as [`overlay`](Self::overlay), if it was made before.
    pub(crate) fn made_overlay(&self) -> Option<&[Op]> {
        self.0.inner.overlay.get().map(Vec::as_slice)
    }

    /// The names of its functions as their author knows them.
    pub(super) fn function_names(&self) -> &[Str] {
        self.0.function_names()
    }

    /// The ops with fused sequences replaced; pcs are those of the chunk.
    pub(crate) fn overlay(&self) -> &[Op] {
        let overlay = &self.0.inner.overlay;
        overlay.get_or_init(|| crate::fuse::fuse(self.verified()))
    }

    /// The register form of a unit, made if there is none yet: of the main program, or of a function
    /// called with `argc` arguments. `None` where the base interpreter runs it.
    pub(crate) fn code(&self, function: Option<u32>, argc: u8, form: Form) -> Option<&Code> {
        let functions = self.chunk().functions().len();
        let units = (self.0.inner.units)
            .get_or_init(|| (0..=functions).map(|_| Lowered::default()).collect());
        let (at, unit) = match function {
            None => (functions, Unit::Main),
            Some(index) => {
                let index = index as usize;
                (index, Unit::Function { index, argc })
            }
        };
        let made = units.get(at)?.0[form.index()].get_or_init(|| {
            let overlay = match form.fused {
                true => self.overlay(),
                false => self.chunk().ops(),
            };
            let folds = match form.folded {
                true => self.folds(),
                false => &[],
            };
            let mut code = lower(self.verified(), overlay, folds, unit, form)?;
            code.number_places(&self.0.inner.numbered);
            Some(Box::new((argc, code)))
        });
        // A function that takes any number of arguments is lowered for the first one it is called with.
        made.as_deref()
            .filter(|(made_for, _)| *made_for == argc)
            .map(|(_, code)| code)
    }
}

impl From<Verified> for Program {
    fn from(verified: Verified) -> Self {
        Self(Handle::new(Arc::new(ProgramInner {
            verified,
            straight: OnceLock::new(),
            overlay: OnceLock::new(),
            units: OnceLock::new(),
            folds: OnceLock::new(),
            numbered: AtomicU32::new(0),
        })))
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunk = self.chunk();
        write!(
            f,
            "Program({:?}, {} ops)",
            chunk.source(),
            chunk.ops().len()
        )
    }
}

/// What a VM loads: a chunk, or a program that was verified before.
pub trait Loadable {
    /// The chunk or program.
    fn source(self) -> Source;
}

/// A chunk, still to be verified, or a program.
#[derive(Clone, Debug)]
pub enum Source {
    /// Still to be verified.
    Chunk(Arc<Chunk>),
    /// Verified before.
    Program(Program),
}

impl Loadable for &Chunk {
    fn source(self) -> Source {
        Source::Chunk(Arc::new(self.clone()))
    }
}

impl Loadable for Chunk {
    fn source(self) -> Source {
        Source::Chunk(Arc::new(self))
    }
}

impl Loadable for Arc<Chunk> {
    fn source(self) -> Source {
        Source::Chunk(self)
    }
}

impl Loadable for Program {
    fn source(self) -> Source {
        Source::Program(self)
    }
}

impl Loadable for &Program {
    fn source(self) -> Source {
        Source::Program(self.lend())
    }
}

/// A program as one VM has loaded it: its names as symbols, its imports as ops of the language, the
/// texts of its immediates parsed.
pub(crate) struct Linked {
    /// What was loaded, and what it was verified to be.
    pub(crate) verified: Among,
    pub(crate) symbols: Vec<u32>,
    pub(crate) ops: Vec<&'static OpDesc>,
    parsed: Option<Box<Parsed>>,
    /// For each op the number of its place among those with a memory; empty where no op keeps one.
    places: Vec<u32>,
    coerce: bool,
    /// Whether the ops that code runs early are those of its language.
    folds: bool,
    /// Copies of the chunk's texts, made when they are first loaded: threads that run one program would
    /// count one text all at once.
    texts: OnceLock<Box<[OnceLock<Value>]>>,
    /// The table whose operators it runs, if it is of that language.
    operators: Option<&'static OpTable>,
}

type Parsed = HashMap<(u16, u16), Box<dyn Any + Send + Sync>>;

/// A program as it was verified among the functions that a VM has.
///
/// The one count of a shared program that loading it touches: what else a VM needs of it, it borrows.
pub(crate) struct Among {
    origin: Program,
    /// The program verified anew, if it had to be.
    anew: Option<Box<Verified>>,
}

impl std::ops::Deref for Among {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        (self.anew.as_deref()).unwrap_or_else(|| self.origin.verified())
    }
}

/// Finds out whether code may run ops early. Code is shared: what one language's op gives must not be in the
/// code that a VM of another runs, so that the first one is the only one.
fn find_folds(verified: &Among, ops: &[&'static OpDesc], coerce: bool) -> bool {
    let fold = |desc: &&'static OpDesc| Fold::of(desc, coerce);
    if !ops.iter().any(|desc| fold(desc).is_some()) {
        return false;
    }
    let own = || ops.iter().map(fold).collect::<Box<[_]>>();
    let shared = verified.origin.0.inner.folds.get_or_init(own);
    ops.iter().map(fold).eq(shared.iter().copied())
}

impl Linked {
    pub(crate) fn new(
        (origin, anew): (Program, Option<Box<Verified>>),
        symbols: Vec<u32>,
        ops: Vec<&'static OpDesc>,
        table: &'static OpTable,
    ) -> Result<Arc<Self>, Vec<LoadError>> {
        let verified = Among { origin, anew };
        let chunk = verified.chunk();
        let (mut places, mut parsed) = (Vec::new(), None);
        // A chunk without a language has no imports, and most languages keep and parse nothing.
        if chunk.language.is_some() {
            places = number_places(chunk, &ops);
            parsed = parse_immediates(chunk, &ops)?;
        }
        let operators = (chunk.language() == Some(table.language())).then_some(table);
        let folds = find_folds(&verified, &ops, table.coerce());
        // Made where it is to be, and not moved there.
        Ok(Arc::new(Self {
            verified,
            symbols,
            ops,
            parsed,
            places,
            coerce: table.coerce(),
            texts: OnceLock::new(),
            operators,
            folds,
        }))
    }

    /// The number of the place of an op that keeps a memory.
    pub(crate) fn place(&self, pc: usize) -> usize {
        self.places.get(pc).map_or(0, |place| *place as usize)
    }

    /// Places that have a number, or a few more.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) fn place_count(&self) -> usize {
        self.places.last().map_or(0, |last| *last as usize + 1)
    }

    pub(crate) fn chunk(&self) -> &Chunk {
        self.verified.chunk()
    }

    /// Whether its code may run pure ops on constants early.
    pub(crate) fn folds(&self) -> bool {
        self.folds
    }

    /// What was loaded; functions as values refer to it.
    pub(crate) fn origin(&self) -> &Program {
        &self.verified.origin
    }

    pub(crate) fn coerce(&self) -> bool {
        self.coerce
    }

    /// What runs in place of an op on numbers where an operand is none.
    #[inline]
    pub(crate) fn operator(&self, code: Opcode) -> Option<&'static OpDesc> {
        self.operators?.operator(code)
    }

    /// The code that a frame in registers runs.
    #[inline]
    pub(crate) fn running(&self, frame: &Frame) -> Option<&Code> {
        let at = match frame.kind {
            FrameKind::Call { function, .. } => function as usize,
            _main => self.chunk().functions.len(),
        };
        self.units().get(at)?.made(frame.form).map(|(_, code)| code)
    }

    /// Constant `k` of a unit's code, as this VM has it.
    pub(crate) fn constant_of(&self, code: &Code, k: u32) -> Value {
        match code.of_chunk[k as usize] {
            Some(of_chunk) => self.constant(of_chunk),
            None => code.constants[k as usize].clone(),
        }
    }

    /// Constant `k` of the chunk, as this VM has it.
    #[inline]
    pub(crate) fn constant(&self, k: u16) -> Value {
        let constants = &self.chunk().constants;
        match constants.get(usize::from(k)) {
            Some(Value::Str(text)) => {
                let texts = (self.texts).get_or_init(|| {
                    let empty = constants.iter().map(|_| OnceLock::new());
                    empty.collect()
                });
                let own = || Value::Str(Str::from(text.as_str()));
                texts[usize::from(k)].get_or_init(own).clone()
            }
            Some(other) => other.clone(),
            None => Value::Undef,
        }
    }

    /// The register forms of its functions, and behind them of its main program.
    pub(crate) fn units(&self) -> &[Lowered] {
        self.origin().0.inner.units.get().map_or(&[], |units| units)
    }

    /// Whether there are ops of the language for operands of ops on numbers that are none.
    pub(crate) fn has_operators(&self) -> bool {
        self.operators.is_some_and(OpTable::has_operators)
    }

    /// The program whose register forms it runs: its own, unless it was verified anew for this VM.
    #[inline]
    pub(crate) fn lowered(&self) -> Option<&Program> {
        self.verified.anew.is_none().then_some(self.origin())
    }

    /// Symbol of name `n` of the chunk.
    pub(crate) fn symbol(&self, n: u16) -> usize {
        self.symbols.get(usize::from(n)).copied().unwrap_or(0) as usize
    }

    /// Symbol and text of name `n` of the chunk.
    pub(crate) fn name(&self, n: u16) -> Option<(u32, &str)> {
        let symbol = self.symbols.get(usize::from(n))?;
        Some((*symbol, self.chunk().name(n)?.as_str()))
    }

    /// Text of name `n` for a message.
    pub(crate) fn name_text(&self, n: u16) -> Str {
        self.chunk().name(n).cloned().unwrap_or_default()
    }

    /// Name of function `index` as its author knows it.
    pub(crate) fn function_name(&self, index: u32) -> Option<&Str> {
        self.origin().function_names().get(index as usize)
    }

    /// Function `index` as a value.
    pub(crate) fn function(&self, index: usize) -> Option<Func> {
        let name = self.origin().function_names().get(index)?.clone();
        let program = self.origin();
        let identity = program.identity();
        Some(Func::new(name, index as u32, identity, program.0.clone()))
    }

    /// The function of the chunk that name `n` names.
    pub(crate) fn function_named(&self, n: u16) -> Option<Func> {
        self.function(self.verified.callee(n).own? as usize)
    }

    /// Constant `k` as import `op` parses it.
    pub(crate) fn parsed(&self, op: u16, k: u16) -> Option<&(dyn Any + Send + Sync)> {
        self.parsed.as_ref()?.get(&(op, k)).map(AsRef::as_ref)
    }
}

#[cfg(all(feature = "jit", unix))]
impl crate::jit::Loaded for Linked {
    fn policy(&self) -> crate::semantics::Policy {
        self.chunk().policy
    }

    fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    fn places(&self) -> &[u32] {
        &self.places
    }

    fn ops(&self) -> &[&'static OpDesc] {
        &self.ops
    }

    fn chunk(&self) -> &Chunk {
        self.verified.chunk()
    }

    fn operators(&self) -> Option<&'static OpTable> {
        self.operators
    }

    fn coerces(&self) -> bool {
        self.coerce
    }

    fn made(&self, unit: u32, form: Form) -> Option<&Code> {
        let (_, code) = self.units().get(unit as usize)?.made(form)?;
        Some(code)
    }

    fn code(&self, function: u32, argc: u8, form: Form) -> Option<&Code> {
        self.lowered()?.code(Some(function), argc, form)
    }
}

/// Whether each op of a verified chunk's main program, calls aside, runs once at most: no jump goes back,
/// no block runs. Where paths part it looks at all up to where they may meet, and may say no where a
/// closer look would say yes.
fn is_straight(chunk: &Chunk) -> bool {
    let (mut pc, mut ahead) = (0, 0);
    while let Some(&op) = chunk.ops.get(pc) {
        let (target, block) = match chunk.immediates(op) {
            Some((id, packed)) if chunk.language.is_some() => {
                let signature = &chunk.imports[usize::from(id)].signature;
                let has = |wanted| signature.unpack(packed).find(|(tag, ..)| *tag == wanted);
                let label = has(ImmTag::Label).map(|(.., pc)| pc as usize);
                (label, has(ImmTag::Block).is_some())
            }
            _plain => (op.target(), op.operand_of(OperandKind::Block).is_some()),
        };
        if block || fused_loop(op) || target.is_some_and(|to| to <= pc) {
            return false;
        }
        let ends = op.info().flags.has(Flags::ENDS);
        // Control may arrive behind this op from before it.
        let entered = ahead > pc;
        match target {
            Some(to) if ends && !entered => pc = to,
            None if ends && !entered => return true,
            target => {
                ahead = ahead.max(target.unwrap_or(0));
                pc += 1;
            }
        }
    }
    true
}

/// Numbers the places of ops that keep a memory at each.
fn number_places(chunk: &Chunk, ops: &[&OpDesc]) -> Vec<u32> {
    if !ops.iter().any(|op| op.cache) {
        return Vec::new();
    }
    let mut next = 0;
    let number = |op: &Op| {
        let number = next;
        let keeps = |(id, _): (u16, u64)| ops.get(usize::from(id)).is_some_and(|op| op.cache);
        next += u32::from(chunk.immediates(*op).is_some_and(keeps));
        number
    };
    chunk.ops.iter().map(number).collect()
}

/// Parses every constant that an immediate stands for, once per op and constant.
fn parse_immediates(chunk: &Chunk, ops: &[&OpDesc]) -> Result<Option<Box<Parsed>>, Vec<LoadError>> {
    let parses =
        |import: &crate::ext::Import| import.signature.immediates.contains(&ImmTag::Parsed);
    if !chunk.imports.iter().any(parses) {
        return Ok(None);
    }
    let (mut all, mut errors) = (Box::<Parsed>::default(), Vec::new());
    for (pc, op) in chunk.ops.iter().enumerate() {
        let Some((id, packed)) = chunk.immediates(*op) else {
            continue;
        };
        for imm in ops[usize::from(id)].immediates {
            let crate::ext::ImmKind::Parsed(parse) = imm.kind else {
                continue;
            };
            let k = imm.extract(packed) as u16;
            let Some(Value::Str(text)) = chunk.constants.get(usize::from(k)) else {
                continue;
            };
            if all.contains_key(&(id, k)) {
                continue;
            }
            let parsed = crate::interp::unwound(|| Ok(parse(text.as_str())));
            match parsed.unwrap_or_else(|trap| Err(trap.to_string())) {
                Ok(parsed) => {
                    all.insert((id, k), parsed);
                }
                Err(error) => {
                    let message = format!("`{}` cannot be {text:?}: {error}", imm.name);
                    let site = Box::new(site(chunk, pc));
                    errors.push(LoadError::Immediate { site, message });
                }
            }
        }
    }
    match errors.is_empty() {
        true => Ok(Some(all)),
        false => Err(errors),
    }
}
