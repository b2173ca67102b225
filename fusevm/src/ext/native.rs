//! What machine code does with an ext op, and why it does no better.

use super::{Cost, HeapUse, ImmKind, OpDesc, Ty};
use std::fmt;

/// What machine code does where an op stands, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Native {
    /// The body stands in the place of the op.
    Expanded,
    /// The function is called with numbers in machine registers.
    Unboxed,
    /// The same, and with the addresses of operands that it looks at, which stay where they are.
    Pointers,
    /// The op is run as the interpreter runs it.
    Entry(Boxed),
}

/// Why machine code runs an op as the interpreter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Boxed {
    /// It takes `Ctx`, the whole VM.
    WholeVm,
    /// It returns `Invoke`: the VM makes a call after it.
    Invokes,
    /// It may jump.
    Jumps,
    /// It looks at the callee.
    LooksAtCallee,
    /// It has a memory at each place.
    KeepsMemory,
    /// It takes `Rest`.
    Variadic,
    /// It has more than eight operands.
    TooMany,
    /// It takes the host, the heap, the output or limits.
    TakesContext,
    /// It has no operands and no immediates.
    Constant,
    /// An immediate of it is looked up: a name, a function, a text, a slot.
    LooksUp(&'static str),
    /// What it costs depends on its operands.
    Priced,
    /// The input of that name is moved into it, or may be of any kind.
    Owned(&'static str),
    /// The input of that name is an object of the heap.
    OfHeap(&'static str),
    /// The input of that name may be of another kind.
    MaybeNone(&'static str),
    /// Operands of other kinds go to the op of that name.
    Alternative(&'static str),
    /// The result is no number.
    BoxedResult(Ty),
    /// There are two results.
    TwoResults,
}

impl Boxed {
    /// What the name in the words is of.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Boxed::Alternative(_) => "",
            Boxed::LooksUp(_) => "immediate ",
            _ => "operand ",
        }
    }

    /// Why, in words that are known while rustc runs, and the input that is to blame.
    pub(crate) const fn text(self) -> (Option<&'static str>, &'static str) {
        match self {
            Boxed::WholeVm => (
                None,
                "the op takes `Ctx`, so that machine code has to write its state back around the call",
            ),
            Boxed::Invokes => (
                None,
                "the op returns `Invoke`, so that the VM makes a call after it",
            ),
            Boxed::Jumps => (
                None,
                "the op returns `Branch`; compare with a bool and jump on that",
            ),
            Boxed::LooksAtCallee => (None, "the interpreter looks up the callee; pass scalars"),
            Boxed::KeepsMemory => (None, "the interpreter looks up the cache; pass scalars"),
            Boxed::Variadic => (None, "`Rest` is boxed; take a fixed number of operands"),
            Boxed::TooMany => (None, "more than eight operands"),
            Boxed::TakesContext => (
                None,
                "the interpreter hands out the host, the heap and the output; pass what the op needs of them",
            ),
            Boxed::Constant => (None, "it takes nothing: let it be a constant"),
            Boxed::LooksUp(name) => (
                Some(name),
                " is looked up where the op runs; immediates that are numbers, truths or enums are passed",
            ),
            Boxed::Priced => (
                None,
                "the interpreter finds out what it costs; let the cost be a number",
            ),
            Boxed::Owned(name) => (
                Some(name),
                " is boxed; unboxed are i64, f64 and bool, and &str, &Value, &Array, &Hash are borrowed",
            ),
            Boxed::OfHeap(name) => (Some(name), " is an object, which is looked up in the heap"),
            Boxed::MaybeNone(name) => (Some(name), " is an `Option` of what is boxed"),
            Boxed::Alternative(name) => (Some(name), " takes operands of other kinds"),
            Boxed::BoxedResult(_) => (
                None,
                "the result is boxed; unboxed are i64, f64, bool and ()",
            ),
            Boxed::TwoResults => (None, "two results are boxed; return one"),
        }
    }
}

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            (None, text) => f.write_str(text),
            (Some(name), text) => write!(f, "{}`{name}`{text}", self.what()),
        }
    }
}

impl fmt::Display for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Native::Expanded => f.write_str("expanded in place"),
            Native::Unboxed => f.write_str(
                "called unboxed; if it were `inline` and short, it would be expanded in place",
            ),
            Native::Pointers => f.write_str(
                "called unboxed, with the addresses of what it looks at: that stays where it is",
            ),
            Native::Entry(why) => {
                write!(f, "called through the interpreter's entry, because {why}")
            }
        }
    }
}

impl OpDesc {
    /// What machine code does with it.
    pub const fn native(&self) -> Native {
        match self.boxed() {
            Some(why) => Native::Entry(why),
            None if self.is_short() => Native::Expanded,
            None if self.is_scalar() => Native::Unboxed,
            None => Native::Pointers,
        }
    }

    /// Whether it may want a frame of the VM, or look at one: machine code leaves such an op to the
    /// interpreter.
    #[cfg_attr(not(feature = "jit"), allow(dead_code))]
    pub(crate) fn asks_for_frames(&self) -> bool {
        self.calls_back || self.outputs.invokes || self.outputs.jumps.is_some()
    }

    const fn is_short(&self) -> bool {
        match self.inline {
            Some(body) => body.is_short(),
            None => false,
        }
    }

    /// Why machine code runs it as the interpreter does, if it does.
    pub const fn boxed(&self) -> Option<Boxed> {
        if self.inline.is_some() || self.called.is_some() {
            return None;
        }
        if self.calls_back {
            return Some(Boxed::WholeVm);
        }
        if self.outputs.invokes {
            return Some(Boxed::Invokes);
        }
        if self.outputs.jumps.is_some() {
            return Some(Boxed::Jumps);
        }
        if self.callee.is_some() {
            return Some(Boxed::LooksAtCallee);
        }
        if self.cache {
            return Some(Boxed::KeepsMemory);
        }
        if self.rest.is_some() {
            return Some(Boxed::Variadic);
        }
        if let Some(alt) = self.alt {
            return Some(Boxed::Alternative(alt));
        }
        let mut i = 0;
        while i < self.inputs.len() {
            let input = &self.inputs[i];
            if !matches!(input.heap, HeapUse::None) {
                return Some(Boxed::OfHeap(input.name));
            }
            if input.optional {
                return Some(Boxed::MaybeNone(input.name));
            }
            if !input.scalar && !input.borrowed {
                return Some(Boxed::Owned(input.name));
            }
            i += 1;
        }
        match self.outputs.falls {
            [] | [Ty::Int | Ty::Float | Ty::Bool] => {}
            [result] => return Some(Boxed::BoxedResult(*result)),
            _ => return Some(Boxed::TwoResults),
        }
        Some(self.asks_for_more())
    }

    /// What an op asks for beside operands that can be passed.
    const fn asks_for_more(&self) -> Boxed {
        if self.inputs.len() > 8 {
            return Boxed::TooMany;
        }
        let mut i = 0;
        while i < self.immediates.len() {
            match self.immediates[i].kind {
                ImmKind::U8 | ImmKind::I8 | ImmKind::I32 | ImmKind::U32 => {}
                ImmKind::Bool | ImmKind::Enum(_) => {}
                _other => return Boxed::LooksUp(self.immediates[i].name),
            }
            i += 1;
        }
        match self.cost {
            Cost::Of(_) => Boxed::Priced,
            Cost::Fixed(_) if self.inputs.is_empty() && self.immediates.is_empty() => {
                Boxed::Constant
            }
            Cost::Fixed(_) => Boxed::TakesContext,
        }
    }
}
