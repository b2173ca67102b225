//! A language with an op of every shape, for programs that call ops by their paths.

use fusevm::prelude::*;
use std::fmt;
use std::str::FromStr;

#[derive(Language)]
#[language(name = "shapes", host = Counter, ops(ops::OPS, free), overflow = trap)]
pub(super) struct Shapes;

/// The host: what ops have counted.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) total: i64,
}

/// An immediate with names.
#[derive(Immediate, Clone, Copy, Debug)]
pub(super) enum Round {
    Down,
    Up,
}

/// An immediate that is parsed when the chunk is loaded.
#[derive(Debug)]
pub(super) struct Prefix(String);

impl FromStr for Prefix {
    type Err = fmt::Error;
    fn from_str(text: &str) -> Result<Self, fmt::Error> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[ops(Shapes)]
pub(super) mod ops {
    use super::*;

    /// Operands alone.
    #[ext_op(pure)]
    pub(crate) fn clamp(x: i64, low: i64, high: i64) -> i64 {
        x.clamp(low, high)
    }

    /// An immediate, then an operand.
    #[ext_op(pure)]
    pub(crate) fn scale(#[imm] by: i32, x: f64) -> f64 {
        f64::from(by) * x
    }

    /// An immediate with names.
    #[ext_op(pure)]
    pub(crate) fn rounded(#[imm] round: Round, x: f64) -> i64 {
        match round {
            Round::Down => x.floor() as i64,
            Round::Up => x.ceil() as i64,
        }
    }

    /// A name of the pool.
    #[ext_op]
    pub(crate) fn tagged(#[imm] name: Name<'_>, x: &Value) -> String {
        format!("{}={x}", name.as_str())
    }

    /// A text that is parsed once, and a truth.
    #[ext_op(pure)]
    pub(crate) fn starts(#[imm] prefix: &Prefix, #[imm] otherwise: bool, text: &str) -> bool {
        text.starts_with(&prefix.0) != otherwise
    }

    /// Two results.
    #[ext_op(pure)]
    pub(crate) fn div_rem(a: i64, b: i64) -> (i64, i64) {
        (a / b, a % b)
    }

    /// No result, and the host.
    #[ext_op]
    pub(crate) fn count(by: i64, host: &mut Counter) {
        host.total += by;
    }

    /// Any number of operands.
    #[ext_op(pure)]
    pub(crate) fn total(first: i64, rest: Rest<'_>) -> i64 {
        first + rest.iter().map(Value::to_int).sum::<i64>()
    }

    /// A slot of the caller, written in place.
    #[ext_op]
    pub(crate) fn double(#[slot] x: &mut Value) {
        *x = Value::Int(x.to_int() * 2);
    }

    /// Jumps.
    #[ext_op]
    pub(crate) fn leave_if_undef(#[imm] to: Label, x: &Value) -> Branch {
        let _ = to;
        Branch::when(x.is_undef())
    }

    /// A function of the chunk.
    #[ext_op]
    pub(crate) fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// Runs a block a number of times.
    #[ext_op]
    pub(crate) fn times(#[imm] body: Block, n: i64, mut cx: Ctx<'_, Shapes>) -> Result<(), Trap> {
        for i in 0..n {
            cx.run(body, &[Value::Int(i)])?;
        }
        Ok(())
    }
}

/// An op that is in no set.
#[ext_op(Shapes, pure)]
pub(super) fn free(x: &Value) -> Option<Value> {
    (!x.is_undef()).then(|| x.clone())
}
