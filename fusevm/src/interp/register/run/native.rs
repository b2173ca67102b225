//! Where the interpreter meets machine code: it notices what is hot, enters what is compiled, and goes on
//! where that was left.

use super::direct::Direct;
use super::{Landing, Passes, Rec, Run};
use crate::ext::{Allocate, Around, Failure};
use crate::interp::ext::panicked;
use crate::interp::register::ext::Ran;
use crate::interp::{FrameKind, Turn};
use crate::jit::{
    At, CalleeAt, Exited, Host, Invoked, Jit, Kept, Key, Open, Places, Scene, Why, stack_floor,
    ways,
};
use crate::lower::{Code, Form, Ins, WINDOW};
use crate::semantics::{Operands, Trap};
use crate::value::Value;
use crate::vm::{Callee, Linked, Savepoint, VM, this_thread};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Instructions that are looked at after an assumption has failed.
const AFTER_EXIT: u32 = 40;

/// The VM while machine code runs.
pub(super) struct Native<'a, 'l> {
    vm: &'a mut VM,
    linked: &'l Arc<Linked>,
    /// The program, as the VM counts.
    program: u32,
    form: Form,
    run: Running<'a, 'l>,
    /// What is left to do, if anything is.
    outcome: Option<Box<Outcome>>,
    /// If somebody may have the whole VM while machine code runs.
    lent: Option<Box<Lent<'l>>>,
}

/// What there is to know where somebody may have the whole VM.
struct Lent<'l> {
    /// The machine code that runs, and the calls that could be opened when it was entered.
    kept: Kept,
    left: usize,
    /// By which the VM is known again.
    flag: Arc<AtomicBool>,
    /// Where the run was before calls were opened of which it was told, and what was open then.
    told: Option<Told<'l>>,
    open: Vec<Open>,
    /// What stands for registers when they are gone: machine code writes there what it has, on its way out.
    lost: Vec<Value>,
}

/// The run that machine code is in.
enum Running<'a, 'l> {
    Run(&'a mut Run<'l>),
    /// A call by the host that nobody was told of; and the run it became when somebody was.
    Unopened(&'l Direct),
    Opened(Box<Run<'l>>, Savepoint),
}

/// What machine code has left for the interpreter to do.
#[derive(Default)]
pub(super) struct Outcome {
    /// Exits that were taken, innermost first, with the windows of their units.
    left: Vec<(Exited, usize)>,
    /// The instruction that comes next in the innermost frame, where an exit does not know it.
    resume: Option<u32>,
    trap: Option<Trap>,
    /// How far behind the instruction of the exit it was that trapped.
    behind: u32,
    /// What the interpreter has said already: of an instruction that it has run, behind which machine code does not go on.
    said: Option<Result<bool, Trap>>,
}

impl<'a, 'l> Native<'a, 'l> {
    fn new(run: &'a mut Run<'l>, vm: &'a mut VM) -> Self {
        Native {
            vm,
            linked: run.linked,
            program: run.program,
            form: run.form,
            run: Running::Run(run),
            outcome: None,
            lent: None,
        }
    }

    /// That of a call that nobody was told of.
    #[inline(always)]
    pub(super) fn unopened(direct: &'l Direct, vm: &'a mut VM) -> Self {
        Native {
            vm,
            linked: &direct.linked,
            program: direct.program,
            form: direct.form,
            run: Running::Unopened(direct),
            outcome: None,
            lent: None,
        }
    }

    /// The run, opened now if it was not, and the VM.
    fn open(&mut self) -> Option<(&mut Run<'l>, &mut VM)> {
        self.forget_told();
        if let Running::Unopened(direct) = self.run {
            let (run, point) = direct.open(self.vm)?;
            self.run = Running::Opened(Box::new(run), point);
        }
        match &mut self.run {
            Running::Run(run) => Some((run, self.vm)),
            Running::Opened(run, _) => Some((run, self.vm)),
            Running::Unopened(_) => None,
        }
    }

    /// The run forgets what it was told of calls, unless it goes on from there.
    fn forget_told(&mut self) {
        let told = (self.lent.as_mut()).and_then(|lent| lent.told.take());
        let (Some(told), Running::Run(run)) = (told, &mut self.run) else {
            return;
        };
        if (self.outcome.as_ref()).is_none_or(|outcome| outcome.said.is_none()) {
            told.forget(run, self.vm);
        }
        if let Some(jit) = self.vm.jit.as_mut() {
            jit.forget_links();
        }
    }

    /// Whether nobody was told of the run.
    #[inline(always)]
    pub(super) fn is_untold(&self) -> bool {
        matches!(self.run, Running::Unopened(_))
    }

    /// Where machine code is left: what it has paid for from afar is given back.
    pub(super) fn near(&mut self) {
        self.vm.slice_near();
    }

    /// What is to be done, and the run that was opened.
    #[inline(always)]
    pub(super) fn ended(self) -> (Outcome, Option<(Box<Run<'l>>, Savepoint)>) {
        let opened = match self.run {
            Running::Opened(run, point) => Some((run, point)),
            Running::Run(_) | Running::Unopened(_) => None,
        };
        let outcome = self.outcome.map(|outcome| *outcome);
        (outcome.unwrap_or_default(), opened)
    }

    fn outcome(&mut self) -> &mut Outcome {
        self.outcome.get_or_insert_default()
    }
}

/// Whether code is that of a main program.
fn is_main(linked: &Linked, code: &Code) -> bool {
    code.unit as usize >= linked.chunk().functions().len()
}

impl<'l> Run<'l> {
    fn key(&self, code: &Code) -> Key {
        Key {
            program: self.serial,
            unit: code.unit,
            form: code.form.index() as u8,
        }
    }

    /// Code comes to run: where everything is compiled, it may be entered everywhere.
    pub(super) fn comes(&self, vm: &mut VM, code: &Code) {
        if vm.jit_config().everywhere && !code.was_hooked() {
            let (key, main) = (self.key(code), is_main(self.linked, code));
            if let Some(jit) = vm.jit() {
                code.hook_all(&jit.all((key, code), main, &self.linked.ops));
            }
        }
    }

    /// The instruction before the current place is hot: sees what it works on, and has it compiled.
    #[cold]
    #[inline(never)]
    pub(super) fn sample(&mut self, vm: &mut VM) {
        let defined = vm.defined;
        let Some(jit) = vm.jit() else { return };
        // What has become ready may be what this waits for.
        jit.renew(defined);
        self.passes = Passes::No;
        let ip = self.place.1 - 1;
        let mut code = self.code;
        let mut at = ip;
        if let Ins::Call { function, .. } = code.plain[ip]
            && let Some(&Some(callee)) = self.targets.get(function as usize)
        {
            (code, at) = (callee, 0);
        }
        let main = is_main(self.linked, code);
        let key = self.key(code);
        let mut hot = jit.hot((key, code, at), main, &self.linked.ops);
        if hot.is_none() {
            code = self.code;
            let (key, main) = (self.key(code), is_main(self.linked, code));
            hot = jit.hot((key, code, ip), main, &self.linked.ops);
        }
        if let Some(hot) = hot {
            let observed = jit.config.observed;
            let fresh = jit.is_unseen(self.key(code));
            code.hook(hot);
            if self.observing == 0 && fresh {
                self.observing = observed;
            }
        }
    }

    /// Runs instructions one at a time, and takes note of what they work on; whether control goes on here.
    #[cold]
    #[inline(never)]
    pub(super) fn observe(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        while self.observing > 0 {
            self.observing -= 1;
            let (place, code, calls) = (self.place, self.code, self.calls.len());
            let (window, ip) = place;
            let key = self.key(code);
            let linked = self.linked;
            let VM {
                registers,
                globals,
                jit,
                ..
            } = &mut *vm;
            let global = |name: u16| globals.get(linked.symbol(name)).cloned().flatten();
            let Some(jit) = jit.as_mut() else { break };
            let profile = jit.profile(key);
            profile.note_before(code, ip, &registers[window..], global);
            self.place.1 += 1;
            if !self.one(vm, false)? {
                return Ok(false);
            }
            if self.patience < 0 {
                // As everywhere, it is before the next instruction, which may be the first one, that somebody interrupts.
                self.place.1 += 1;
                self.poll(vm)?;
                self.place.1 -= 1;
            }
            let after = &vm.registers[self.place.0..];
            let Some(jit) = vm.jit.as_mut() else { break };
            if std::ptr::eq(self.code, code) && self.place.0 == window && self.place != place {
                jit.profile(key).note_after(code, ip, after);
            } else if self.calls.len() < calls
                && let Some(before) = self.place.1.checked_sub(1)
                && let Ins::Call { a, .. } | Ins::Ext { a, .. } = self.code.plain[before]
            {
                let key = self.key(self.code);
                let value = &after[usize::from(a)];
                jit.profile(key).note_result(self.code, before, value);
            }
        }
        Ok(true)
    }

    /// Machine code may be entered before the instruction before the current place: whether it was, and
    /// whether control goes on here then.
    #[cold]
    #[inline(never)]
    pub(super) fn native(&mut self, vm: &mut VM) -> Result<Option<bool>, Trap> {
        let (code, ip) = (self.code, (self.place.1 - 1) as u32);
        let key = self.key(code);
        let defined = vm.defined;
        let window = self.place.0;
        let Some(mut jit) = vm.jit.take() else {
            vm.jit();
            return Ok(None);
        };
        jit.renew(defined);
        let linked = self.linked;
        let found = {
            let this = &*self;
            let vm = &*vm;
            let scene = Scene {
                program: &|| linked.clone(),
                ops: &linked.ops,
                functions: linked.chunk().functions().len(),
                is_bound: &|function| this.is_bound(vm, function),
                known: vm.code().all_known(self.program),
                salt: vm.heap().salt(),
            };
            let callee = match this.calls.last() {
                Some(rec) if this.calls.len() > this.known && rec.landing.invoked().is_some() => {
                    vm.callees.last()
                }
                _other => None,
            };
            let callee = callee.and_then(|callee| match callee {
                Value::Obj(handle) => Some(*handle),
                _other => None,
            });
            let below = window.checked_sub(1).map(|below| &vm.registers[below]);
            jit.version(
                (key, code, ip),
                &vm.registers[window..],
                (callee, below),
                &scene,
            )
        };
        let version = match found {
            Ok(Some(version)) => version,
            Ok(None) => {
                self.passes = match (jit.is_making(), jit.has_code()) {
                    (false, _) => Passes::No,
                    (true, true) => Passes::Once,
                    (true, false) => Passes::All,
                };
                if self.observing == 0 && jit.wants_profile(key) {
                    self.observing = jit.config.observed;
                }
                vm.jit = Some(jit);
                return Ok(None);
            }
            Err(()) => {
                code.unhook(ip);
                vm.jit = Some(jit);
                return Ok(None);
            }
        };
        let mut untold = self.calls.len() > self.known;
        if jit.is_short(version) && !is_main(linked, code) && jit.may_begin(key) {
            // What comes before the loop and after it is worth as much.
            code.hook(0);
        }
        if !jit.is_loop(version) && !untold {
            // What it was called through, the VM alone knows.
            let frame = vm.frames.last().map(|frame| frame.kind);
            if !matches!(frame, Some(FrameKind::Call { .. })) || jit.looks_at_callee(version) {
                vm.jit = Some(jit);
                return Ok(None);
            }
        }
        let left = (self.known + self.depth_left).saturating_sub(self.calls.len());
        let door = jit.begin(version);
        let kept = jit.keep(version);
        let left = jit.open_links(version, left);
        let floor = jit.floor(this_thread(), stack_floor);
        vm.jit = Some(jit);
        self.place.1 = ip as usize + 1;
        let lent = kept.as_ref().map(|kept| Lent {
            kept: kept.clone(),
            left,
            flag: vm.interrupt_flag().clone(),
            told: None,
            open: Vec::new(),
            lost: Vec::new(),
        });
        let mut native = Native::new(self, vm);
        native.lent = lent.map(Box::new);
        let done = door.enter(&mut native, (window, left), floor);
        native.near();
        native.forget_told();
        let (outcome, _) = native.ended();
        if let Some(jit) = vm.jit.as_mut()
            && kept.as_ref().is_none_or(|kept| jit.is(kept))
        {
            jit.end();
            if kept.is_some() {
                jit.close_links();
            }
        }
        // Somebody may have been told in the meantime.
        untold &= self.calls.len() > self.known;
        if done && !untold {
            self.note_direct(vm, version);
        }
        self.after(vm, (done, untold), outcome).map(Some)
    }

    /// Machine code has come to its end, or was left; the VM may not know of the call it was entered for. Whether
    /// control goes on here.
    pub(super) fn after(
        &mut self,
        vm: &mut VM,
        (done, untold): (bool, bool),
        outcome: Outcome,
    ) -> Result<bool, Trap> {
        if let Some(said) = outcome.said {
            return said;
        }
        match (done, untold) {
            (true, true) => return self.returned(vm),
            (true, false) => return self.ended(vm),
            (false, _) => {}
        }
        self.go_on(vm, &outcome.left, outcome.resume, outcome.trap.is_some());
        if let Some(trap) = outcome.trap {
            self.place.1 += outcome.behind as usize;
            if let Ins::Return { .. } = self.code.plain[self.place.1 - 1] {
                // What else was there has failed when it was dropped: nobody gets the result, which goes without a word.
                let result = std::mem::take(&mut vm.registers[self.place.0]);
                let _ = crate::interp::unwound(|| {
                    drop(result);
                    Ok(())
                });
            }
            return Err(trap);
        }
        if self.observing == 0
            && let Some(Ins::Enter) = self.code.table().get(self.place.1)
        {
            // What machine code could not do, the interpreter does before it is entered again; what is looked at is not
            // entered anyway.
            self.place.1 += 1;
            return self.one(vm, true);
        }
        Ok(true)
    }

    /// The function has left its result where its window begins.
    fn returned(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        let window = self.place.0;
        let value = std::mem::take(&mut vm.registers[window]);
        if let Some(rec) = self.calls.pop() {
            match rec.landing {
                Landing::Register(to) => {
                    vm.registers[rec.window + usize::from(to)] = value;
                    vm.callees.pop();
                }
                Landing::Window => vm.registers[window] = value,
                Landing::Nowhere => {}
            }
            (self.place, self.code) = ((rec.window, rec.ip as usize), rec.code);
        }
        Ok(true)
    }

    /// The same for a function whose frame the VM knows of.
    fn ended(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        let window = self.place.0;
        self.tell(vm);
        let value = std::mem::take(&mut vm.registers[window]);
        vm.free_registers(window);
        self.go_back(vm, Some(value), 0)
    }

    /// Makes up for the calls that machine code has opened: exits of its units, outermost first, and the windows of those;
    /// perhaps behind one that is known. They come behind `at` calls: those that the VM was told of before and that are
    /// the same stay. The place is then that of the innermost exit.
    fn open_calls(
        &mut self,
        vm: &mut VM,
        mut at: usize,
        known: Option<(Exited, usize)>,
        left: impl Iterator<Item = (Exited, usize)>,
    ) {
        let (form, linked) = (self.code.form, self.linked);
        let code_of = |unit: u32| -> Option<&'l Code> {
            let (_, code) = linked.units().get(unit as usize)?.made(form)?;
            Some(code)
        };
        let mut wanted = None;
        let site = |vm: &VM, exited| vm.jit.as_ref().and_then(|jit| jit.site(exited));
        if let Some((exited, window)) = known
            && let Some((unit, frame)) = site(vm, exited)
        {
            self.code = code_of(unit).unwrap_or(self.code);
            self.place = (window + usize::from(frame.window), frame.ip as usize);
            wanted = Some((frame.want, frame.invoked));
        }
        for (exited, below) in left {
            let mut number = 0;
            let frame = |vm: &VM, n| vm.jit.as_ref().and_then(|jit| jit.frame(exited, n));
            while let Some((unit, frame)) = frame(vm, number) {
                if let Some((want, invoked)) = wanted {
                    self.open_one(vm, at, unit, want, invoked);
                    self.code = code_of(unit).unwrap_or(self.code);
                    at += 1;
                }
                self.place.0 = below + usize::from(frame.window);
                self.place.1 = frame.ip as usize;
                wanted = Some((frame.want, frame.invoked));
                number += 1;
            }
        }
        self.cut(vm, at);
    }

    /// Opens a call of that function from the place, behind `at` others, unless it is there.
    fn open_one(
        &mut self,
        vm: &mut VM,
        at: usize,
        function: u32,
        want: bool,
        invoked: Option<Invoked>,
    ) {
        let callee = invoked.map(|invoked| match invoked.callee {
            Some(callee) => Value::Obj(callee),
            None => vm.registers[self.place.0 + usize::from(invoked.result)].clone(),
        });
        let rec = Rec {
            code: self.code,
            window: self.place.0,
            ip: self.place.1 as u32,
            function,
            landing: match invoked {
                Some(invoked) => Landing::Register(invoked.result),
                None => Landing::of_call(want),
            },
        };
        if at < self.known && self.calls[at].is(&rec) {
            let frame = &vm.frames[vm.frames.len() - (self.known - at)];
            match (&callee, &frame.callee) {
                (None, _) => return,
                (Some(Value::Obj(new)), Value::Obj(old)) if new == old => return,
                _other => {}
            }
        }
        self.cut(vm, at);
        vm.callees.extend(callee);
        self.calls.push(rec);
    }

    /// Forgets all calls but so many.
    fn cut(&mut self, vm: &mut VM, calls: usize) {
        if self.calls.len() <= calls {
            return;
        }
        let told = self.known.saturating_sub(calls);
        vm.frames.truncate(vm.frames.len() - told);
        vm.depth -= told;
        self.known -= told;
        self.depth_left += told;
        // What the others were called through, the VM has apart.
        let others = self.calls[calls.max(self.known)..].iter().skip(told);
        let callees = others.filter(|rec| rec.landing.invoked().is_some()).count();
        vm.callees.truncate(vm.callees.len() - callees);
        self.calls.truncate(calls);
        self.set_most();
    }

    /// Goes on where machine code was left: makes up for the calls that it has opened.
    fn go_on(&mut self, vm: &mut VM, left: &[(Exited, usize)], resume: Option<u32>, trapped: bool) {
        self.open_calls(vm, self.calls.len(), None, left.iter().rev().copied());
        let form = self.code.form;
        let Some(jit) = vm.jit.as_mut() else { return };
        let (mut why, mut gone) = (Why::Planned, false);
        if let Some((exited, _)) = left.first() {
            why = jit.why(*exited);
            if matches!(why, Why::Kind | Why::Range | Why::Slow | Why::Op(_)) && !trapped {
                gone = jit.count(*exited);
                self.observing = AFTER_EXIT;
            }
        }
        if let Some(ip) = resume {
            self.place.1 = ip as usize;
        }
        if gone && matches!(why, Why::Range | Why::Slow) {
            let key = self.key(self.code);
            let (code, ip) = (self.code, self.place.1);
            if let Some(jit) = vm.jit.as_mut()
                && ip < code.plain.len()
            {
                jit.profile(key).note_odd(code, ip, why == Why::Slow);
            }
        }
        if trapped {
            // What trapped is the instruction before.
            self.place.1 += 1;
        }
        if why == Why::Limit && !form.metered {
            // Somebody may want to interrupt.
            self.patience = -1;
        }
        vm.make_window(self.place.0, WINDOW);
        self.set_most();
    }

    /// Runs the instruction before the current place, if that asks for no frames; whether it did.
    fn quiet(&mut self, vm: &mut VM) -> Result<bool, Trap> {
        let ins = self.code.plain[self.place.1 - 1];
        if let Ins::Ext {
            a,
            n,
            locals,
            import,
            known,
        } = ins
        {
            let Some(op) = self.linked.ops.get(usize::from(import)) else {
                return Ok(false);
            };
            let window = self.place.0;
            let first = window + usize::from(a);
            if self.at_hand(vm, op, (first, n)) {
                return Ok(true);
            }
            if op.asks_for_frames() {
                return Ok(false);
            }
            if let (Ok(a), Ok(n)) = (u8::try_from(a), u8::try_from(n))
                && op.outputs.access.is_some()
                && self.known(vm, (a, n), known)
            {
                return Ok(true);
            }
            vm.free_register = window + usize::from(self.code.registers);
            let site = (self.linked, self.pc(), self.place.1);
            let held = match self.through {
                CalleeAt::Nothing | CalleeAt::Entry => None,
                CalleeAt::Is(handle) => Some(Value::Obj(handle)),
                CalleeAt::Below => window.checked_sub(1).map(|at| vm.registers[at].clone()),
            };
            let (callees, callee) = (
                vm.callees.len(),
                match (self.through, &held) {
                    (CalleeAt::Entry, _) => self.callee(),
                    (_, Some(_)) => Callee::Held,
                    (_, None) => Callee::Nothing,
                },
            );
            vm.callees.extend(held);
            let ran = vm.run_ext(site, (a, n, locals), window, callee);
            vm.callees.truncate(callees);
            let ran = ran?;
            debug_assert!(matches!(ran, Ran::On(..)));
            if let Ran::On(_, Some(news)) = ran {
                vm.code_mut().learn(self.program, known, news);
            }
            return Ok(true);
        }
        if let Ins::Base { a, n: 2, .. } = ins {
            return self.of_two(vm, a);
        }
        if let Ins::LoopStart { .. } = ins {
            return self.turn(vm, ins).map(|()| true);
        }
        if ins.is_text() && self.text(vm) {
            return Ok(true);
        }
        self.declined = false;
        self.is_quiet = true;
        let ran = self.step(vm);
        self.is_quiet = false;
        let coerces = self.linked.chunk().policy.operands == Operands::Coerce;
        if self.declined && coerces && !self.form.operators {
            // On other kinds than numbers, and no business of the language's.
            return self.coerced(vm);
        }
        ran.map(|_| !self.declined)
    }
}

impl Host for Native<'_, '_> {
    fn places(&mut self, now: &mut Places) {
        let vm = &mut *self.vm;
        let most = (vm.registers.len().saturating_sub(WINDOW)).min(vm.limits.max_stack);
        now.registers = match &mut self.lent {
            Some(lent) if !lent.lost.is_empty() => lent.lost.as_mut_ptr(),
            _there => vm.registers.as_mut_ptr(),
        };
        now.globals = vm.globals.as_mut_ptr();
        now.room = most * size_of::<Value>();
        now.most = vm.limits.max_array_len;
        now.most_bytes = vm.limits.max_string_len;
        now.most_keys = vm.limits.max_hash_len;
        now.slice = vm.slice;
        now.flag = vm.interrupt_flag().as_ptr().cast();
        now.links = match vm.jit.as_mut() {
            Some(jit) => jit.links(),
            None => std::ptr::null_mut(),
        };
        (now.tables, now.salt) = match vm.jit.as_mut() {
            Some(jit) => jit.shapes(&vm.heap),
            None => (std::ptr::null(), 0),
        };
    }

    fn around(&mut self) -> Around<'_> {
        self.vm.around(self.linked, self.program)
    }

    fn collect(&mut self, exit: Exited, window: usize) -> bool {
        let Some((code, frame)) = self.site(exit) else {
            return false;
        };
        // A collection looks at all registers up to the last frame's.
        let window = window + usize::from(frame.window);
        self.vm.free_register = window + usize::from(code.registers);
        crate::interp::unwound(|| self.vm.collect_if_due()).is_ok()
    }

    fn allocate(&mut self, allocate: Allocate) -> Result<Value, Trap> {
        crate::interp::unwound(|| allocate(&mut self.vm.heap))
    }

    fn spent(&mut self, slice: u64) {
        self.vm.slice = slice;
    }

    fn failed(&mut self, exit: Exited, failure: Failure) {
        let why = self.vm.jit.as_ref().map(|jit| jit.reason(exit));
        // A pure op may have run where it is not called at all, and fails again where it is.
        let Some(Why::Op(behind)) = why else {
            return;
        };
        let trap = match failure {
            Failure::Declined | Failure::Due | Failure::Late(_) => return,
            Failure::Trap(trap) => *trap,
            Failure::Panic(payload) => {
                self.lose_memory(exit, behind);
                panicked(payload.as_ref())
            }
        };
        self.trapped(trap, behind);
    }

    fn widen(&mut self, window: usize) -> bool {
        if window > self.vm.limits.max_stack {
            return false;
        }
        self.vm.make_window(window, WINDOW);
        true
    }

    fn left(&mut self, exit: Exited, window: usize) {
        self.outcome().left.push((exit, window));
    }

    fn step(&mut self, exit: Exited, window: usize, count: usize) -> bool {
        let Some((code, frame)) = self.site(exit) else {
            return false;
        };
        let Some((run, vm)) = self.open() else {
            return false;
        };
        let (place, was) = (run.place, run.code);
        let begin = frame.ip as usize;
        let end = begin + count;
        run.code = code;
        run.through = frame.callee;
        run.text_end = end;
        let mut at = begin;
        let mut ok = true;
        let window = window + usize::from(frame.window);
        let mut trapped = None;
        while at < end {
            run.place = (window, at + 1);
            match crate::interp::unwound(|| run.quiet(vm)) {
                Ok(true) => {
                    at = run.place.1;
                }
                Ok(false) => {
                    ok = false;
                    break;
                }
                Err(trap) => {
                    at = run.place.1 - 1;
                    trapped = Some(trap);
                    ok = false;
                    break;
                }
            }
        }
        run.text_end = usize::MAX;
        run.place = place;
        run.code = was;
        if !ok {
            let outcome = self.outcome();
            (outcome.resume, outcome.trap) = (Some(at as u32), trapped);
        }
        ok
    }

    fn turn(&mut self) -> Option<(bool, [Option<Value>; 2])> {
        match crate::interp::unwound(|| Ok(Turn::of(&mut self.vm.blocks))) {
            Ok(Turn::Element(first, second)) => Some((false, [Some(first), second])),
            Ok(Turn::End(result)) => Some((true, [result, None])),
            Err(trap) => {
                self.outcome().trap = Some(trap);
                None
            }
        }
    }

    fn answer(&mut self, left: Value) -> bool {
        let Some(block) = self.vm.blocks.last_mut() else {
            return true;
        };
        let ran = crate::interp::unwound(|| {
            block.answer(left);
            Ok(())
        });
        ran.map_err(|trap| self.outcome().trap = Some(trap)).is_ok()
    }

    fn out(
        &mut self,
        exit: Exited,
        (window, left): (usize, usize),
        alone: Option<usize>,
    ) -> Option<bool> {
        let (Running::Run(run), Some(lent)) = (&mut self.run, self.lent.as_deref_mut()) else {
            return None;
        };
        let vm = &mut *self.vm;
        let told = lent.told.get_or_insert_with(|| Told::of(run));
        match alone {
            // Mostly no call is open.
            Some(ip) if left == lent.left => {
                told.forget(run, vm);
                run.place.1 = ip;
            }
            _calls => tell_open(
                run,
                vm,
                told,
                (exit, window),
                (left, lent.left),
                &mut lent.open,
            ),
        }
        let ip = run.place.1;
        run.place.1 = ip + 1;
        let before = (run.place.0, run.calls.len(), vm.changed);
        let ran = match run.code.plain[ip] {
            Ins::Builtin { a, argc, id } => {
                run.tell(vm);
                let (from, pc) = (run.place.0 + usize::from(a), run.pc());
                crate::interp::unwound(|| vm.run_builtin(id, (from, argc), pc, |_vm| from))
                    .map(|()| true)
            }
            _op => crate::interp::unwound(|| {
                let goes_on = run.one(vm, false)?;
                if !goes_on || run.place.1 != ip {
                    return Ok(goes_on);
                }
                // What stood where its result goes was dropped first.
                run.place.1 = ip + 1;
                run.one(vm, false)
            }),
        };
        if let Ok(true) = ran
            && let Some(jit) = vm.jit.as_ref()
            && jit.is(&lent.kept)
            && (run.place.0, run.calls.len(), vm.changed) == before
            && (run.place.1 == ip + 1 || ways(ip, run.code.plain[ip]).0 == Some(run.place.1))
        {
            return Some(run.place.1 != ip + 1);
        }
        // What a builtin may have set is looked at as behind one that the interpreter runs.
        let said = ran.and_then(|goes_on| Ok(goes_on && !run.handled(vm)?));
        let is_same = Arc::ptr_eq(&lent.flag, vm.interrupt_flag());
        let end = before.0 + WINDOW;
        if !is_same || vm.registers.len() < end {
            lent.lost.resize(end, Value::Undef);
        }
        self.outcome().said = Some(said);
        None
    }

    fn set_field(&mut self, object: &Value, field: usize, value: Value) -> bool {
        let Value::Obj(handle) = *object else {
            return false;
        };
        let heap = &mut self.vm.heap;
        crate::interp::unwound(|| Ok(heap.set_field_of(handle, field, value))).unwrap_or(false)
    }

    fn make(&mut self, exit: Exited, window: usize, maker: u32) -> (u32, u64) {
        if self.vm.heap.is_due() && !self.collect(exit, window) {
            return (0, 0);
        }
        let VM { jit, heap, .. } = &mut *self.vm;
        let Some(maker) = (jit.as_ref()).and_then(|jit| jit.maker(exit.version, maker)) else {
            return (0, 0);
        };
        let mut parts = (0, 0);
        // Where there is none, the interpreter finds out why.
        let _ended = crate::interp::unwound(|| {
            parts = maker.parts(heap);
            Ok(())
        });
        parts
    }

    fn pay(&mut self, cost: u64) -> bool {
        // An interrupt is left to the interpreter.
        match self.vm.prepay_far(cost) {
            Ok(paid) => paid,
            Err(trap) => {
                self.outcome().trap = Some(trap);
                false
            }
        }
    }

    fn panicked(&mut self, payload: Box<dyn Any + Send>, behind: u32) {
        self.trapped(panicked(payload.as_ref()), behind);
    }
}

/// Where a run was before it was told of calls that machine code has opened.
struct Told<'l> {
    code: &'l Code,
    place: (usize, usize),
    calls: usize,
}

impl<'l> Told<'l> {
    fn of(run: &Run<'l>) -> Self {
        Told {
            code: run.code,
            place: run.place,
            calls: run.calls.len(),
        }
    }

    /// The run is there again.
    fn forget(&self, run: &mut Run<'l>, vm: &mut VM) {
        run.cut(vm, self.calls);
        (run.code, run.place) = (self.code, self.place);
    }
}

/// Tells a run of the calls that are open in machine code: up from a unit that is at that exit, whose window begins at
/// that register, and in which so many calls are left, to what was entered with `most`.
fn tell_open<'l>(
    run: &mut Run<'l>,
    vm: &mut VM,
    told: &Told<'l>,
    unit: (Exited, usize),
    (left, most): (usize, usize),
    open: &mut Vec<Open>,
) {
    (run.code, run.place) = (told.code, told.place);
    if left == most {
        return run.open_calls(vm, told.calls, None, std::iter::once(unit));
    }
    let Some(jit) = vm.jit.as_ref() else { return };
    jit.open_calls(unit, (left, most), open);
    // What the VM knows it is not told again.
    let (known, news) = match open.split_last() {
        Some((known, news)) if let Some(calls) = known.told => (Some((known, calls)), news),
        _other => (None, &open[..]),
    };
    let at = known.map_or(told.calls, |(_, calls)| calls);
    let known = known.map(|(known, _)| (known.exit, known.window));
    let news = news.iter().rev().map(|one| (one.exit, one.window));
    run.open_calls(vm, at, known, news);
    let calls = run.calls.len();
    if let Some(jit) = vm.jit.as_mut() {
        jit.tell_links(open, calls);
    }
}

impl<'l> Native<'_, 'l> {
    /// The code of the innermost frame of an exit, and that frame.
    fn site(&self, exit: Exited) -> Option<(&'l Code, At)> {
        let (unit, frame) = self.vm.jit.as_ref()?.site(exit)?;
        let units = self.linked.units();
        let (_, code) = units.get(unit as usize)?.made(self.form)?;
        Some((code, frame))
    }

    /// The instruction so many behind that of the exit has trapped.
    fn trapped(&mut self, trap: Trap, behind: u32) {
        let outcome = self.outcome();
        (outcome.trap, outcome.behind) = (Some(trap), behind);
    }

    /// An op has panicked: nobody knows in what state the memory of its place is, if it keeps one.
    fn lose_memory(&mut self, exit: Exited, behind: u32) {
        let meta = (self.site(exit))
            .and_then(|(code, frame)| code.meta.get(frame.ip as usize + behind as usize));
        let Some(pc) = meta.map(|meta| meta.pc as usize) else {
            return;
        };
        let chunk = self.linked.chunk();
        let op = chunk.ops.get(pc).and_then(|op| chunk.immediates(*op));
        let op = op.and_then(|(import, _)| self.linked.ops.get(usize::from(import)));
        if op.is_some_and(|op| op.cache) {
            let place = self.linked.place(pc);
            self.vm.code_mut().put_place(self.program, place, None);
        }
    }
}

impl VM {
    /// The machine code of the VM, made if there may be any.
    fn jit(&mut self) -> Option<&mut Jit> {
        if self.jit.is_none() && !self.jit_failed && self.jit_config().enabled {
            self.jit = Jit::new(self.jit_config().clone()).map(Box::new);
            self.jit_failed = self.jit.is_none();
        }
        self.jit.as_deref_mut()
    }
}
