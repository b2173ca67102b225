//! Calls by the host that open no frame.
//!
//! Where a function was entered in machine code, and came to its end there, the next call enters it at once:
//! its arguments go into registers, and its result comes out of one. What a run has beside that nobody sees
//! as long as machine code asks for nothing that does, and does not leave for the interpreter. Where it does,
//! the run is opened then, and from there on is what it would have been from the start.

use super::Run;
use super::native::{Native, Outcome};
use crate::interp::register::{SMALL_STACK, is_plain};
use crate::interp::{Frame, FrameKind, unwound};
use crate::jit::{ANY, stack_floor, tag};
use crate::lower::{Form, WINDOW};
use crate::semantics::Trap;
use crate::value::{Str, Value};
use crate::vm::{Callable, Error, Linked, Savepoint, VM, this_thread};
use std::mem::{forget, replace};
use std::sync::Arc;

/// Functions that a VM can call so at a time.
const SOME: usize = 4;

/// Functions that can be called without a frame, newest first.
#[derive(Default)]
pub(crate) struct Directs([Option<Box<Direct>>; SOME]);

/// A function that was entered in machine code, with what that has to do with.
pub(super) struct Direct {
    pub(super) linked: Arc<Linked>,
    /// The program, as the VM counts, and its number that no other has.
    pub(super) program: u32,
    serial: u64,
    function: u32,
    /// What values that hold it say of the program.
    identity: usize,
    /// Its name, if it is what that stands for.
    name: Option<Str>,
    /// What `VM::changed` was.
    changed: u64,
    pub(super) form: Form,
    /// Tags of its arguments, [`ANY`] for any.
    tags: Box<[u8]>,
    /// How many registers it has, and how many of them are slots.
    registers: u16,
    slots: u16,
    version: usize,
    /// Whether it leaves nothing in them that is to be dropped.
    leaves_plain: bool,
    /// The state of the machine code of the VM.
    stamp: u64,
}

impl Direct {
    /// Whether it is what somebody calls.
    #[inline]
    fn is(&self, callee: &impl Callable) -> bool {
        if let Some(function) = callee.as_func() {
            return (function.index(), function.identity()) == (self.function, self.identity);
        }
        match (callee.as_name(), &self.name) {
            (Some(wanted), Some(name)) => name.as_str() == wanted,
            _other => false,
        }
    }

    /// Opens the run of a call that is in machine code, with the frame.
    #[cold]
    pub(super) fn open(&self, vm: &mut VM) -> Option<(Run<'_>, Savepoint)> {
        let linked = &self.linked;
        let unit = linked.units().get(self.function as usize)?;
        let (_, code) = unit.made(self.form)?;
        // What the call has taken does not stay when the run ends.
        let registers = std::mem::take(&mut vm.free_register);
        let point = vm.open_run();
        vm.free_register = registers;
        let kind = FrameKind::Call {
            function: self.function,
            want: true,
        };
        vm.depth += 1;
        vm.frames.push(Frame {
            return_pc: vm.pc,
            end: linked.chunk().ops.len(),
            callee: (linked.function(self.function as usize)).map_or(Value::Undef, Value::Func),
            ip: 0,
            form: self.form,
            ..Frame::new(kind, self.program, 0, 0)
        });
        vm.reload = true;
        let mut run = Run::new(vm, (linked, code, self.program), point.frames, (0, 1));
        run.set_most();
        Some((run, point))
    }
}

impl Run<'_> {
    /// A function was entered that the host has called, and came to its end: the next call may do without a frame.
    pub(super) fn note_direct(&self, vm: &mut VM, version: usize) {
        let Some(FrameKind::Call { function, .. }) = vm.frames.last().map(|frame| frame.kind)
        else {
            return;
        };
        let limits = &vm.limits;
        let usual = limits.max_call_depth > 0 && limits.max_stack >= SMALL_STACK;
        if vm.frames.len() > 1 || !usual || vm.tally.is_some() {
            return;
        }
        let Some(jit) = &vm.jit else { return };
        if jit.calls_out(version) {
            return;
        }
        let (stamp, leaves_plain) = (jit.stamp(), jit.leaves_plain(version));
        let tags = jit.tags(version, self.code.argc);
        let code = self.code;
        let new = Box::new(Direct {
            linked: self.linked.clone(),
            program: self.program,
            serial: self.serial,
            function,
            identity: self.linked.origin().identity(),
            name: (self.linked.function_name(function))
                .filter(|_| self.is_bound(vm, function as usize))
                .cloned(),
            changed: vm.changed,
            form: self.form,
            tags,
            registers: code.registers,
            slots: code.slots[0].1,
            version,
            leaves_plain,
            stamp,
        });
        let same = |old: &Option<Box<Direct>>| {
            (old.as_ref()).is_none_or(|old| (old.serial, old.function) == (self.serial, function))
        };
        let all = &mut vm.directs.0;
        // The one that is there for the longest goes.
        let at = all.iter().position(same).unwrap_or(SOME - 1);
        all[..=at].rotate_right(1);
        all[0] = Some(new);
    }
}

impl VM {
    /// Finds a function that can be called without a frame now, with these arguments.
    #[inline]
    pub(crate) fn find_direct(&self, callee: &impl Callable, args: &[Value]) -> Option<usize> {
        let is = |direct: &Option<Box<Direct>>| matches!(direct, Some(direct) if direct.is(callee));
        let at = self.directs.0.iter().position(is)?;
        self.may_enter(at, args).then_some(at)
    }

    /// Whether nothing of the VM is other than it was when that one was entered, or was open.
    fn may_enter(&self, at: usize, args: &[Value]) -> bool {
        let Some(direct) = &self.directs.0[at] else {
            return false;
        };
        let idle = self.frames.is_empty() && self.stack.is_empty() && self.slots.is_empty();
        let same = direct.changed == self.changed
            && direct.serial == self.code().serial(direct.program)
            && self.registers.len() >= WINDOW;
        let jit = self.jit.as_ref();
        let mut pairs = direct.tags.iter().zip(args);
        idle && same
            && args.len() == direct.tags.len()
            && pairs.all(|(wanted, arg)| [ANY, tag(arg)].contains(wanted))
            && !self.is_interrupted()
            && jit.is_some_and(|jit| jit.is_as_it_was(direct.stamp))
    }

    /// Calls a function that was found: its result.
    pub(crate) fn call_direct(&mut self, at: usize, args: &[Value]) -> Result<Value, Error> {
        // It comes back if nothing has changed in the meantime.
        let (Some(direct), Some(jit)) = (self.directs.0[at].take(), &mut self.jit) else {
            return Err(is_gone());
        };
        let door = jit.begin_direct(direct.version);
        let floor = jit.floor(this_thread(), stack_floor);
        let (registers, slots) = (usize::from(direct.registers), usize::from(direct.slots));
        let (arguments, others) = self.registers[..slots].split_at_mut(args.len());
        for (register, arg) in arguments.iter_mut().zip(args) {
            // Kind and number are read as they were written, one by one.
            match *arg {
                Value::Int(n) if is_plain(register) => {
                    forget(replace(register, Value::Int(n)));
                }
                Value::Float(f) if is_plain(register) => {
                    forget(replace(register, Value::Float(f)));
                }
                _ => register.clone_from(arg),
            }
        }
        for register in others {
            *register = Value::Undef;
        }
        self.free_register = registers;
        if direct.form.metered {
            self.slice_far();
        }
        let left = self.limits.max_call_depth - 1;
        let told = {
            let mut native = Native::unopened(&direct, self);
            let done = door.enter(&mut native, (0, left), floor);
            if direct.form.metered {
                native.near();
            }
            match done && native.is_untold() {
                true => None,
                false => Some((done, native.ended())),
            }
        };
        let Some((done, (outcome, opened))) = told else {
            if (direct.leaves_plain || self.registers[1..registers].iter().all(is_plain))
                && let Some(jit) = &mut self.jit
            {
                jit.end();
                self.free_register = 0;
                self.directs.0[at] = Some(direct);
                if let Err(error) = self.ended_direct() {
                    self.registers[0] = Value::Undef;
                    return Err(error);
                }
                return Ok(std::mem::take(&mut self.registers[0]));
            }
            return self.finish_direct(&direct, None, (true, Outcome::default()));
        };
        self.finish_direct(&direct, opened, (done, outcome))
    }

    /// Goes on with a call that is not over, or of which somebody was told: its result.
    #[cold]
    #[inline(never)]
    fn finish_direct<'l>(
        &mut self,
        direct: &'l Direct,
        opened: Option<(Box<Run<'l>>, Savepoint)>,
        (done, outcome): (bool, Outcome),
    ) -> Result<Value, Error> {
        let opened =
            opened.or_else(|| direct.open(self).map(|(run, point)| (Box::new(run), point)));
        let Some((mut run, point)) = opened else {
            return Err(is_gone());
        };
        let mut at = self.pc;
        let ended = unwound(|| match run.after(self, (done, false), outcome)? {
            true => run.go(self),
            false => Ok(()),
        });
        let ended = run.conclude(self, ended, &mut at);
        drop(run);
        let ran = match ended {
            Ok(()) => self.execute(point.frames),
            Err(trap) => Err(Error::trap(trap, self.trace(at, point.frames))),
        };
        let result = ran.is_ok().then(|| self.stack.pop()).flatten();
        self.leave(point, ran)?;
        self.settle();
        Ok(result.unwrap_or_default())
    }

    /// A call has ended of which nobody was told.
    #[inline]
    fn ended_direct(&mut self) -> Result<(), Error> {
        let ended = self.ended_outermost();
        if !self.code().is_alone() {
            self.settle();
        }
        ended
    }
}

/// There is no such code, of which somebody has just said that it was there.
#[cold]
fn is_gone() -> Error {
    Error::trap(
        Trap::Load("the code of the function is gone".into()),
        Vec::new(),
    )
}
