//! Why a guest program stopped.

use std::borrow::Cow;
use std::error::Error;
use std::{fmt, io};

use super::word::words;
use crate::heap::HeapError;
use crate::value::{Kind, Str};

/// Why a guest program stopped.
///
/// `Display` gives the message alone; where it happened is added by the error of the VM.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trap {
    /// An integer result does not fit, under `overflow = trap`.
    Overflow {
        /// The op.
        op: &'static str,
    },
    /// The divisor is zero, under `zero_div = trap`.
    ZeroDivision {
        /// The op.
        op: &'static str,
    },
    /// A write to a cell that holds another kind of value.
    NotContainer {
        /// The cell's name, when it has one; see [`Trap::named`].
        name: Option<Str>,
        /// What the op writes to.
        wanted: Kind,
        /// What the cell holds.
        found: Kind,
    },
    /// A write before the start of an array.
    NegativeIndex {
        /// The index.
        index: i64,
        /// The array's length.
        len: usize,
    },
    /// A container would outgrow its limit.
    TooLong {
        /// `"array"`, `"hash"` or `"string"`.
        what: &'static str,
        /// The length it would have: elements, keys or bytes. Saturated.
        len: u64,
        /// The limit, in the same unit.
        limit: usize,
    },
    /// The text of a value outgrows the limit on strings; how far is not known.
    TextTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Too many calls are open; the limit.
    CallDepth(usize),
    /// Too many values on the stack and in slots; the limit.
    StackLimit(usize),
    /// Too many runs are open, one inside a handler of the other; the limit.
    ReentryDepth(usize),
    /// An op of a chunk with raw handlers pops more than there is.
    StackUnderflow {
        /// The op.
        op: Cow<'static, str>,
        /// How many values it pops.
        needs: usize,
        /// How many there are.
        holds: usize,
    },
    /// A call of a function that is not loaded.
    UndefinedFunction(Str),
    /// A call with a number of arguments the function does not take.
    WrongArity {
        /// The function.
        name: Str,
        /// How many it takes.
        takes: usize,
        /// How many it got.
        got: usize,
    },
    /// A call of a builtin that is not registered.
    UndefinedBuiltin(u16),
    /// A global never set or declared is read, under `unset = trap`; or set, under `unset = strict`.
    UnsetVariable(Str),
    /// A raw handler is reached inside itself.
    HandlerBusy,
    /// An operand is not of the type its op declares.
    Operand(Box<OperandTrap>),
    /// A value of this kind is called.
    NotCallable(Kind),
    /// A handle does not lead to an object, or the heap is full.
    Heap(HeapError),
    /// Reading the input or writing the output failed.
    Io(io::Error),
    /// A shell op failed.
    Shell(String),
    /// A handler of the host failed; see [`Trap::host`].
    Host(Box<dyn Error + Send + Sync>),
    /// A handler of the host panicked; the message.
    Panic(String),
    /// The fuel is used up.
    OutOfFuel,
    /// The host asked the program to stop.
    Interrupted,
    /// A chunk could not be loaded while the program ran.
    Load(String),
}

/// An operand that is not of the type its op declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperandTrap {
    /// The op.
    pub op: Cow<'static, str>,
    /// Which operand, counted from 1; 0 for the callee.
    pub operand: usize,
    /// The operand's name, when it has one.
    pub name: Option<Cow<'static, str>>,
    /// The type the op declares.
    pub expected: String,
    /// The kind of the value and the value.
    pub found: String,
}

impl OperandTrap {
    /// An operand without a name; `operand` counts from 1.
    pub fn new(
        op: impl Into<Cow<'static, str>>,
        operand: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            op: op.into(),
            operand,
            name: None,
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The callee of the frame an op runs in, which is not what the op declares.
    pub fn callee(
        op: impl Into<Cow<'static, str>>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::new(op, 0, expected, found)
    }
}

impl fmt::Display for OperandTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operand {
            0 => write!(f, "`{}`, callee", self.op)?,
            operand => write!(f, "`{}`, operand {operand}", self.op)?,
        }
        if let Some(name) = &self.name {
            write!(f, " (`{name}`)")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

impl Trap {
    /// The trap of a host's error. A `Trap` handed in stays the trap it is.
    ///
    /// ```
    /// use fusevm::{Trap, TrapKind};
    ///
    /// let trap = Trap::host("x".parse::<i64>().unwrap_err());
    /// assert_eq!(trap.kind(), TrapKind::Host);
    /// assert_eq!(Trap::host(Trap::OutOfFuel).kind(), TrapKind::OutOfFuel);
    /// ```
    pub fn host(error: impl Error + Send + Sync + 'static) -> Self {
        Self::from(Box::new(error) as Box<dyn Error + Send + Sync>)
    }

    /// The same trap, with the name of the cell where it has room for one and has none yet.
    #[must_use]
    pub fn named(mut self, of: &Str) -> Self {
        if let Self::NotContainer {
            name: name @ None, ..
        } = &mut self
        {
            *name = Some(of.clone());
        }
        self
    }
}

impl From<Box<dyn Error + Send + Sync>> for Trap {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        match error.downcast::<Self>() {
            Ok(trap) => *trap,
            Err(error) => Self::Host(error),
        }
    }
}

impl From<HeapError> for Trap {
    fn from(error: HeapError) -> Self {
        Self::Heap(error)
    }
}

impl From<io::Error> for Trap {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<OperandTrap> for Trap {
    fn from(trap: OperandTrap) -> Self {
        Self::Operand(Box::new(trap))
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow { op } => write!(f, "integer overflow in `{op}`"),
            Self::ZeroDivision { op } => write!(f, "division by zero in `{op}`"),
            Self::NotContainer {
                name,
                wanted,
                found,
            } => {
                let (found, wanted) = (found.article(), wanted.article());
                match name {
                    Some(name) => write!(f, "`{name}` is {found}, not {wanted}"),
                    None => write!(f, "{found} is not {wanted}"),
                }
            }
            Self::NegativeIndex { index, len } => write!(
                f,
                "index {index} is before the start of an array of length {len}"
            ),
            Self::TooLong { what, len, limit } => {
                let unit = match *what {
                    "string" => "bytes",
                    "hash" => "keys",
                    _ => "elements",
                };
                write!(f, "{what} of {len} {unit} is past the limit of {limit}")
            }
            Self::TextTooLong { limit } => write!(f, "text is past the limit of {limit} bytes"),
            Self::CallDepth(limit) => write!(f, "call depth exceeds {limit}"),
            Self::StackLimit(limit) => write!(f, "stack exceeds {limit} values"),
            Self::ReentryDepth(limit) => write!(f, "nested runs exceed {limit}"),
            Self::StackUnderflow { op, needs, holds } => write!(
                f,
                "stack underflow: `{op}` pops {needs}, but the stack holds {holds}"
            ),
            Self::UndefinedFunction(name) => write!(f, "undefined function: {name}"),
            Self::WrongArity { name, takes, got } => {
                let s = if *takes == 1 { "" } else { "s" };
                write!(f, "`{name}` takes {takes} argument{s}, but got {got}")
            }
            Self::UndefinedBuiltin(id) => write!(f, "undefined builtin: {id}"),
            Self::UnsetVariable(name) => write!(f, "undefined variable: {name}"),
            Self::HandlerBusy => f.write_str("handler busy"),
            Self::Operand(operand) => operand.fmt(f),
            Self::NotCallable(kind) => write!(f, "{} is not callable", kind.article()),
            Self::Heap(error) => error.fmt(f),
            Self::Shell(message) | Self::Load(message) => f.write_str(message),
            Self::Io(error) => write!(f, "input or output failed: {error}"),
            Self::Host(error) => error.fmt(f),
            Self::Panic(message) => write!(f, "handler panicked: {message}"),
            Self::OutOfFuel => f.write_str("out of fuel"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl Error for Trap {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Heap(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Host(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// Lists the variants once: the mirror, its words and the way from one to the other.
macro_rules! kinds {
    ($($variant:ident = $word:literal),* $(,)?) => {
        /// A [`Trap`] without what it carries, for tests and tools; written in snake case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum TrapKind {
            $(#[doc = concat!("[`Trap::", stringify!($variant), "`].")] $variant,)*
        }

        words!(TrapKind { $($variant = $word),* });

        impl Trap {
            /// Which trap it is.
            pub const fn kind(&self) -> TrapKind {
                match self { $(Self::$variant { .. } => TrapKind::$variant,)* }
            }
        }
    };
}

kinds! {
    Overflow = "overflow",
    ZeroDivision = "zero_division",
    NotContainer = "not_container",
    NegativeIndex = "negative_index",
    TooLong = "too_long",
    TextTooLong = "text_too_long",
    CallDepth = "call_depth",
    StackLimit = "stack_limit",
    ReentryDepth = "reentry_depth",
    StackUnderflow = "stack_underflow",
    UndefinedFunction = "undefined_function",
    WrongArity = "wrong_arity",
    UndefinedBuiltin = "undefined_builtin",
    UnsetVariable = "unset_variable",
    HandlerBusy = "handler_busy",
    Operand = "operand",
    NotCallable = "not_callable",
    Heap = "heap",
    Io = "io",
    Shell = "shell",
    Host = "host",
    Panic = "panic",
    OutOfFuel = "out_of_fuel",
    Interrupted = "interrupted",
    Load = "load",
}

const _: () = {
    const fn send_and_sync<T: Send + Sync + 'static>() {}
    send_and_sync::<Trap>();
    // It travels in the result of every op.
    assert!(size_of::<Trap>() <= 48);
};

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(trap: Trap, text: &str) {
        assert_eq!(trap.to_string(), text);
        assert!(trap.kind().as_str().parse() == Ok(trap.kind()));
    }

    #[test]
    fn messages() {
        let x = Str::from("x");
        let wrong = || Trap::NotContainer {
            name: None,
            wanted: Kind::Array,
            found: Kind::Str,
        };
        shown(wrong(), "a string is not an array");
        shown(wrong().named(&x), "`x` is a string, not an array");
        shown(
            wrong().named(&x).named(&Str::from("y")),
            "`x` is a string, not an array",
        );
        shown(Trap::Overflow { op: "Add" }, "integer overflow in `Add`");
        shown(
            Trap::TooLong {
                what: "array",
                len: 20_000_000,
                limit: 1 << 24,
            },
            "array of 20000000 elements is past the limit of 16777216",
        );
        shown(Trap::CallDepth(200_000), "call depth exceeds 200000");
        shown(
            Trap::StackUnderflow {
                op: "Add".into(),
                needs: 2,
                holds: 1,
            },
            "stack underflow: `Add` pops 2, but the stack holds 1",
        );
        shown(Trap::UndefinedFunction(x.clone()), "undefined function: x");
        shown(Trap::UndefinedBuiltin(7), "undefined builtin: 7");
        shown(Trap::UnsetVariable(x), "undefined variable: x");
        shown(
            OperandTrap::new("hypot", 2, "Float", "Str \"3\"").into(),
            "`hypot`, operand 2: expected Float, found Str \"3\"",
        );
        shown(Trap::Panic("no".into()), "handler panicked: no");
    }

    #[test]
    fn a_trap_handed_in_stays_itself() {
        assert_eq!(Trap::host(Trap::Interrupted).kind(), TrapKind::Interrupted);
        let host = Trap::host(fmt::Error);
        assert_eq!(host.kind(), TrapKind::Host);
        assert!(host.source().is_some_and(|e| e.is::<fmt::Error>()));
    }

    #[test]
    fn kinds_read_back() {
        for &kind in TrapKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }
}
