//! Programs of a language: generated ones with ext ops put between their ops, each of which leaves the
//! stack as it was. Their ops on numbers have operators.

use super::Random;
use fusevm::{Chunk, prelude::*};
use std::io::Write;

#[derive(Language)]
#[language(
    name = "generated",
    ops(ops::OPS),
    operators(Add = ops::join, NumLt = ops::shorter, NumEq = ops::same, Inc = ops::next)
)]
pub(crate) struct Generated;

/// How often a place was reached.
#[derive(Default)]
struct Hits(i64);

#[ops(Generated)]
mod ops {
    use super::*;

    #[ext_op(cost = 3)]
    pub fn join(a: &Value, b: &Value, out: &mut Output) -> std::io::Result<i64> {
        write!(out, "j")?;
        Ok(a.to_int().wrapping_add(b.to_int()))
    }

    /// Runs a function to know.
    #[ext_op(cost = 2)]
    pub fn shorter(a: Value, b: Value, mut cx: Ctx<'_, Generated>) -> bool {
        let left = cx.call("f0", &[Value::Int(1)]);
        left.map_or(0, |left| left.to_int()) < a.to_int() || a.to_int() < b.to_int()
    }

    #[ext_op]
    pub fn same(a: &Value, b: &Value) -> bool {
        a == b
    }

    #[ext_op]
    pub fn next(a: &Value) -> Result<f64, String> {
        match a {
            Value::Array(_) => Err("no array has a next one".into()),
            other => Ok(other.to_float() + 1.0),
        }
    }

    #[ext_op]
    pub fn function(#[imm] f: Function) -> Func {
        f.into()
    }

    /// Counts in a slot and has the VM call.
    #[ext_op]
    pub fn count_and_call(f: &Func, #[slot] n: &mut Value, args: Rest<'_>) -> Invoke {
        let _ = args;
        *n = Value::Int(n.to_int().wrapping_add(1));
        Invoke::Call {
            function: f.clone(),
            callee: Value::Int(7),
            first: None,
        }
    }

    /// Calls from Rust; a failure is a value.
    #[ext_op]
    pub fn call(f: Func, mut cx: Ctx<'_, Generated>, args: Rest<'_>) -> Value {
        cx.call(&f, args.as_slice()).unwrap_or(Value::Undef)
    }

    #[ext_op]
    pub fn three(#[imm] a: Slot, #[imm] b: Slot, #[slot] n: &mut Value) {
        *n = Value::Int(n.to_int().wrapping_add(i64::from(a.0) - i64::from(b.0)));
    }

    #[ext_op(cost = 2)]
    pub fn odd(n: &Value, #[imm] _to: Label) -> Branch<i64, i64> {
        match n.to_int() % 2 {
            0 => Branch::Fall(0),
            _ => Branch::Jump(1),
        }
    }

    #[ext_op]
    pub fn hit(#[cache] hits: &mut Hits, out: &mut Output) -> std::io::Result<()> {
        hits.0 += 1;
        write!(out, "{}", hits.0)
    }

    #[ext_op]
    pub fn callee(cx: Ctx<'_, Generated>) -> Value {
        cx.callee()
    }
}

/// The imports that the ops have, as the text form has them.
const HEAD: &str = "language generated
import function v1 (imm function) -> Func
import count_and_call v1 (imm slot, imm count, Func, ..) -> Any
import call v1 (imm count, Func, ..) -> Any
import three v1 (imm slot, imm slot, imm slot) -> ()
import odd v1 (imm label, Any) -> Int | Int
import hit v1 () -> ()
import callee v1 () -> Any
";

/// The program with ops of the language in it.
pub(crate) fn with_ops(chunk: &Chunk, r: &mut Random) -> Chunk {
    let text = chunk.to_string();
    let has_functions = text.lines().any(|line| line.starts_with("fn f0"));
    let mut all = String::new();
    let mut labels = 0;
    for line in text.lines() {
        if all.is_empty() || line.starts_with("source") {
            all.push_str(line);
            all.push('\n');
            if line.starts_with("source") {
                all.push_str(HEAD);
            }
            continue;
        }
        if line.starts_with("  ") && r.one_in(6) {
            labels += 1;
            all.push_str(&statement(r, has_functions, labels));
        }
        all.push_str(line);
        all.push('\n');
    }
    Chunk::parse(&all).unwrap_or_else(|error| panic!("{error}\n{all}"))
}

/// Ops that leave the stack as it was.
fn statement(r: &mut Random, has_functions: bool, label: usize) -> String {
    let mut slot = || r.below(super::SLOTS);
    let (a, b, n) = (slot(), slot(), slot());
    let count = r.below(2);
    match r.below(if has_functions { 7 } else { 4 }) {
        0 => format!("  ext three {a}, {b}, {n}\n"),
        1 => format!("  GetSlot {a}\n  ext odd odd{label}\nodd{label}:\n  SetSlot {b}\n"),
        2 => "  ext hit\n".into(),
        3 => format!("  ext callee\n  SetSlot {a}\n"),
        4 => format!("  ext function f0\n  LoadInt {count}\n  ext call 1\n  SetSlot {a}\n"),
        5 => format!("  ext function f0\n  LoadInt {count}\n  ext count_and_call {n}, 1\n  Pop\n"),
        _ => format!(
            "  ext function f0\n  GetSlot {a}\n  LoadInt {count}\n  ext count_and_call {n}, 2\n  SetSlot {b}\n"
        ),
    }
}
