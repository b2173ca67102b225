//! The loop.

mod calls;
mod counted;
#[cfg(all(feature = "jit", unix))]
mod direct;
mod ext;
mod fast;
mod known;
#[cfg(all(feature = "jit", unix))]
mod native;
mod step;
mod text;
mod wide;

#[cfg(all(feature = "jit", unix))]
pub(crate) use direct::Directs;

use super::Code;
use crate::interp::{Step, unwound};
use crate::lower::{Form, Ins};
use crate::op::Opcode;
use crate::semantics::{Trap, array};
use crate::value::Value;
use crate::vm::{Linked, VM};
use std::sync::Arc;

/// Instructions between two looks at the interrupt flag, about, where fuel is not counted: those that
/// backward jumps go back over, and those of functions that are called.
const PATIENCE: i64 = 16_384;

impl VM {
    /// Runs the top frame, which is in registers, and what it calls, until a frame is on top that is
    /// not, or the frame at index `floor` has ended. `at` follows the pc where that is asked for.
    pub(in crate::interp) fn run_registers(
        &mut self,
        linked: &Arc<Linked>,
        floor: usize,
        at: &mut usize,
    ) -> Step {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let program = frame.code;
        let Some(code) = self.frames.last().and_then(|frame| linked.running(frame)) else {
            return Err(Trap::Load("the code of the frame is gone".into()));
        };
        let window = self.frames.last().map_or(0, |frame| frame.window);
        let place = (window, self.resume(code));
        let mut run = Run::new(self, (linked, code, program), floor, place);
        if run.handled(self)? {
            return Ok(());
        }
        #[cfg(all(feature = "jit", unix))]
        run.comes(self, code);
        let ended = unwound(|| run.begin(self).and_then(|()| run.go(self)));
        run.conclude(self, ended, at)
    }
}

/// What runs.
struct Run<'l> {
    linked: &'l Arc<Linked>,
    code: &'l Code,
    /// The program, as the VM counts.
    program: u32,
    /// Its number, which no other program of the VM ever has.
    #[cfg(all(feature = "jit", unix))]
    serial: u64,
    floor: usize,
    /// The window of the running function, and its next instruction.
    place: (usize, usize),
    /// Instructions that may still pass before the interrupt flag is looked at.
    patience: i64,
    form: Form,
    /// Whether `==` of the language is that of values, where not both are numbers.
    equality: bool,
    calls: Vec<Rec<'l>>,
    /// How many of them have frames of the VM.
    known: usize,
    /// The code of functions of the program that are the VM's functions of their names, by number, as far
    /// as they were called; so it is until a function is defined.
    targets: Vec<Option<&'l Code>>,
    /// The code of functions that ext ops asked to call, by number.
    made: Vec<Option<&'l Code>>,
    /// What `VM::defined` was then.
    defined: u64,
    /// What came of a builtin that the loop was left for: whether control goes on here.
    left: Option<Result<bool, Trap>>,
    /// Calls that may be opened before the limit.
    depth_left: usize,
    /// How many calls there may be, with the room there is for them.
    most: usize,
    /// Instructions that are still looked at one by one.
    #[cfg(all(feature = "jit", unix))]
    observing: u32,
    /// Whether places where machine code may be entered are passed by, because it is still being made.
    #[cfg(all(feature = "jit", unix))]
    passes: Passes,
    /// Whether only instructions that ask for no frames may run, and whether the last one did.
    #[cfg(all(feature = "jit", unix))]
    is_quiet: bool,
    #[cfg(all(feature = "jit", unix))]
    declined: bool,
    /// Through what the function was called whose instructions machine code has run.
    #[cfg(all(feature = "jit", unix))]
    through: crate::jit::CalleeAt,
    /// Where instructions on texts in a row have to end.
    #[cfg(all(feature = "jit", unix))]
    text_end: usize,
}

/// A call that the loop has made: how its caller goes on. The VM hears of it when somebody may ask.
struct Rec<'l> {
    code: &'l Code,
    window: usize,
    ip: u32,
    /// The function that was called.
    function: u32,
    landing: Landing,
}

#[cfg(all(feature = "jit", unix))]
impl Rec<'_> {
    /// Whether it is the same call.
    fn is(&self, other: &Rec<'_>) -> bool {
        std::ptr::eq(self.code, other.code)
            && (self.window, self.ip) == (other.window, other.ip)
            && (self.function, self.landing) == (other.function, other.landing)
    }
}

/// Where the result of a call goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Landing {
    /// The caller does not want it.
    Nowhere,
    /// Where the callee's window begins.
    Window,
    /// To that register of the caller, for a call that an ext op asked for. The value it was called through is
    /// among the VM's callees.
    Register(u16),
}

impl Landing {
    /// That of a call by the program, which wants the result or not.
    #[inline(always)]
    fn of_call(want: bool) -> Landing {
        match want {
            true => Landing::Window,
            false => Landing::Nowhere,
        }
    }

    /// The register for what an ext op has called.
    #[inline(always)]
    fn invoked(self) -> Option<u16> {
        match self {
            Landing::Register(d) => Some(d),
            Landing::Nowhere | Landing::Window => None,
        }
    }
}

impl<'l> Run<'l> {
    /// Code of a program that runs above the frame at index `floor`, at that window and instruction.
    #[inline(always)]
    fn new(
        vm: &VM,
        (linked, code, program): (&'l Arc<Linked>, &'l Code, u32),
        floor: usize,
        place: (usize, usize),
    ) -> Run<'l> {
        Run {
            linked,
            code,
            program,
            #[cfg(all(feature = "jit", unix))]
            serial: vm.code().serial(program),
            floor,
            place,
            patience: PATIENCE.min(vm_patience(vm)),
            form: code.form,
            equality: linked.operator(Opcode::NumEq).is_some_and(|op| op.equality),
            calls: Vec::new(),
            targets: Vec::new(),
            made: Vec::new(),
            defined: vm.defined,
            known: 0,
            left: None,
            depth_left: vm.limits.max_call_depth.saturating_sub(vm.depth),
            most: 0,
            #[cfg(all(feature = "jit", unix))]
            observing: 0,
            #[cfg(all(feature = "jit", unix))]
            passes: Passes::No,
            #[cfg(all(feature = "jit", unix))]
            declined: false,
            #[cfg(all(feature = "jit", unix))]
            is_quiet: false,
            #[cfg(all(feature = "jit", unix))]
            through: crate::jit::CalleeAt::Entry,
            #[cfg(all(feature = "jit", unix))]
            text_end: usize::MAX,
        }
    }

    /// What came of it, told to the VM; where it traps, `at` becomes the pc of that.
    fn conclude(&mut self, vm: &mut VM, ended: Step, at: &mut usize) -> Step {
        #[cfg(all(feature = "jit", unix))]
        {
            vm.patience = self.patience.max(0);
        }
        ended.inspect_err(|_| {
            self.tell(vm);
            if let Ins::Builtin { .. } = self.code.plain[self.place.1 - 1] {
                // What the handler is to blame for beside its panic.
                vm.handler_trap = None;
            }
            let meta = self.code.meta[self.place.1 - 1];
            *at = meta.pc as usize;
            vm.refund(meta.refund.into());
        })
    }

    /// Looks at the interrupt flag before the first instruction: where frames come and go, no run may be
    /// long enough to do so later.
    fn begin(&mut self, vm: &mut VM) -> Step {
        self.place.1 += 1;
        self.poll(vm)?;
        self.place.1 -= 1;
        // What ran before counts: else nothing would be hot that the host calls again and again.
        #[cfg(all(feature = "jit", unix))]
        if vm.jit_config().enabled {
            self.patience = self.patience.min(vm.patience) - self.code.ins.len() as i64;
        }
        Ok(())
    }

    fn go(&mut self, vm: &mut VM) -> Step {
        if vm.tally.is_some() {
            return self.go_counted(vm);
        }
        loop {
            #[cfg(all(feature = "jit", unix))]
            if self.observing > 0 && !self.observe(vm)? {
                return Ok(());
            }
            match self.code.ins[self.place.1] {
                Ins::Wide if self.wide(vm) => self.place.1 += 1,
                Ins::Wide => continue,
                _narrow => self.fast(vm),
            }
            if let Some(outcome) = self.left.take() {
                if !outcome? {
                    return Ok(());
                }
                self.renew(vm);
                continue;
            }
            #[cfg(all(feature = "jit", unix))]
            if self.passes == Passes::Once {
                self.passes = Passes::No;
            }
            if self.patience < 0 {
                self.poll(vm)?;
                #[cfg(all(feature = "jit", unix))]
                self.sample(vm);
                // Nothing of it has run.
                self.place.1 -= 1;
                continue;
            }
            #[cfg(all(feature = "jit", unix))]
            if let Ins::Enter = self.code.table()[self.place.1 - 1] {
                match self.native(vm)? {
                    Some(true) => continue,
                    Some(false) => return Ok(()),
                    None => {}
                }
            }
            if !self.one(vm, true)? {
                return Ok(());
            }
        }
    }

    /// Runs the instruction before the current place, which the loop has left, with those behind it that
    /// are on `texts` too; whether control goes on here.
    #[inline(always)]
    fn one(&mut self, vm: &mut VM, texts: bool) -> Result<bool, Trap> {
        let place = self.place.1;
        let goes_on = match self.code.plain[place - 1] {
            Ins::Ext {
                a,
                n,
                locals,
                import,
                known,
            } => self.ext(vm, (a, n, locals), (import, known))?,
            Ins::Builtin { a, argc, id } => self.builtin(vm, (a, argc, id))?,
            ins if texts && ins.is_text() && self.text(vm) => true,
            _other => self.step(vm)?,
        };
        // Where it has gone back, that much may come again. After a call or a return the two places have
        // nothing to do with each other, and the flag is looked at a little sooner.
        self.patience -= 1 + place.saturating_sub(self.place.1) as i64;
        self.renew(vm);
        Ok(goes_on)
    }

    /// Forgets which functions names stand for, where some were defined.
    #[inline(always)]
    fn renew(&mut self, vm: &VM) {
        if vm.defined != self.defined {
            self.targets.clear();
            self.defined = vm.defined;
        }
    }
}

/// How long places where machine code may be entered are passed by: to leave the loop for nothing each time
/// would cost more than most of what it runs.
#[cfg(all(feature = "jit", unix))]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    No,
    /// Until the loop is left for whatever reason, or control comes to another function.
    Once,
    /// Until the next look at what is hot: there is no machine code at all.
    All,
}

/// Where the second operand of an op of numbers is.
#[derive(Clone, Copy)]
enum Src {
    Reg(u16),
    Int(i32),
    None,
}

/// Element of a container by index: what `SlotArrayGet` means.
#[inline(always)]
fn element(cell: &Value, index: &Value) -> Value {
    let Value::Array(items) = cell else {
        return Value::Undef;
    };
    let index = match index {
        Value::Int(n) => *n,
        other => other.to_int(),
    };
    match usize::try_from(index) {
        Ok(at) => items.get(at).unwrap_or_default(),
        Err(_) => array::from_the_end(items, index),
    }
}

/// Instructions between two looks at what is hot.
#[cfg(all(feature = "jit", unix))]
fn vm_patience(vm: &VM) -> i64 {
    match vm.jit_config().enabled {
        true => vm.jit_config().threshold.into(),
        false => PATIENCE,
    }
}

#[cfg(not(all(feature = "jit", unix)))]
fn vm_patience(_vm: &VM) -> i64 {
    PATIENCE
}
