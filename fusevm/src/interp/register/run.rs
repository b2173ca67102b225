//! The loop.

mod calls;
mod rare;

use super::ext::Ran;
use super::{Code, WINDOW, forget, is_plain};
use crate::interp::{Step, unwound};
use crate::lower::{Form, Ins};
use crate::op::Opcode;
use crate::semantics::{Trap, array};
use crate::value::Value;
use crate::vm::{Linked, Lowered, VM};
use std::sync::Arc;

/// Instructions between two looks at the interrupt flag, about, where fuel is not counted: those that
/// backward jumps go back over, and those of functions that are called.
const PATIENCE: u32 = 16_384;

/// The window of a frame.
#[inline(always)]
fn view(registers: &mut [Value], window: usize) -> &mut [Value; WINDOW] {
    // Frames see to it that a whole window is there.
    (&mut registers[window..window + WINDOW])
        .try_into()
        .expect("the window has its length")
}

/// Window and next instruction, while code of the host may run: the drop of a value.
type Here = (usize, usize);

/// Writes a value, and drops the one that was there: not in the loop itself.
#[inline(never)]
fn replace(register: &mut Value, value: Value, at: &mut Here, here: Here) {
    *at = here;
    *register = value;
}

/// Writes a value.
#[inline(always)]
fn put(register: &mut Value, value: Value, at: &mut Here, here: Here) {
    if !is_plain(register) {
        *at = here;
    }
    *register = value;
}

/// Writes a number where there may be one already: then nothing has to be dropped.
#[inline(always)]
fn put_int(register: &mut Value, n: i64, at: &mut Here, here: Here) {
    match register {
        Value::Int(old) => *old = n,
        other => replace(other, Value::Int(n), at, here),
    }
}

#[inline(always)]
fn put_float(register: &mut Value, f: f64, at: &mut Here, here: Here) {
    match register {
        Value::Float(old) => *old = f,
        other => replace(other, Value::Float(f), at, here),
    }
}

#[inline(always)]
fn put_bool(register: &mut Value, is: bool, at: &mut Here, here: Here) {
    match register {
        Value::Bool(old) => *old = is,
        other => replace(other, Value::Bool(is), at, here),
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
            at: (0, 1),
            units: linked.units(),
            form: code.form,
            calls: Vec::new(),
            known: 0,
            depth_left: self.limits.max_call_depth.saturating_sub(self.depth),
        };
        if run.handled(self, ip)? {
            return Ok(());
        }
        match unwound(|| run.go(self, &mut ip)) {
            Ok(()) => Ok(()),
            Err(trap) => {
                let (window, ip) = run.at;
                run.tell(self, window, ip);
                let meta = run.code.meta[ip - 1];
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
    /// Where the instruction is that may trap: its window, and the one behind it.
    at: Here,
    units: &'l [Lowered],
    form: Form,
    calls: Vec<Rec<'l>>,
    /// How many of them have frames of the VM.
    known: usize,
    /// Calls that may be opened before the limit.
    depth_left: usize,
}

/// A call that the loop has made: how its caller goes on. The VM hears of it when somebody may ask.
struct Rec<'l> {
    code: &'l Code,
    window: usize,
    ip: u32,
    /// The function that was called.
    function: u32,
    want: bool,
    /// Where the caller wants the result.
    d: u8,
}

impl<'l> Run<'l> {
    fn go(&mut self, vm: &mut VM, start: &mut usize) -> Step {
        let mut ip = *start;
        let mut patience = PATIENCE;
        let mut window = vm.frames.last().map_or(0, |frame| frame.window);
        let mut code = self.code;
        let mut ins: &[Ins] = &code.ins;
        let mut win = view(&mut vm.registers, window);
        macro_rules! reload {
            () => {
                win = view(&mut vm.registers, window)
            };
        }
        // Writes a register.
        macro_rules! put {
            ($how:ident, $d:expr, $value:expr) => {
                $how(&mut win[$d as usize], $value, &mut self.at, (window, ip))
            };
        }
        macro_rules! other {
            ($next:expr) => {
                match self.other(vm, $next, (window, ip))? {
                    Some((to, at)) => {
                        (window, ip, code) = (to, at, self.code);
                        ins = &code.ins;
                        reload!();
                    }
                    None => return Ok(()),
                }
            };
        }
        // Goes on at another instruction; looks at the interrupt flag now and then.
        macro_rules! go_to {
            ($to:expr) => {{
                let to = $to as usize;
                if to < ip {
                    patience = patience.saturating_sub((ip - to) as u32);
                    if patience == 0 {
                        patience = PATIENCE;
                        self.poll(vm, window, ip)?;
                        reload!();
                    }
                }
                ip = to;
            }};
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
                        Some(n) => put!(put_int, $d, n),
                        None => numbers!(Opcode::$name, $d, $a, Src::Reg($b)),
                    },
                    (&Value::Float(x), &Value::Float(y)) => {
                        put!(put_float, $d, x $sign y);
                    }
                    _ => numbers!(Opcode::$name, $d, $a, Src::Reg($b)),
                }
            };
        }
        macro_rules! with_number {
            ($op:expr, $checked:ident, $sign:tt, $d:ident, $a:ident, $n:ident) => {
                match &win[$a as usize] {
                    &Value::Int(x) => match x.$checked($n.into()) {
                        Some(n) => put!(put_int, $d, n),
                        None => {
                            let (op, b) = $op;
                            numbers!(op, $d, $a, b);
                        }
                    },
                    &Value::Float(x) => {
                        put!(put_float, $d, x $sign f64::from($n));
                    }
                    _ => {
                        let (op, b) = $op;
                        numbers!(op, $d, $a, b);
                    }
                }
            };
        }
        macro_rules! bits {
            ($name:ident, $d:ident, $a:ident, $b:ident, $of:expr) => {
                match (&win[$a as usize], &win[$b as usize]) {
                    (&Value::Int(x), &Value::Int(y)) => {
                        let of: fn(i64, i64) -> i64 = $of;
                        put!(put_int, $d, of(x, y));
                    }
                    _ => numbers!(Opcode::$name, $d, $a, Src::Reg($b)),
                }
            };
        }
        macro_rules! bits_with {
            ($name:ident, $d:ident, $a:ident, $n:ident, $of:expr) => {
                match &win[$a as usize] {
                    &Value::Int(x) => {
                        let of: fn(i64, i64) -> i64 = $of;
                        put!(put_int, $d, of(x, $n.into()));
                    }
                    _ => numbers!(Opcode::$name, $d, $a, Src::Int($n)),
                }
            };
        }
        macro_rules! slow_branch {
            ($when:literal, $a:expr, $b:expr, $to:ident) => {
                match self.compare(vm, (window, ip), ($a, $b))? {
                    Some(is) => {
                        let next = if is == $when { $to as usize } else { ip };
                        if self.handled(vm, next)? {
                            return Ok(());
                        }
                        reload!();
                        go_to!(next);
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
            let next = ins[ip];
            ip += 1;
            match next {
                Ins::Copy { d, a } => match &win[a as usize] {
                    &Value::Int(n) => put!(put_int, d, n),
                    &Value::Float(f) => put!(put_float, d, f),
                    other => {
                        let value = other.clone();
                        put!(put, d, value);
                    }
                },
                Ins::Take { d, a } => {
                    let value = std::mem::take(&mut win[a as usize]);
                    put!(put, d, value);
                }
                Ins::Int { d, n } => put!(put_int, d, n.into()),
                Ins::Const { d, k } => {
                    put!(put, d, code.constants[k as usize].clone());
                }
                Ins::Undef { d } => put!(put, d, Value::Undef),
                Ins::Bool { d, is } => put!(put_bool, d, is),
                Ins::Swap { a, b } => win.swap(a.into(), b.into()),
                Ins::Clear { a, n } => {
                    let end = usize::from(a) + usize::from(n);
                    self.at = (window, ip);
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
                        put!(put_float, d, f);
                    }
                    _ => numbers!(Opcode::Div, d, a, Src::Reg(b)),
                },
                Ins::Mod { d, a, b } => match (&win[a as usize], &win[b as usize]) {
                    (Value::Int(x), Value::Int(y)) if *y != 0 => {
                        let n = x.wrapping_rem(*y);
                        put!(put_int, d, n);
                    }
                    _ => numbers!(Opcode::Mod, d, a, Src::Reg(b)),
                },
                Ins::ModI { d, a, n } => match &win[a as usize] {
                    Value::Int(x) if n != 0 => {
                        let n = x.wrapping_rem(n.into());
                        put!(put_int, d, n);
                    }
                    _ => numbers!(Opcode::Mod, d, a, Src::Int(n)),
                },
                Ins::And { d, a, b } => bits!(BitAnd, d, a, b, |x, y| x & y),
                Ins::Or { d, a, b } => bits!(BitOr, d, a, b, |x, y| x | y),
                Ins::Xor { d, a, b } => bits!(BitXor, d, a, b, |x, y| x ^ y),
                Ins::Shl { d, a, b } => bits!(Shl, d, a, b, |x, y| x << (y & 63)),
                Ins::Shr { d, a, b } => bits!(Shr, d, a, b, |x, y| x >> (y & 63)),
                Ins::AndI { d, a, n } => bits_with!(BitAnd, d, a, n, |x, y| x & y),
                Ins::OrI { d, a, n } => bits_with!(BitOr, d, a, n, |x, y| x | y),
                Ins::XorI { d, a, n } => bits_with!(BitXor, d, a, n, |x, y| x ^ y),
                Ins::ShlI { d, a, n } => bits_with!(Shl, d, a, n, |x, y| x << (y & 63)),
                Ins::ShrI { d, a, n } => bits_with!(Shr, d, a, n, |x, y| x >> (y & 63)),
                Ins::Binary { op, d, a, b } => {
                    let (x, y) = (&win[a as usize], &win[b as usize]);
                    if let Some(is) = compare(op, x, y) {
                        put!(put_bool, d, is);
                    } else {
                        numbers!(op, d, a, Src::Reg(b));
                    }
                }
                Ins::Unary { op, d, a } => match (op, &win[a as usize]) {
                    (Opcode::Negate, Value::Float(x)) => {
                        let f = -x;
                        put!(put_float, d, f);
                    }
                    _ => numbers!(op, d, a, Src::None),
                },
                Ins::Not { d, a } => {
                    let is = !win[a as usize].to_bool();
                    if a >= code.base && a != d {
                        put!(put, a, Value::Undef);
                    }
                    put!(put_bool, d, is);
                }

                Ins::Jump { to } => go_to!(to),
                Ins::JumpIf { a, last, to } => {
                    let is = match &win[a as usize] {
                        Value::Bool(is) => *is,
                        other => {
                            let is = other.to_bool();
                            if last {
                                put!(put, a, Value::Undef);
                            }
                            is
                        }
                    };
                    if is {
                        go_to!(to);
                    }
                }
                Ins::JumpIfNot { a, last, to } => {
                    let is = match &win[a as usize] {
                        Value::Bool(is) => *is,
                        other => {
                            let is = other.to_bool();
                            if last {
                                put!(put, a, Value::Undef);
                            }
                            is
                        }
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

                Ins::GetVar { d, name } => match &vm.globals[self.linked.symbol(name)] {
                    &Some(Value::Int(n)) => put!(put_int, d, n),
                    Some(value) => put!(replace, d, value.clone()),
                    None => other!(next),
                },
                Ins::SetVar { a, name } => {
                    match (&win[a as usize], &mut vm.globals[self.linked.symbol(name)]) {
                        (&Value::Int(n), Some(cell)) => {
                            put_int(cell, n, &mut self.at, (window, ip))
                        }
                        _ => other!(next),
                    }
                }
                Ins::IndexGet { d, a, b } => {
                    let value = element(&win[a as usize], &win[b as usize]);
                    if b >= code.base && !is_plain(&win[b as usize]) {
                        put!(put, b, Value::Undef);
                    }
                    match value {
                        Value::Int(n) => put!(put_int, d, n),
                        Value::Float(f) => put!(put_float, d, f),
                        value => put!(replace, d, value),
                    }
                }
                Ins::IndexSet { a, b, c, .. } => {
                    if let (&Value::Int(index), plain) = (&win[b as usize], &win[c as usize])
                        && let Some(value) = number(plain)
                        && let Value::Array(items) = &mut win[a as usize]
                        && let Ok(at) = usize::try_from(index)
                        && at < items.len()
                    {
                        self.at = (window, ip);
                        items.set(at, value);
                    } else {
                        other!(next);
                    }
                }
                Ins::Call { a, argc, name } => {
                    if patience == 0 {
                        patience = PATIENCE;
                        self.poll(vm, window, ip)?;
                    }
                    let symbol = self.linked.symbol(name);
                    let callee = self.linked.verified.callee(name);
                    let below = window + usize::from(a);
                    let own = match vm.functions[symbol] {
                        Some(f) if f.code == self.program && callee.own == Some(f.index) => {
                            self.unit(f.index, argc).map(|unit| (f.index, unit))
                        }
                        _other => None,
                    };
                    match own {
                        Some((function, unit))
                            if self.depth_left > self.calls.len() - self.known
                                && below + 2 * WINDOW <= vm.registers.len() =>
                        {
                            self.calls.push(Rec {
                                code,
                                window,
                                ip: ip as u32,
                                function,
                                want: callee.returns == Some(true),
                                d: a,
                            });
                            (window, code, ip) = (below, unit, 0);
                            self.code = unit;
                            ins = &code.ins;
                            patience = patience.saturating_sub(ins.len() as u32);
                            reload!();
                            let (_, slots) = code.slots[0];
                            for register in &mut win[argc.into()..slots.max(argc).into()] {
                                // A trap here is one of the first instruction.
                                put(register, Value::Undef, &mut self.at, (window, 1));
                            }
                        }
                        _other => other!(next),
                    }
                }
                Ins::Return { a, blocks: 0 } => match self.calls.pop() {
                    Some(rec) => {
                        let value = std::mem::take(&mut win[a as usize]);
                        self.at = (window, ip);
                        win[..code.registers.into()].iter_mut().for_each(forget);
                        if self.calls.len() < self.known {
                            self.forget_frame(vm);
                        }
                        (window, code, ip) = (rec.window, rec.code, rec.ip as usize);
                        self.code = code;
                        ins = &code.ins;
                        reload!();
                        if rec.want {
                            match value {
                                Value::Int(n) => put!(put_int, rec.d, n),
                                value => put!(replace, rec.d, value),
                            }
                        }
                    }
                    None => other!(next),
                },
                Ins::Charge { exit } => {
                    let cost = u64::from(code.exits[exit as usize].cost);
                    match vm.slice.checked_sub(cost) {
                        Some(left) => vm.slice = left,
                        None => other!(next),
                    }
                }
                Ins::Ext { a, n, locals } => {
                    self.tell(vm, window, ip);
                    let site = (self.linked, code.meta[ip - 1].pc as usize, ip);
                    match vm.run_ext(site, (a, n, locals), window)? {
                        Ran::On(_) => reload!(),
                        ran => match self.after_ext(vm, ran, (a, n), (window, ip))? {
                            Some((to, at)) => {
                                (window, ip, code) = (to, at, self.code);
                                ins = &code.ins;
                                reload!();
                            }
                            None => return Ok(()),
                        },
                    }
                }
                next => other!(next),
            }
        }
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

/// A copy of a number, or the like.
#[inline(always)]
fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Int(n) => Some(Value::Int(*n)),
        Value::Float(f) => Some(Value::Float(*f)),
        Value::Bool(is) => Some(Value::Bool(*is)),
        _other => None,
    }
}
