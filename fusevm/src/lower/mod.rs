//! `Verified → Code`: from ops on a stack to instructions on registers.
//!
//! A unit, the main program or a function called with some number of arguments, becomes a [`Code`]
//! when it runs for the first time. The registers of its frame are its slots, those of the scopes in
//! it, and one for each place on its stack; arguments arrive in the registers of the first slots, so
//! that the customary prologue is nothing at all. While ops are lowered, the values on the stack are
//! known by where they are ([`Opnd`]): reading a slot emits nothing, writing one makes the op that
//! computed the value write there, constants go into instructions, a comparison and the branch behind
//! it are one. Where paths meet, every value is in the register of its place.
//!
//! The loop runs instructions that name registers by a `u8`. A unit whose slots and places are more is
//! *wide*: its instructions on higher registers run as they were written.
//!
//! An op without an instruction of its own runs as the base interpreter runs it, on the registers of
//! its inputs. Where control cannot go on in registers (an unknown function, too little fuel for what
//! comes next) there is an [`Exit`]: the frame is rebuilt for the base interpreter, which goes on at
//! that op. Lowering may decline a unit as a whole: it then stays where it was.
//!
//! Code that counts fuel is a code of its own: each stretch of ops is paid for where it begins, what a
//! trap leaves unused is given back, so that fuel is spent exactly as op by op.

mod fuse;
#[cfg(feature = "jit")]
mod hooks;
mod ins;
mod listing;
mod ngram;
mod region;
mod walk;

pub(crate) use ins::{Ins, Meta, NOWHERE};
pub(crate) use listing::listing;
pub(crate) use ngram::{goes_on, instructions, name, widths};

use crate::ext::Fold;
use crate::op::Op;
use crate::value::Value;
use crate::verify::{Unit, Verified};
use region::Lowering;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use walk::{Size, walk};

/// Registers that an instruction of the loop can name, which are those of a window.
pub(crate) const WINDOW: usize = 256;

/// A frame may have so many registers, and four more for each op of its unit: a call clears them all, and
/// those of a unit that names a few slots out of many would cost more than its ops.
const SPARSE: usize = 1_024;

/// A unit in register form.
#[derive(Debug)]
pub(crate) struct Code {
    /// As they were written.
    pub(crate) plain: Vec<Ins<u16>>,
    /// The same, one for one, for the loop: narrow, and with those fused that can be.
    pub(crate) ins: Vec<Ins>,
    /// One for each instruction.
    pub(crate) meta: Vec<Meta>,
    pub(crate) constants: Vec<Value>,
    /// For each of them its number among those of the chunk, if it is one.
    pub(crate) of_chunk: Vec<Option<u16>>,
    /// Those of the constants that fused instructions name.
    pub(crate) floats: Vec<f64>,
    pub(crate) exits: Vec<Exit>,
    /// In code that counts no fuel: instructions before which a frame may go on in the base interpreter,
    /// in order, and the exits there.
    pub(crate) points: Vec<(u32, u32)>,
    /// Loops that may run in one go: with names of slots that are registers.
    pub(crate) fused: Vec<Op>,
    /// Registers of a frame.
    pub(crate) registers: u16,
    /// The register of the stack's bottom: those below are slots.
    pub(crate) base: u16,
    /// Slots outside of scopes: the first registers.
    pub(crate) own_slots: u16,
    /// Slots by depth of scopes: first register and number.
    pub(crate) slots: Vec<(u16, u16)>,
    pub(crate) form: Form,
    /// Arguments that it is for.
    pub(crate) argc: u8,
    /// What it does, where that is so little that a call need not be made.
    pub(crate) brief: Brief,
    /// The function's number, or that of functions for the main program.
    pub(crate) unit: u32,
    #[cfg(feature = "jit")]
    pub(crate) hooks: hooks::Hooks,
}

impl Code {
    /// Gives the places of ext ops numbers that no other place of the program has.
    pub(crate) fn number_places(&mut self, numbered: &AtomicU32) {
        for at in 0..self.plain.len() {
            if let Ins::Ext { n, known, .. } = &mut self.plain[at]
                && *n > 0
            {
                let number = numbered.fetch_add(1, Relaxed);
                *known = u16::try_from(number).unwrap_or(NOWHERE);
                let number = *known;
                if let Ins::Ext { known, .. } = &mut self.ins[at] {
                    *known = number;
                }
                if let Some(Ins::ExtOf { known, .. } | Ins::ExtOfVar { known, .. }) =
                    at.checked_sub(1).map(|before| &mut self.ins[before])
                {
                    *known = number;
                }
            }
        }
        self.brief = Brief::of(&self.plain, self.argc);
    }

    /// Whether a frame has registers that a narrow instruction cannot name.
    pub(crate) fn is_wide(&self) -> bool {
        u8::try_from(self.registers).is_err()
    }

    /// The instructions as the loop has them, none of them fused.
    fn narrow(&self) -> Vec<Ins> {
        let narrow = |ins: &Ins<u16>| match ins {
            // They see to all registers of the frame.
            Ins::Return { .. } | Ins::ReturnVoid { .. } if self.is_wide() => Ins::Wide,
            ins => ins.narrow().unwrap_or(Ins::Wide),
        };
        self.plain.iter().map(narrow).collect()
    }

    /// Where a frame goes on in the base interpreter before instruction `ip`, if it can there.
    pub(crate) fn point(&self, ip: usize) -> Option<&Exit> {
        let at = match self.plain.get(ip)? {
            Ins::Jump { to } => *to,
            _other => ip as u32,
        };
        let found = self.points.binary_search_by_key(&at, |point| point.0);
        let (_, exit) = self.points[found.ok()?];
        self.exits.get(exit as usize)
    }
}

/// What a function does that does next to nothing, with its first argument alone: returning it, a field of it, or
/// nothing. The loop then makes no frame for it. (Smalltalk-80 returned `self` and instance variables so; see
/// Goldberg and Robson, *Smalltalk-80: The Language and its Implementation*, 1983, on primitive methods.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Brief {
    #[default]
    No,
    Undef,
    First,
    /// What the ext op of that place gives for it, if that is a field.
    Op(u16),
}

impl Brief {
    fn of(plain: &[Ins<u16>], argc: u8) -> Self {
        match plain {
            &[Ins::Return { a: 0, blocks: 0 }, ..] if argc > 0 => Brief::First,
            &[Ins::Undef { d }, Ins::Return { a, blocks: 0 }, ..] if a == d => Brief::Undef,
            &[
                Ins::Copy { d, a: 0 },
                Ins::Ext { a, n: 1, known, .. },
                Ins::Return { a: left, blocks: 0 },
                ..,
            ] if argc > 0 && a == d && left == d => Brief::Op(known),
            _more => Brief::No,
        }
    }
}

/// What code is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// It counts fuel.
    pub(crate) metered: bool,
    /// The language has ops of its own for operands of ops on numbers that are none.
    pub(crate) operators: bool,
    /// Loops run in one go where they can.
    pub(crate) fused: bool,
    /// Pure ops on constants were run early, as the VM has them that loaded the program first.
    pub(crate) folded: bool,
}

impl Form {
    pub(crate) fn index(self) -> usize {
        usize::from(self.metered)
            + 2 * usize::from(self.operators)
            + 4 * usize::from(self.fused)
            + 8 * usize::from(self.folded)
    }
}

/// Where a value on the stack is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Opnd {
    /// In the register of its place.
    Temp,
    /// In the register of a slot or an argument, which still has it.
    Reg(u16),
    /// Nowhere: a number.
    Int(i32),
    /// Nowhere: a constant of the code.
    Const(u32),
    /// Nowhere: Undef.
    Undef,
    /// Nowhere: a truth.
    Bool(bool),
}

/// A frame that the base interpreter has inside the one of the unit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inner {
    /// A scope, opened at that height.
    Scope { height: u32 },
    /// A block on top of that height, with the pc behind its op and the pc that ends it.
    Block {
        height: u32,
        return_pc: u32,
        end: u32,
    },
}

/// How a frame goes on in the base interpreter.
#[derive(Debug)]
pub(crate) struct Exit {
    /// At that op.
    pub(crate) pc: u32,
    /// With so many values on the stack that are in the registers of their places.
    pub(crate) settled: u16,
    /// And with these above them, deepest first.
    pub(crate) stack: Vec<Opnd>,
    /// In these scopes and blocks.
    pub(crate) inner: Vec<Inner>,
    /// Fuel for the ops from here on, as far as they are paid together.
    pub(crate) cost: u32,
}

/// The register of the stack's bottom.
pub(super) fn stack_base(slots: &[(u16, u16)]) -> u16 {
    slots.last().map_or(0, |(first, n)| first + n)
}

/// Lowers a unit; `None` when it stays in the base interpreter.
///
/// `overlay` are the ops with fused loops in their places, `folds` the imports that run early, in a form
/// that is folded.
pub(crate) fn lower(
    verified: &Verified,
    overlay: &[Op],
    folds: &[Option<Fold>],
    unit: Unit,
    form: Form,
) -> Option<Code> {
    let chunk = verified.chunk();
    let (start, argc) = match unit {
        Unit::Main => (0, 0),
        Unit::Function { index, argc } => (chunk.functions().get(index)?.pc, argc),
        Unit::Block { .. } => return None,
    };
    if verified.is_raw() {
        return None;
    }
    let mut size = Size::default();
    let ops = chunk.ops().len();
    let region = walk(verified, (start, ops), argc.into(), (0, 0, 0), &mut size);
    if size.declined {
        return None;
    }
    let mut slots = Vec::new();
    let mut next = 0u32;
    for (depth, n) in size.slots.iter().enumerate() {
        // Arguments arrive where the first slots are.
        let n = if depth == 0 {
            (*n).max(argc.into())
        } else {
            *n
        };
        slots.push((u16::try_from(next).ok()?, u16::try_from(n).ok()?));
        next += n;
    }
    if slots.is_empty() {
        slots.push((0, argc.into()));
        next = argc.into();
    }
    let registers = u16::try_from(next + size.height).ok()?;
    if usize::from(registers) > SPARSE + 4 * size.work {
        return None;
    }
    let mut lowering = Lowering::new(verified, overlay, folds, slots, form);
    lowering.unit(&region, argc);
    let mut code = lowering.finish();
    code.unit = match unit {
        Unit::Function { index, .. } => index as u32,
        _main => chunk.functions().len() as u32,
    };
    Some(code)
}

/// Whether an op is a loop that may run in one go.
pub(super) fn fused_loop(op: Op) -> bool {
    matches!(
        op,
        Op::AccumSumLoop(..) | Op::ConcatConstLoop(..) | Op::PushIntRangeLoop(..)
    )
}
