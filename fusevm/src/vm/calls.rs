//! Running and calling from outside, and from handlers.

use super::load::site;
use super::state::{FunctionRef, cut};
use super::{Error, Loadable, Program, Savepoint, Site, Source, VM, VMResult};
use crate::ext::Invoke;
use crate::interp::{Frame, FrameKind, IN_BASE, NOT_BEGUN, unwound};
use crate::semantics::Trap;
use crate::value::{Func, Str, Value};
use crate::verify::Unit;
use crate::verify::flow::BlockUse;
use std::io::Write;
use std::mem::forget;

/// Sites of a call chain that are kept at each of its ends.
const TRACE_END: usize = 32;

/// Places for values that an idle VM keeps on its stack, and as many for slots.
const IDLE_VALUES: usize = 32;

/// Places for frames that it keeps.
const IDLE_FRAMES: usize = 8;

/// Places for frames and for values that the first run of a VM begins with.
const SOME_PLACES: usize = 4;

/// What can be called: a function by value, by name, a value that holds a function, or the call that
/// an op would have the VM make: so a language's own callables are called from Rust as well.
pub trait Callable {
    /// Finds the function, the value through which it is called, and argument 0 if there is one
    /// before the others.
    ///
    /// # Errors
    /// A trap when there is none.
    fn find(&self, vm: &VM) -> Result<Invoke, Trap>;

    /// The function, if it is one by itself, called through itself and without an argument 0 of its own: nobody has
    /// to find it then.
    fn as_func(&self) -> Option<&Func> {
        None
    }

    /// The name, if it is the function of that name.
    fn as_name(&self) -> Option<&str> {
        None
    }
}

impl Callable for Func {
    fn as_func(&self) -> Option<&Func> {
        Some(self)
    }

    fn find(&self, _: &VM) -> Result<Invoke, Trap> {
        Ok(Invoke::function(self.clone()))
    }
}

impl Callable for Invoke {
    fn find(&self, _: &VM) -> Result<Invoke, Trap> {
        Ok(self.clone())
    }
}

impl Callable for Value {
    fn as_func(&self) -> Option<&Func> {
        match self {
            Value::Func(function) => Some(function),
            _other => None,
        }
    }

    fn find(&self, _: &VM) -> Result<Invoke, Trap> {
        match self {
            Value::Func(function) => Ok(Invoke::function(function.clone())),
            other => Err(Trap::NotCallable(other.kind())),
        }
    }
}

impl Callable for str {
    fn as_name(&self) -> Option<&str> {
        Some(self)
    }

    fn find(&self, vm: &VM) -> Result<Invoke, Trap> {
        (vm.function(self).map(Invoke::function))
            .ok_or_else(|| Trap::UndefinedFunction(Str::from(self)))
    }
}

impl<C: Callable + ?Sized> Callable for &C {
    fn as_func(&self) -> Option<&Func> {
        (**self).as_func()
    }

    fn as_name(&self) -> Option<&str> {
        (**self).as_name()
    }

    fn find(&self, vm: &VM) -> Result<Invoke, Trap> {
        (**self).find(vm)
    }
}

impl VM {
    /// Runs the chunk of [`VM::new`] from op 0, with an empty stack and a fresh frame. Globals stay.
    ///
    /// From a handler it is a run of its own above what is running.
    pub fn run(&mut self) -> VMResult {
        let code = match (self.main, self.pending.take()) {
            (Some(code), _) => code,
            (None, None) => return VMResult::Halted,
            (None, Some(chunk)) => match self.load_code(Source::Chunk(chunk.clone())) {
                Ok(code) => {
                    self.main = Some(code);
                    self.pin_code(code);
                    code
                }
                Err(error) => {
                    self.pending = Some(chunk);
                    return VMResult::Error(error);
                }
            },
        };
        match self.run_code(code) {
            Ok(Some(value)) => VMResult::Ok(value),
            Ok(None) => VMResult::Halted,
            Err(error) => VMResult::Error(error),
        }
    }

    /// Loads a program and runs it: its result, Undef when it leaves none.
    ///
    /// # Errors
    /// Why it does not load, or why it stopped.
    pub fn eval(&mut self, program: impl Loadable) -> Result<Value, Error> {
        let code = self.load_code(program.source())?;
        let result = self.run_code(code);
        self.settle();
        result.map(Option::unwrap_or_default)
    }

    fn run_code(&mut self, code: u32) -> Result<Option<Value>, Error> {
        let point = self.enter()?;
        let (base, slots) = (self.stack.len(), self.slots.len());
        let first = self.code.begins(code);
        let linked = self.code.get(code);
        let end = linked.map_or(0, |l| l.chunk().ops.len());
        let in_base = match linked {
            Some(linked) if self.lazy && first && !self.profiling => linked.origin().is_straight(),
            _again => false,
        };
        self.frames.push(Frame {
            end,
            ip: if in_base { IN_BASE } else { NOT_BEGUN },
            ..Frame::new(FrameKind::Root, code, base, slots)
        });
        self.pc = 0;
        self.result = None;
        let ran = self.execute(point.frames);
        self.leave(point, ran)?;
        Ok(self.result.take())
    }

    /// Calls a function, by value, by name or as an op would: its result, Undef when it returns none.
    ///
    /// # Errors
    /// Why it stopped, or that there is no such function.
    pub fn call(&mut self, callee: impl Callable, args: &[Value]) -> Result<Value, Error> {
        #[cfg(all(feature = "jit", unix))]
        if let Some(found) = self.find_direct(&callee, args) {
            return self.call_direct(found, args);
        }
        let point = self.enter()?;
        let ran = self.call_inner(&callee, args, point);
        let ran = self.leave(point, ran);
        self.settle();
        ran?;
        Ok(self.result.take().unwrap_or_default())
    }

    fn call_inner(
        &mut self,
        callee: &impl Callable,
        args: &[Value],
        point: Savepoint,
    ) -> Result<(), Error> {
        if let Some(function) = callee.as_func() {
            let through = Value::Func(function.clone());
            let entered = self.enter_with((function, through), None, args);
            return self.run_entered(entered, point);
        }
        let ready = |vm: &mut Self| match callee.find(vm)? {
            Invoke::Value(value) => Ok(Some(value)),
            Invoke::ByShape { .. } | Invoke::Make { .. } => Err(Trap::Load(
                "what is to be called is said of the first input of an op, and there is none"
                    .into(),
            )),
            Invoke::Call {
                function,
                callee,
                first,
            } => vm
                .enter_with((&function, callee), first, args)
                .map(|()| None),
        };
        match ready(self) {
            Ok(value @ Some(_)) => {
                self.result = value;
                Ok(())
            }
            entered => self.run_entered(entered.map(drop), point),
        }
    }

    /// Runs the function whose frame was opened, if it was.
    fn run_entered(&mut self, entered: Result<(), Trap>, point: Savepoint) -> Result<(), Error> {
        entered.map_err(|trap| Error::trap(trap, Vec::new()))?;
        self.execute(point.frames)?;
        self.result = self.stack.pop();
        Ok(())
    }

    /// Opens the frame of a function, called through a value and with an argument 0, if there is one, before the others.
    fn enter_with(
        &mut self,
        (function, callee): (&Func, Value),
        first: Option<Value>,
        args: &[Value],
    ) -> Result<(), Trap> {
        let at = self.resolve(function)?;
        let given = args.len() + usize::from(first.is_some());
        let argc = u8::try_from(given).map_err(|_| Trap::WrongArity {
            name: function.name().clone(),
            takes: usize::from(u8::MAX),
            got: given,
        })?;
        self.stack.extend(first);
        self.stack.extend_from_slice(args);
        self.enter_function(at, argc, callee)
    }

    /// Calls from a handler, under the limits of the run it is in.
    pub(crate) fn call_nested(
        &mut self,
        callee: impl Callable,
        args: &[Value],
    ) -> Result<Value, Trap> {
        self.call(callee, args).map_err(nested)
    }

    /// Runs a block of the running frame with `inputs` on its stack.
    pub(crate) fn run_block_nested(&mut self, block: u16, inputs: &[Value]) -> Result<Value, Trap> {
        let Some(frame) = self.frames.last() else {
            return Err(Trap::Load("no code is running".into()));
        };
        let (code, slots) = (frame.code, frame.slots);
        let Some(linked) = self.code.get(code).cloned() else {
            return Err(Trap::Load("the program is no longer loaded".into()));
        };
        let index = usize::from(block);
        let Some(range) = linked.chunk().blocks.get(index).cloned() else {
            return Err(Trap::Load("no such block".into()));
        };
        let count =
            u16::try_from(inputs.len()).map_err(|_| Trap::Load("too many inputs".into()))?;
        let usage = BlockUse::Called(count);
        (linked.verified.ensure(Unit::Block { index, usage }))
            .map_err(|errors| Trap::Load(errors.to_string()))?;
        let point = self.enter().map_err(nested)?;
        let base = self.stack.len();
        self.frames.push(Frame {
            end: range.end,
            ..Frame::new(FrameKind::CalledBlock, code, base, slots)
        });
        self.stack.extend_from_slice(inputs);
        self.pc = range.start;
        self.result = None;
        let ran = self.execute(point.frames);
        // What the block has written is in slots of the frame around it.
        let point = match ran {
            Ok(()) => point.with_slots(self.slots.len()),
            Err(_) => point,
        };
        self.leave(point, ran).map_err(nested)?;
        Ok(self.result.take().unwrap_or_default())
    }

    /// Begins a run above what is running.
    fn enter(&mut self) -> Result<Savepoint, Error> {
        if self.frames.is_empty() {
            cut(&mut self.stack, 0);
            cut(&mut self.slots, 0);
            if self.frames.capacity() == 0 {
                // Every run takes some, and to grow takes longer.
                self.frames = Vec::with_capacity(SOME_PLACES);
                self.stack.reserve(SOME_PLACES);
            }
        } else if self.reentry >= self.limits.max_reentry {
            return Err(Error::trap(
                Trap::ReentryDepth(self.limits.max_reentry),
                Vec::new(),
            ));
        }
        Ok(self.open_run())
    }

    /// Begins a run, of which the caller knows that it may.
    pub(crate) fn open_run(&mut self) -> Savepoint {
        let point = self.savepoint();
        self.reentry += 1;
        self.hold_nothing();
        point
    }

    /// Ends a run: what it has left behind goes, and at the outermost the output is flushed.
    pub(crate) fn leave(&mut self, point: Savepoint, ran: Result<(), Error>) -> Result<(), Error> {
        self.restore(point);
        if !self.frames.is_empty() {
            // A handler gets the result.
            let result = self.result.take();
            result.iter().for_each(|result| self.hold(result));
            self.result = result;
        } else {
            self.shrink();
            return ran.and(self.ended_outermost());
        }
        ran
    }

    /// Nothing runs any more: gives back what was taken for more ops, and flushes the output.
    #[inline]
    pub(crate) fn ended_outermost(&mut self) -> Result<(), Error> {
        self.slice_back();
        self.shrink_registers();
        match self.output.is_dirty() {
            true => self.flush_output(),
            false => Ok(()),
        }
    }

    #[inline(never)]
    fn flush_output(&mut self) -> Result<(), Error> {
        let flushed = unwound(|| self.output.flush().map_err(Trap::Io));
        flushed.map_err(|trap| Error::trap(trap, Vec::new()))
    }

    /// Gives back what a run has taken that a small one does not need, once nothing runs.
    fn shrink(&mut self) {
        self.stack.shrink_to(IDLE_VALUES);
        self.slots.shrink_to(IDLE_VALUES);
        self.held.shrink_to(IDLE_VALUES);
        self.frames.shrink_to(IDLE_FRAMES);
        self.blocks.shrink_to(IDLE_FRAMES);
    }

    /// Where the function of a value is loaded; links its program if this VM has not got it.
    pub(crate) fn resolve(&mut self, function: &Func) -> Result<FunctionRef, Trap> {
        let (identity, index) = (function.identity(), function.index());
        // Most calls stay in the program that runs.
        let running = self.frames.last().map(|frame| frame.code);
        let same = |code: &u32| {
            let linked = self.code.get(*code);
            linked.is_some_and(|linked| linked.origin().identity() == identity)
        };
        let code = match running.filter(same).or_else(|| self.code.find(identity)) {
            Some(code) => code,
            None => {
                let missing = || Trap::UndefinedFunction(function.name().clone());
                let program = function.program().map(Program).ok_or_else(missing)?;
                (self.link_code(program)).map_err(|e| Trap::Load(e.to_string()))?
            }
        };
        Ok(FunctionRef { code, index })
    }

    /// Starts over: no global is set, the last status is 0. Functions, handlers, limits, host and heap
    /// stay, and so do the frames that run when a handler does this.
    pub fn reset(&mut self) {
        self.globals.iter_mut().for_each(|g| *g = None);
        if self.frames.is_empty() {
            self.stack.clear();
            self.slots.clear();
        }
        self.status = 0;
        self.result = None;
        self.shell_state = Default::default();
    }

    /// Pushes onto the stack of the running frame.
    pub fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Pops from the stack of the running frame. Below its bottom there is nothing: the result is
    /// Undef, and the program traps when the handler returns.
    #[inline]
    pub fn pop(&mut self) -> Value {
        // Numbers are read as they were written, kind and number one by one.
        if self.stack.len() > self.bottom
            && let Some(&Value::Int(n)) = self.stack.last()
        {
            forget(self.stack.pop());
            return Value::Int(n);
        }
        self.pop_other()
    }

    /// The same for what is no whole number, or not there.
    #[inline(never)]
    fn pop_other(&mut self) -> Value {
        if self.stack.len() > self.bottom
            && let Some(&Value::Float(f)) = self.stack.last()
        {
            forget(self.stack.pop());
            return Value::Float(f);
        }
        let base = self.frames.last().map_or(0, |f| f.base);
        debug_assert_eq!(self.bottom, base);
        if self.stack.len() > base {
            let value = self.stack.pop().unwrap_or_default();
            if !self.frames.is_empty() {
                self.hold(&value);
            }
            return value;
        }
        self.handler_trap.get_or_insert(Trap::StackUnderflow {
            op: "handler".into(),
            needs: 1,
            holds: 0,
        });
        Value::Undef
    }

    /// The value on top of the stack of the running frame.
    pub fn peek(&self) -> Option<&Value> {
        let base = self.frames.last().map_or(0, |f| f.base);
        self.stack.get(base..).and_then(<[Value]>::last)
    }

    /// The value through which the running function was called; Undef in a main program.
    pub(crate) fn callee(&self) -> Value {
        callee_of(&self.frames).clone()
    }

    /// The call chain of the run above frame `floor`, from the op at `pc` on, innermost first; of a
    /// deep one the two ends.
    pub(crate) fn trace(&self, pc: usize, floor: usize) -> Vec<Site> {
        let frames = self.frames.get(floor..).unwrap_or(&[]);
        let mut sites = Vec::new();
        let mut pc = Some(pc);
        let calls = |f: &Frame| {
            use FrameKind::{Call, CalledBlock, Root, Unit};
            matches!(f.kind, Call { .. } | CalledBlock | Root | Unit)
        };
        let total = frames.iter().filter(|f| calls(f)).count();
        let mut seen = 0;
        for (i, frame) in frames.iter().enumerate().rev() {
            let Some(linked) = self.code.get(frame.code) else {
                continue;
            };
            let at = pc;
            if calls(frame) {
                pc = frame.return_pc.checked_sub(1);
                seen += 1;
                if seen <= TRACE_END || seen + TRACE_END > total {
                    let mut site = site(linked.chunk(), at.unwrap_or(0));
                    if let Some(function) = self.function_of(floor + i) {
                        site.function = linked.function_name(function).cloned();
                    }
                    sites.push(site);
                }
            }
            // Frames of scopes and blocks run ops of the function around them, which is told once.
        }
        sites
    }

    /// The function whose ops the frame at `index` runs; `None` in a main program. A block that an op
    /// runs is in the function around that op.
    pub(super) fn function_of(&self, index: usize) -> Option<u32> {
        for frame in self.frames.get(..=index)?.iter().rev() {
            match frame.kind {
                FrameKind::Call { function, .. } => return Some(function),
                FrameKind::Root | FrameKind::Unit => return None,
                _inside => {}
            }
        }
        None
    }
}

/// The callee of the function whose ops the topmost frame runs: those of scopes and blocks are in the
/// function around them, those of a run of its own in none.
pub(super) fn callee_of(frames: &[Frame]) -> &Value {
    for frame in frames.iter().rev() {
        match frame.kind {
            FrameKind::Call { .. } => return &frame.callee,
            FrameKind::Root | FrameKind::Unit => break,
            FrameKind::Scope | FrameKind::Block | FrameKind::CalledBlock => {}
        }
    }
    &Value::Undef
}

/// An error of a nested run as the trap of the handler that asked for it.
fn nested(error: Error) -> Trap {
    Trap::Host(Box::new(error))
}

impl Drop for VM {
    fn drop(&mut self) {
        let _ = self.output.flush();
    }
}
