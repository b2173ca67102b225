//! From the code of parsed functions to the builder: locals become slots, or cells where closures
//! share them.

use fusevm::prelude::*;

use super::Lox;
use super::ops;
use super::scope::{Code, Function, Jump, Local, Variable};

/// Appends the code of a function to the body that is open.
pub fn lower(function: &mut Function<'_>, b: &mut Builder<Lox>) {
    for local in function.locals.iter().take(function.parameters()) {
        if local.captured {
            b.op(core_ops::slot_to_cell {
                s: Slot(local.slot),
            });
        }
    }
    let labels: Vec<Label> = (0..function.targets).map(|_| b.label()).collect();
    for (code, span) in std::mem::take(&mut function.code) {
        b.at(span.clone());
        match code {
            Code::Load(value) => b.load(value),
            Code::Op(op) => b.emit(op),
            Code::Ext(emit) => emit(b),
            Code::Reserve(local) => {
                if function.locals[local].captured {
                    b.load(());
                    declare(function, Variable::Local(local), b);
                }
            }
            Code::Declare(variable) => declare(function, variable, b),
            Code::Get(variable) => get(function, variable, b),
            Code::Set(variable) => set(function, variable, b),
            Code::Function(mut inner) => {
                closure(function, &mut inner, b);
            }
            Code::Jump(target) => b.jump(labels[target.0]),
            Code::JumpIf(jump, target) => jump_if(jump, labels[target.0], b),
            Code::Bind(target) => b.bind(labels[target.0]),
        }
    }
}

fn declare(function: &Function<'_>, variable: Variable<'_>, b: &mut Builder<Lox>) {
    match variable {
        Variable::Global(name) => b.declare_var(name),
        Variable::Captured(at) => b.op(ops::set_captured { at }),
        Variable::Local(local) => {
            let Local { slot, captured } = function.locals[local];
            if captured {
                b.op(core_ops::new_cell {});
            }
            b.emit(Op::SetSlot(slot));
        }
    }
}

fn get(function: &Function<'_>, variable: Variable<'_>, b: &mut Builder<Lox>) {
    match variable {
        Variable::Global(name) => b.get_var(name),
        Variable::Captured(at) => b.op(ops::get_captured { at }),
        Variable::Local(local) => match function.locals[local] {
            Local { slot, captured } if captured => b.op(core_ops::slot_cell_get { s: Slot(slot) }),
            Local { slot, .. } => b.emit(Op::GetSlot(slot)),
        },
    }
}

fn set(function: &Function<'_>, variable: Variable<'_>, b: &mut Builder<Lox>) {
    match variable {
        Variable::Global(name) => b.set_var(name),
        Variable::Captured(at) => b.op(ops::set_captured { at }),
        Variable::Local(local) => match function.locals[local] {
            Local { slot, captured } if captured => b.op(core_ops::slot_cell_set { s: Slot(slot) }),
            Local { slot, .. } => b.emit(Op::SetSlot(slot)),
        },
    }
}

fn jump_if(jump: Jump, to: Label, b: &mut Builder<Lox>) {
    match jump {
        Jump::False => b.jump_if_false(to),
        Jump::True => b.jump_if_true(to),
        Jump::Falsey => b.op(ops::jump_if_falsey { to }),
        Jump::AndFalsey => b.op(ops::and_jump { to }),
        Jump::OrTruthy => b.op(ops::or_jump { to }),
    }
}

/// Captures that one op takes.
const AT_ONCE: usize = u8::MAX as usize;

/// Lowers a function and pushes the closure of it.
fn closure(outer: &Function<'_>, inner: &mut Function<'_>, b: &mut Builder<Lox>) {
    let names: Vec<String> = (0..inner.parameters()).map(|at| at.to_string()).collect();
    let f = b.begin_inner_fn(inner.name, &names);
    lower(inner, b);
    let function = b.inner_fn(&f);
    b.end_fn(f);
    let cell = |variable: &Variable<'_>, b: &mut Builder<Lox>| match *variable {
        Variable::Local(local) => b.emit(Op::GetSlot(outer.locals[local].slot)),
        Variable::Captured(at) => b.op(ops::captured_cell { at }),
        Variable::Global(name) => b.get_var(name),
    };
    let first = inner.captures.len().min(AT_ONCE);
    inner.captures[..first]
        .iter()
        .for_each(|variable| cell(variable, b));
    let (arity, cells) = (inner.arity as u8, first as u8);
    b.op(ops::closure {
        function,
        arity,
        cells,
    });
    for variable in &inner.captures[first..] {
        cell(variable, b);
        b.op(ops::capture {});
    }
}
