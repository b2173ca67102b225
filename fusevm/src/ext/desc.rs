//! What a language declares about an op: [`OpDesc`], built by `#[ext_op]` as a constant.

use super::{Call, Flow, Input};
use crate::semantics::Trap;
use crate::value::Value;
use std::any::Any;
use std::fmt;

/// Type of an input or output of an ext op, as its signature shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ty {
    /// Any value.
    Any,
    /// `bool`.
    Bool,
    /// `i64`.
    Int,
    /// `f64`.
    Float,
    /// A string.
    Str,
    /// An array.
    Array,
    /// A hash.
    Hash,
    /// A shared cell.
    Ref,
    /// A chunk function as a value.
    Func,
    /// An object of the VM's heap, of the type with that name.
    Object(&'static str),
    /// A host value, of the type with that name.
    Host(&'static str),
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ty::Any => "Any",
            Ty::Bool => "Bool",
            Ty::Int => "Int",
            Ty::Float => "Float",
            Ty::Str => "Str",
            Ty::Array => "Array",
            Ty::Hash => "Hash",
            Ty::Ref => "Ref",
            Ty::Func => "Func",
            Ty::Object(name) | Ty::Host(name) => name,
        })
    }
}

/// What an input needs of the VM's heap while the op runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapUse {
    /// Nothing.
    None,
    /// Reads an object.
    Shared,
    /// Writes an object.
    Unique,
}

/// One stack input of an ext op.
#[derive(Clone, Copy, Debug)]
pub struct InputDesc {
    /// Name of the parameter.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
    /// Whether another kind of value is taken as `None`.
    pub optional: bool,
    /// Whether it is passed unboxed: `i64`, `f64`, `bool`.
    pub scalar: bool,
    /// What it needs of the heap.
    pub heap: HeapUse,
    /// Whether numbers are widened to its type.
    pub coerce: bool,
}

impl InputDesc {
    /// Describes an input of type `T`.
    pub const fn of<'a, T: Input<'a>>(name: &'static str, coerce: bool) -> Self {
        Self {
            name,
            ty: T::TY,
            optional: T::OPTIONAL,
            scalar: T::SCALAR,
            heap: T::HEAP,
            coerce,
        }
    }

    /// With the name of the parameter, and whether numbers are widened to its type.
    pub const fn named(mut self, name: &'static str, coerce: bool) -> Self {
        self.name = name;
        self.coerce = coerce;
        self
    }

    /// As input `at` of an op whose `alt` takes the kinds this one does not.
    pub const fn or(mut self, alt: &OpDesc, at: usize) -> Self {
        if at < alt.inputs.len() {
            if !same_type(self.ty, alt.inputs[at].ty) {
                self.ty = Ty::Any;
            }
            self.optional |= alt.inputs[at].optional;
            self.scalar &= alt.inputs[at].scalar;
        }
        self
    }
}

/// Parses the text of an immediate when its chunk is loaded.
pub type ParseImmediate = fn(&str) -> Result<Box<dyn Any + Send + Sync>, String>;

/// What an immediate of an ext op is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ImmKind {
    /// `u8`.
    U8,
    /// `i8`.
    I8,
    /// `i32`.
    I32,
    /// `u32`.
    U32,
    /// `bool`.
    Bool,
    /// A fieldless enum, by the names of its variants.
    Enum(&'static [&'static str]),
    /// A jump target.
    Label,
    /// A slot of the caller's frame.
    Slot,
    /// An index into the name pool, interned by the VM.
    Name,
    /// A function of the chunk, by its name.
    Function,
    /// A block range.
    Block,
    /// A constant text that is parsed once when the chunk is loaded.
    Parsed(ParseImmediate),
    /// How many values [`Rest`](super::Rest) has.
    Count,
}

impl ImmKind {
    /// Bits it takes of the op's 64.
    pub const fn bits(self) -> u32 {
        match self {
            ImmKind::Bool => 1,
            ImmKind::U8 | ImmKind::I8 | ImmKind::Enum(_) | ImmKind::Count => 8,
            ImmKind::Slot
            | ImmKind::Name
            | ImmKind::Function
            | ImmKind::Block
            | ImmKind::Parsed(_) => 16,
            ImmKind::I32 | ImmKind::U32 | ImmKind::Label => 32,
        }
    }

    const fn same(self, other: Self) -> bool {
        match (self, other) {
            (ImmKind::Enum(a), ImmKind::Enum(b)) => {
                let mut same_names = a.len() == b.len();
                let mut i = 0;
                while same_names && i < a.len() {
                    same_names = same(a[i], b[i]);
                    i += 1;
                }
                same_names
            }
            (ImmKind::U8, ImmKind::U8)
            | (ImmKind::I8, ImmKind::I8)
            | (ImmKind::I32, ImmKind::I32)
            | (ImmKind::U32, ImmKind::U32)
            | (ImmKind::Bool, ImmKind::Bool)
            | (ImmKind::Label, ImmKind::Label)
            | (ImmKind::Slot, ImmKind::Slot)
            | (ImmKind::Name, ImmKind::Name)
            | (ImmKind::Function, ImmKind::Function)
            | (ImmKind::Block, ImmKind::Block)
            | (ImmKind::Parsed(_), ImmKind::Parsed(_))
            | (ImmKind::Count, ImmKind::Count) => true,
            _ => false,
        }
    }
}

/// One immediate of an ext op and where it lies in the packed bits.
#[derive(Clone, Copy, Debug)]
pub struct ImmDesc {
    /// Name of the parameter.
    pub name: &'static str,
    /// What it is.
    pub kind: ImmKind,
    /// Its lowest bit.
    pub shift: u32,
}

impl ImmDesc {
    /// Describes an immediate, not yet placed.
    pub const fn new(name: &'static str, kind: ImmKind) -> Self {
        Self {
            name,
            kind,
            shift: 0,
        }
    }

    /// The immediate's bits out of the packed ones.
    pub const fn extract(&self, packed: u64) -> u64 {
        (packed >> self.shift) & (u64::MAX >> (64 - self.kind.bits()))
    }
}

/// Places immediates one after the other in the packed bits. Those past the 64th bit are all put at
/// bit 0: [`assert_immediate`] refuses the op.
pub const fn pack<const N: usize>(mut all: [ImmDesc; N]) -> [ImmDesc; N] {
    let mut at = 0;
    let mut i = 0;
    while i < N {
        let end = at + all[i].kind.bits();
        all[i].shift = if end <= 64 { at } else { 0 };
        at = end;
        i += 1;
    }
    all
}

/// Checks immediate `at` of an op against those before it, and labels against the outputs.
///
/// # Panics
/// When they take more than 64 bits, when there are two labels, or a label that the op never jumps
/// to; the macros call it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_immediate(op: &OpDesc, at: usize) {
    let (mut bits, mut labels) = (0, 0);
    let mut i = 0;
    while i <= at {
        bits += op.immediates[i].kind.bits();
        labels += matches!(op.immediates[i].kind, ImmKind::Label) as usize;
        i += 1;
    }
    let own = op.immediates[at].kind.bits();
    assert!(
        bits <= 64 || bits - own > 64,
        "the immediates of this op take more than 64 bits: pass some of them on the stack"
    );
    if matches!(op.immediates[at].kind, ImmKind::Label) {
        assert!(labels == 1, "an op jumps to one label at most: make the other an op of its own");
        assert!(
            op.outputs.jumps.is_some(),
            "the op never jumps to this label: return `Branch`"
        );
    }
}

/// Checks that an op that may jump has a label to jump to.
///
/// # Panics
/// When it has none; the macros call it in a constant.
#[track_caller]
pub const fn assert_jumps(op: &OpDesc) {
    let mut labels = 0;
    let mut i = 0;
    while i < op.immediates.len() {
        labels += matches!(op.immediates[i].kind, ImmKind::Label) as usize;
        i += 1;
    }
    assert!(
        op.outputs.jumps.is_none() || labels > 0,
        "an op that returns `Branch` needs a label to jump to: add a parameter `#[imm] to: Label`"
    );
}

/// What an ext op leaves, by the way it ends.
#[derive(Clone, Copy, Debug)]
pub struct OutputDesc {
    /// Values pushed when control falls through, deepest first.
    pub falls: &'static [Ty],
    /// Values pushed when it jumps to its label; `None` when it never does.
    pub jumps: Option<&'static [Ty]>,
    /// Whether it may fail.
    pub fallible: bool,
    /// Whether it may ask the VM to call a function for it.
    pub invokes: bool,
}

impl OutputDesc {
    /// As the outputs of an op that may end as its `alt` does.
    pub const fn or(mut self, alt: &OpDesc) -> Self {
        self.fallible |= alt.outputs.fallible;
        self.invokes |= alt.outputs.invokes;
        self
    }
}

/// Fuel an ext op costs each time it runs.
#[derive(Clone, Copy, Debug)]
pub enum Cost {
    /// Always the same.
    Fixed(u64),
    /// Computed from the inputs, deepest first.
    Of(fn(&[Value]) -> u64),
}

/// Runs an ext op on the inputs of a [`Call`].
pub type Entry = for<'a> fn(&mut Call<'a>) -> Result<Flow, Trap>;

/// Everything known about an ext op; made by `#[ext_op]`.
#[derive(Debug)]
pub struct OpDesc {
    /// Its name, unique in a language.
    pub name: &'static str,
    /// Its documentation.
    pub doc: &'static str,
    /// Version of its meaning; chunks that ask for a later one do not load.
    pub version: u32,
    /// Names it had before; chunks that use them load.
    pub was: &'static [&'static str],
    /// The id asked for with `id = N`.
    pub id: Option<u16>,
    /// Immediates, in the order of the parameters, the count of `rest` last.
    pub immediates: &'static [ImmDesc],
    /// Stack inputs, deepest first.
    pub inputs: &'static [InputDesc],
    /// Name of the variadic parameter.
    pub rest: Option<&'static str>,
    /// What it leaves.
    pub outputs: OutputDesc,
    /// Whether equal inputs always give equal outputs, without any effect.
    pub pure: bool,
    /// Whether it may call back into the VM (`Ctx`).
    pub calls_back: bool,
    /// Fuel.
    pub cost: Cost,
    /// The op that is tried when the inputs are of other kinds.
    pub alt: Option<&'static str>,
    /// Source file of the declaration.
    pub file: &'static str,
    /// Line of the declaration.
    pub line: u32,
    /// What runs it.
    pub entry: Entry,
}

impl OpDesc {
    /// Whether its immediates need `ExtendedWide`.
    pub const fn is_wide(&self) -> bool {
        let mut bits = 0;
        let mut i = 0;
        while i < self.immediates.len() {
            bits += self.immediates[i].kind.bits();
            i += 1;
        }
        bits > 8
    }

    /// Whether machine code could call it unboxed: only scalars, immediates and no context.
    pub const fn is_scalar(&self) -> bool {
        let mut i = 0;
        while i < self.inputs.len() {
            if !self.inputs[i].scalar {
                return false;
            }
            i += 1;
        }
        self.rest.is_none() && !self.calls_back && self.inputs.len() + self.immediates.len() <= 8
    }
}

/// How the message of a compile-time check names two things: text pieces joined in a constant.
#[derive(Clone, Copy)]
pub struct ConstText {
    bytes: [u8; 256],
    len: usize,
}

impl ConstText {
    /// No text.
    pub const EMPTY: Self = Self {
        bytes: [0; 256],
        len: 0,
    };

    /// With `text` appended; cut at 256 bytes.
    pub const fn and(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut i = 0;
        while i < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// The text so far.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "?",
        }
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Checks that no two ops of the sets of a language share a name. Ids that are asked for twice are
/// two implementations of [`Id`](super::Id), which rustc refuses by itself.
///
/// # Panics
/// When two do; `#[derive(Language)]` calls it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_distinct(language: &str, sets: &[&[&OpDesc]]) {
    let (mut s, mut i) = (0, 0);
    while s < sets.len() {
        if i == sets[s].len() {
            (s, i) = (s + 1, 0);
            continue;
        }
        let a = sets[s][i];
        let (mut t, mut j) = (s, i + 1);
        while t < sets.len() {
            if j == sets[t].len() {
                (t, j) = (t + 1, 0);
                continue;
            }
            let b = sets[t][j];
            if same(a.name, b.name) {
                let text = (ConstText::EMPTY.and("two ops of language `").and(language))
                    .and("` are named `")
                    .and(a.name)
                    .and("`: one in ")
                    .and(a.file)
                    .and(", one in ")
                    .and(b.file)
                    .and("; rename one with `name = \"…\"`");
                panic!("{}", text.as_str());
            }
            j += 1;
        }
        i += 1;
    }
}

/// Checks input `at` of an op against the other parameters that share the heap.
///
/// # Panics
/// When they could not be borrowed together; the macros call it in a constant.
#[track_caller]
pub const fn assert_heap_use(op: &OpDesc, at: usize, takes_heap: bool) {
    let own = op.inputs[at].heap;
    if matches!(own, HeapUse::None) {
        return;
    }
    assert!(
        !op.calls_back,
        "beside `Ctx` heap objects come as handles: take `Obj<T>` and reach it through `cx.heap()`"
    );
    assert!(
        !takes_heap,
        "beside `&mut Heap` heap objects come as handles: take `Obj<T>` and reach it through the heap"
    );
    let mut i = 0;
    while i < at {
        match (op.inputs[i].heap, own) {
            (HeapUse::Unique, HeapUse::Unique) => panic!(
                "an op can write one heap object at a time: take the others as `Obj<T>` handles"
            ),
            (HeapUse::Unique, HeapUse::Shared) | (HeapUse::Shared, HeapUse::Unique) => panic!(
                "an op that writes a heap object cannot borrow another: take the other as an `Obj<T>` handle"
            ),
            (HeapUse::None, _) | (_, HeapUse::None) | (HeapUse::Shared, HeapUse::Shared) => {}
        }
        i += 1;
    }
}

/// Checks that an op with `Rules` leaves the heap to be read: texts of objects come from it.
///
/// # Panics
/// When the op may write it; the macros call it in a constant.
#[track_caller]
pub const fn assert_rules(op: &OpDesc, takes_heap: bool) {
    let mut writes = takes_heap;
    let mut i = 0;
    while i < op.inputs.len() {
        writes |= matches!(op.inputs[i].heap, HeapUse::Unique);
        i += 1;
    }
    assert!(
        !writes,
        "`Rules` read the heap, which this op may write: take `Obj<T>` instead of `ObjMut`, and no `&mut Heap`"
    );
}

const fn same_type(a: Ty, b: Ty) -> bool {
    match (a, b) {
        (Ty::Object(a), Ty::Object(b)) | (Ty::Host(a), Ty::Host(b)) => same(a, b),
        (Ty::Any, Ty::Any)
        | (Ty::Bool, Ty::Bool)
        | (Ty::Int, Ty::Int)
        | (Ty::Float, Ty::Float)
        | (Ty::Str, Ty::Str)
        | (Ty::Array, Ty::Array)
        | (Ty::Hash, Ty::Hash)
        | (Ty::Ref, Ty::Ref)
        | (Ty::Func, Ty::Func) => true,
        _ => false,
    }
}

/// Whether results of types `alt` may stand where `types` are declared.
const fn covers(types: &[Ty], alt: &[Ty]) -> bool {
    if types.len() != alt.len() {
        return false;
    }
    let mut i = 0;
    while i < types.len() {
        if !matches!(types[i], Ty::Any) && !same_type(types[i], alt[i]) {
            return false;
        }
        i += 1;
    }
    true
}

/// Checks that an op with `alt` and the op it names have the same effect.
///
/// # Panics
/// When they differ; the macros call it in a constant.
#[track_caller]
pub const fn assert_same_effect(op: &OpDesc, alt: &OpDesc) {
    assert!(
        op.inputs.len() == alt.inputs.len() && op.rest.is_some() == alt.rest.is_some(),
        "an op and its `alt` need the same number of operands"
    );
    let mut same_immediates = op.immediates.len() == alt.immediates.len();
    let mut i = 0;
    while same_immediates && i < op.immediates.len() {
        same_immediates = op.immediates[i].kind.same(alt.immediates[i].kind);
        i += 1;
    }
    assert!(same_immediates, "an op and its `alt` need the same immediates");
    assert!(
        covers(op.outputs.falls, alt.outputs.falls)
            && match (op.outputs.jumps, alt.outputs.jumps) {
                (Some(types), Some(alt)) => covers(types, alt),
                (None, None) => true,
                _ => false,
            },
        "an op and its `alt` need the same results: where their types differ, let the op return `Value`"
    );
    assert!(
        op.calls_back == alt.calls_back,
        "an op and its `alt` both take `Ctx`, or neither does"
    );
}

/// Checks the promise of `pure` as far as types tell.
///
/// # Panics
/// When the op reads what may change between two runs; the macros call it in a constant.
#[track_caller]
pub const fn assert_pure(op: &OpDesc) {
    let mut i = 0;
    while i < op.inputs.len() {
        if !matches!(op.inputs[i].heap, HeapUse::None) {
            let text = (ConstText::EMPTY.and("`pure` is not kept: operand `"))
                .and(op.inputs[i].name)
                .and("` is an object of the heap, which changes between two runs");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
    assert!(
        !op.outputs.invokes,
        "`pure` is not kept: the op returns `Invoke`, and any function may be called by it"
    );
}

/// Checks the promise of `fast`.
///
/// # Panics
/// When machine code would have to box the op; the macros call it in a constant.
#[track_caller]
pub const fn assert_fast(op: &OpDesc) {
    assert!(
        !op.calls_back,
        "`fast` is not kept: the op takes `Ctx`, so that machine code has to write its state back around the call"
    );
    assert!(
        op.rest.is_none(),
        "`fast` is not kept: `Rest` is boxed; take a fixed number of operands"
    );
    let mut i = 0;
    while i < op.inputs.len() {
        if !op.inputs[i].scalar {
            let text = (ConstText::EMPTY.and("`fast` is not kept: operand `"))
                .and(op.inputs[i].name)
                .and("` is boxed; unboxed are i64, f64 and bool");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
    let mut i = 0;
    while i < op.outputs.falls.len() {
        assert!(
            matches!(op.outputs.falls[i], Ty::Int | Ty::Float | Ty::Bool),
            "`fast` is not kept: the result is boxed; unboxed are i64, f64, bool and ()"
        );
        i += 1;
    }
    assert!(
        op.inputs.len() + op.immediates.len() <= 8,
        "`fast` is not kept: more than eight parameters"
    );
}
