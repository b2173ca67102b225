//! Frames: calls, scopes and blocks, all on one stack.

use super::Step;
use crate::lower::Form;
use crate::semantics::Trap;
use crate::value::Value;
use crate::vm::{VM, cut};

/// One activation on the VM's frame stack.
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    /// The program whose ops it runs.
    pub(crate) code: u32,
    /// Where the frame below goes on.
    pub(crate) return_pc: usize,
    /// Pc that ends it.
    pub(crate) end: usize,
    /// Its bottom on the operand stack.
    pub(crate) base: usize,
    /// Where its slots start. Blocks share those of the frame below.
    pub(crate) slots: usize,
    /// The value through which it was called.
    pub(crate) callee: Value,
    /// Where its registers start, if it has any.
    pub(crate) window: usize,
    /// The next instruction of its code; [`IN_BASE`] or [`NOT_BEGUN`] if it has none.
    pub(crate) ip: u32,
    /// What its code was made for.
    pub(crate) form: Form,
}

/// The base interpreter runs the frame.
pub(crate) const IN_BASE: u32 = u32::MAX;
/// Nothing of the frame has run yet, so that it may still run in registers.
pub(crate) const NOT_BEGUN: u32 = u32::MAX - 1;

/// What a frame is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// The main program of a run.
    Root,
    /// A function; `want` says whether the caller waits for a value.
    Call { function: u32, want: bool },
    /// A scope, from `PushFrame`.
    Scope,
    /// A block that runs for each element; its state is the top of `VM::blocks`.
    Block,
    /// A block that an ext op runs.
    CalledBlock,
    /// A block of a shell op; what happens at its end is the top of the shell state.
    Unit,
}

impl Frame {
    /// One of nothing, to be written over.
    pub(crate) const NOTHING: Frame = Frame {
        kind: FrameKind::Root,
        code: 0,
        return_pc: 0,
        end: 0,
        base: 0,
        slots: 0,
        callee: Value::Undef,
        window: 0,
        ip: IN_BASE,
        form: Form {
            metered: false,
            operators: false,
            fused: false,
            folded: false,
        },
    };

    pub(crate) fn new(kind: FrameKind, code: u32, base: usize, slots: usize) -> Self {
        Self {
            kind,
            code,
            base,
            slots,
            ..Self::NOTHING
        }
    }

    /// Whether it runs in registers.
    pub(crate) fn in_registers(&self) -> bool {
        self.ip < NOT_BEGUN
    }
}

impl VM {
    /// The running frame. There always is one while ops run.
    pub(super) fn frame(&self) -> Result<&Frame, Trap> {
        self.frames
            .last()
            .ok_or_else(|| Trap::Load("no code is running".into()))
    }

    /// Opens a frame of the running program above the running one, which goes on at the current pc.
    pub(super) fn push_frame(&mut self, kind: FrameKind, base: usize, slots: usize) -> Step {
        let frame = self.frame()?;
        let (code, end) = (frame.code, frame.end);
        self.frames.push(Frame {
            return_pc: self.pc,
            end,
            ..Frame::new(kind, code, base, slots)
        });
        self.reload = true;
        Ok(())
    }

    /// Drops the top frame with what it has on the stack and, unless it shares them, its slots.
    pub(super) fn drop_frame(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        cut(&mut self.stack, frame.base);
        match frame.kind {
            FrameKind::Block => {
                self.blocks.pop();
            }
            FrameKind::CalledBlock => {}
            FrameKind::Root | FrameKind::Call { .. } | FrameKind::Scope | FrameKind::Unit => {
                cut(&mut self.slots, frame.slots);
            }
        }
        if let FrameKind::Call { .. } = frame.kind {
            self.depth -= 1;
        }
        self.reload = true;
        Some(frame)
    }

    /// Closes the innermost scope.
    pub(super) fn close_scope(&mut self) -> Step {
        match self.frames.last().map(|f| f.kind) {
            Some(FrameKind::Scope) => {
                self.drop_frame();
                Ok(())
            }
            _ => Err(Trap::Load("no scope is open".into())),
        }
    }

    /// Leaves the function, the program or the ext op's block that is running, with all scopes and
    /// blocks opened in it.
    pub(super) fn leave_function(&mut self, value: Option<Value>) -> Step {
        while let Some(frame) = self.drop_frame() {
            match frame.kind {
                FrameKind::Scope | FrameKind::Block => {}
                FrameKind::Call { want, .. } => {
                    self.pc = frame.return_pc;
                    match value {
                        _ if !want => {}
                        // Kind and number are read as they were written, one by one.
                        Some(Value::Int(n)) => self.stack.extend((0..1).map(|_| Value::Int(n))),
                        Some(Value::Float(f)) => self.stack.extend((0..1).map(|_| Value::Float(f))),
                        value => self.stack.push(value.unwrap_or_default()),
                    }
                    return Ok(());
                }
                FrameKind::Root | FrameKind::CalledBlock => {
                    self.pc = frame.return_pc;
                    self.result = value;
                    return Ok(());
                }
                FrameKind::Unit => {
                    self.pc = frame.return_pc;
                    return super::shell::unit_ended(self);
                }
            }
        }
        Ok(())
    }

    /// Pc of the op that runs the block the top frame is of.
    pub(super) fn piece_op(&self) -> Option<usize> {
        let frame = self.frames.last()?;
        match frame.kind {
            FrameKind::Block | FrameKind::Unit => frame.return_pc.checked_sub(1),
            _ => None,
        }
    }

    /// The pc is at the end of the top frame's code.
    pub(super) fn end_piece(&mut self) -> Step {
        let mut top = self.frames.len();
        while top > 0 && self.frames[top - 1].kind == FrameKind::Scope {
            top -= 1;
        }
        let Some(frame) = top.checked_sub(1).map(|top| &self.frames[top]) else {
            return Ok(());
        };
        match frame.kind {
            FrameKind::Root | FrameKind::CalledBlock => {
                let value = match self.stack.len() > frame.base {
                    true => self.stack.pop(),
                    false => None,
                };
                self.leave_function(value)
            }
            FrameKind::Unit => self.leave_function(None),
            FrameKind::Block if top == self.frames.len() => super::higher::block_ended(self),
            FrameKind::Block => Err(Trap::Load("a block ended with a scope open".into())),
            FrameKind::Call { .. } => Err(Trap::Load(
                "control ran off the end of the chunk in a function".into(),
            )),
            FrameKind::Scope => Ok(()),
        }
    }

    /// Ends the top frame, a block that has run for all elements, with its result.
    pub(super) fn leave_block(&mut self, result: Option<Value>) {
        if let Some(frame) = self.drop_frame() {
            self.pc = frame.return_pc;
            self.stack.extend(result);
        }
    }
}
