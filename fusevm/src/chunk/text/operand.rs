//! Operands and immediates, read by their kinds.

use super::literal::{read_constant, read_float};
use super::parse::Parser;
use super::token::{Cursor, Result, Token};
use crate::ext::ImmTag;
use crate::op::{Op, Opcode, OperandKind};
use std::fmt;

/// What should stand at a place: "a slot (`s` of `GetSlot`)".
struct Wanted<'a> {
    what: &'static str,
    name: &'a dyn fmt::Display,
    of: &'a str,
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} of `{}`)", self.what, self.name, self.of)
    }
}

const NAME: &str = "a name or its index `#1`";
const CONSTANT: &str = "a constant or its index `#1`";
const TARGET: &str = "a label or `@12`";

fn described(kind: OperandKind) -> &'static str {
    match kind {
        OperandKind::Int | OperandKind::Limit => "an integer",
        OperandKind::Float => "a float",
        OperandKind::Const => CONSTANT,
        OperandKind::Name | OperandKind::Function => NAME,
        OperandKind::Slot => "a slot",
        OperandKind::Target => TARGET,
        OperandKind::Block => "a block number",
        OperandKind::Count | OperandKind::Argc => "a count",
        OperandKind::Builtin => "a builtin number",
        OperandKind::Ext => "an ext op number",
        OperandKind::Packed | OperandKind::PackedWide => "packed immediates",
        OperandKind::Fd => "a descriptor",
        OperandKind::RedirectOp | OperandKind::FileTest | OperandKind::ParamMod => "a code",
    }
}

impl Parser<'_> {
    /// Reads the operands of a core op.
    pub(super) fn core_op(&mut self, c: &mut Cursor<'_>, code: Opcode) -> Result<Op> {
        let info = code.info();
        let mut bits = Vec::new();
        for (i, (name, kind)) in info.operands.iter().enumerate() {
            let (what, of, name) = (described(*kind), info.name, &format_args!("`{name}`"));
            let wanted = Wanted { what, name, of };
            separate(c, i, &wanted)?;
            bits.push(self.operand(c, *kind, &wanted)?);
        }
        if code == Opcode::ExtendedWide {
            return self.extended(c, true, bits[0] as u16, bits[1]);
        }
        match Op::from_bits(code, &mut bits.into_iter()) {
            Some(op) => Ok(op),
            None => c.error(format!("an operand of `{}` is out of range", info.name)),
        }
    }

    fn operand(
        &mut self,
        c: &mut Cursor<'_>,
        kind: OperandKind,
        wanted: &Wanted<'_>,
    ) -> Result<u64> {
        Ok(match kind {
            OperandKind::Int => signed(c, i64::MIN, i64::MAX, wanted)?,
            OperandKind::Limit => signed(c, i32::MIN.into(), i32::MAX.into(), wanted)?,
            OperandKind::Float => read_float(c, &wanted.to_string())?.to_bits(),
            OperandKind::Const => self.constant_index(c, wanted)?.into(),
            OperandKind::Name | OperandKind::Function => self.name_index(c, wanted)?.into(),
            OperandKind::Target => self.target(c, wanted)? as u64,
            OperandKind::PackedWide => c.unsigned(wanted)?,
            OperandKind::Slot
            | OperandKind::Block
            | OperandKind::Count
            | OperandKind::Builtin
            | OperandKind::Ext => c.unsigned::<u16>(wanted)?.into(),
            OperandKind::Argc
            | OperandKind::Packed
            | OperandKind::Fd
            | OperandKind::RedirectOp
            | OperandKind::FileTest
            | OperandKind::ParamMod => c.unsigned::<u8>(wanted)?.into(),
        })
    }

    /// Reads an imported op: its name, its immediates.
    pub(super) fn imported_op(&mut self, c: &mut Cursor<'_>) -> Result<Op> {
        let mark = c.mark();
        let name = c.name("the name of an imported op")?;
        let id = match self.imports.get(&*name) {
            Some(Some(id)) => *id,
            Some(None) => {
                let message = format!("more than one import is named `{name}`: use `Extended`");
                return Err(mark.error(message));
            }
            None => {
                let message =
                    format!("no import `{name}`: declare it with `import` before the ops");
                return Err(mark.error(message));
            }
        };
        let immediates = self.chunk.imports[usize::from(id)]
            .signature
            .immediates
            .clone();
        let (mut packed, mut shift) = (0u64, 0u32);
        for (i, tag) in immediates.iter().enumerate() {
            let what = format_args!("immediate {}", i + 1);
            let (what, of, name) = (imm_described(*tag), &*name, &what);
            let wanted = Wanted { what, name, of };
            separate(c, i, &wanted)?;
            let bits = self.immediate(c, *tag, &wanted)?;
            if shift + tag.bits() > u64::BITS {
                return c.error(format!("the immediates of `{of}` take more than 64 bits"));
            }
            packed |= bits << shift;
            shift += tag.bits();
        }
        self.extended(c, shift > 8, id, packed)
    }

    fn extended(&mut self, c: &Cursor<'_>, wide: bool, id: u16, packed: u64) -> Result<Op> {
        if !wide {
            return Ok(Op::Extended(id, packed as u8));
        }
        if !self.chunk.holds_wide() && usize::try_from(packed).is_err() {
            return c.error("packed immediates without a language must fit the machine");
        }
        Ok(Op::ExtendedWide(id, self.chunk.hold_wide(packed)))
    }

    fn immediate(&mut self, c: &mut Cursor<'_>, tag: ImmTag, wanted: &Wanted<'_>) -> Result<u64> {
        Ok(match tag {
            ImmTag::Bool => {
                let truth = match *c.peek() {
                    Token::Word("true") => 1,
                    Token::Word("false") => 0,
                    _ => return c.expected(wanted),
                };
                c.take()?;
                truth
            }
            ImmTag::I8 => signed(c, i8::MIN.into(), i8::MAX.into(), wanted)? & 0xff,
            ImmTag::I32 => signed(c, i32::MIN.into(), i32::MAX.into(), wanted)? & 0xffff_ffff,
            ImmTag::U8 | ImmTag::Enum(_) | ImmTag::Count => c.unsigned::<u8>(wanted)?.into(),
            ImmTag::U32 => c.unsigned::<u32>(wanted)?.into(),
            ImmTag::Slot | ImmTag::Block => c.unsigned::<u16>(wanted)?.into(),
            ImmTag::Name | ImmTag::Function => self.name_index(c, wanted)?.into(),
            ImmTag::Parsed => self.constant_index(c, wanted)?.into(),
            ImmTag::Label => {
                let mark = c.mark();
                match u32::try_from(self.target(c, wanted)?) {
                    Ok(pc) => pc.into(),
                    Err(_) => return Err(mark.error("the target of an ext op must fit 32 bits")),
                }
            }
        })
    }

    /// Reads a name, as an index into the pool.
    pub(super) fn name_index(
        &mut self,
        c: &mut Cursor<'_>,
        wanted: &dyn fmt::Display,
    ) -> Result<u16> {
        let mark = c.mark();
        match c.peek() {
            Token::Index(_) => index(c),
            Token::Word(_) | Token::Text(_) => {
                let name = c.name(NAME)?;
                self.name(&name)
                    .ok_or_else(|| mark.error("more than 65536 names"))
            }
            _ => c.expected(wanted),
        }
    }

    fn constant_index(&mut self, c: &mut Cursor<'_>, wanted: &dyn fmt::Display) -> Result<u16> {
        let mark = c.mark();
        match c.peek() {
            Token::Index(_) => index(c),
            Token::End | Token::Directive(_) => c.expected(wanted),
            _ => {
                let value = read_constant(c)?;
                (self.constant(value)).ok_or_else(|| mark.error("more than 65536 constants"))
            }
        }
    }

    /// Reads a target: a label, or an index behind an `@`.
    pub(super) fn target(&self, c: &mut Cursor<'_>, wanted: &dyn fmt::Display) -> Result<usize> {
        let at = c.eat("@")?;
        let mark = c.mark();
        match *c.peek() {
            Token::Number(_) if at => c.unsigned("the index of an op"),
            Token::Word(label) => {
                c.take()?;
                self.label(label).map_err(|message| mark.error(message))
            }
            _ => c.expected(wanted),
        }
    }
}

/// Reads the comma before all but the first.
fn separate(c: &mut Cursor<'_>, i: usize, wanted: &Wanted<'_>) -> Result<()> {
    match i == 0 || c.eat(",")? {
        true => Ok(()),
        false => c.expected(format_args!("`,` and {wanted}")),
    }
}

fn signed(c: &mut Cursor<'_>, min: i64, max: i64, wanted: &Wanted<'_>) -> Result<u64> {
    let n = c.integer(wanted, min.into(), max.into())?;
    Ok((n as i64).cast_unsigned())
}

fn index(c: &mut Cursor<'_>) -> Result<u16> {
    let Token::Index(digits) = *c.peek() else {
        return c.expected("an index");
    };
    match digits.parse() {
        Ok(index) => {
            c.take()?;
            Ok(index)
        }
        Err(_) => c.expected("an index from `#0` to `#65535`"),
    }
}

fn imm_described(tag: ImmTag) -> &'static str {
    match tag {
        ImmTag::U8 | ImmTag::I8 | ImmTag::I32 | ImmTag::U32 => "an integer",
        ImmTag::Bool => "`true` or `false`",
        ImmTag::Enum(_) => "the number of a variant",
        ImmTag::Label => TARGET,
        ImmTag::Slot => "a slot",
        ImmTag::Name | ImmTag::Function => NAME,
        ImmTag::Block => "a block number",
        ImmTag::Parsed => CONSTANT,
        ImmTag::Count => "a count",
    }
}
