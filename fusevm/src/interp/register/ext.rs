//! Ext ops on registers: inputs are borrowed where they are, results go where they were.

use crate::ext::{Call, Cost, Flow, ImmKind, Invoke, OpDesc, Parts, Results};
use crate::interp::ext::{made, unwound};
use crate::semantics::Trap;
use crate::value::{Func, Value};
use crate::vm::{Linked, VM};
use std::sync::Arc;

/// What came of an ext op.
pub(super) enum Ran {
    /// Its results are in registers; whether it jumps.
    On(bool),
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
}

impl VM {
    /// Runs the ext op at `pc` on `n` registers from `a` on. One that has the whole VM runs as in the
    /// base interpreter.
    pub(super) fn run_ext(
        &mut self,
        (linked, pc, ip): (&Arc<Linked>, usize, usize),
        (a, n, locals): (u8, u8, u8),
        window: usize,
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
        self.charge_ext(desc, inputs)?;
        let mut results = Results::default();
        let site = (linked, id, packed);
        let locals = window + usize::from(locals);
        let flow = self.run_leaf_ext(site, desc, (inputs, locals), &mut results)?;
        if flow == Flow::Invoke {
            return match results.invoke {
                Some(Invoke::Call {
                    function,
                    callee,
                    first,
                }) => Ok(Ran::Invokes(Invocation {
                    function,
                    callee,
                    first,
                    fixed: desc.inputs.len(),
                })),
                _other => Err(Trap::Load("the op asked for no call".into())),
            };
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
        Ok(Ran::On(flow == Flow::Jump))
    }

    fn run_leaf_ext(
        &mut self,
        (linked, id, packed): (&Arc<Linked>, u16, u64),
        desc: &'static OpDesc,
        (inputs, locals): ((usize, usize), usize),
        results: &mut Results,
    ) -> Result<Flow, Trap> {
        let site: (&Linked, u16, u64) = (linked, id, packed);
        if !desc.cache {
            let parts = self.split_registers(inputs, locals, desc);
            let mut call = Call::leaf(site, parts, None, results);
            return unwound(|| (desc.entry)(&mut call));
        }
        let code = self.frames.last().map_or(0, |frame| frame.code);
        let place = linked.place(self.pc - 1);
        let mut memory = self.code_mut().take_place(code, place);
        let parts = self.split_registers(inputs, locals, desc);
        let mut call = Call::leaf(site, parts, Some(&mut memory), results);
        let ran = unwound(|| (desc.entry)(&mut call));
        if !matches!(ran, Err(Trap::Panic(_))) {
            self.code_mut().put_place(code, place, memory);
        }
        ran
    }

    fn split_registers(
        &mut self,
        (from, to): (usize, usize),
        locals: usize,
        desc: &OpDesc,
    ) -> Parts<'_> {
        let names_slot = desc
            .immediates
            .iter()
            .any(|i| matches!(i.kind, ImmKind::Slot));
        let locals = if names_slot { locals } else { from };
        self.split_in_registers((from, to), locals, desc.callee.is_some())
    }

    fn charge_ext(&mut self, desc: &OpDesc, (from, to): (usize, usize)) -> Result<(), Trap> {
        let cost = match desc.cost {
            Cost::Fixed(cost) => cost,
            Cost::Of(cost) => unwound(|| Ok(cost(&self.registers[from..to])))?,
        };
        match cost {
            0 | 1 => Ok(()),
            more => self.charge(more - 1),
        }
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
        let found = self.resolve(function)?;
        let argc = u8::try_from(argc).map_err(|_| Trap::WrongArity {
            name: function.name().clone(),
            takes: usize::from(u8::MAX),
            got: argc,
        })?;
        self.enter_function(found, argc, callee)
    }
}
