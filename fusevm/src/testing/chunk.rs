//! One chunk, run in every way there is.

use crate::chunk::Chunk;
use crate::ext::Language;
use crate::value::Value;
use crate::vm::{Error, SharedBuffer, StaticChunk, Vm};
use std::fmt;

/// What has a chunk: a [`Chunk`], a [`StaticChunk`], and references to them.
pub trait ToChunk {
    /// A copy of the chunk.
    fn to_chunk(&self) -> Chunk;
}

impl ToChunk for Chunk {
    fn to_chunk(&self) -> Chunk {
        self.clone()
    }
}

impl ToChunk for StaticChunk {
    fn to_chunk(&self) -> Chunk {
        StaticChunk::to_chunk(self)
    }
}

impl<T: ToChunk + ?Sized> ToChunk for &T {
    fn to_chunk(&self) -> Chunk {
        T::to_chunk(self)
    }
}

/// What a program is to end with.
#[derive(Clone, Debug)]
pub enum Expected {
    /// This value, floats by their bits but for NaN, which is every NaN.
    Value(Value),
    /// A trap with this in its message.
    Trap(String),
}

impl Expected {
    fn is(&self, result: &Result<Value, String>) -> bool {
        match (self, result) {
            (Expected::Value(wanted), Ok(found)) => same(wanted, found),
            (Expected::Trap(part), Err(message)) => message.contains(part),
            (Expected::Value(_), Err(_)) | (Expected::Trap(_), Ok(_)) => false,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Value(value) => write!(f, "{value:?}"),
            Expected::Trap(part) => write!(f, "a trap with {part:?}"),
        }
    }
}

/// Whether two values are the same, floats by their bits but for NaN. Of objects and
/// cells every VM has its own, and they are all the same; so are host values that look the same, for their type may
/// not say what makes them equal.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(&a, &b))
        }
        (Value::Hash(a), Value::Hash(b)) => {
            let pairs = || a.iter().zip(b.iter());
            a.len() == b.len() && pairs().all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        (Value::Obj(_), Value::Obj(_)) | (Value::Ref(_), Value::Ref(_)) => true,
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        (Value::Host(a), Value::Host(b)) => a == b || format!("{a:?}") == format!("{b:?}"),
        _ => a == b,
    }
}

/// What a run has left behind.
pub(super) struct Outcome {
    pub(super) result: Result<Value, String>,
    pub(super) output: String,
    pub(super) fuel: u64,
}

impl Outcome {
    fn is(&self, other: &Self) -> bool {
        let results = match (&self.result, &other.result) {
            (Ok(a), Ok(b)) => same(a, b),
            (Err(a), Err(b)) => a == b,
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        };
        results && self.output == other.output && self.fuel == other.fuel
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(value) => write!(f, "gives {value:?}")?,
            Err(message) => write!(f, "fails: {message}")?,
        }
        write!(f, "; prints {:?}; uses {} fuel", self.output, self.fuel)
    }
}

/// Fuel of every run, so that a program that does not end is a failed test.
const FUEL: u64 = 1 << 32;

/// How a chunk is run.
#[derive(Clone, Copy)]
struct Way {
    /// Words for it, behind "as it is, the chunk gives …".
    name: &'static str,
    fused: bool,
    /// In register form or not; `None` as the VM decides.
    lowered: Option<bool>,
    /// As machine code, all that runs for the second time.
    compiled: bool,
}

/// The ways in which a chunk may run, the VM's own first.
const WAYS: &[Way] = &[
    Way {
        name: "as it is",
        fused: true,
        lowered: None,
        compiled: false,
    },
    Way {
        name: "in the base interpreter",
        fused: true,
        lowered: Some(false),
        compiled: false,
    },
    Way {
        name: "in the base interpreter, without fused sequences",
        fused: false,
        lowered: Some(false),
        compiled: false,
    },
    Way {
        name: "in registers",
        fused: true,
        lowered: Some(true),
        compiled: false,
    },
    Way {
        name: "in registers, without fused sequences",
        fused: false,
        lowered: Some(true),
        compiled: false,
    },
    #[cfg(all(feature = "jit", unix))]
    Way {
        name: "in machine code",
        fused: true,
        lowered: Some(true),
        compiled: true,
    },
];

/// Runs a chunk in every way there is and checks what it gives; what
/// [`assert_chunk!`](super::assert_chunk) calls. With `args` its first function is called.
///
/// # Panics
/// When one way differs from what is expected, or from the first.
#[track_caller]
pub fn check_chunk<L: Language<Host: Default>>(
    chunk: &Chunk,
    args: Option<Vec<Value>>,
    expected: &Expected,
) {
    let first = agree::<L>(chunk, args.as_deref());
    assert!(
        expected.is(&first.result),
        "expected {expected}, but the chunk {first}\n{}",
        chunk.listing()
    );
    let text = Chunk::parse(&chunk.to_string());
    let bytes = Chunk::from_bytes(&chunk.to_bytes());
    let read = [
        ("read from its text", text.map_err(|e| e.to_string())),
        ("read from its bytes", bytes.map_err(|e| e.to_string())),
    ];
    for (way, read) in read {
        let read = read.unwrap_or_else(|error| panic!("{way}: {error}\n{}", chunk.listing()));
        let outcome = run::<L>(&read, args.as_deref(), WAYS[0]);
        same_outcome(&first, way, &outcome, chunk);
    }
}

/// Runs a chunk in every way there is: what all of them give.
///
/// # Panics
/// When one differs from the first.
#[track_caller]
pub(super) fn agree<L: Language<Host: Default>>(chunk: &Chunk, args: Option<&[Value]>) -> Outcome {
    let first = run::<L>(chunk, args, WAYS[0]);
    for way in &WAYS[1..] {
        let outcome = run::<L>(chunk, args, *way);
        same_outcome(&first, way.name, &outcome, chunk);
    }
    first
}

#[track_caller]
fn same_outcome(first: &Outcome, way: &str, outcome: &Outcome, chunk: &Chunk) {
    assert!(
        outcome.is(first),
        "as it is, the chunk {first}\n{way}, it {outcome}\n{}",
        chunk.listing()
    );
}

fn run<L: Language<Host: Default>>(chunk: &Chunk, args: Option<&[Value]>, way: Way) -> Outcome {
    let mut vm = Vm::<L>::default();
    let output = SharedBuffer::default();
    vm.set_output(output.clone());
    vm.set_fusion(way.fused);
    if let Some(lowered) = way.lowered {
        vm.set_lowering(lowered);
    }
    compile(&mut vm, way.compiled);
    vm.set_fuel(Some(FUEL));
    let result = match args {
        None => vm.eval(chunk),
        Some(args) => call(&mut vm, chunk, args),
    };
    let fuel = FUEL - vm.fuel().unwrap_or(FUEL);
    // What was printed and not flushed.
    drop(vm);
    Outcome {
        result: result.map_err(|error| error.to_string()),
        output: output.text(),
        fuel,
    }
}

/// Has the VM compile all that runs for the second time, what it has not seen too; or nothing.
#[cfg(all(feature = "jit", unix))]
fn compile<L: Language>(vm: &mut Vm<L>, compiled: bool) {
    let mut config = crate::jit::JitConfig::DEFAULT;
    (config.enabled, config.background) = (compiled, false);
    (config.threshold, config.observed) = (1, 1);
    (config.everywhere, config.eager) = (true, true);
    config.code_memory = 1 << 20;
    vm.set_jit(config);
}

#[cfg(not(all(feature = "jit", unix)))]
fn compile<L: Language>(_: &mut Vm<L>, compiled: bool) {
    debug_assert!(!compiled, "there is no machine code");
}

/// Calls the first function of a chunk.
fn call<L: Language>(vm: &mut Vm<L>, chunk: &Chunk, args: &[Value]) -> Result<Value, Error> {
    let first = chunk.functions().first();
    let name = first.and_then(|function| chunk.name(function.name));
    let name = name.expect("a chunk that is called with arguments has a function");
    vm.load(chunk)?;
    vm.call(name.as_str(), args)
}
