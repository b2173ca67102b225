//! What a language declares about an op: [`OpDesc`], built by `#[ext_op]` as a constant.

use super::Called;
use super::inline::Inline;
use super::{Call, CalleeDesc, Flow, Input};
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

impl Ty {
    /// How signatures and messages show it.
    pub const fn name(self) -> &'static str {
        match self {
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
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
    /// Whether it is borrowed from a value on the stack: `&str`, `&Value`, `&Array`, `&Hash`, host values.
    pub borrowed: bool,
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
            borrowed: T::BORROWED,
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

    /// Whether it takes a value of that type, as far as types tell; `coerce` says whether the language
    /// widens numbers.
    pub const fn takes(&self, found: Ty, coerce: bool) -> bool {
        if self.optional || matches!(found, Ty::Any) || matches!(self.ty, Ty::Any) {
            return true;
        }
        if coerce || self.coerce {
            let widens = matches!(found, Ty::Int | Ty::Float | Ty::Bool | Ty::Str);
            if widens && matches!(self.ty, Ty::Int | Ty::Float | Ty::Bool) {
                return true;
            }
        }
        same_type(self.ty, found)
    }

    /// As input `at` of an op whose `alt` takes the kinds this one does not.
    pub const fn or(mut self, alt: &OpDesc, at: usize) -> Self {
        if at < alt.inputs.len() {
            if !same_type(self.ty, alt.inputs[at].ty) {
                self.ty = Ty::Any;
            }
            self.optional |= alt.inputs[at].optional;
            self.scalar &= alt.inputs[at].scalar;
            self.borrowed &= alt.inputs[at].borrowed;
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

    pub(crate) const fn same(self, other: Self) -> bool {
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
/// bit 0: [`assert_immediate`](super::assert_immediate) refuses the op.
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
    /// What it may ask the VM to do with a field of its first input.
    pub access: Option<AccessKind>,
}

/// What is done with a field of the first input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// It is read.
    Load,
    /// It is set to the last input.
    Store,
    /// The same, and the value is left.
    Assign,
}

impl OutputDesc {
    /// As the outputs of an op with that body.
    pub const fn failing(mut self, inline: &Inline) -> Self {
        self.fallible |= inline.can_fail();
        self
    }

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

/// Runs an ext op on inputs that are numbers, with nothing beside them, and puts its result in the place
/// of the first; `false`, and nothing done, where they are of other kinds.
pub type Quick = fn(&mut [Value]) -> bool;

/// What an ext op gives for its inputs, at which it looks and at nothing beside them; `None` where they are of
/// other kinds. It neither fails nor moves them.
pub type Peek = fn(&[&Value]) -> Option<Value>;

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
    /// The callee of the frame it runs in, if it looks at that.
    pub callee: Option<CalleeDesc>,
    /// Whether it has a memory of its own at every place where it stands.
    pub cache: bool,
    /// What it leaves.
    pub outputs: OutputDesc,
    /// Whether equal inputs always give equal outputs, without any effect.
    pub pure: bool,
    /// Whether it is `==` of two values, which the VM may then compare by itself.
    pub equality: bool,
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
    /// What runs it on numbers, if it is an op of numbers.
    pub quick: Option<Quick>,
    /// What runs it on inputs that stay where they are, if that is all it asks for.
    pub peek: Option<Peek>,
    /// What machine code calls, if it can.
    pub called: Option<Called>,
    /// Its body as instructions, if it is `inline`.
    pub inline: Option<&'static Inline>,
}

impl OpDesc {
    /// Whether the VM may remember what it says of a first input by that one's shape.
    pub(crate) const fn is_by_shape(&self) -> bool {
        let says = self.outputs.invokes || self.outputs.access.is_some();
        let cheap = matches!(self.cost, Cost::Fixed(0 | 1));
        says && cheap && !self.inputs.is_empty() && !self.calls_back
    }

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

    /// Whether its operands are numbers and truths alone, and it looks at nothing else.
    pub const fn is_scalar(&self) -> bool {
        let mut i = 0;
        while i < self.inputs.len() {
            if !self.inputs[i].scalar {
                return false;
            }
            i += 1;
        }
        let alone = self.callee.is_none() && !self.cache && !self.calls_back;
        alone && self.rest.is_none()
    }
}

pub(crate) const fn same(a: &str, b: &str) -> bool {
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

/// Whether two types are the same.
pub const fn same_type(a: Ty, b: Ty) -> bool {
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
