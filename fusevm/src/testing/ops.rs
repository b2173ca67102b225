//! All ops of a language, on inputs that nobody chose.

use super::chunk::{agree, same};
use super::inline::{Ended, run};
use super::inputs::Random;
use crate::chunk::{Builder, Chunk};
use crate::ext::inline::{InlineFrom, InlineKind, immediate};
use crate::ext::{ImmKind, Language, OpDesc};
use crate::op::Op;
use crate::value::Value;
use std::fmt;

/// Which ops were tested.
#[derive(Clone, Debug, Default)]
pub struct OpReport {
    /// Names of those that were, in the order of their ids.
    pub tested: Vec<&'static str>,
    /// Names of those that were not, and why.
    pub left_out: Vec<(&'static str, &'static str)>,
}

impl fmt::Display for OpReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tested: {}", self.tested.join(", "))?;
        for (name, why) in &self.left_out {
            write!(f, "\nleft out: {name}, {why}")?;
        }
        Ok(())
    }
}

/// Inputs for each op.
const ROUNDS: usize = 40;

/// Tests the ops of a language, but for those named in `except`; what
/// [`test_ops!`](super::test_ops) does. See there.
///
/// # Panics
/// When two ways of running an op differ, or when a name in `except` is that of no op.
#[track_caller]
pub fn check_ops<L: Language<Host: Default>>(except: &[&str]) -> OpReport {
    for name in except {
        if let Err(unknown) = L::explain(name) {
            panic!("`except`: {unknown}");
        }
    }
    let mut report = OpReport::default();
    let ops = || L::table().ops().map(|(_, desc)| desc);
    let core = |desc: &OpDesc| desc.name.starts_with("core.");
    let own = ops().any(|desc| !core(desc));
    for desc in ops().filter(|desc| own != core(desc)) {
        if except.contains(&desc.name) {
            report.left_out.push((desc.name, "as it was asked for"));
            continue;
        }
        match check_op::<L>(desc) {
            None => report.tested.push(desc.name),
            Some(why) => report.left_out.push((desc.name, why)),
        }
    }
    report
}

/// Tests an op; or why not.
#[track_caller]
fn check_op<L: Language<Host: Default>>(desc: &'static OpDesc) -> Option<&'static str> {
    if desc.outputs.jumps.is_some() {
        return Some("it jumps");
    }
    if desc.outputs.invokes {
        return Some("it asks the VM to call");
    }
    if desc.callee.is_some() {
        return Some("it looks at the callee");
    }
    let mut random = Random::of(desc.name);
    for _ in 0..ROUNDS {
        let mut bits = 0;
        let rest = desc.rest.map_or(0, |_| random.below(4));
        for imm in desc.immediates {
            let value = match imm.kind {
                ImmKind::Count => rest as u64,
                _ => match random.immediate(imm) {
                    Some(value) => value,
                    None => return Some("an immediate of it is a part of a chunk"),
                },
            };
            bits |= value << imm.shift;
        }
        let inputs: Option<Vec<Value>> = desc.inputs.iter().map(|it| random.input(it)).collect();
        let Some(mut inputs) = inputs else {
            return Some("only the language can make what it takes");
        };
        inputs.extend((0..rest).map(|_| random.any(0)));
        check_run::<L>(desc, bits, &inputs);
    }
    None
}

#[track_caller]
fn check_run<L: Language<Host: Default>>(desc: &'static OpDesc, bits: u64, inputs: &[Value]) {
    let constants = program::<L>(|b| {
        for input in inputs {
            b.load(input.clone());
        }
        b.op_of(desc, bits);
        result(b, desc);
    });
    let arguments = program::<L>(|b| {
        let names: Vec<String> = (0..inputs.len()).map(|at| format!("x{at}")).collect();
        let function = b.begin_fn("f", &names);
        for slot in 0..inputs.len() {
            b.get_slot(slot);
        }
        b.op_of(desc, bits);
        result(b, desc);
        b.emit(Op::ReturnValue);
        b.end_fn(function);
    });
    let (folded, called) = (
        agree::<L>(&constants, None),
        agree::<L>(&arguments, Some(inputs)),
    );
    if cfg!(all(feature = "jit", unix)) {
        agree::<L>(&in_a_loop::<L>(desc, bits, inputs.len()), Some(inputs));
    }
    let agreed = match (&folded.result, &called.result) {
        (Ok(a), Ok(b)) => same(a, b),
        // The same op with the same message, at places that differ.
        (Err(a), Err(b)) => a.lines().next() == b.lines().next(),
        _ => false,
    };
    assert!(
        agreed && folded.output == called.output,
        "`{}` of constants {folded}\nof arguments, it {called}\n{}",
        desc.name,
        constants.listing()
    );
    check_inline(desc, bits, inputs, &folded.result, &constants);
}

/// Runs the instructions of an inline op whose inputs are of the kinds it takes.
#[track_caller]
fn check_inline(
    desc: &OpDesc,
    bits: u64,
    inputs: &[Value],
    result: &Result<Value, String>,
    chunk: &Chunk,
) {
    let Some(body) = desc.inline else {
        return;
    };
    let args: Option<Vec<Value>> = (body.params.iter())
        .map(|param| match (param.from, param.kind) {
            (InlineFrom::Input(n), kind) => {
                let input = inputs[usize::from(n)].clone();
                let fits = match kind {
                    InlineKind::Int => matches!(input, Value::Int(_)),
                    InlineKind::Float => matches!(input, Value::Float(_)),
                    InlineKind::Bool => matches!(input, Value::Bool(_)),
                };
                fits.then_some(input)
            }
            (InlineFrom::Looked(n), _) => Some(inputs[usize::from(n)].clone()),
            (InlineFrom::Immediate(n), kind) => {
                let value = immediate(&desc.immediates[usize::from(n)], bits)?;
                Some(match kind {
                    InlineKind::Bool => Value::Bool(value != 0),
                    _ => Value::Int(value),
                })
            }
        })
        .collect();
    let Some(args) = args else {
        return;
    };
    let ended = run(body, &args, 1 << 16);
    let agreed = match (&ended, result) {
        (Ended::Value(a), Ok(b)) => same(a, b),
        (Ended::Fault(_), Err(_)) | (Ended::Endless, _) => true,
        _ => false,
    };
    assert!(
        agreed,
        "`{}` of {inputs:?} gives {result:?}, its instructions {ended:?}\n{}",
        desc.name,
        chunk.listing()
    );
}

/// The op a few times on the same arguments, so that it becomes machine code: what it gives last.
fn in_a_loop<L: Language>(desc: &'static OpDesc, bits: u64, inputs: usize) -> Chunk {
    const TURNS: i32 = 4;
    program::<L>(|b| {
        let names: Vec<String> = (0..inputs).map(|at| format!("x{at}")).collect();
        let (turn, last) = (inputs, inputs + 1);
        let function = b.begin_fn("f", &names);
        b.load(0);
        b.set_slot(turn);
        b.emit(Op::LoadUndef);
        b.set_slot(last);
        let top = b.label_here();
        for slot in 0..inputs {
            b.get_slot(slot);
        }
        b.op_of(desc, bits);
        result(b, desc);
        b.set_slot(last);
        b.get_slot(turn);
        b.emit(Op::Inc);
        b.set_slot(turn);
        b.get_slot(turn);
        b.load(TURNS);
        b.emit(Op::NumLt);
        b.jump_if_true(top);
        b.get_slot(last);
        b.emit(Op::ReturnValue);
        b.end_fn(function);
    })
}

fn program<L: Language>(build: impl FnOnce(&mut Builder<L>)) -> Chunk {
    let mut b = Builder::<L>::new();
    build(&mut b);
    b.finish().expect("a program of one op is well built")
}

/// One value of what the op leaves.
fn result<L: Language>(b: &mut Builder<L>, desc: &OpDesc) {
    match desc.outputs.falls.len() {
        0 => b.emit(Op::LoadUndef),
        1 => {}
        n => b.make_array(n),
    }
}
