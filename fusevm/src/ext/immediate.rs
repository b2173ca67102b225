//! Immediates: the parameters of an op that stand in the bytecode.

use super::{Call, ImmKind};
use crate::semantics::Trap;
use crate::value::Func;
use std::any::Any;
use std::fmt;
use std::str::FromStr;

/// Where the texts that immediates name go: the pools of a chunk under construction.
pub trait ImmediatePool {
    /// Index of a name in the name pool.
    fn name(&mut self, text: &str) -> u16;
    /// Index of a text in the constant pool.
    fn text(&mut self, text: &str) -> u16;
}

/// A type that an `#[imm]` parameter may have.
///
/// `Field` is what stands for it in the op's struct, where a builder writes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an immediate of an ext op",
    label = "not an immediate type",
    note = "immediates are u8, i8, i32, u32, bool, Label, Slot, Name<'_>, Function, Block, enums with `#[derive(Immediate)]`, and `&T` where `T: FromStr + Display`",
    note = "pass anything else on the stack: leave out `#[imm]`"
)]
pub trait Immediate<'a>: Sized {
    /// What it is in the bytecode.
    const KIND: ImmKind;
    /// How the op's struct holds it.
    type Field;
    /// Its bits.
    fn encode(field: Self::Field, pool: &mut dyn ImmediatePool) -> u64;
    /// The parameter out of its bits.
    ///
    /// # Errors
    /// A trap when the bits name nothing; verified chunks have no such bits.
    fn decode(bits: u64, call: &Call<'a>) -> Result<Self, Trap>;

    /// Whether machine code can pass it: whether its bits say all of it.
    #[doc(hidden)]
    const PASSED: bool = false;

    /// The parameter out of nothing but its bits; `None` for bits that no verified chunk has.
    #[doc(hidden)]
    #[inline(always)]
    fn of_bits(_: u64) -> Option<Self> {
        None
    }
}

/// A trap for bits that no verified chunk has.
pub fn bad_immediate(what: &str) -> Trap {
    Trap::Load(format!("immediate out of range: {what}"))
}

macro_rules! number {
    ($($t:ty = $kind:ident, $bits:ty);*) => { $(impl Immediate<'_> for $t {
        const KIND: ImmKind = ImmKind::$kind;
        type Field = $t;
        fn encode(field: $t, _: &mut dyn ImmediatePool) -> u64 {
            u64::from(field as $bits)
        }
        fn decode(bits: u64, _: &Call<'_>) -> Result<Self, Trap> {
            Ok(bits as $bits as $t)
        }
        const PASSED: bool = true;
        #[inline(always)]
        fn of_bits(bits: u64) -> Option<Self> {
            Some(bits as $bits as $t)
        }
    })* };
}
number!(u8 = U8, u8; i8 = I8, u8; i32 = I32, u32; u32 = U32, u32);

impl Immediate<'_> for bool {
    const KIND: ImmKind = ImmKind::Bool;
    type Field = bool;
    fn encode(field: bool, _: &mut dyn ImmediatePool) -> u64 {
        u64::from(field)
    }
    fn decode(bits: u64, _: &Call<'_>) -> Result<Self, Trap> {
        Ok(bits & 1 == 1)
    }
    const PASSED: bool = true;
    #[inline(always)]
    fn of_bits(bits: u64) -> Option<Self> {
        Some(bits & 1 == 1)
    }
}

/// A place in a chunk that jumps go to: made by a builder, bound once. As an immediate, the target
/// of an op that returns [`Branch`](super::Branch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(pub(crate) u32);

impl Immediate<'_> for Label {
    const KIND: ImmKind = ImmKind::Label;
    type Field = Label;
    fn encode(field: Label, _: &mut dyn ImmediatePool) -> u64 {
        u64::from(field.0)
    }
    fn decode(bits: u64, _: &Call<'_>) -> Result<Self, Trap> {
        Ok(Label(bits as u32))
    }
    const PASSED: bool = true;
    #[inline(always)]
    fn of_bits(bits: u64) -> Option<Self> {
        Some(Label(bits as u32))
    }
}

/// A slot of the caller's frame, as an immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u16);

impl Immediate<'_> for Slot {
    const KIND: ImmKind = ImmKind::Slot;
    type Field = Slot;
    fn encode(field: Slot, _: &mut dyn ImmediatePool) -> u64 {
        u64::from(field.0)
    }
    fn decode(bits: u64, _: &Call<'_>) -> Result<Self, Trap> {
        Ok(Slot(bits as u16))
    }
    const PASSED: bool = true;
    #[inline(always)]
    fn of_bits(bits: u64) -> Option<Self> {
        Some(Slot(bits as u16))
    }
}

/// A block of the chunk, as an immediate: run it with [`Ctx::run`](super::Ctx::run).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block(pub u16);

impl Immediate<'_> for Block {
    const KIND: ImmKind = ImmKind::Block;
    type Field = Block;
    fn encode(field: Block, _: &mut dyn ImmediatePool) -> u64 {
        u64::from(field.0)
    }
    fn decode(bits: u64, _: &Call<'_>) -> Result<Self, Trap> {
        Ok(Block(bits as u16))
    }
}

/// How the struct of an op holds a name, a function or a text that is parsed at load.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text(pub Box<str>);

impl<T: AsRef<str>> From<T> for Text {
    fn from(text: T) -> Self {
        Text(text.as_ref().into())
    }
}

/// A name interned by the VM: equal names of all chunks of a VM have the same symbol.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    symbol: u32,
    text: &'a str,
}

impl<'a> Name<'a> {
    /// The number that stands for the text in this VM.
    pub fn symbol(self) -> u32 {
        self.symbol
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.text
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.symbol == other.symbol
    }
}

impl Eq for Name<'_> {}

impl std::hash::Hash for Name<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.symbol.hash(state);
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl<'a> Immediate<'a> for Name<'a> {
    const KIND: ImmKind = ImmKind::Name;
    type Field = Text;
    fn encode(field: Text, pool: &mut dyn ImmediatePool) -> u64 {
        u64::from(pool.name(&field.0))
    }
    fn decode(bits: u64, call: &Call<'a>) -> Result<Self, Trap> {
        let (symbol, text) = call
            .name(bits as u16)
            .ok_or_else(|| bad_immediate("name"))?;
        Ok(Name { symbol, text })
    }
}

/// A function of the chunk, as an immediate.
#[derive(Clone, Debug)]
pub struct Function(pub Func);

impl From<Function> for Func {
    fn from(function: Function) -> Func {
        function.0
    }
}

impl<'a> Immediate<'a> for Function {
    const KIND: ImmKind = ImmKind::Function;
    type Field = Text;
    fn encode(field: Text, pool: &mut dyn ImmediatePool) -> u64 {
        u64::from(pool.name(&field.0))
    }
    fn decode(bits: u64, call: &Call<'a>) -> Result<Self, Trap> {
        (call.function(bits as u16).map(Function)).ok_or_else(|| bad_immediate("function"))
    }
}

impl<'a, T> Immediate<'a> for &'a T
where
    T: FromStr<Err: fmt::Display> + fmt::Display + Any + Send + Sync,
{
    const KIND: ImmKind = ImmKind::Parsed(|text| match text.parse::<T>() {
        Ok(parsed) => Ok(Box::new(parsed)),
        Err(error) => Err(error.to_string()),
    });
    type Field = Text;
    fn encode(field: Text, pool: &mut dyn ImmediatePool) -> u64 {
        u64::from(pool.text(&field.0))
    }
    fn decode(bits: u64, call: &Call<'a>) -> Result<Self, Trap> {
        (call.parsed(bits as u16).and_then(|any| any.downcast_ref()))
            .ok_or_else(|| bad_immediate("parsed constant"))
    }
}
