//! The base interpreter: ops on a checked stack.
//!
//! It runs verified programs and is the oracle for every faster way of running them. It does not rely
//! on the verifier for its own safety: each pop is checked against the bottom of the running frame,
//! and what a verified chunk never does is a trap here. Ops have a function of their name in the file
//! of their family; `pure` ones are [`semantics`](crate::semantics) functions called straight from the
//! table. Calls, blocks and scopes are frames on one stack, so nothing the guest does recurses here.
//!
//! A run is [`VM::execute`] above a floor of frames; a handler that calls back starts another above it.

mod array;
mod call;
mod control;
mod ext;
mod frame;
mod fused;
mod hash;
mod higher;
mod io;
mod local;
mod register;
mod shell;
mod stack;

pub(crate) use ext::unwound;
pub(crate) use frame::{Frame, FrameKind, IN_BASE, NOT_BEGUN};
pub(crate) use higher::{BlockRun, Turn};
#[cfg(all(feature = "jit", unix))]
pub(crate) use register::Directs;
pub(crate) use register::Tally;
pub(crate) use shell::{ShellState, abandon};

use crate::op::{Flags, Op, Opcode, for_each_op};
use crate::semantics::{self, OperandTrap, Operands, Trap};
use crate::value::Value;
use crate::vm::{Error, Linked, VM};
use std::sync::Arc;

/// What an op's function gives: nothing, or why the program stops.
pub(crate) type Step = Result<(), Trap>;

/// Values that the parts of a fused op push at most before they take them again.
const FUSED_PEAK: usize = 2;

macro_rules! dispatch {
    ($(
        $(#[doc = $family_doc:literal])*
        mod $family:ident { $(
            $(#[doc = $doc:literal])*
            $how:ident $snake:ident = $Name:ident $(($($f:ident: $kind:ident),*))?
                {$($input:ident)* $(..$variadic:ident)? -- $($output:ident)*}
                [$($flag:ident)|*] $(=> [$($part:expr),* $(,)?])?;
        )* }
    )*) => {
        /// Runs one op.
        #[allow(unused_variables, reason = "fused rows run the op as a whole")]
        fn step(vm: &mut VM, linked: &Arc<Linked>, op: Op) -> Step {
            match op { $($(
                Op::$Name $(($($f),*))? => run_op!($how [$($flag)*] vm linked op $family $snake $Name ($($($f),*)?) ($($input)*)),
            )*)* }
        }
    };
}

macro_rules! run_op {
    (pure [$($flag:ident)*] $vm:ident $linked:ident $op:ident $family:ident $snake:ident $Name:ident () ($($input:ident)*)) => {{
        const NUMBERS: bool = Flags::NONE$(.and(Flags::$flag))*.has(Flags::NUMBERS);
        match NUMBERS {
            true => $vm.compute_numbers(Opcode::$Name, $linked, semantics::$family::$snake),
            false => $vm.compute(stringify!($Name), $linked, semantics::$family::$snake),
        }
    }};
    (fused [$($flag:ident)*] $vm:ident $linked:ident $op:ident $($row:tt)*) => {
        self::fused::run($vm, $linked, $op)
    };
    (own [$($flag:ident)*] $vm:ident $linked:ident $op:ident $family:ident $snake:ident $Name:ident ($($f:ident),*) ($($input:ident)*)) => {
        self::$family::$snake($vm, $linked $(, $f)*)
    };
}

for_each_op!(dispatch);

impl VM {
    /// Runs until the frame at index `floor` has ended, or traps. After a trap the frames above the
    /// floor are still there, for the caller to drop.
    pub(crate) fn execute(&mut self, floor: usize) -> Result<(), Error> {
        while self.frames.len() > floor {
            let mut at = self.pc;
            // Handlers are guarded where they are called; what else is the host's, the texts of its values,
            // its streams, its shell, is here.
            let ran = ext::unwound(|| self.run_top(floor, &mut at));
            if let Err(trap) = ran {
                return Err(Error::trap(trap, self.trace(at, floor)));
            }
        }
        Ok(())
    }

    /// Runs the top frame until another is on top.
    fn run_top(&mut self, floor: usize, at: &mut usize) -> Step {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let Some(linked) = self.code().get(frame.code).cloned() else {
            return Err(Trap::Load("the program is no longer loaded".into()));
        };
        if frame.ip == NOT_BEGUN {
            if self.profiling {
                self.count_call();
            }
            self.begin(&linked);
        }
        match self.frames.last().is_some_and(Frame::in_registers) {
            true => self.run_registers(&linked, floor, at),
            false if self.profiling => self.run_frame::<true>(&linked, floor, at),
            false => self.run_frame::<false>(&linked, floor, at),
        }
    }

    /// Runs the code of the top frame until another frame is on top. `at` follows the pc. A loop that
    /// counts what it runs is one of its own, and runs nothing fused.
    fn run_frame<const COUNTED: bool>(
        &mut self,
        linked: &Arc<Linked>,
        floor: usize,
        at: &mut usize,
    ) -> Step {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let (code, mut end, frame_kind) = (frame.code, frame.end, frame.kind);
        let ops = linked.chunk().ops.as_slice();
        let raw = linked.verified.is_raw();
        // Where heights are not known the stack is measured before each op, and so at each part.
        let once = self.lazy && frame_kind == FrameKind::Root && linked.origin().is_straight();
        let overlay = match self.fusion() && !raw && !COUNTED {
            true if once => linked.origin().made_overlay(),
            true => Some(linked.origin().overlay()),
            false => None,
        };
        self.reload = false;
        let mut function = match COUNTED {
            true => self.begin_counting(code, linked),
            false => None,
        };
        loop {
            *at = self.pc;
            if *at >= end.min(ops.len()) {
                // A trap here is one of the op that runs the piece; where it ends there may be none.
                *at = self.piece_op().unwrap_or(*at);
                self.end_piece()?;
            } else {
                self.charge(1)?;
                if raw {
                    self.check_stack(0)?;
                }
                if COUNTED {
                    self.count_op((code, function), *at);
                }
                let op = ops[*at];
                match overlay.map(|overlay| overlay[*at]) {
                    // Where the stack is watched, parts that would find it too high run one by one.
                    Some(fused)
                        if fused.opcode() != op.opcode()
                            && (!raw || self.check_stack(FUSED_PEAK).is_ok()) =>
                    {
                        let length = fused.with_expansion(<[Op]>::len);
                        self.pc = *at + length;
                        if !fused::fast(self, linked, fused)? {
                            self.pc = *at + 1;
                            step(self, linked, op)?;
                        }
                    }
                    _plain => {
                        self.pc = *at + 1;
                        step(self, linked, op)?;
                    }
                }
            }
            if self.reload {
                if COUNTED {
                    self.count_call();
                    function = self.running_function();
                }
                if self.top_is_elsewhere() {
                    return Ok(());
                }
                match self.frames.last() {
                    // The same program goes on: a call inside it, or a return.
                    Some(frame) if frame.code == code && self.frames.len() > floor => {
                        let same = self
                            .code()
                            .get(code)
                            .is_some_and(|l| Arc::ptr_eq(l, linked));
                        if !same {
                            return Ok(());
                        }
                        end = frame.end;
                        self.reload = false;
                    }
                    _gone => return Ok(()),
                }
            }
        }
    }

    /// Runs a pure op. A function, so that the inputs of all of them are not in the one frame of `step`,
    /// which is on the native stack once for each nested run.
    #[inline]
    fn compute<const N: usize>(
        &mut self,
        op: &'static str,
        linked: &Linked,
        semantics: impl FnOnce(&semantics::Rules<'_>, [Value; N]) -> Result<Value, Trap>,
    ) -> Step {
        let inputs = self.take(op)?;
        let rules = self.rules(linked.chunk().policy);
        let output = semantics(&rules, inputs)?;
        self.stack.push(output);
        Ok(())
    }

    /// Runs a pure op on numbers. Other values are the business of the language's operator, if it has
    /// one for the op.
    #[inline]
    fn compute_numbers<const N: usize>(
        &mut self,
        code: Opcode,
        linked: &Arc<Linked>,
        semantics: impl FnOnce(&semantics::Rules<'_>, [Value; N]) -> Result<Value, Trap>,
    ) -> Step {
        let name = code.info().name;
        let at = self.input_start(name, N)?;
        let number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
        if let Some(other) = self.stack[at..].iter().position(|value| !number(value)) {
            if let Some(desc) = linked.operator(code) {
                return ext::run_operator(self, linked, desc, at);
            }
            if linked.chunk().policy.operands == Operands::Strict {
                let found = ext::shown(&self.stack[at + other]);
                return Err(OperandTrap::new(name, other + 1, "a number", found).into());
            }
        }
        self.compute(name, linked, semantics)
    }

    /// Pops the inputs of the op of that name, deepest first. Where this is a call, the values go through
    /// memory twice.
    #[inline(always)]
    fn take<const N: usize>(&mut self, op: &'static str) -> Result<[Value; N], Trap> {
        let at = self.input_start(op, N)?;
        let mut inputs = self.stack.drain(at..);
        Ok(std::array::from_fn(|_| inputs.next().unwrap_or_default()))
    }

    /// Where the `n` topmost values of the running frame start.
    #[inline]
    fn input_start(&self, op: &'static str, n: usize) -> Result<usize, Trap> {
        let base = self.frames.last().map_or(0, |f| f.base);
        let holds = self.stack.len().saturating_sub(base);
        if holds >= n {
            return Ok(self.stack.len() - n);
        }
        let (op, needs) = (op.into(), n);
        Err(Trap::StackUnderflow { op, needs, holds })
    }

    /// Pops one input of the op of that name.
    fn take_one(&mut self, op: &'static str) -> Result<Value, Trap> {
        self.take(op).map(|[value]| value)
    }

    /// Checks that as many values may be on the stack, in slots and in registers as there would be with
    /// `more`.
    fn check_stack(&self, more: usize) -> Step {
        self.check_values(self.free_register + more)
    }

    /// The same, all registers among `others`.
    fn check_values(&self, others: usize) -> Step {
        let limit = self.limits().max_stack;
        match self.stack.len() + self.slots.len() + others > limit {
            true => Err(Trap::StackLimit(limit)),
            false => Ok(()),
        }
    }
}

/// Runs the parts of a fused op one by one; for what its fast path declines.
fn run_parts(vm: &mut VM, linked: &Arc<Linked>, op: Op) -> Step {
    let is_loop = op.target().is_none();
    op.with_expansion(|parts| {
        let mut i = 0;
        let mut paid = true;
        while let Some(&part) = parts.get(i) {
            debug_assert!(!part.info().flags.has(Flags::FUSED));
            if !std::mem::take(&mut paid) {
                vm.charge(1)?;
            }
            i += 1;
            match part {
                Op::Jump(to) if is_loop => i = to,
                Op::JumpIfFalse(to) if is_loop => {
                    if !vm.take_one("JumpIfFalse")?.to_bool() {
                        i = to;
                    }
                }
                part => step(vm, linked, part)?,
            }
        }
        Ok(())
    })
}
