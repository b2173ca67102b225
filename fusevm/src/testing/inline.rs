//! Bodies as instructions, run as they are written: what every translation of them is measured by.

use super::chunk::same;
use super::inputs::{FLOATS, INTS, Random};
use crate::ext::OpDesc;
use crate::ext::inline::{
    Inline, InlineFault, InlineFrom, InlineIns, InlineKind, InlineParam, Scalar, immediate, looked,
};
use crate::value::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a body ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// With this value.
    Value(Value),
    /// It failed.
    Fault(InlineFault),
    /// It ran longer than it was given.
    Endless,
}

/// Runs a body on the values of its parameters, for so many instructions at most.
///
/// # Panics
/// When the instructions are not what they should be: an operand of another kind, a target past the
/// end, a local that was not written.
pub fn run(body: &Inline, args: &[Value], steps: u32) -> Ended {
    assert_eq!(args.len(), body.params.len(), "a value for each parameter");
    let arg = |(value, param): (&Value, &InlineParam)| match param.from {
        InlineFrom::Looked(_) => Some(Scalar::Int(looked(value))),
        InlineFrom::Input(_) | InlineFrom::Immediate(_) => scalar(value),
    };
    let args: Vec<Scalar> = args.iter().zip(body.params).filter_map(arg).collect();
    let mut left = steps;
    // As those do who put it in place of the op, or else call by call.
    let ended = match body.flat() {
        Some(flat) => walk((&flat.code, &flat.locals), &args, &mut left),
        None => walk((body.code, body.locals), &args, &mut left),
    };
    match ended {
        Ok(value) => {
            let kind = kind(value);
            assert_eq!(
                kind, body.result,
                "the result is of the kind it is declared"
            );
            Ended::Value(match value {
                Scalar::Int(value) => Value::Int(value),
                Scalar::Float(value) => Value::Float(value),
                Scalar::Bool(value) => Value::Bool(value),
            })
        }
        Err(Some(fault)) => Ended::Fault(fault),
        Err(None) => Ended::Endless,
    }
}

/// Runs instructions; the error is why they failed, or that `left` ran out.
fn walk(
    (code, kinds): (&[InlineIns], &[InlineKind]),
    args: &[Scalar],
    left: &mut u32,
) -> Result<Scalar, Option<InlineFault>> {
    let mut locals: Vec<Option<Scalar>> = vec![None; kinds.len()];
    for (local, arg) in locals.iter_mut().zip(args) {
        *local = Some(*arg);
    }
    let mut at = 0;
    loop {
        *left = left.checked_sub(1).ok_or(None)?;
        let ins = code[at];
        at += 1;
        let get = |local: u16| locals[usize::from(local)].expect("the local was written before");
        let (to, value) = match ins {
            InlineIns::Int { to, value } => (to, Scalar::Int(value)),
            InlineIns::Float { to, value } => (to, Scalar::Float(value)),
            InlineIns::Bool { to, value } => (to, Scalar::Bool(value)),
            InlineIns::Copy { to, from } => (to, get(from)),
            InlineIns::Unary { op, to, a } => (to, op.of(get(a)).expect("an operand of the op")),
            InlineIns::Binary { op, to, a, b } => {
                let result = op.of(get(a), get(b)).expect("operands of the op");
                (to, result.map_err(Some)?)
            }
            InlineIns::Call { to, callee, args } => {
                let args: Vec<Scalar> = args.iter().map(|arg| get(*arg)).collect();
                (to, walk((callee.code, callee.locals), &args, left)?)
            }
            InlineIns::Jump { target } => {
                at = usize::from(target);
                continue;
            }
            InlineIns::JumpIfNot { a, target } => {
                match get(a) {
                    Scalar::Bool(true) => {}
                    Scalar::Bool(false) => at = usize::from(target),
                    other => panic!("a condition is no {other:?}"),
                }
                continue;
            }
            InlineIns::Return { from } => return Ok(get(from)),
        };
        assert_eq!(
            kind(value),
            kinds[usize::from(to)],
            "a local keeps its kind"
        );
        locals[usize::from(to)] = Some(value);
    }
}

fn kind(value: Scalar) -> InlineKind {
    match value {
        Scalar::Int(_) => InlineKind::Int,
        Scalar::Float(_) => InlineKind::Float,
        Scalar::Bool(_) => InlineKind::Bool,
    }
}

fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Int(value) => Some(Scalar::Int(*value)),
        Value::Float(value) => Some(Scalar::Float(*value)),
        Value::Bool(value) => Some(Scalar::Bool(*value)),
        _ => None,
    }
}

/// What a generated test gets out of the values it is given.
pub trait Checked<'v> {
    /// The value as this type; the test gives it no other.
    fn of(value: &'v Value) -> Self;
}

impl<'v> Checked<'v> for &'v Value {
    fn of(value: &'v Value) -> Self {
        value
    }
}

macro_rules! checked {
    ($($t:ty: $Kind:ident),* $(,)?) => { $(impl Checked<'_> for $t {
        fn of(value: &Value) -> Self {
            match value {
                Value::$Kind(value) => *value as $t,
                other => panic!("expected {}, found {other:?}", stringify!($t)),
            }
        }
    })* };
}

checked!(i64: Int, u8: Int, i8: Int, i32: Int, u32: Int, f64: Float, bool: Bool);

/// Runs of one op.
const ROUNDS: usize = if cfg!(miri) { 20 } else { 3000 };

/// Instructions of a run: who needs more is not compared.
const STEPS: u32 = 20_000;

/// Compares the Rust function of an inline op, the function that gives an error, and the instructions,
/// on edges and on what comes; what the test does that `#[ext_op(inline)]` writes.
///
/// # Panics
/// When they differ, with the operands.
pub fn check(
    desc: &OpDesc,
    rust: impl Fn(&[Value]) -> Value,
    checked: impl Fn(&[Value]) -> Result<Value, InlineFault>,
) {
    let body = desc.inline.expect("the op is inline");
    let mut random = Random::of(desc.name);
    for round in 0..ROUNDS {
        let args: Vec<Value> = (body.params.iter().enumerate())
            .map(|(at, param)| {
                if let InlineFrom::Immediate(n) = param.from {
                    let imm = desc.immediates[usize::from(n)];
                    let bits = random.immediate(&imm).unwrap_or_default() << imm.shift;
                    let value = immediate(&imm, bits).expect("an immediate that is a number");
                    return match param.kind {
                        InlineKind::Bool => Value::Bool(value != 0),
                        _ => Value::Int(value),
                    };
                }
                if let InlineFrom::Looked(_) = param.from {
                    return random.any(0);
                }
                // The first rounds go through the edges of all parameters, each at its own pace.
                let edge = round / INTS.len().pow(at as u32 % 3);
                match (param.kind, round < ROUNDS / 3) {
                    (InlineKind::Int, true) => Value::Int(INTS[edge % INTS.len()]),
                    (InlineKind::Float, true) => Value::Float(FLOATS[edge % FLOATS.len()]),
                    (InlineKind::Int, false) => Value::Int(random.int()),
                    (InlineKind::Float, false) => Value::Float(random.float()),
                    (InlineKind::Bool, _) => Value::Bool(random.below(2) == 0),
                }
            })
            .collect();
        let translated = match run(body, &args, STEPS) {
            Ended::Value(value) => Ok(value),
            Ended::Fault(fault) => Err(fault),
            Ended::Endless => continue,
        };
        let (name, shown) = (desc.name, &args);
        let gives = checked(&args);
        let agree = match (&translated, &gives) {
            (Ok(a), Ok(b)) => same(a, b),
            (Err(a), Err(b)) => a == b,
            _ => false,
        };
        assert!(
            agree,
            "`{name}` of {shown:?}: the function gives {gives:?}, its translation {translated:?}"
        );
        if translated.is_ok() || round % 8 == 0 {
            let ran = catch_unwind(AssertUnwindSafe(|| rust(&args))).ok();
            let agree = match (&translated, &ran) {
                (Ok(a), Some(b)) => same(a, b),
                (Err(_), None) => true,
                _ => false,
            };
            assert!(
                agree,
                "`{name}` of {shown:?}: the function gives {ran:?} (None is a panic), its translation {translated:?}"
            );
        }
    }
}
