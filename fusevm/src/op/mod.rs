//! What an op is: its name, operands, effect on the stack, flags and documentation.
//!
//! One table (`op/table.rs`) has a row per op. Everything that can be read off a row is read off it:
//! the [`Op`] enum itself, [`Opcode`] numbers, [`OpInfo`], listings, operand checks, stack effects,
//! the text and wire encodings, the dispatch of the interpreter, and the reference in
//! `doc/ops.md`. This room knows no values and no machine; what an op computes is in
//! [`semantics`](crate::semantics), and how it runs is in `interp`.

mod operand;
mod reference;
#[macro_use]
mod table;

use operand::{Bits, operand_bits, operand_type};
pub(crate) use table::for_each_op;

pub use operand::{Operand, OperandKind};
pub use reference::reference;

/// Properties of an op that are fixed by its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// The outputs depend on nothing but the inputs and the policy.
    pub const PURE: Self = Self(1);
    /// The op can trap.
    pub const TRAPS: Self = Self(2);
    /// Control never falls through to the next op.
    pub const ENDS: Self = Self(4);
    /// Runs code the chunk does not show: functions, builtins, ext ops.
    pub const CALLS: Self = Self(8);
    /// Touches the outside world: a chunk that has one loads only into a VM with a `ShellHost`.
    pub const GRANT: Self = Self(16);
    /// A sum of other ops.
    pub const FUSED: Self = Self(32);

    /// Works on numbers: another kind of input is coerced, or given to the language's operator, or
    /// traps, as language and policy say. What is said of the op holds for numbers.
    pub const NUMBERS: Self = Self(64);

    /// No flags.
    pub const NONE: Self = Self(0);

    /// These flags and those of `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other`'s flags are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What the table says of an op.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpInfo {
    /// The op's name, as in `Op::NAME`, listings and texts.
    pub name: &'static str,
    /// The family its row stands in.
    pub family: &'static str,
    /// Names and kinds of the operands.
    pub operands: &'static [(&'static str, OperandKind)],
    /// Fixed inputs, deepest first.
    pub inputs: &'static [&'static str],
    /// The operand that says how many more inputs there are, if any.
    pub variadic: Option<&'static str>,
    /// Outputs, deepest first.
    pub outputs: &'static [&'static str],
    /// Its properties.
    pub flags: Flags,
    /// What it means, by line.
    pub doc: &'static [&'static str],
}

/// How many values an op takes from the stack and leaves on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Values taken.
    pub pops: usize,
    /// Values left.
    pub pushes: usize,
}

macro_rules! define {
    ($(
        $(#[doc = $family_doc:literal])*
        mod $family:ident { $(
            $(#[doc = $doc:literal])*
            $how:ident $snake:ident = $Name:ident $(($($f:ident: $kind:ident),*))?
                {$($input:ident)* $(..$variadic:ident)? -- $($output:ident)*}
                [$($flag:ident)|*] $(=> [$($part:expr),* $(,)?])?;
        )* }
    )*) => {
        /// An op of the bytecode, with its operands.
        ///
        /// Two ops are equal when their encodings are: floats compare by their bits.
        #[derive(Clone, Copy, Debug)]
        pub enum Op { $($(
            $(#[doc = $doc])*
            #[doc = ""]
            #[doc = concat!("Effect: `(", $(stringify!($input), " ",)* $("..", stringify!($variadic), " ",)? "-- ", $(stringify!($output), " ",)* ")`")]
            $Name $(($(operand_type!($kind)),*))?,
        )*)* }

        /// An op without its operands. The number is the op's position in the table, and its wire code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Opcode { $($(
            $(#[doc = $doc])*
            $Name,
        )*)* }

        impl Opcode {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Opcode] = &[$($(Opcode::$Name,)*)*];
        }

        /// Families of the table with their descriptions, in order.
        pub const FAMILIES: &[(&str, &str)] = &[$((stringify!($family), concat!($($family_doc),*)),)*];

        const INFO: &[OpInfo] = &[$($(OpInfo {
            name: stringify!($Name),
            family: stringify!($family),
            operands: &[$($((stringify!($f), OperandKind::$kind)),*)?],
            inputs: &[$(stringify!($input)),*],
            variadic: define!(@option $($variadic)?),
            outputs: &[$(stringify!($output)),*],
            flags: Flags(0 $(| Flags::$flag.0)*),
            doc: &[$($doc),*],
        },)*)*];

        impl Op {
            /// The op without its operands.
            pub const fn opcode(self) -> Opcode {
                match self { $($(Op::$Name { .. } => Opcode::$Name,)*)* }
            }

            /// Bits of the operands in order, as `each_operand` has them; the rest is zero.
            pub(crate) const fn bits(self) -> [u64; MAX_OPERANDS] {
                match self { $($(
                    Op::$Name $(($($f),*))? => padded(&[$($(operand_bits!($kind, $f)),*)?]),
                )*)* }
            }

            /// Calls `visit` for each operand in order.
            pub(crate) fn each_operand(self, mut visit: impl FnMut(Operand)) {
                match self { $($(
                    Op::$Name $(($($f),*))? => { $($(visit(Operand {
                        name: stringify!($f), kind: OperandKind::$kind, bits: Bits::to_bits($f),
                    });)*)? }
                )*)* }
            }

            /// The op of that opcode with operands of these bits; `None` when one does not fit its type.
            pub(crate) fn from_bits(code: Opcode, bits: &mut impl Iterator<Item = u64>) -> Option<Op> {
                Some(match code { $($(
                    Opcode::$Name => Op::$Name $(($({ stringify!($f); Bits::from_bits(bits.next()?)? }),*))?,
                )*)* })
            }

            /// The ops a fused op stands for, in order; empty for the others.
            ///
            /// In a fused loop (a fused op without a target of its own) the jump targets of the parts are
            /// indices into the expansion, and its length is the exit.
            pub(crate) fn with_expansion<R>(self, then: impl FnOnce(&[Op]) -> R) -> R {
                #[allow(unused_imports)]
                use Op::*;
                #[allow(unused_variables)]
                match self { $($(
                    Op::$Name $(($($f),*))? => then(&[$($($part),*)?]),
                )*)* }
            }
        }
    };
    (@option) => { None };
    (@option $name:ident) => { Some(stringify!($name)) };
}
for_each_op!(define);

/// Most operands of an op.
pub(crate) const MAX_OPERANDS: usize = 4;

/// The bits with zeros behind them.
const fn padded(bits: &[u64]) -> [u64; MAX_OPERANDS] {
    let mut all = [0; MAX_OPERANDS];
    let mut i = 0;
    while i < bits.len() {
        all[i] = bits[i];
        i += 1;
    }
    all
}

impl Opcode {
    /// What the table says of the op.
    pub const fn info(self) -> &'static OpInfo {
        &INFO[self as usize]
    }

    /// The op with that name, as listings print it.
    pub fn by_name(name: &str) -> Option<Opcode> {
        Self::ALL.iter().copied().find(|c| c.info().name == name)
    }

    /// The op with that wire code.
    pub fn from_code(code: u8) -> Option<Opcode> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl Op {
    /// What the table says of the op.
    pub const fn info(self) -> &'static OpInfo {
        self.opcode().info()
    }

    /// The op's name.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Its operands, in order.
    pub fn operands(self) -> Vec<Operand> {
        let mut all = Vec::new();
        self.each_operand(|o| all.push(o));
        all
    }

    /// Effect on the stack, as far as the row and the operands say it.
    ///
    /// `None` for the ops whose effect is declared elsewhere: [`Op::Extended`] and
    /// [`Op::ExtendedWide`] (by the ext op). The one output of [`Op::Call`] is there only when the
    /// function returns a value.
    pub const fn effect(self) -> Option<Effect> {
        if matches!(self, Op::Extended(..) | Op::ExtendedWide(..)) {
            return None;
        }
        let info = self.info();
        let mut more = 0;
        if let Op::ExpandParam(m) = self {
            // Its operand says how many by its meaning.
            more = match crate::shell::param_mod::arguments(m) {
                Some(arguments) => 1 + arguments,
                None => 1,
            };
        } else if info.variadic.is_some() {
            let bits = self.bits();
            let mut i = 0;
            while i < info.operands.len() {
                // The one operand that is a number of values.
                if let OperandKind::Argc | OperandKind::Count = info.operands[i].1 {
                    more = bits[i] as usize;
                }
                i += 1;
            }
        }
        Some(Effect {
            pops: info.inputs.len() + more,
            pushes: info.outputs.len(),
        })
    }

    /// The jump target, if the op has one.
    pub fn target(self) -> Option<usize> {
        self.operand_of(OperandKind::Target)
            .map(|bits| bits as usize)
    }

    /// Bits of the operand of that kind, if the op has one.
    pub(crate) fn operand_of(self, kind: OperandKind) -> Option<u64> {
        let at = (self.info().operands.iter()).position(|(_, other)| *other == kind)?;
        Some(self.bits()[at])
    }

    /// The same op with another jump target; unchanged when it has none.
    #[must_use]
    pub fn with_target(self, to: usize) -> Op {
        let mut bits = Vec::new();
        self.each_operand(|o| {
            bits.push(if o.kind == OperandKind::Target {
                to as u64
            } else {
                o.bits
            });
        });
        Op::from_bits(self.opcode(), &mut bits.into_iter()).unwrap_or(self)
    }

    /// The ops a fused op stands for, in order; empty for the others.
    ///
    /// In a fused loop (a fused op without a target of its own) the jump targets of the parts are
    /// indices into the expansion, and its length is the exit.
    pub fn expansion(self) -> Vec<Op> {
        self.with_expansion(<[Op]>::to_vec)
    }

    /// Fuel the op costs, before what its elements or its ext op add: one per op, and for a fused
    /// op the sum of its parts.
    pub fn cost(self) -> u64 {
        self.with_expansion(|parts| parts.len().max(1) as u64)
    }
}

impl PartialEq for Op {
    fn eq(&self, other: &Self) -> bool {
        self.opcode() == other.opcode() && self.operands() == other.operands()
    }
}

impl Eq for Op {}

impl std::fmt::Display for Op {
    /// The op as a listing without pools shows it: name, then operands separated by commas.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        let mut sep = " ";
        for operand in self.operands() {
            write!(f, "{sep}{operand}")?;
            sep = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_has_129_ops_with_distinct_names() {
        assert_eq!(Opcode::ALL.len(), 129);
        let mut names: Vec<_> = Opcode::ALL.iter().map(|c| c.info().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 129);
        let granted = |c: &&Opcode| c.info().flags.has(Flags::GRANT);
        assert_eq!(Opcode::ALL.iter().filter(granted).count(), 22);
    }

    #[test]
    fn an_op_is_two_words() {
        assert_eq!(size_of::<Op>(), 16);
    }

    #[test]
    fn every_op_survives_its_bits() {
        for &code in Opcode::ALL {
            let n = code.info().operands.len();
            let op = Op::from_bits(code, &mut (1..=n as u64)).expect("small operands fit");
            let bits: Vec<u64> = op.operands().iter().map(|o| o.bits).collect();
            assert_eq!(Op::from_bits(code, &mut bits.into_iter()), Some(op));
        }
        assert_eq!(
            Op::from_bits(Opcode::GetSlot, &mut [70_000].into_iter()),
            None
        );
    }

    #[test]
    fn declared_effects_of_fused_ops_are_those_of_their_parts() {
        for &code in Opcode::ALL {
            let op = Op::from_bits(code, &mut (0..9)).expect("small operands fit");
            let parts = op.expansion();
            assert_eq!(
                !parts.is_empty(),
                code.info().flags.has(Flags::FUSED),
                "{op}"
            );
            let net = |op: &Op| {
                let e = op.effect().expect("parts have effects");
                e.pushes as i64 - e.pops as i64
            };
            if !parts.is_empty() {
                assert_eq!(parts.iter().map(net).sum::<i64>(), net(&op), "{op}");
            }
        }
    }

    #[test]
    fn targets_can_be_patched_in_every_jump() {
        let op = Op::SlotIncLtIntJumpBack(3, -7, 5).with_target(99);
        assert_eq!(op, Op::SlotIncLtIntJumpBack(3, -7, 99));
        assert_eq!(op.to_string(), "SlotIncLtIntJumpBack 3, -7, @99");
    }
}
