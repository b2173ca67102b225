//! Ext ops on registers: inputs are borrowed where they are, results go where they were.

use super::is_plain;
use crate::ext::{AccessKind, Flow, ImmKind, Invoke, OpDesc, Parts, Results};
use crate::heap::{First, Known, What};
use crate::interp::ext::{call_leaf, charge, invoke_with, made, no_object};
use crate::semantics::Trap;
use crate::value::{Func, Value};
use crate::vm::{Callee, Linked, VM, cut};
use std::mem::{forget, replace, take};
use std::sync::Arc;

/// What came of an ext op.
pub(super) enum Ran {
    /// Its results are in registers; whether it jumps, and what it has said of its first input's shape.
    On(bool, Option<Known>),
    /// The same, and it has had the whole VM.
    Back(bool),
    /// Another frame is on top, which is to run first.
    Elsewhere,
    /// It asks for a call.
    Invokes(Invocation),
}

/// A call that an op asked for; its arguments are the inputs behind the `fixed` first.
pub(super) struct Invocation {
    pub(super) function: Func,
    pub(super) callee: Value,
    pub(super) first: Option<Value>,
    pub(super) fixed: usize,
    /// What it says of all objects of the shape of the first input, but for the function's number.
    pub(super) known: Option<Known>,
}

impl VM {
    /// Runs the ext op at `pc` on `n` registers from `a` on. One that has the whole VM runs as in the
    /// base interpreter.
    pub(super) fn run_ext(
        &mut self,
        (linked, pc, ip): (&Arc<Linked>, usize, usize),
        (a, n, locals): (u16, u16, u16),
        window: usize,
        callee: Callee,
    ) -> Result<Ran, Trap> {
        let chunk = linked.chunk();
        let (id, packed) = chunk.immediates(chunk.ops[pc]).unwrap_or_default();
        let Some(&desc) = linked.ops.get(usize::from(id)) else {
            return Err(Trap::Load("no such import".into()));
        };
        if desc.calls_back {
            let ran = self.run_base(linked, (a, n, locals), (pc, ip))?;
            return Ok(ran.map_or(Ran::Elsewhere, Ran::Back));
        }
        self.pc = pc + 1;
        self.collect_if_due()?;
        let from = window + usize::from(a);
        let inputs = (from, from + usize::from(n));
        charge(self, desc, |vm| &vm.registers[inputs.0..inputs.1])?;
        let mut results = Results::default();
        let site = (linked, id, packed);
        let locals = window + usize::from(locals);
        let flow = call_leaf(self, site, (desc, pc), &mut results, |vm| {
            vm.split_registers(inputs, locals, (desc, callee))
        })?;
        if flow == Flow::Invoke {
            let fixed = desc.inputs.len();
            let input = match fixed {
                0 => Value::Undef,
                _ => self.registers[from].clone(),
            };
            let known = results.invoke.as_ref();
            let known = known.and_then(|invoke| self.known_call(desc, invoke, &input));
            let invoke = (results.invoke).map(|invoke| invoke.once(&input, &mut self.heap));
            return match invoke.transpose()? {
                Some(Invoke::Call {
                    function,
                    callee,
                    first,
                }) => Ok(Ran::Invokes(Invocation {
                    function,
                    callee,
                    first,
                    fixed,
                    known,
                })),
                Some(Invoke::Value(value)) => {
                    for register in &mut self.registers[inputs.0..inputs.1] {
                        super::forget(register);
                    }
                    self.registers[from] = value;
                    Ok(Ran::On(false, known))
                }
                _other => Err(Trap::Load("the op asked for no call".into())),
            };
        }
        if flow == Flow::Access {
            let known = self.access(desc, results.field, inputs)?;
            return Ok(Ran::On(false, known));
        }
        for register in &mut self.registers[inputs.0..inputs.1] {
            super::forget(register);
        }
        if let Some(produced) = results.first {
            self.registers[from] = made(self, produced)?;
        }
        if let Some(produced) = results.second {
            self.registers[from + 1] = made(self, produced)?;
        }
        Ok(Ran::On(flow == Flow::Jump, None))
    }

    /// Reads or sets a field of the first input of an op, and drops the inputs. What that says of the shape.
    fn access(
        &mut self,
        desc: &OpDesc,
        field: Option<usize>,
        (from, to): (usize, usize),
    ) -> Result<Option<Known>, Trap> {
        let (Some(kind), Some(number)) = (desc.outputs.access, field) else {
            return Err(Trap::Load("the op asked for no field".into()));
        };
        let Value::Obj(handle) = self.registers[from] else {
            return Err(no_object(desc));
        };
        let result = match kind {
            AccessKind::Load => self.heap().field_of(handle, number).cloned(),
            AccessKind::Store | AccessKind::Assign => {
                let value = take(&mut self.registers[to - 1]);
                if !self.heap_mut().set_field_of(handle, number, value.clone()) {
                    return Err(no_object(desc));
                }
                Some(value)
            }
        };
        for register in &mut self.registers[from..to] {
            super::forget(register);
        }
        if kind != AccessKind::Store {
            self.registers[from] = result.unwrap_or_default();
        }
        let shape = self.heap().shape(handle);
        let field = u32::try_from(number).ok();
        Ok(match (shape, field) {
            (Some(shape), Some(field)) if desc.is_by_shape() => Some(Known {
                shape,
                of: handle,
                what: match kind {
                    AccessKind::Load => What::Load { field },
                    AccessKind::Store => What::Store {
                        field,
                        leaves: false,
                    },
                    AccessKind::Assign => What::Store {
                        field,
                        leaves: true,
                    },
                },
            }),
            _other => None,
        })
    }

    /// What a call that an op asks for says of the shape of its first input.
    fn known_call(&self, desc: &OpDesc, invoke: &Invoke, input: &Value) -> Option<Known> {
        let Value::Obj(handle) = *input else {
            return None;
        };
        let shape = self.heap().shape(handle).filter(|_| desc.is_by_shape())?;
        let fixed = u8::try_from(desc.inputs.len()).ok()?;
        let call = |function: &Func, callee, first| What::Call {
            function: function.index(),
            callee,
            first,
            fixed,
        };
        let what = match invoke {
            Invoke::Value(_) | Invoke::Call { .. } => return None,
            Invoke::ByShape {
                function,
                callee,
                receiver,
            } => {
                let first = if *receiver {
                    First::Input
                } else {
                    First::Given
                };
                call(function, *callee, first)
            }
            Invoke::Make { make, then: None } => What::Make(make.clone()),
            Invoke::Make {
                make,
                then: Some((function, callee)),
            } => call(function, Some(*callee), First::Made(make.clone())),
        };
        Some(Known {
            shape,
            of: handle,
            what,
        })
    }

    /// Calls builtin `id` with arguments that are in registers; its result goes to the register that
    /// `landing` names then.
    ///
    /// What the handler leaves behind when it panics or traps is cut back by whoever began the run: no
    /// program goes on after either.
    #[inline(always)]
    pub(super) fn run_builtin(
        &mut self,
        id: u16,
        (from, argc): (usize, u8),
        pc: usize,
        landing: impl FnOnce(&Self) -> usize,
    ) -> Result<(), Trap> {
        self.pc = pc + 1;
        let Some(handler) = self.builtin(id) else {
            return Err(Trap::UndefinedBuiltin(id));
        };
        self.collect_if_due()?;
        let (frames, at) = (self.frames.len(), self.stack.len());
        // The values below its arguments are out of its reach: a frame in registers has none. Where that
        // goes on nobody asks before the handler is back.
        debug_assert_eq!(self.frames.last().map(|frame| frame.base), Some(at));
        let to = from + usize::from(argc);
        for register in &mut self.registers[from..to] {
            hand_over(register, &mut self.stack);
        }
        let held = self.hold_fresh(at);
        let value = handler(self, argc);
        self.release(held);
        if self.frames.len() != frames || self.registers.len() < to {
            return Err(Trap::Load("the handler has left another VM".into()));
        }
        cut(&mut self.stack, at);
        if self.handler_trap.is_some()
            && let Some(trap) = self.handler_trap.take()
        {
            return Err(trap);
        }
        let to = landing(self);
        let register = &mut self.registers[to];
        // What the handler has written part by part is read so.
        match value {
            Value::Int(n) if is_plain(register) => forget(replace(register, Value::Int(n))),
            Value::Float(f) if is_plain(register) => forget(replace(register, Value::Float(f))),
            other => *register = other,
        }
        Ok(())
    }

    fn split_registers(
        &mut self,
        (from, to): (usize, usize),
        locals: usize,
        (desc, callee): (&OpDesc, Callee),
    ) -> Parts<'_> {
        let names_slot = desc
            .immediates
            .iter()
            .any(|i| matches!(i.kind, ImmKind::Slot));
        let locals = if names_slot { locals } else { from };
        self.split_in_registers((from, to), locals, desc.callee.map(|_| callee))
    }

    /// Whether a function of a program can be called with that many arguments.
    pub(super) fn takes(&self, linked: &Linked, function: u32, argc: u8) -> bool {
        let entry = linked.chunk().functions.get(function as usize);
        entry.is_some_and(|entry| entry.arity == Some(argc))
    }

    /// Opens the frame of a call that an op asked for where it cannot be in this run. Its arguments are
    /// in registers.
    pub(super) fn invoke_out(
        &mut self,
        function: &Func,
        callee: Value,
        first: Option<Value>,
        (from, args, to): (usize, usize, usize),
        ip: usize,
    ) -> Result<(), Trap> {
        let argc = to - args + usize::from(first.is_some());
        self.stack.extend(first);
        let registers = self.registers[args..to].iter_mut();
        self.stack.extend(registers.map(std::mem::take));
        for register in &mut self.registers[from..args] {
            super::forget(register);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.ip = ip as u32;
        }
        invoke_with(self, function, argc, callee)
    }
}

/// Puts the value of a register onto the stack; a number may stay.
#[inline(always)]
fn hand_over(register: &mut Value, stack: &mut Vec<Value>) {
    // Kind and number are written one by one, as they will be read. A push writes both at once.
    match *register {
        Value::Int(n) => stack.extend((0..1).map(|_| Value::Int(n))),
        Value::Float(f) => stack.extend((0..1).map(|_| Value::Float(f))),
        _ => push_taken(register, stack),
    }
}

#[cold]
#[inline(never)]
fn push_taken(register: &mut Value, stack: &mut Vec<Value>) {
    stack.push(take(register));
}
