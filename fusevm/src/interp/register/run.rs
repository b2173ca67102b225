//! The loop.

use super::{Code, WINDOW, forget};
use crate::interp::{BlockRun, FrameKind, Step, call, unwound};
use crate::lower::Ins;
use crate::op::Opcode;
use crate::semantics::{Trap, array};
use crate::value::Value;
use crate::vm::{Linked, VM};
use std::sync::Arc;

/// Backward jumps and calls between two looks at the interrupt flag, where fuel is not counted.
const PATIENCE: u32 = 4096;

/// The window of a frame.
#[inline(always)]
fn view(registers: &mut [Value], window: usize) -> &mut [Value; WINDOW] {
    // Frames see to it that a whole window is there.
    (&mut registers[window..window + WINDOW])
        .try_into()
        .expect("the window has its length")
}

/// Writes a number where there may be one already: then nothing has to be dropped.
#[inline(always)]
fn put_int(register: &mut Value, n: i64) {
    match register {
        Value::Int(old) => *old = n,
        other => *other = Value::Int(n),
    }
}

#[inline(always)]
fn put_float(register: &mut Value, f: f64) {
    match register {
        Value::Float(old) => *old = f,
        other => *other = Value::Float(f),
    }
}

#[inline(always)]
fn put_bool(register: &mut Value, is: bool) {
    match register {
        Value::Bool(old) => *old = is,
        other => *other = Value::Bool(is),
    }
}

/// What is computed of two numbers at once, if it can be.
#[inline(always)]
fn compare(op: Opcode, a: &Value, b: &Value) -> Option<bool> {
    macro_rules! by {
        ($a:expr, $b:expr) => {
            match op {
                Opcode::NumEq => $a == $b,
                Opcode::NumNe => $a != $b,
                Opcode::NumLt => $a < $b,
                Opcode::NumGt => $a > $b,
                Opcode::NumLe => $a <= $b,
                Opcode::NumGe => $a >= $b,
                _other => return None,
            }
        };
    }
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(by!(a, b)),
        (Value::Float(a), Value::Float(b)) => Some(by!(a, b)),
        _ => None,
    }
}

#[inline(always)]
fn bits(op: Opcode, a: i64, b: i64) -> Option<i64> {
    Some(match op {
        Opcode::BitAnd => a & b,
        Opcode::BitOr => a | b,
        Opcode::BitXor => a ^ b,
        Opcode::Shl => a.wrapping_shl(b as u32 & 63),
        Opcode::Shr => a.wrapping_shr(b as u32 & 63),
        _other => return None,
    })
}

impl VM {
    /// Runs the top frame, which is in registers, and what it calls, until a frame is on top that is
    /// not, or the frame at index `floor` has ended. `at` follows the pc where that is asked for.
    pub(in crate::interp) fn run_registers(&mut self, floor: usize, at: &mut usize) -> Step {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let program = frame.code;
        let Some(linked) = self.code().get(program).cloned() else {
            return Err(Trap::Load("the program is no longer loaded".into()));
        };
        let Some(code) = self.frames.last().and_then(|frame| linked.running(frame)) else {
            return Err(Trap::Load("the code of the frame is gone".into()));
        };
        let mut ip = self.resume(code);
        let mut run = Run {
            linked: &linked,
            code,
            program,
            floor,
            site: 0,
        };
        match unwound(|| run.go(self, &mut ip)) {
            Ok(()) => Ok(()),
            Err(trap) => {
                let meta = run.code.meta[run.site];
                *at = meta.pc as usize;
                self.refund(meta.refund.into());
                Err(trap)
            }
        }
    }
}

/// What runs.
struct Run<'l> {
    linked: &'l Arc<Linked>,
    code: &'l Code,
    /// The program, as the VM counts.
    program: u32,
    floor: usize,
    /// The instruction that may trap.
    site: usize,
}

impl<'l> Run<'l> {
    fn go(&mut self, vm: &mut VM, start: &mut usize) -> Step {
        let mut ip = *start;
        let mut patience = PATIENCE;
        let mut window = vm.frames.last().map_or(0, |frame| frame.window);
        let mut code = self.code;
        let mut win = view(&mut vm.registers, window);
        macro_rules! reload {
            () => {
                win = view(&mut vm.registers, window)
            };
        }
        // Goes on at another instruction; looks at the interrupt flag now and then.
        macro_rules! go_to {
            ($to:expr) => {{
                let to = $to as usize;
                if to < ip {
                    patience -= 1;
                    if patience == 0 {
                        patience = PATIENCE;
                        self.site = ip - 1;
                        vm.poll()?;
                        reload!();
                    }
                }
                ip = to;
            }};
        }
        macro_rules! pc {
            () => {
                code.meta[ip - 1].pc as usize
            };
        }
        // The op of numbers behind the instruction, on values that have no fast path.
        macro_rules! numbers {
            ($op:expr, $d:expr, $a:expr, $b:expr) => {{
                let (op, d) = ($op, $d);
                if !self.numbers(vm, (window, ip), op, ($a, $b), d)? {
                    return Ok(());
                }
                reload!();
            }};
        }
        macro_rules! arithmetic {
            ($name:ident, $checked:ident, $sign:tt, $d:ident, $a:ident, $b:ident) => {
                match (&win[$a as usize], &win[$b as usize]) {
                    (&Value::Int(x), &Value::Int(y)) => match x.$checked(y) {
                        Some(n) => put_int(&mut win[$d as usize], n),
                        None => numbers!(Opcode::$name, $d, $a, Src::Reg($b)),
                    },
                    (&Value::Float(x), &Value::Float(y)) => {
                        put_float(&mut win[$d as usize], x $sign y);
                    }
                    _ => numbers!(Opcode::$name, $d, $a, Src::Reg($b)),
                }
            };
        }
        macro_rules! with_number {
            ($op:expr, $checked:ident, $sign:tt, $d:ident, $a:ident, $n:ident) => {
                match &win[$a as usize] {
                    &Value::Int(x) => match x.$checked($n.into()) {
                        Some(n) => put_int(&mut win[$d as usize], n),
                        None => {
                            let (op, b) = $op;
                            numbers!(op, $d, $a, b);
                        }
                    },
                    &Value::Float(x) => {
                        put_float(&mut win[$d as usize], x $sign f64::from($n));
                    }
                    _ => {
                        let (op, b) = $op;
                        numbers!(op, $d, $a, b);
                    }
                }
            };
        }
        macro_rules! slow_branch {
            ($when:literal, $a:expr, $b:expr, $to:ident) => {
                match self.compare(vm, (window, ip), ($a, $b))? {
                    Some(is) => {
                        reload!();
                        if is == $when {
                            go_to!($to);
                        }
                    }
                    None => return Ok(()),
                }
            };
        }
        macro_rules! branch {
            ($sign:tt, $when:literal, $a:expr, $b:ident, $to:ident) => {
                match (&win[$a as usize], &win[$b as usize]) {
                    (&Value::Int(x), &Value::Int(y)) => {
                        if (x $sign y) == $when {
                            go_to!($to);
                        }
                    }
                    (&Value::Float(x), &Value::Float(y)) => {
                        if (x $sign y) == $when {
                            go_to!($to);
                        }
                    }
                    _ => slow_branch!($when, $a, Src::Reg($b), $to),
                }
            };
        }
        macro_rules! branch_small {
            ($sign:tt, $when:literal, $a:ident, $n:ident, $to:ident) => {
                match &win[$a as usize] {
                    &Value::Int(x) => {
                        if (x $sign i64::from($n)) == $when {
                            go_to!($to);
                        }
                    }
                    &Value::Float(x) => {
                        if (x $sign f64::from($n)) == $when {
                            go_to!($to);
                        }
                    }
                    _ => slow_branch!($when, $a, Src::Int($n.into()), $to),
                }
            };
        }
        loop {
            let ins = code.ins[ip];
            ip += 1;
            match ins {
                Ins::Copy { d, a } => match &win[a as usize] {
                    &Value::Int(n) => put_int(&mut win[d as usize], n),
                    &Value::Float(f) => put_float(&mut win[d as usize], f),
                    other => win[d as usize] = other.clone(),
                },
                Ins::Take { d, a } => {
                    win[d as usize] = std::mem::take(&mut win[a as usize]);
                }
                Ins::Int { d, n } => put_int(&mut win[d as usize], n.into()),
                Ins::Const { d, k } => {
                    win[d as usize] = code.constants[k as usize].clone();
                }
                Ins::Undef { d } => win[d as usize] = Value::Undef,
                Ins::Bool { d, is } => put_bool(&mut win[d as usize], is),
                Ins::Swap { a, b } => win.swap(a.into(), b.into()),
                Ins::Clear { a, n } => {
                    let end = usize::from(a) + usize::from(n);
                    win[a.into()..end].fill(Value::Undef);
                }

                Ins::Add { d, a, b } => arithmetic!(Add, checked_add, +, d, a, b),
                Ins::Sub { d, a, b } => arithmetic!(Sub, checked_sub, -, d, a, b),
                Ins::Mul { d, a, b } => arithmetic!(Mul, checked_mul, *, d, a, b),
                Ins::AddI { d, a, n } => {
                    with_number!(self.add(ip, n), checked_add, +, d, a, n);
                }
                Ins::SubI { d, a, n } => {
                    with_number!(self.sub(ip, n), checked_sub, -, d, a, n);
                }
                Ins::MulI { d, a, n } => {
                    with_number!((Opcode::Mul, Src::Int(n)), checked_mul, *, d, a, n);
                }
                Ins::Div { d, a, b } => match (&win[a as usize], &win[b as usize]) {
                    (Value::Float(x), Value::Float(y)) if *y != 0.0 => {
                        let f = x / y;
                        put_float(&mut win[d as usize], f);
                    }
                    _ => numbers!(Opcode::Div, d, a, Src::Reg(b)),
                },
                Ins::Mod { d, a, b } => match (&win[a as usize], &win[b as usize]) {
                    (Value::Int(x), Value::Int(y)) if *y != 0 => {
                        let n = x.wrapping_rem(*y);
                        put_int(&mut win[d as usize], n);
                    }
                    _ => numbers!(Opcode::Mod, d, a, Src::Reg(b)),
                },
                Ins::ModI { d, a, n } => match &win[a as usize] {
                    Value::Int(x) if n != 0 => {
                        let n = x.wrapping_rem(n.into());
                        put_int(&mut win[d as usize], n);
                    }
                    _ => numbers!(Opcode::Mod, d, a, Src::Int(n)),
                },
                Ins::Binary { op, d, a, b } => {
                    let (x, y) = (&win[a as usize], &win[b as usize]);
                    if let (Value::Int(x), Value::Int(y)) = (x, y)
                        && let Some(n) = bits(op, *x, *y)
                    {
                        put_int(&mut win[d as usize], n);
                    } else if let Some(is) = compare(op, x, y) {
                        put_bool(&mut win[d as usize], is);
                    } else {
                        numbers!(op, d, a, Src::Reg(b));
                    }
                }
                Ins::Unary { op, d, a } => match (op, &win[a as usize]) {
                    (Opcode::Negate, Value::Float(x)) => {
                        let f = -x;
                        put_float(&mut win[d as usize], f);
                    }
                    _ => numbers!(op, d, a, Src::None),
                },
                Ins::Not { d, a } => {
                    let is = !win[a as usize].to_bool();
                    put_bool(&mut win[d as usize], is);
                }

                Ins::Jump { to } => go_to!(to),
                Ins::JumpIf { a, to } => {
                    let is = match &win[a as usize] {
                        Value::Bool(is) => *is,
                        other => other.to_bool(),
                    };
                    if is {
                        go_to!(to);
                    }
                }
                Ins::JumpIfNot { a, to } => {
                    let is = match &win[a as usize] {
                        Value::Bool(is) => *is,
                        other => other.to_bool(),
                    };
                    if !is {
                        go_to!(to);
                    }
                }
                Ins::JumpLt { a, b, to } => branch!(<, true, a, b, to),
                Ins::JumpLe { a, b, to } => branch!(<=, true, a, b, to),
                Ins::JumpEq { a, b, to } => branch!(==, true, a, b, to),
                Ins::JumpNotLt { a, b, to } => branch!(<, false, a, b, to),
                Ins::JumpNotLe { a, b, to } => branch!(<=, false, a, b, to),
                Ins::JumpNotEq { a, b, to } => branch!(==, false, a, b, to),
                Ins::JumpLtI { a, n, to } => branch_small!(<, true, a, n, to),
                Ins::JumpLeI { a, n, to } => branch_small!(<=, true, a, n, to),
                Ins::JumpGtI { a, n, to } => branch_small!(>, true, a, n, to),
                Ins::JumpGeI { a, n, to } => branch_small!(>=, true, a, n, to),
                Ins::JumpEqI { a, n, to } => branch_small!(==, true, a, n, to),
                Ins::JumpNotLtI { a, n, to } => branch_small!(<, false, a, n, to),
                Ins::JumpNotLeI { a, n, to } => branch_small!(<=, false, a, n, to),
                Ins::JumpNotGtI { a, n, to } => branch_small!(>, false, a, n, to),
                Ins::JumpNotGeI { a, n, to } => branch_small!(>=, false, a, n, to),
                Ins::JumpNotEqI { a, n, to } => branch_small!(==, false, a, n, to),

                Ins::GetVar { d, name } => {
                    match &vm.globals[self.linked.symbol(name)] {
                        Some(Value::Int(n)) => put_int(&mut win[d as usize], *n),
                        Some(value) => win[d as usize] = value.clone(),
                        None => {
                            self.site = ip - 1;
                            self.run_one(vm, ip)?;
                            reload!();
                            win[d as usize] = vm.stack.pop().unwrap_or_default();
                        }
                    };
                }
                Ins::SetVar { a, name } => {
                    let value = fetch(win, a, code.base);
                    vm.globals[self.linked.symbol(name)] = Some(value);
                }
                Ins::IndexGet { d, a, b } => {
                    let value = element(&win[a as usize], &win[b as usize]);
                    win[d as usize] = value;
                }
                Ins::IndexSet { a, b, c, s } => {
                    let value = fetch(win, c, code.base);
                    let index = match &win[b as usize] {
                        Value::Int(n) => *n,
                        other => other.to_int(),
                    };
                    if let Value::Array(items) = &mut win[a as usize]
                        && let Ok(at) = usize::try_from(index)
                        && at < items.len()
                    {
                        items.set(at, value);
                    } else {
                        self.site = ip - 1;
                        let cell = window + usize::from(a);
                        vm.set_element(self.linked, cell, (index, value), s)?;
                        reload!();
                    }
                }
                Ins::ArrayGet { d, b, name } => {
                    let cell = vm.globals[self.linked.symbol(name)].as_ref();
                    let value = match cell {
                        Some(cell) => element(cell, &win[b as usize]),
                        None => Value::Undef,
                    };
                    win[d as usize] = value;
                }
                Ins::ArraySet { b, c, name } => {
                    let value = fetch(win, c, code.base);
                    let cell = vm.globals[self.linked.symbol(name)].as_mut();
                    if let (Some(Value::Array(items)), &Value::Int(index)) =
                        (cell, &win[b as usize])
                        && let Ok(at) = usize::try_from(index)
                        && at < items.len()
                    {
                        items.set(at, value);
                    } else {
                        let index = window + usize::from(b);
                        self.array_set(vm, ip, value, index)?;
                        reload!();
                    }
                }
                Ins::ArrayPush { a } => {
                    self.site = ip - 1;
                    let value = fetch(win, a, code.base);
                    vm.stack.push(value);
                    self.run_one(vm, ip)?;
                    reload!();
                }
                Ins::Concat { d, a, b } => {
                    let limit = vm.limits.max_string_len;
                    let tail = match &win[b as usize] {
                        Value::Str(tail) => Some(tail.clone()),
                        _other => None,
                    };
                    match (&mut win[a as usize], tail) {
                        (Value::Str(text), Some(tail)) if text.len() + tail.len() <= limit => {
                            text.push_str(tail.as_str());
                            drop(tail);
                            if a != d {
                                win[d as usize] = std::mem::take(&mut win[a as usize]);
                            }
                        }
                        _ => {
                            if !self.numbers(vm, (window, ip), Opcode::Concat, (a, Src::Reg(b)), d)? {
                                return Ok(());
                            }
                            reload!();
                        }
                    }
                }

                Ins::Call { a, argc, name } => {
                    self.site = ip - 1;
                    let symbol = self.linked.symbol(name);
                    let callee = self.linked.verified.callee(name);
                    let own = match vm.function_at(symbol) {
                        Some(f) if f.code == self.program && callee.own == Some(f.index) => {
                            Some(f.index)
                        }
                        _other => None,
                    };
                    let next = own.and_then(|index| {
                        let kind = FrameKind::Call { function: index, want: true };
                        vm.code_of(self.linked, kind, argc, code.form).map(|next| (index, next))
                    });
                    let Some((index, next)) = next else {
                        return self.call_out(vm, (a, argc, name), (window, ip));
                    };
                    let want = callee.returns.unwrap_or(true);
                    let below = window + usize::from(a);
                    vm.call_in_registers((index, want), (pc!(), ip), below)?;
                    vm.check_registers(below)?;
                    vm.make_window(below);
                    vm.open_window(below, next, argc.into());
                    (window, code, self.code, ip) = (below, next, next, 0);
                    patience -= 1;
                    if patience == 0 {
                        patience = PATIENCE;
                        if !code.form.metered {
                            self.site = 0;
                            vm.poll()?;
                        }
                    }
                    reload!();
                }
                Ins::Return { a, blocks } => {
                    let value = std::mem::take(&mut win[a as usize]);
                    win[..code.scratch.into()].iter_mut().for_each(forget);
                    match self.leave(vm, Some(value), blocks)? {
                        Some(next) => {
                            (window, code, ip) = next;
                            self.code = code;
                            reload!();
                        }
                        None => return Ok(()),
                    }
                }
                Ins::ReturnVoid { blocks } => {
                    win[..code.scratch.into()].iter_mut().for_each(forget);
                    match self.leave(vm, None, blocks)? {
                        Some(next) => {
                            (window, code, ip) = next;
                            self.code = code;
                            reload!();
                        }
                        None => return Ok(()),
                    }
                }
                Ins::End { a, some } => {
                    let value = some.then(|| std::mem::take(&mut win[a as usize]));
                    win[..code.scratch.into()].iter_mut().for_each(forget);
                    return vm.end_program(value);
                }

                Ins::Base { a, n, locals } => {
                    self.site = ip - 1;
                    match vm.run_base(self.linked, (a, n, locals), (pc!(), ip))? {
                        Some(_) => reload!(),
                        None => return Ok(()),
                    }
                }
                Ins::BaseBranch { a, n, locals } => {
                    self.site = ip - 1;
                    match vm.run_base(self.linked, (a, n, locals), (pc!(), ip))? {
                        Some(true) => {}
                        Some(false) => ip += 1,
                        None => return Ok(()),
                    }
                    reload!();
                }
                Ins::Exit { exit } => {
                    return vm.leave_registers(code, &code.exits[exit as usize]);
                }
                Ins::Charge { exit } => {
                    let cost = u64::from(code.exits[exit as usize].cost);
                    match vm.slice.checked_sub(cost) {
                        Some(left) => vm.slice = left,
                        None => {
                            self.site = ip - 1;
                            if !vm.prepay(cost)? {
                                return vm.leave_registers(code, &code.exits[exit as usize]);
                            }
                            reload!();
                        }
                    }
                }
                Ins::LoopStart { a } => {
                    let value = std::mem::take(&mut win[a as usize]);
                    let op = self.linked.chunk().ops[pc!()];
                    vm.blocks.push(BlockRun::of(op, value));
                }
                Ins::LoopNext { a, to } => {
                    self.site = ip - 1;
                    vm.charge(1)?;
                    reload!();
                    let next = vm.blocks.last_mut().and_then(BlockRun::next);
                    match next {
                        Some((first, second)) => {
                            win[a as usize] = first;
                            if let Some(second) = second {
                                win[a as usize + 1] = second;
                            }
                        }
                        None => {
                            if let Some(value) = vm.blocks.pop().and_then(BlockRun::finish) {
                                win[a as usize] = value;
                            }
                            ip = to as usize;
                        }
                    }
                }
                Ins::LoopTurn { a, some } => {
                    let left = match some {
                        true => std::mem::take(&mut win[a as usize]),
                        false => Value::Undef,
                    };
                    if let Some(run) = vm.blocks.last_mut() {
                        run.answer(left);
                    }
                }
                Ins::Fused { index } => {
                    self.site = ip - 1;
                    let op = code.fused[index as usize];
                    if vm.run_fused(self.linked, op, window)? {
                        ip += 1;
                    }
                    reload!();
                }
            }
        }
    }

    /// Sets an element of a named array whose index is in a register.
    #[cold]
    fn array_set(&mut self, vm: &mut VM, ip: usize, value: Value, index: usize) -> Step {
        self.site = ip - 1;
        let index = vm.registers[index].clone();
        vm.stack.extend([value, index]);
        self.run_one(vm, ip)
    }

    /// Runs the op behind the instruction on what has been pushed for it.
    fn run_one(&self, vm: &mut VM, ip: usize) -> Step {
        let pc = self.code.meta[ip - 1].pc as usize;
        let op = self.linked.chunk().ops[pc];
        vm.run_op(self.linked, op, (pc, ip)).map(|_| ())
    }

    /// The op behind an addition of a number, and that number if it is an operand.
    fn add(&self, ip: usize, n: i32) -> (Opcode, Src) {
        match self.opcode(ip) {
            Opcode::Add => (Opcode::Add, Src::Int(n)),
            _inc => (Opcode::Inc, Src::None),
        }
    }

    /// The same for a subtraction.
    fn sub(&self, ip: usize, n: i32) -> (Opcode, Src) {
        match self.opcode(ip) {
            Opcode::Sub => (Opcode::Sub, Src::Int(n)),
            _dec => (Opcode::Dec, Src::None),
        }
    }

    fn opcode(&self, ip: usize) -> Opcode {
        let pc = self.code.meta[ip - 1].pc as usize;
        self.linked.chunk().ops[pc].opcode()
    }

    /// The values of operands.
    fn values(vm: &VM, window: usize, a: u8, b: Src) -> (Value, Option<Value>) {
        let register = |r: u8| vm.registers[window + usize::from(r)].clone();
        let b = match b {
            Src::Reg(b) => Some(register(b)),
            Src::Int(n) => Some(Value::Int(n.into())),
            Src::None => None,
        };
        (register(a), b)
    }

    /// An op of numbers on values that have no fast path; whether its result is there.
    #[cold]
    #[inline(never)]
    fn numbers(
        &mut self,
        vm: &mut VM,
        (window, ip): (usize, usize),
        op: Opcode,
        (a, b): (u8, Src),
        d: u8,
    ) -> Result<bool, Trap> {
        self.site = ip - 1;
        let inputs = Self::values(vm, window, a, b);
        let pc = self.code.meta[ip - 1].pc as usize;
        match vm.run_numbers(self.linked, op, inputs, (pc, ip))? {
            Some(value) => {
                vm.registers[window + usize::from(d)] = value;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// The comparison behind a branch, on values that have no fast path: its truth, or that of `==`
    /// where it is `!=`.
    #[cold]
    #[inline(never)]
    fn compare(
        &mut self,
        vm: &mut VM,
        (window, ip): (usize, usize),
        (a, b): (u8, Src),
    ) -> Result<Option<bool>, Trap> {
        self.site = ip - 1;
        let op = self.opcode(ip);
        let inputs = match (Self::values(vm, window, a, b), b) {
            // Greater is less the other way round.
            ((a, Some(b)), Src::Reg(_)) if matches!(op, Opcode::NumGt | Opcode::NumGe) => {
                (b, Some(a))
            }
            (inputs, _) => inputs,
        };
        let pc = self.code.meta[ip - 1].pc as usize;
        let result = vm.run_numbers(self.linked, op, inputs, (pc, ip))?;
        Ok(result.map(|value| value.to_bool() != (op == Opcode::NumNe)))
    }

    /// Calls a function that is not run here, or not known.
    fn call_out(
        &self,
        vm: &mut VM,
        (a, argc, name): (u8, u8, u16),
        (window, ip): (usize, usize),
    ) -> Step {
        let first = window + usize::from(a);
        let args = vm.registers[first..first + usize::from(argc)].iter_mut();
        vm.stack.extend(args.map(std::mem::take));
        vm.pc = self.code.meta[ip - 1].pc as usize + 1;
        if let Some(frame) = vm.frames.last_mut() {
            frame.ip = ip as u32;
        }
        call::call(vm, self.linked, name, argc)
    }

    /// Leaves the top frame, whose registers are clean: window, code and instruction of the one below,
    /// if that goes on here.
    #[inline]
    fn leave(
        &self,
        vm: &mut VM,
        value: Option<Value>,
        blocks: u8,
    ) -> Result<Option<(usize, &'l Code, usize)>, Trap> {
        let left = vm.blocks.len().saturating_sub(blocks.into());
        vm.blocks.truncate(left);
        let count = vm.frames.len();
        if let [.., below, frame] = vm.frames.as_slice()
            && let FrameKind::Call { want, .. } = frame.kind
            && count - 1 > self.floor
            && below.in_registers()
            && below.code == self.program
            && let Some(code) = self.linked.running(below)
        {
            let (window, ip) = (below.window, below.ip as usize);
            vm.frames.pop();
            vm.depth -= 1;
            vm.free_register = window + usize::from(code.registers);
            if !want {
                return Ok(Some((window, code, ip)));
            }
            let value = value.unwrap_or_default();
            if let Ins::Call { a, .. } = code.ins[ip - 1] {
                vm.registers[window + usize::from(a)] = value;
                return Ok(Some((window, code, ip)));
            }
            vm.stack.push(value);
            let ip = vm.resume(code);
            return Ok(Some((window, code, ip)));
        }
        let value = match (value, vm.frames.last().map(|frame| frame.kind)) {
            (None, Some(FrameKind::Root)) => {
                self.linked.verified.main_returns().then_some(Value::Undef)
            }
            (value, _) => value,
        };
        vm.end_program(value)?;
        Ok(None)
    }
}

/// Where the second operand of an op of numbers is.
#[derive(Clone, Copy)]
enum Src {
    Reg(u8),
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

/// The value of a register: moved, if nothing but the stack has it.
#[inline(always)]
fn fetch(win: &mut [Value; WINDOW], r: u8, base: u8) -> Value {
    match r >= base {
        true => std::mem::take(&mut win[r as usize]),
        false => win[r as usize].clone(),
    }
}
