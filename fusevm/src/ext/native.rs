//! What machine code does with an ext op, and why it does no better.

use super::{Called, Cost, OpDesc};
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
    /// The same, and it is given what it asks for of the host, the heap, the output, limits, its memory and texts;
    /// or leaves what is no number for machine code to fetch.
    Inside,
    /// Where the op has said what to do for the operand's shape, it is done without it: a field is read or set, a
    /// function called. Otherwise the op is run as the interpreter runs it.
    ByShape,
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
    /// It looks at the callee.
    LooksAtCallee,
    /// It takes `Rest`.
    Variadic,
    /// It has more than eight operands.
    TooMany,
    /// What it costs depends on its operands.
    Priced,
    /// Operands of other kinds go to the op of that name.
    Alternative(&'static str),
    /// It returns `Load`, `Store` or `Assign`: the VM looks at a field after it.
    Fields,
    /// There are two results, on one way at least.
    TwoResults,
    /// A type of it is not known to machine code.
    OtherTypes,
}

impl Boxed {
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
            Boxed::Fields => (
                None,
                "the op returns `Load`, `Store` or `Assign`, so that the VM looks at a field after it",
            ),
            Boxed::LooksAtCallee => (None, "the interpreter looks up the callee; pass scalars"),
            Boxed::Variadic => (None, "`Rest` is boxed; take a fixed number of operands"),
            Boxed::TooMany => (None, "more than eight operands"),
            Boxed::Priced => (
                None,
                "the interpreter finds out what it costs; let the cost be a number",
            ),
            Boxed::Alternative(name) => (Some(name), " takes operands of other kinds"),
            Boxed::TwoResults => (None, "two results are boxed; return one"),
            Boxed::OtherTypes => (None, "a type of it is not known to machine code"),
        }
    }
}

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            (None, text) => f.write_str(text),
            (Some(name), text) => write!(f, "`{name}`{text}"),
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
            Native::Inside => f.write_str("called directly, with what it asks for of the VM"),
            Native::ByShape => f.write_str(
                "done without the op where it has said what to do for the operand's shape, otherwise called through \
                 the interpreter's entry",
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
        match (self.boxed(), self.called) {
            (Some(_), _) if self.is_by_shape() => Native::ByShape,
            (Some(why), _) => Native::Entry(why),
            (None, _) if self.is_short() => Native::Expanded,
            (None, Some(Called { world: true, .. })) => Native::Inside,
            (None, _) if self.is_scalar() => Native::Unboxed,
            (None, _) => Native::Pointers,
        }
    }

    /// Whether it may want a frame of the VM, or look at one: a loop of machine code has such an op run with the frames
    /// told, if control goes on behind it; else it is the interpreter's.
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
        if self.callee.is_some() {
            return Some(Boxed::LooksAtCallee);
        }
        if self.rest.is_some() {
            return Some(Boxed::Variadic);
        }
        if let Some(alt) = self.alt {
            return Some(Boxed::Alternative(alt));
        }
        if self.outputs.access.is_some() {
            return Some(Boxed::Fields);
        }
        let jumps = match self.outputs.jumps {
            Some(jumps) => jumps.len(),
            None => 0,
        };
        if self.outputs.falls.len() > 1 || jumps > 1 {
            return Some(Boxed::TwoResults);
        }
        if self.inputs.len() > 8 {
            return Some(Boxed::TooMany);
        }
        Some(match self.cost {
            Cost::Of(_) => Boxed::Priced,
            Cost::Fixed(_) => Boxed::OtherTypes,
        })
    }
}
