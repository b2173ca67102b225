//! The register interpreter: runs what `lower` makes, and leaves to the base interpreter what it does
//! not cover.
//!
//! A frame has a window of registers; that of a callee begins where the caller has put the arguments.
//! Fast paths (`run`) look at the kinds of their operands and write in place; everything else runs as
//! the base interpreter runs the op, on copies of the operands (`slow`), so that no meaning is here.
//! Frames of both interpreters lie on one stack: where another frame comes on top that is not run
//! here, or is left, control goes back to [`VM::execute`], which looks who goes on. A frame that was
//! left for another goes on at its next instruction, after what the other has left on the stack has
//! been put where the instruction before wants it.

mod ext;
mod run;
mod slow;
mod tally;

#[cfg(all(feature = "jit", unix))]
pub(crate) use run::Directs;
pub(crate) use tally::Tally;

use super::frame::{IN_BASE, NOT_BEGUN};
use super::{Frame, FrameKind, Step};
use crate::lower::{Code, Exit, Form, Inner, Opnd, WINDOW};
use crate::semantics::array;
use crate::value::{Str, Value};
use crate::vm::{Linked, VM};

/// A stack of less values than that is counted value by value, which only the base interpreter does.
const SMALL_STACK: usize = 4096;

/// Registers that an idle VM keeps: a function and a few calls below it need no more.
const IDLE: usize = WINDOW + 64;

impl VM {
    /// Begins the top frame, of which nothing has run: in registers if there is such code.
    pub(super) fn begin(&mut self, linked: &Linked) {
        let begun = self.begin_in_registers(linked);
        if let (None, Some(frame)) = (begun, self.frames.last_mut()) {
            frame.ip = IN_BASE;
        }
    }

    fn begin_in_registers(&mut self, linked: &Linked) -> Option<()> {
        // Without optimisation the loop's native frame is large, and nested runs have one each.
        let nested = cfg!(debug_assertions) && self.reentry > 1;
        if !self.lowering() || nested || self.limits.max_stack < SMALL_STACK {
            return None;
        }
        let frame = self.frames.last()?;
        let (argc, base) = (self.stack.len() - frame.base, frame.base);
        let form = self.form(linked);
        let code = self.code_of(linked, frame.kind, argc as u8, form)?;
        let window = self.free_register;
        if !self.fits(code, window) {
            return None;
        }
        self.make_window(window, code.registers.into());
        let args = self.stack[base..].iter_mut();
        for (register, arg) in self.registers[window..].iter_mut().zip(args) {
            // Kind and number are read as they were written, one by one.
            match *arg {
                Value::Int(n) if is_plain(register) => {
                    std::mem::forget(std::mem::replace(register, Value::Int(n)));
                }
                Value::Float(f) if is_plain(register) => {
                    std::mem::forget(std::mem::replace(register, Value::Float(f)));
                }
                _ => *register = std::mem::take(arg),
            }
        }
        self.stack.truncate(base);
        self.open_window(window, code, argc);
        let frame = self.frames.last_mut()?;
        (frame.window, frame.ip, frame.form) = (window, 0, form);
        Some(())
    }

    /// The register form of what a frame of that kind runs.
    #[inline]
    fn code_of<'l>(
        &self,
        linked: &'l Linked,
        kind: FrameKind,
        argc: u8,
        form: Form,
    ) -> Option<&'l Code> {
        let program = linked.lowered()?;
        let function = match kind {
            FrameKind::Root => None,
            FrameKind::Call { function, .. } => Some(function),
            FrameKind::Scope | FrameKind::Block | FrameKind::CalledBlock | FrameKind::Unit => {
                return None;
            }
        };
        program.code(function, argc, form)
    }

    /// The form of code that runs now.
    fn form(&self, linked: &Linked) -> Form {
        Form {
            metered: self.metered(),
            operators: linked.has_operators(),
            fused: self.fusion(),
            folded: linked.folds(),
        }
    }

    /// Whether the registers of a frame fit into the limit. A narrow one may go beyond with its last few.
    /// Wide ones leave half of it to frames in the base interpreter, which take as much as they use.
    fn fits(&self, code: &Code, window: usize) -> bool {
        let registers = window + usize::from(code.registers);
        !code.is_wide() || self.check_values(2 * registers).is_ok()
    }

    /// Sees to it that a whole window is there, and as many registers as are asked for. Where there is
    /// none, calls are checked against the limit; so there are not more of them than it allows.
    fn make_window(&mut self, window: usize, registers: usize) {
        let needed = window + registers.max(WINDOW);
        if self.registers.len() < needed {
            let most = self.limits.max_stack.saturating_add(WINDOW);
            let len = most.min(2 * self.registers.len()).max(needed);
            self.registers.resize_with(len, Value::default);
        }
    }

    /// Gives back the registers that a deep run has taken, after it: an idle VM keeps a window and a little more.
    #[inline]
    pub(crate) fn shrink_registers(&mut self) {
        if self.registers.len() > IDLE {
            self.cut_registers();
        }
    }

    #[cold]
    fn cut_registers(&mut self) {
        self.registers.truncate(IDLE);
        self.registers.shrink_to(IDLE);
    }

    /// Takes the registers of a frame that begins with `argc` arguments in its window.
    fn open_window(&mut self, window: usize, code: &Code, argc: usize) {
        let (_, slots) = code.slots[0];
        for register in &mut self.registers[window..][..slots.into()][argc..] {
            *register = Value::Undef;
        }
        self.free_register = window + usize::from(code.registers);
    }

    /// Gives the registers from `from` on back.
    pub(crate) fn free_registers(&mut self, from: usize) {
        let end = self.free_register.min(self.registers.len());
        if let Some(freed) = self.registers.get_mut(from..end) {
            freed.iter_mut().for_each(forget);
        }
        self.free_register = from;
    }

    /// Ends the top frame, whose registers are clean, with a value for whom it concerns.
    fn end_program(&mut self, value: Option<Value>) -> Step {
        if let Some(frame) = self.frames.last() {
            self.free_register = frame.window;
        }
        self.leave_function(value)
    }

    /// Sets an element of the array in a register, which is slot `s`.
    fn set_element(
        &mut self,
        linked: &Linked,
        cell: usize,
        (index, value): (i64, Value),
        s: u16,
    ) -> Step {
        let (rules, registers) = self.register_cells(linked.chunk().policy);
        array::array_set(&rules, &mut registers[cell], Value::Int(index), value)
            .map_err(|trap| trap.named(&Str::from(format!("slot {s}"))))
    }

    /// The top frame, which has `code`, goes on in the base interpreter.
    fn leave_registers(&mut self, code: &Code, exit: &Exit) -> Step {
        let Some(at) = self.frames.len().checked_sub(1) else {
            return Ok(());
        };
        let (window, base, slots) = {
            let frame = &mut self.frames[at];
            frame.ip = IN_BASE;
            (frame.window, frame.base, frame.slots)
        };
        let register = |r: u16| window + usize::from(r);
        for p in 0..exit.settled {
            let value = std::mem::take(&mut self.registers[register(code.base + p)]);
            self.stack.push(value);
        }
        for (p, opnd) in (exit.settled..).zip(&exit.stack) {
            let value = match *opnd {
                Opnd::Temp => std::mem::take(&mut self.registers[register(code.base + p)]),
                Opnd::Reg(r) => self.registers[register(r)].clone(),
                Opnd::Int(n) => Value::Int(n.into()),
                Opnd::Const(k) => code.constants[k as usize].clone(),
                Opnd::Undef => Value::Undef,
                Opnd::Bool(is) => Value::Bool(is),
            };
            self.stack.push(value);
        }
        let slots_of = |vm: &mut Self, depth: usize| {
            let (first, n) = code.slots[depth];
            for r in first..first + n {
                let value = std::mem::take(&mut vm.registers[register(r)]);
                vm.slots.push(value);
            }
        };
        slots_of(self, 0);
        let (program, mut end) = (self.frames[at].code, self.frames[at].end);
        let (mut depth, mut from) = (0, slots);
        for inner in &exit.inner {
            let (kind, height, return_pc) = match *inner {
                Inner::Scope { height } => {
                    from = self.slots.len();
                    (FrameKind::Scope, height, 0)
                }
                Inner::Block {
                    height,
                    return_pc,
                    end: of_block,
                } => {
                    end = of_block as usize;
                    (FrameKind::Block, height, return_pc as usize)
                }
            };
            self.frames.push(Frame {
                return_pc,
                end,
                ..Frame::new(kind, program, base + height as usize, from)
            });
            if kind == FrameKind::Scope {
                depth += 1;
                slots_of(self, depth);
            }
        }
        self.pc = exit.pc as usize;
        self.free_registers(window);
        Ok(())
    }

    /// Whether the top frame is not the base interpreter's, now.
    pub(super) fn top_is_elsewhere(&mut self) -> bool {
        match self.frames.last_mut() {
            Some(frame) if frame.ip == NOT_BEGUN && !self.lowering => {
                frame.ip = IN_BASE;
                false
            }
            Some(frame) => frame.ip != IN_BASE,
            None => false,
        }
    }
}

/// Drops what a register holds if that is shared with others; numbers may stay.
#[inline]
fn forget(register: &mut Value) {
    if !is_plain(register) {
        *register = Value::Undef;
    }
}

/// Whether nothing happens when a value is dropped.
#[inline]
fn is_plain(value: &Value) -> bool {
    matches!(
        value,
        Value::Undef
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Status(_)
            | Value::Ref(_)
            | Value::NativeFn(_)
            | Value::Obj(_)
    )
}
