//! Calls and returns, builtins, and the two forms of ext ops.

use super::{Frame, FrameKind, Step, ext};
use crate::semantics::Trap;
use crate::value::Value;
use crate::verify::Unit;
use crate::vm::{FunctionRef, Linked, VM};
use std::sync::Arc;

pub(super) fn call(vm: &mut VM, linked: &Arc<Linked>, name: u16, argc: u8) -> Step {
    vm.input_start("Call", argc.into())?;
    let symbol = linked.symbol(name);
    let Some(at) = vm.function_at(symbol) else {
        return Err(Trap::UndefinedFunction(linked.name_text(name)));
    };
    let code = vm.frame()?.code;
    let callee = linked.verified.callee(name);
    let want = match callee.returns {
        Some(want) => want,
        None => {
            // The path was verified to end here; now that the function is known, it goes on.
            vm.relink(code)?;
            let known = vm
                .code()
                .get(code)
                .and_then(|l| l.verified.callee(name).returns);
            known.unwrap_or(true)
        }
    };
    let verified = at.code == code && callee.own == Some(at.index);
    vm.push_call(at, argc, want, verified, Value::Undef)
}

impl VM {
    /// Calls a function from outside the chunk's own calls: by value, from a handler.
    pub(crate) fn enter_function(&mut self, at: FunctionRef, argc: u8, callee: Value) -> Step {
        self.push_call(at, argc, true, false, callee)
    }

    /// Opens the frame of a call whose arguments are on the stack. `verified` says that the call was
    /// looked at when its chunk was verified.
    fn push_call(
        &mut self,
        at: FunctionRef,
        argc: u8,
        want: bool,
        verified: bool,
        callee: Value,
    ) -> Step {
        let Some(linked) = self.code().get(at.code) else {
            return Err(Trap::Load("the program is no longer loaded".into()));
        };
        let chunk = linked.chunk();
        let Some(entry) = chunk.functions.get(at.index as usize) else {
            return Err(Trap::Load("no such function".into()));
        };
        let (pc, end) = (entry.pc, chunk.ops.len());
        match entry.arity {
            Some(takes) if takes != argc => {
                return Err(Trap::WrongArity {
                    name: linked.function_name(at.index).cloned().unwrap_or_default(),
                    takes: takes.into(),
                    got: argc.into(),
                });
            }
            None if !verified => {
                let index = at.index as usize;
                (linked.verified.ensure(Unit::Function { index, argc }))
                    .map_err(|errors| Trap::Load(errors.to_string()))?;
            }
            _ => {}
        }
        let limit = self.limits().max_call_depth;
        if self.depth >= limit {
            return Err(Trap::CallDepth(limit));
        }
        self.check_stack(0)?;
        self.depth += 1;
        let function = at.index;
        let base = self.stack.len() - usize::from(argc);
        self.frames.push(Frame {
            return_pc: self.pc,
            end,
            callee,
            ip: super::frame::NOT_BEGUN,
            ..Frame::new(
                FrameKind::Call { function, want },
                at.code,
                base,
                self.slots.len(),
            )
        });
        self.pc = pc;
        self.reload = true;
        Ok(())
    }
}

pub(super) fn return_void(vm: &mut VM, linked: &Linked) -> Step {
    let root = vm
        .frames
        .iter()
        .rev()
        .find(|f| !matches!(f.kind, FrameKind::Scope | FrameKind::Block));
    let value = match root.map(|f| f.kind) {
        Some(FrameKind::Root) if linked.verified.main_returns() => Some(Value::Undef),
        _ => None,
    };
    vm.leave_function(value)
}

pub(super) fn return_value(vm: &mut VM, _: &Linked) -> Step {
    let value = vm.take_one("ReturnValue")?;
    vm.leave_function(Some(value))
}

pub(super) fn call_builtin(vm: &mut VM, _: &Linked, id: u16, argc: u8) -> Step {
    let at = vm.input_start("CallBuiltin", argc.into())?;
    let Some(handler) = vm.builtin(id) else {
        return Err(Trap::UndefinedBuiltin(id));
    };
    vm.collect_if_due()?;
    // While the handler runs, the values below its arguments are out of its reach.
    let Some(frame) = vm.frames.last_mut() else {
        return Err(Trap::Load("no code is running".into()));
    };
    let base = std::mem::replace(&mut frame.base, at);
    let result = ext::guarded(vm, |vm| handler(vm, argc));
    if let Some(frame) = vm.frames.last_mut() {
        frame.base = base;
    }
    let value = result?;
    vm.stack.truncate(at);
    vm.stack.push(value);
    Ok(())
}

pub(super) fn extended(vm: &mut VM, linked: &Arc<Linked>, id: u16, arg: u8) -> Step {
    match linked.chunk().language {
        Some(_) => ext::run(vm, linked, id, arg.into()),
        None => ext::raw(vm, id, arg),
    }
}

pub(super) fn extended_wide(vm: &mut VM, linked: &Arc<Linked>, id: u16, arg: usize) -> Step {
    let chunk = linked.chunk();
    match chunk.language {
        Some(_) if chunk.holds_wide() => {
            let packed = chunk.wide.get(arg).copied().unwrap_or(0);
            ext::run(vm, linked, id, packed)
        }
        Some(_) => ext::run(vm, linked, id, arg as u64),
        None => ext::raw_wide(vm, id, arg),
    }
}
