//! Immediates as the chunk macros write them, before the op says what they are.
//!
//! A macro sees `ops::field(3)` and does not know what the op takes; only rustc does, through the
//! op's [`OpDesc`]. So the macro writes down what stands there, a [`Given`], and these functions say
//! whether it fits: in constants, so that a misfit is an error of compilation on its token, and once
//! more while a chunk is built, where the value comes from a Rust expression.

use super::desc::same;
use super::{ConstText, ImmDesc, ImmKind, ImmediatePool, OpDesc, Slot};

/// What stands for an immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// A number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A text in quotes.
    Text(&'a str),
    /// A word: the name of a global, a function, or a variant of an enum.
    Word(&'a str),
    /// A variable of the frame: its slot, and its name, which may stand for a word.
    Local(u16, &'a str),
    /// A label; the number is what the chunk or the builder knows it by.
    Label(u32),
    /// A block of the chunk.
    Block(u16),
    /// What is no immediate of any op.
    Other,
    /// A Rust expression, whose value comes when the chunk is built.
    Later,
}

impl Given<'_> {
    /// The text or word, if it is one.
    const fn text(&self) -> Option<&str> {
        match self {
            Given::Text(text) | Given::Word(text) | Given::Local(_, text) => Some(text),
            _ => None,
        }
    }
}

/// Smallest and largest number of an immediate that is one.
const fn range(kind: ImmKind) -> Option<(i64, i64)> {
    match kind {
        ImmKind::U8 | ImmKind::Count => Some((0, u8::MAX as i64)),
        ImmKind::I8 => Some((i8::MIN as i64, i8::MAX as i64)),
        ImmKind::I32 => Some((i32::MIN as i64, i32::MAX as i64)),
        ImmKind::U32 => Some((0, u32::MAX as i64)),
        ImmKind::Slot => Some((0, u16::MAX as i64)),
        _ => None,
    }
}

/// Index of a word among the variants of an enum.
const fn variant(names: &[&str], word: &str) -> Option<u64> {
    let mut i = 0;
    while i < names.len() {
        if same(names[i], word) {
            return Some(i as u64);
        }
        i += 1;
    }
    None
}

/// Whether `given` can be immediate `desc` of an op.
pub const fn fits(desc: &ImmDesc, given: Given<'_>) -> bool {
    if let (Given::Int(n), Some((least, most))) = (given, range(desc.kind)) {
        return least <= n && n <= most;
    }
    matches!(
        (desc.kind, given),
        (_, Given::Later)
            | (ImmKind::Bool, Given::Bool(_))
            | (ImmKind::Label, Given::Label(_))
            | (ImmKind::Slot, Given::Local(..))
            | (ImmKind::Block, Given::Block(_))
            | (ImmKind::Parsed(_), Given::Text(_))
            | (
                ImmKind::Name | ImmKind::Function,
                Given::Text(_) | Given::Word(_) | Given::Local(..)
            )
    ) || match (desc.kind, given.text()) {
        (ImmKind::Enum(names), Some(word)) => {
            !matches!(given, Given::Text(_)) && variant(names, word).is_some()
        }
        _ => false,
    }
}

/// What immediate `desc` of op `op` wants: the message for what does not fit.
pub const fn wanted(op: &str, desc: &ImmDesc) -> ConstText {
    let text = (ConstText::EMPTY.and("immediate `").and(desc.name))
        .and("` of `")
        .and(op)
        .and("` is ");
    let what = match desc.kind {
        ImmKind::U8 => "a number from 0 to 255",
        ImmKind::I8 => "a number from -128 to 127",
        ImmKind::I32 => "a number of type i32",
        ImmKind::U32 => "a number of type u32",
        ImmKind::Bool => "`true` or `false`",
        ImmKind::Label => "a label: `'name`",
        ImmKind::Slot => "a variable of the frame, or the number of its slot",
        ImmKind::Name => "a name: a word, or a text in quotes",
        ImmKind::Function => "the name of a function",
        ImmKind::Block => "the name of a block",
        ImmKind::Parsed(_) => "a text in quotes",
        ImmKind::Count => "the number of values it takes, from 0 to 255",
        ImmKind::Enum(names) => {
            let mut text = text.and("one of ");
            let mut i = 0;
            while i < names.len() {
                let sep = if i > 0 { ", `" } else { "`" };
                text = text.and(sep).and(names[i]).and("`");
                i += 1;
            }
            return text;
        }
    };
    text.and(what)
}

/// Index of the immediate with that name; `None` when the op has none of that name.
pub const fn named(op: &OpDesc, name: &str) -> Option<usize> {
    let mut i = 0;
    while i < op.immediates.len() {
        if same(op.immediates[i].name, name) {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// Checks what stands for immediate `at` of an op.
///
/// # Panics
/// When it does not fit; the macros call it in a constant, so that this is an error of compilation.
#[track_caller]
pub const fn assert_given(op: &OpDesc, at: usize, given: Given<'_>) {
    let of_words = "; a constant stands in parentheses, `(N)`, a value in braces, `{n}`";
    assert_given_or(op, at, given, of_words);
}

/// As [`assert_given`], with what to write instead of a word where a number belongs.
///
/// # Panics
/// When it does not fit; the macros call it in a constant.
#[track_caller]
pub const fn assert_given_or(op: &OpDesc, at: usize, given: Given<'_>, of_words: &str) {
    if at < op.immediates.len() && !fits(&op.immediates[at], given) {
        let (desc, mut text) = (&op.immediates[at], wanted(op.name, &op.immediates[at]));
        if matches!(given, Given::Word(_)) && range(desc.kind).is_some() {
            text = text.and(of_words);
        }
        panic!("{}", text.as_str());
    }
}

/// An integer type: what a constant expression for an immediate may be of.
#[diagnostic::on_unimplemented(
    message = "an immediate is an integer, and `{Self}` is none",
    label = "not an integer"
)]
pub trait Integer {}

/// Takes integers alone.
pub const fn integer<T: Integer + Copy>(n: T) -> T {
    n
}

/// A constant as [`Given::Int`] holds it. Past `i64` is past every immediate.
pub const fn saturated(n: i128) -> i64 {
    if n > i64::MAX as i128 {
        i64::MAX
    } else if n < i64::MIN as i128 {
        i64::MIN
    } else {
        n as i64
    }
}

/// Bits of an immediate, in their place among the packed ones. Texts go into the pool.
///
/// # Errors
/// The message, when it does not fit.
pub fn pack_given(
    op: &OpDesc,
    at: usize,
    given: Given<'_>,
    pool: &mut dyn ImmediatePool,
) -> Result<u64, String> {
    let Some(desc) = op.immediates.get(at).filter(|desc| fits(desc, given)) else {
        let desc = op.immediates.get(at);
        return Err(desc.map_or_else(
            || format!("`{}` has no immediate {}", op.name, at + 1),
            |desc| wanted(op.name, desc).as_str().to_owned(),
        ));
    };
    let mask = u64::MAX >> (64 - desc.kind.bits());
    let bits = match (desc.kind, given) {
        (ImmKind::Name | ImmKind::Function, given) => {
            u64::from(pool.name(given.text().unwrap_or("")))
        }
        (ImmKind::Parsed(_), given) => u64::from(pool.text(given.text().unwrap_or(""))),
        (ImmKind::Enum(names), given) => given
            .text()
            .and_then(|word| variant(names, word))
            .unwrap_or(0),
        (_, Given::Int(n)) => n.cast_unsigned() & mask,
        (_, Given::Bool(b)) => u64::from(b),
        (_, Given::Label(n)) => u64::from(n),
        (_, Given::Block(n) | Given::Local(n, _)) => u64::from(n),
        (_, Given::Text(_) | Given::Word(_) | Given::Other | Given::Later) => 0,
    };
    Ok(bits << desc.shift)
}

/// A Rust value that may stand for an immediate of an op: numbers, `bool`, texts, [`Slot`], and enums
/// with `#[derive(Immediate)]`. Whether it fits is known when the chunk is built.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for an immediate",
    label = "not an immediate",
    note = "immediates are numbers, bool, &str and String, Slot, and enums with `#[derive(Immediate)]`"
)]
pub trait ToGiven {
    /// What stands for the immediate.
    fn to_given(&self) -> Given<'_>;
}

macro_rules! numbers {
    ($($t:ty),*) => { $(
        impl Integer for $t {}

        impl ToGiven for $t {
            fn to_given(&self) -> Given<'_> {
                // Past i64 is past every immediate.
                Given::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )* };
}
numbers!(u8, i8, u16, i16, u32, i32, u64, i64, usize, isize);

impl ToGiven for bool {
    fn to_given(&self) -> Given<'_> {
        Given::Bool(*self)
    }
}

impl ToGiven for str {
    fn to_given(&self) -> Given<'_> {
        Given::Text(self)
    }
}

impl ToGiven for String {
    fn to_given(&self) -> Given<'_> {
        Given::Text(self)
    }
}

impl ToGiven for Slot {
    fn to_given(&self) -> Given<'_> {
        Given::Int(self.0.into())
    }
}

impl<T: ToGiven + ?Sized> ToGiven for &T {
    fn to_given(&self) -> Given<'_> {
        T::to_given(self)
    }
}
