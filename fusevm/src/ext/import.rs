//! Imports: what a chunk says of the ext ops it uses, so that it verifies, relocates and lists
//! without its language. Loading compares them with the language's own table.

use super::{ImmKind, InputDesc, OpDesc, Ty};
use crate::value::Str;
use std::fmt;

/// What an immediate is, as a chunk knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImmTag {
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
    /// An enum of that many variants.
    Enum(u8),
    /// A jump target.
    Label,
    /// A slot.
    Slot,
    /// A name.
    Name,
    /// A function of the chunk.
    Function,
    /// A block.
    Block,
    /// A constant text, parsed at load.
    Parsed,
    /// Number of variadic inputs.
    Count,
}

impl ImmTag {
    /// All shapes, in wire order; an enum counts as one with no variants.
    pub(crate) const ALL: [ImmTag; 13] = [
        ImmTag::U8,
        ImmTag::I8,
        ImmTag::I32,
        ImmTag::U32,
        ImmTag::Bool,
        ImmTag::Enum(0),
        ImmTag::Label,
        ImmTag::Slot,
        ImmTag::Name,
        ImmTag::Function,
        ImmTag::Block,
        ImmTag::Parsed,
        ImmTag::Count,
    ];

    /// Its name in texts.
    pub fn name(self) -> &'static str {
        match self {
            ImmTag::U8 => "u8",
            ImmTag::I8 => "i8",
            ImmTag::I32 => "i32",
            ImmTag::U32 => "u32",
            ImmTag::Bool => "bool",
            ImmTag::Enum(_) => "enum",
            ImmTag::Label => "label",
            ImmTag::Slot => "slot",
            ImmTag::Name => "name",
            ImmTag::Function => "function",
            ImmTag::Block => "block",
            ImmTag::Parsed => "text",
            ImmTag::Count => "count",
        }
    }

    /// Bits it takes of the op's 64.
    pub fn bits(self) -> u32 {
        match self {
            ImmTag::Bool => 1,
            ImmTag::U8 | ImmTag::I8 | ImmTag::Enum(_) | ImmTag::Count => 8,
            ImmTag::Slot | ImmTag::Name | ImmTag::Function | ImmTag::Block | ImmTag::Parsed => 16,
            ImmTag::I32 | ImmTag::U32 | ImmTag::Label => 32,
        }
    }
}

impl From<ImmKind> for ImmTag {
    fn from(kind: ImmKind) -> Self {
        match kind {
            ImmKind::U8 => ImmTag::U8,
            ImmKind::I8 => ImmTag::I8,
            ImmKind::I32 => ImmTag::I32,
            ImmKind::U32 => ImmTag::U32,
            ImmKind::Bool => ImmTag::Bool,
            ImmKind::Enum(variants) => ImmTag::Enum(variants.len().try_into().unwrap_or(u8::MAX)),
            ImmKind::Label => ImmTag::Label,
            ImmKind::Slot => ImmTag::Slot,
            ImmKind::Name => ImmTag::Name,
            ImmKind::Function => ImmTag::Function,
            ImmKind::Block => ImmTag::Block,
            ImmKind::Parsed(_) => ImmTag::Parsed,
            ImmKind::Count => ImmTag::Count,
        }
    }
}

/// Immediates, inputs and outputs of an ext op, as a chunk knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Immediates in order, the count of the variadic inputs last.
    pub immediates: Vec<ImmTag>,
    /// Types of the inputs, deepest first; an optional one ends in `?`.
    pub inputs: Vec<Str>,
    /// Whether more inputs follow, as many as the last immediate says.
    pub variadic: bool,
    /// Types of the outputs when control falls through.
    pub outputs: Vec<Str>,
    /// Types of the outputs when it jumps to its label; `None` when it never does.
    pub jumps: Option<Vec<Str>>,
}

impl Signature {
    /// Whether the immediates need `ExtendedWide`.
    pub fn is_wide(&self) -> bool {
        self.immediates
            .iter()
            .fold(0, |bits: u32, i| bits.saturating_add(i.bits()))
            > 8
    }

    /// The immediates out of packed bits: tag, lowest bit, value.
    pub fn unpack(&self, packed: u64) -> impl Iterator<Item = (ImmTag, u32, u64)> + '_ {
        let mut at = 0u32;
        self.immediates.iter().map(move |&tag| {
            let shift = at;
            at = at.saturating_add(tag.bits());
            let bits = packed.checked_shr(shift).unwrap_or(0) & (u64::MAX >> (64 - tag.bits()));
            (tag, shift, bits)
        })
    }

    /// Number of inputs with these immediates.
    pub fn pops(&self, packed: u64) -> usize {
        let rest = match self.variadic {
            true => self.unpack(packed).last().map_or(0, |(_, _, n)| n as usize),
            false => 0,
        };
        self.inputs.len() + rest
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        for tag in &self.immediates {
            parts.push(match tag {
                ImmTag::Enum(n) => format!("imm enum {n}"),
                tag => format!("imm {}", tag.name()),
            });
        }
        parts.extend(self.inputs.iter().map(|i| i.as_str().to_owned()));
        if self.variadic {
            parts.push("..".into());
        }
        let list = |types: &[Str]| match types {
            [one] => one.as_str().to_owned(),
            _ => {
                let all: Vec<&str> = types.iter().map(Str::as_str).collect();
                format!("({})", all.join(", "))
            }
        };
        write!(f, "({}) -> {}", parts.join(", "), list(&self.outputs))?;
        match &self.jumps {
            Some(jumps) => write!(f, " | {}", list(jumps)),
            None => Ok(()),
        }
    }
}

/// An ext op that a chunk uses: in `Extended(i, …)`, `i` is the index of the import.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Import {
    /// Name of the op in its language.
    pub name: Str,
    /// Version of its meaning the chunk was made for.
    pub version: u32,
    /// What the chunk takes it to be.
    pub signature: Signature,
}

impl Import {
    /// The import of a declared op.
    pub fn of(desc: &OpDesc) -> Self {
        let types = |types: &[Ty]| types.iter().map(|t| Str::from(t.to_string())).collect();
        let input = |input: &InputDesc| {
            Str::from(match input.optional {
                true => format!("{}?", input.ty),
                false => input.ty.to_string(),
            })
        };
        Self {
            name: desc.name.into(),
            version: desc.version,
            signature: Signature {
                immediates: desc.immediates.iter().map(|i| i.kind.into()).collect(),
                inputs: desc.inputs.iter().map(input).collect(),
                variadic: desc.rest.is_some(),
                outputs: types(desc.outputs.falls),
                jumps: desc.outputs.jumps.map(types),
            },
        }
    }
}
